//! The commands.

mod config;
mod demo;
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
/// Without a command it serves. Without any setting that is a development server, with a private Postgres, keys and an
/// outbox of its own under `.belfort`. Settings are environment variables: `belfort config` lists them.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (the default)
    ///
    /// Brings the database up to date first. SIGTERM and Ctrl-C let running requests finish.
    Serve,
    /// Bring the control schema and every tenant up to date
    ///
    /// A tenant whose migration fails stays as it was and does not stop the others. It can be run while servers run.
    Migrate(migrate::Args),
    /// Make, look at and change tenants
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Make and look at the keys that secrets in the database are sealed under
    #[command(subcommand)]
    Keys(keys::Command),
    /// Forget failed logins of a user or of an address
    Unlock(unlock::Args),
    /// Print the OpenAPI document; needs no database
    Openapi(openapi::Args),
    /// Make a workspace with people, tasks and hours to try, and print the logins
    Demo(demo::Args),
    /// Print every setting and its value in force, secrets masked
    Config,
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self, environment: Environment<'_>) -> CommandResult {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(environment),
            Command::Migrate(args) => migrate::run(args, environment),
            Command::Tenant(command) => tenant::run(command, environment),
            Command::Keys(command) => keys::run(command, environment),
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
