//! The command line.

mod config;
mod demo;
mod harden;
mod keys;
mod migrate;
mod openapi;
mod serve;
mod tenant;
mod unlock;

use clap::{Parser, Subcommand};

use crate::config::Environment;

/// An error for a reader: it says what failed, its sources say why.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of a command.
pub(crate) type CommandResult = Result<(), BoxError>;

/// Security and tenancy backbone of a work-management service.
///
/// Without a command it starts the server. Without any settings that is a development server, which keeps a private Postgres,
/// its keys and its mail under `.belfort`. Settings are environment variables; `belfort config` lists them.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (the default)
    ///
    /// Migrates the database first. On SIGTERM and Ctrl-C, running requests are finished.
    Serve,
    /// Migrate the control schema and every tenant
    ///
    /// A tenant whose migration fails stays as it was and does not stop the others. Servers may be running meanwhile.
    Migrate(migrate::Args),
    /// Create, show and change tenants
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Generate and check the keys that encrypt secrets in the database
    #[command(subcommand)]
    Keys(keys::Command),
    /// Print the SQL that closes what Postgres leaves open to everybody, or run it
    ///
    /// Some functions that everybody may execute let SQL that is injected into one workspace's query reach another. Nothing
    /// in Belfort calls them. Only a superuser can close all of them.
    Harden(harden::Args),
    /// Reset the failed logins of a user or of an IP address
    Unlock(unlock::Args),
    /// Print the OpenAPI document (needs no database)
    Openapi(openapi::Args),
    /// Create a workspace with sample data, and print its logins
    Demo(demo::Args),
    /// Print every setting and its current value, secrets masked
    Config,
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self, environment: Environment<'_>) -> CommandResult {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(environment),
            Command::Migrate(args) => migrate::run(args, environment),
            Command::Tenant(command) => tenant::run(command, environment),
            Command::Keys(command) => keys::run(command, environment),
            Command::Harden(args) => harden::run(args, environment),
            Command::Unlock(args) => unlock::run(args, environment),
            Command::Openapi(args) => openapi::run(args),
            Command::Demo(args) => demo::run(args, environment),
            Command::Config => config::run(environment),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
