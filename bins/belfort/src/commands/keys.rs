//! `belfort keys`.

use clap::Subcommand;

use belfort_crypto::Keyring;

use super::CommandResult;
use crate::config::{Config, Environment, Keys};
use crate::runtime::Runtime;
use crate::terminal;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print a new key, to be added at the front of `BELFORT_KEYS` or of the file that `BELFORT_KEYS_FILE` names
    Generate,
    /// Check the keys against the database and print their ids, newest first
    Status,
}

pub(super) fn run(command: Command, environment: Environment<'_>) -> CommandResult {
    match command {
        Command::Generate => terminal::print_document(&format!("{}\n", *Keyring::generate_key()))?,
        Command::Status => status(&Config::load(environment)?)?,
    }
    Ok(())
}

fn status(config: &Config) -> CommandResult {
    // This has checked the keys: with keys that do not open everything it ends here, naming the missing ones.
    let runtime = Runtime::start(config)?;
    terminal::print_line(match &config.keys {
        Keys::Given(_) => "Keys from BELFORT_KEYS, newest first:".to_owned(),
        Keys::File(path) | Keys::Generated(path) => format!("Keys in {}, newest first:", path.display()),
    });
    let newest = runtime.keyring.primary();
    for id in runtime.keyring.ids() {
        terminal::print_line(format_args!(
            "  {id}  {}",
            if id == newest { "seals and opens" } else { "opens" }
        ));
    }
    terminal::print_line("Nothing in the database is encrypted under any other key.");
    Ok(())
}
