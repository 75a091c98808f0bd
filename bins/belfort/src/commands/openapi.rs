//! `belfort openapi`.

use clap::ValueEnum;

use super::CommandResult;
use crate::terminal;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The format of the document
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Yaml,
}

/// The error when the handlers are described inconsistently.
#[derive(Debug, thiserror::Error)]
#[error("the OpenAPI document cannot be written:\n  {0}")]
struct DocumentError(String);

pub(super) fn run(args: Args) -> CommandResult {
    let document = belfort_api::document().map_err(|faults| {
        DocumentError(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))
    })?;
    terminal::print_document(&match args.format {
        Format::Json => document.to_json(),
        Format::Yaml => document.to_yaml(),
    })?;
    Ok(())
}
