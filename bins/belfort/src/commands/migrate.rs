//! `belfort migrate`.

use std::num::NonZeroU16;

use belfort_tenancy::postgres::{MigrateError, Tenancy};

use super::CommandResult;
use crate::config::{Config, Environment};
use crate::runtime::{MIGRATIONS, Runtime};
use crate::terminal;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tenants to migrate at the same time; this version migrates one after the other
    #[arg(long, value_name = "N", default_value = "1")]
    jobs: NonZeroU16,
}

/// The error when tenants could not be migrated. The others are up to date.
#[derive(Debug, thiserror::Error)]
#[error("{} of {total} tenants could not be migrated and are unchanged:\n  {}", failed.len(), failed.join("\n  "))]
pub(super) struct IncompleteMigration {
    total: usize,
    failed: Vec<String>,
}

pub(super) fn run(_: Args, environment: Environment<'_>) -> CommandResult {
    let runtime = Runtime::start(&Config::load(environment)?)?;
    let migrated = migrate_tenants(&runtime.tenancy)??;
    terminal::print_line(format_args!(
        "The control schema and all tenants are up to date ({migrated} tenants were migrated)."
    ));
    Ok(())
}

/// Migrates all tenants, with a progress bar, and returns the number of those that were behind.
pub(super) fn migrate_tenants(tenancy: &Tenancy) -> Result<Result<usize, IncompleteMigration>, MigrateError> {
    let bar = terminal::progress_bar("Migrating tenants");
    let outcomes = MIGRATIONS.run_tenants(tenancy, |total, _| {
        bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let total = outcomes.len();
    let failed = outcomes.into_iter().filter_map(|outcome| {
        let error = outcome.result.err()?;
        Some(format!("{}: {}", outcome.slug, terminal::with_causes(&error)))
    });
    let failed: Vec<_> = failed.collect();
    Ok(if failed.is_empty() { Ok(total) } else { Err(IncompleteMigration { total, failed }) })
}
