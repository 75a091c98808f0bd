//! `belfort openapi`.

use clap::ValueEnum;

use super::CommandResult;
use crate::terminal;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Yaml,
}

/// Everything that is wrong with what the handlers say about themselves.
#[derive(Debug, thiserror::Error)]
#[error("there is no OpenAPI document, because of\n  {0}")]
struct NoDocument(String);

pub(super) fn run(args: Args) -> CommandResult {
    let document = belfort_api::document().map_err(|faults| {
        NoDocument(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))
    })?;
    terminal::print_document(&match args.format {
        Format::Json => document.to_json(),
        Format::Yaml => document.to_yaml(),
    })?;
    Ok(())
}
