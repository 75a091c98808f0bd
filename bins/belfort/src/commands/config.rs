//! `belfort config`.

use super::CommandResult;
use crate::config::{Config, Environment};
use crate::terminal;

pub(super) fn run(environment: Environment<'_>) -> CommandResult {
    let config = Config::load(environment)?;
    for entry in &config.entries {
        terminal::print_line(entry);
    }
    for unknown in config.unknown(environment) {
        terminal::print_note(format_args!(
            "{unknown} is set, but it is not a setting of this program and has no effect."
        ));
    }
    Ok(())
}
