//! `belfort config`.

use super::Outcome;
use crate::config::{Config, Environment};
use crate::say;

pub(super) fn run(environment: Environment<'_>) -> Outcome {
    let config = Config::load(environment)?;
    for entry in &config.entries {
        say::line(entry);
    }
    Ok(())
}
