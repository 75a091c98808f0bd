//! The admins who cannot log in for a while, because somebody failed to too often in their name.
//!
//! A change that would leave these alone leaves nobody who could come in. So they are asked for before every change that can
//! take an admin away, and handed to it among its [`Safeguards`](crate::users::Safeguards).

use belfort_auth::postgres::counters;
use belfort_auth::{CounterKey, Email, Limit};
use belfort_db::{Statement, Tenant};
use belfort_ids::UserId;
use belfort_rbac::postgres::members;
use belfort_tenancy::postgres::{Tenancy, TenantTx};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Array, Text, Uuid};

use crate::CountersError;
use crate::users::UserPatch;

/// The admins who are locked out, for an update with this patch; none where it can take no admin away.
pub fn before_update(
    tx: &mut TenantTx,
    tenancy: &Tenancy,
    login_limit: Limit,
    now: DateTime<Utc>,
    patch: &UserPatch,
) -> Result<Vec<UserId>, CountersError> {
    let can_lose_admin = patch.role_id.is_some() || patch.is_active == Some(false);
    if can_lose_admin { locked_out(tx, tenancy, login_limit, now) } else { Ok(Vec::new()) }
}

/// The admins who are locked out, for the deletion of a user.
pub fn before_delete(
    tx: &mut TenantTx,
    tenancy: &Tenancy,
    login_limit: Limit,
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, CountersError> {
    locked_out(tx, tenancy, login_limit, now)
}

/// Failed logins are counted in the control schema, which the tenant's transaction cannot see: this is another connection,
/// given back before the change begins to wait for anybody.
fn locked_out(
    tx: &mut TenantTx,
    tenancy: &Tenancy,
    login_limit: Limit,
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, CountersError> {
    let tenant = tx.tenant().id;
    let admins = admins(tx)?;
    let keys: Vec<_> = admins.iter().map(|(_, email)| CounterKey::login_user(tenant, email)).collect();
    let mut control = tenancy.control()?;
    let reached = counters::are_exhausted(&mut control, &keys, login_limit, now)?;
    Ok(admins.iter().zip(reached).filter(|(_, reached)| *reached).map(|((user, _), _)| *user).collect())
}

/// The admins with their addresses, as of before the change. Who is locked out in between still counts in it; it is a matter
/// of minutes either way.
fn admins(tx: &mut impl Tenant) -> QueryResult<Vec<(UserId, Email)>> {
    const ADDRESSES: Statement<(Uuid, Text)> =
        Statement::new("SELECT id, email FROM users WHERE id = ANY($1)");
    let ids = members::admins(tx)?;
    let rows: Vec<(UserId, String)> = tx.rows(ADDRESSES.bind::<Array<Uuid>, _>(ids))?;
    let read = |(id, email): (UserId, String)| match Email::parse(&email) {
        Ok(email) => Ok((id, email)),
        Err(error) => Err(diesel::result::Error::DeserializationError(error.into())),
    };
    rows.into_iter().map(read).collect()
}
