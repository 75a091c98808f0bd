//! Migrations of the control schema and of every tenant.

use belfort_db::{Backend, Conn, Queries as _};
use belfort_ids::TenantId;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::tables::tenants;
use super::{BindError, DatabaseUrl, Tenancy};
use crate::SchemaName;

/// The longest time that a migration of the control schema waits for another process's.
const OTHER_START: &str = "10min";
/// The longest time that it waits for anybody else, all of whom then wait behind it.
const LOCK_TIMEOUT: &str = "10s";

/// The migrations that the program embeds.
#[derive(Clone, Copy)]
pub struct Migrations {
    control: Source,
    pub(super) tenant: Source,
}

/// A source of embedded migrations that can be copied, because diesel wants a source by value.
#[derive(Clone, Copy)]
pub(super) struct Source(&'static EmbeddedMigrations);

impl MigrationSource<Backend> for Source {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<Backend>>>> {
        self.0.migrations()
    }
}

/// The reason why a migration failed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection.
    #[error("cannot connect to the database")]
    Connect(#[from] ConnectionError),
    /// A migration failed and was rolled back.
    #[error("a migration failed")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database failed.
    #[error("the database failed during a migration")]
    Database(#[from] diesel::result::Error),
    /// A transaction could not begin.
    #[error("no transaction for the migration")]
    Bind(#[from] BindError),
}

/// The outcome for one tenant of [`Migrations::run_tenants`].
#[derive(Debug)]
pub struct TenantOutcome {
    /// The tenant's slug.
    pub slug: String,
    /// The number of migrations that ran, or the error that rolled them back.
    pub result: Result<usize, MigrateError>,
}

impl Migrations {
    /// Makes a value of the embedded migrations of the control schema and of the tenants' schemas.
    pub const fn new(control: &'static EmbeddedMigrations, tenant: &'static EmbeddedMigrations) -> Self {
        Self { control: Source(control), tenant: Source(tenant) }
    }

    /// Runs the pending migrations of the control schema, in one transaction and in one process at a time, and returns their
    /// number.
    pub fn run_control(&self, url: &DatabaseUrl) -> Result<usize, MigrateError> {
        let mut pg = Conn::establish(url.reveal())?;
        pg.batch_execute("SET search_path TO public")?;
        // Makes diesel's table of the migrations. Of two first starts at once one may be refused, and then finds it there.
        pg.applied_migrations().or_else(|_| pg.applied_migrations()).map_err(MigrateError::Migration)?;
        pg.transaction(|pg| {
            // A table that nobody but the owner reaches: an advisory lock could be taken by any tenant's role, for good.
            pg.batch_execute(&format!(
                "SET LOCAL lock_timeout TO '{OTHER_START}';
                 LOCK TABLE public.__diesel_schema_migrations IN SHARE ROW EXCLUSIVE MODE;
                 SET LOCAL lock_timeout TO '{LOCK_TIMEOUT}'"
            ))?;
            pg.run_pending_migrations(self.control).map(|ran| ran.len()).map_err(MigrateError::Migration)
        })
    }

    /// Runs the pending migrations of every tenant, each tenant in a transaction of its own: one that fails stays as it was and
    /// does not stop the others. `progress` is called after each tenant, with the number of tenants that were behind.
    pub fn run_tenants(
        &self,
        tenancy: &Tenancy,
        mut progress: impl FnMut(usize, &TenantOutcome),
    ) -> Result<Vec<TenantOutcome>, MigrateError> {
        let latest = self.latest_tenant_version();
        let behind: Vec<(TenantId, String)> = tenancy.control().map_err(BindError::from)?.rows(
            tenants::table
                .filter(tenants::schema_version.ne(&latest))
                .order(tenants::id)
                .select((tenants::id, tenants::slug)),
        )?;
        let total = behind.len();
        let outcomes = behind.into_iter().map(|(id, slug)| {
            let outcome = TenantOutcome { slug, result: self.run_tenant(tenancy, id, &latest) };
            progress(total, &outcome);
            outcome
        });
        Ok(outcomes.collect())
    }

    fn run_tenant(&self, tenancy: &Tenancy, id: TenantId, latest: &str) -> Result<usize, MigrateError> {
        let mut tx = tenancy.begin_control()?;
        let pg = &mut tx.lease().pg;
        // The row's lock makes a second process wait, and find nothing left to do.
        let version: String =
            tenants::table.find(id).select(tenants::schema_version).for_update().first(pg)?;
        if version == latest {
            return Ok(0);
        }
        pg.batch_execute(&format!(
            "SET LOCAL lock_timeout TO '5s'; SET LOCAL search_path TO \"{}\"",
            SchemaName::of(id)
        ))?;
        let ran =
            pg.run_pending_migrations(self.tenant).map(|ran| ran.len()).map_err(MigrateError::Migration)?;
        diesel::update(tenants::table.find(id)).set(tenants::schema_version.eq(latest)).execute(pg)?;
        tx.commit()?;
        Ok(ran)
    }

    /// The version of a tenant that has every migration.
    pub(super) fn latest_tenant_version(&self) -> String {
        let all: Vec<Box<dyn Migration<Backend>>> = self.tenant.migrations().unwrap_or_default();
        all.iter().map(|migration| migration.name().version().to_string()).max().unwrap_or_default()
    }
}

impl std::fmt::Debug for Migrations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Migrations(tenants: {})", self.latest_tenant_version())
    }
}
