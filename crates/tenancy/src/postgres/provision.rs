//! Provisioning, suspending, resuming and deleting tenants.

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

/// A tenant to be provisioned.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The id, made by the caller: some values may have to be sealed for the tenant before it exists.
    pub id: TenantId,
    /// The name in host names.
    pub slug: Slug,
    /// The name for people.
    pub name: String,
    /// The plan.
    pub plan: Plan,
    /// The time of the provisioning.
    pub created_at: DateTime<Utc>,
}

/// The reason why a tenant was not provisioned. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// Another tenant has this slug.
    #[error("the slug is already taken")]
    SlugTaken,
    /// A migration failed.
    #[error("the tenant's tables could not be created")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database failed.
    #[error("the tenant could not be provisioned")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for ProvisionError {
    fn from(error: diesel::result::Error) -> Self {
        match belfort_db::violated_constraint(&error) {
            Some("tenants_slug_key") => Self::SlugTaken,
            _ => Self::Database(error),
        }
    }
}

/// The tables of a tenant that is being provisioned. It exists for others once the transaction around it commits.
pub struct ProvisioningTx<'tx> {
    tx: &'tx mut ControlTx,
}

impl ControlTx {
    /// Creates row, role, schema and tables of a tenant, in this transaction. The value that is returned fills its tables.
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

    /// Gives the right back that [`Tenancy::suspend`](super::Tenancy::suspend) took. Returns false when there is no such tenant.
    pub fn resume(&mut self, tenant: TenantId) -> QueryResult<bool> {
        let pg = &mut self.lease().pg;
        let lane: Option<i16> = diesel::update(tenants::table.find(tenant))
            .set(tenants::status.eq(TenantStatus::Active.as_str()))
            .returning(tenants::lane)
            .get_result(pg)
            .optional()?;
        let Some(lane) = lane else { return Ok(false) };
        let lane = quote_identifier(&lanes::login(pg, lane)?);
        pg.batch_execute(&format!("GRANT \"{}\" TO {lane}", SchemaName::of(tenant)))?;
        Ok(true)
    }

    /// Deletes a tenant: row, domains, schema, role. Once committed it cannot be undone. Returns false when there is no such
    /// tenant.
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
    /// Empties the search path again, for the rest of the transaction. Where this fails the transaction is already lost.
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
