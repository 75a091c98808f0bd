//! A tenant comes into being, is locked out, is let in again, or goes.

use belfort_db::{Conn, Key, Queries};
use belfort_ids::TenantId;
use belfort_values::Word;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::MigrationHarness;

use super::quote::quote_identifier;
use super::tables::tenants;
use super::{ControlTx, Migrations, lanes};
use crate::{Plan, SchemaName, Slug, TenantStatus};

/// What a new tenant is made from.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its id, made by the caller: what is sealed for it may have to be sealed before it exists.
    pub id: TenantId,
    /// What it is called in host names.
    pub slug: Slug,
    /// What people call it.
    pub name: String,
    /// What it pays for.
    pub plan: Plan,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Why a tenant was not made. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// Another tenant has this slug.
    #[error("this slug is taken")]
    SlugTaken,
    /// A migration failed.
    #[error("the tenant's tables could not be made: {0}")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database failed.
    #[error("the tenant could not be made")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for ProvisionError {
    fn from(error: diesel::result::Error) -> Self {
        match belfort_db::violated(&error) {
            Some("tenants_slug_key") => Self::SlugTaken,
            _ => Self::Database(error),
        }
    }
}

/// A tenant that is being made: its tables can be seen, and it exists for others when the transaction around it commits.
pub struct ProvisioningTx<'tx> {
    tx: &'tx mut ControlTx,
}

impl ControlTx {
    /// Makes row, role, schema and tables of a tenant, in this transaction. What must be in it from the start, the caller
    /// puts in through the value that comes back.
    pub fn provision(
        &mut self,
        new: &NewTenant,
        migrations: &Migrations,
    ) -> Result<ProvisioningTx<'_>, ProvisionError> {
        let schema = SchemaName::of(new.id);
        let pg = &mut self.lease().pg;
        let row = (
            tenants::id.eq(new.id),
            tenants::slug.eq(new.slug.as_str()),
            tenants::name.eq(&new.name),
            tenants::plan.eq(new.plan.as_str()),
            tenants::status.eq(TenantStatus::Active.as_str()),
            tenants::lane.eq(lanes::DEFAULT),
            tenants::schema_version.eq(migrations.latest_tenant_version()),
            tenants::created_at.eq(new.created_at),
        );
        diesel::insert_into(tenants::table).values(row).execute(pg)?;
        let lane = quote_identifier(&lanes::login(pg, lanes::DEFAULT)?);
        pg.batch_execute(&format!(
            "CREATE ROLE \"{schema}\" NOLOGIN NOINHERIT;
             CREATE SCHEMA \"{schema}\";
             GRANT USAGE ON SCHEMA \"{schema}\" TO \"{schema}\";
             GRANT \"{schema}\" TO {lane};
             SET LOCAL search_path TO \"{schema}\""
        ))?;
        pg.run_pending_migrations(migrations.tenant).map_err(ProvisionError::Migration)?;
        Ok(ProvisioningTx { tx: self })
    }

    /// Locks a tenant out: every login loses the right to take its role, on every server, from the next transaction on.
    /// False when there is no such tenant.
    pub fn suspend(&mut self, tenant: TenantId) -> QueryResult<bool> {
        self.set_status(tenant, TenantStatus::Suspended, "REVOKE", "FROM")
    }

    /// Lets a suspended tenant in again.
    pub fn resume(&mut self, tenant: TenantId) -> QueryResult<bool> {
        self.set_status(tenant, TenantStatus::Active, "GRANT", "TO")
    }

    fn set_status(
        &mut self,
        tenant: TenantId,
        status: TenantStatus,
        verb: &str,
        preposition: &str,
    ) -> QueryResult<bool> {
        let pg = &mut self.lease().pg;
        let lane: Option<i16> = diesel::update(tenants::table.find(tenant))
            .set(tenants::status.eq(status.as_str()))
            .returning(tenants::lane)
            .get_result(pg)
            .optional()?;
        let Some(lane) = lane else { return Ok(false) };
        let lane = quote_identifier(&lanes::login(pg, lane)?);
        pg.batch_execute(&format!("{verb} \"{}\" {preposition} {lane}", SchemaName::of(tenant)))?;
        Ok(true)
    }

    /// Removes a tenant: row, domains, schema, role. It cannot be undone once committed. False when there is no such tenant.
    pub fn delete(&mut self, tenant: TenantId) -> QueryResult<bool> {
        let schema = SchemaName::of(tenant);
        let pg = &mut self.lease().pg;
        if diesel::delete(tenants::table.find(tenant)).execute(pg)? == 0 {
            return Ok(false);
        }
        // The role owns nothing; what it was granted goes with the schema.
        pg.batch_execute(&format!("DROP SCHEMA \"{schema}\" CASCADE; DROP ROLE \"{schema}\""))?;
        Ok(true)
    }
}

impl Queries for ProvisioningTx<'_> {
    fn with<T>(&mut self, key: Key, run: impl FnOnce(&mut Conn) -> T) -> T {
        self.tx.with(key, run)
    }
}

impl belfort_db::Tenant for ProvisioningTx<'_> {}

impl Drop for ProvisioningTx<'_> {
    /// The rest of the transaction sees no tenant. Where this fails the transaction is already lost.
    fn drop(&mut self) {
        let lease = self.tx.lease();
        lease.broken |= lease.pg.batch_execute("SET LOCAL search_path TO ''").is_err();
    }
}

impl std::fmt::Debug for ProvisioningTx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProvisioningTx")
    }
}
