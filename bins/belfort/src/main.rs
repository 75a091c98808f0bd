#![doc = include_str!("../README.md")]

mod commands;
mod config;
mod keys_file;
mod provision;
mod runtime;
mod secrets;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::config::Environment;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    match cli.run(Environment { get: &variable, names: &names() }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::print_error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Reads an environment variable; nothing else in the program does. Text that is not UTF-8 gets replacement characters, which
/// the settings refuse.
#[expect(clippy::disallowed_methods, reason = "a program reads the environment")]
fn variable(variable: &str) -> Option<String> {
    std::env::var_os(variable).map(|value| value.to_string_lossy().into_owned())
}

fn names() -> Vec<String> {
    std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
}
