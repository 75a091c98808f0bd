//! Suspending a tenant, whatever locks its role holds.

use belfort_db::Conn;
use belfort_ids::TenantId;
use belfort_values::Word;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Text};

use super::quote::quote_identifier;
use super::tables::tenants;
use super::{BindError, Tenancy, lanes};
use crate::{SchemaName, TenantStatus};

/// Suspends a tenant in three steps, each of which lasts by itself: nobody new comes in, who is in goes, and then the row says
/// so. The row comes last, because a transaction of the tenant's can hold its lock for as long as it likes.
pub(super) fn suspend(tenancy: &Tenancy, tenant: TenantId) -> Result<bool, BindError> {
    let schema = SchemaName::of(tenant);
    let mut tx = tenancy.begin_control()?;
    let pg = &mut tx.lease().pg;
    let lane = tenants::table.find(tenant).select(tenants::lane).first(pg).optional()?;
    let Some(lane) = lane else { return Ok(false) };
    let login = lanes::login(pg, lane)?;
    pg.batch_execute(&format!("REVOKE \"{schema}\" FROM {}", quote_identifier(&login)))?;
    tx.commit()?;

    let mut tx = tenancy.begin_control()?;
    terminate(&mut tx.lease().pg, &login, schema.as_str())?;
    tx.commit()?;

    if !mark(tenancy, tenant, "NOWAIT")? {
        let mut tx = tenancy.begin_control()?;
        terminate(&mut tx.lease().pg, &login, "public")?;
        tx.commit()?;
        mark(tenancy, tenant, "")?;
    }
    tenancy.clear_cache();
    Ok(true)
}

/// Ends the connections of a login that hold a lock in this schema: those that are bound to the tenant whose it is, since a
/// transaction keeps the lock of each table that it has read. In the control schema it is those who lock a row, which a
/// function of the tenant's can do; there are few, and another tenant's that is just being renamed gets an error.
fn terminate(pg: &mut Conn, login: &str, schema: &str) -> QueryResult<i64> {
    diesel::dsl::sql::<BigInt>(
        "SELECT count(pg_terminate_backend(pid, 5000))
         FROM (SELECT DISTINCT l.pid
               FROM pg_locks l
               JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()
               JOIN pg_class c ON c.oid = l.relation AND l.locktype = 'relation'
               JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE (n.nspname <> 'public' OR l.mode <> 'AccessShareLock') AND a.usename = ",
    )
    .bind::<Text, _>(login)
    .sql(" AND n.nspname = ")
    .bind::<Text, _>(schema)
    .sql(") bound")
    .get_result(pg)
}

/// Sets the status. Returns false when the row is locked and `wait` is `NOWAIT`.
fn mark(tenancy: &Tenancy, tenant: TenantId, wait: &str) -> Result<bool, BindError> {
    let mut tx = tenancy.begin_control()?;
    let pg = &mut tx.lease().pg;
    let locked = pg.batch_execute(&format!(
        "SET LOCAL lock_timeout TO '10s'; SELECT FROM public.tenants WHERE id = '{tenant}' FOR UPDATE {wait}"
    ));
    match locked {
        Err(Error::DatabaseError(DatabaseErrorKind::Unknown, _)) if wait == "NOWAIT" => return Ok(false),
        locked => locked?,
    }
    let suspended = tenants::status.eq(TenantStatus::Suspended.as_str());
    diesel::update(tenants::table.find(tenant)).set(suspended).execute(pg)?;
    tx.commit()?;
    Ok(true)
}
