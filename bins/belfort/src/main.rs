//! `belfort`: arguments, environment, compose, run.

mod commands;
mod config;
mod keys_file;
mod provision;
mod runtime;
mod say;
mod secrets;

use std::process::ExitCode;

use clap::Parser;

use crate::config::Environment;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    match cli.run(Environment { get: &variable, names: &names() }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// The only place that reads the environment. What is not UTF-8 comes with replacement characters, which are refused.
#[expect(clippy::disallowed_methods, reason = "a program reads the environment")]
fn variable(variable: &str) -> Option<String> {
    std::env::var_os(variable).map(|value| value.to_string_lossy().into_owned())
}

fn names() -> Vec<String> {
    std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
}
