//! Deleting users.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::UserId;
use belfort_policy::Users;
use belfort_rbac::postgres::members;
use belfort_rbac::{Delete, Grant, Principal};
use belfort_values::Expected;
use diesel::prelude::*;

use super::UserError;
use super::read::lock;
use crate::escalation::{RoleCoverage, role_coverage};
use crate::idempotency;
use crate::membership::{lock_membership, set_teams};
use crate::tables::users;

/// Deletes a user with their password, sessions and memberships. What they made stays, and names them by their id.
///
/// `before_delete` is what else is to be done about them while they are still there to be named. It runs under the lock of the
/// membership and of their row: whoever locked anything of theirs before would wait for somebody who waits for them.
pub fn delete<T: Tenant>(
    tx: &mut T,
    grant: &Grant<Users, Delete>,
    caller: &Principal,
    origin: &Origin,
    id: UserId,
    expected: impl Into<Expected>,
    before_delete: impl FnOnce(&mut T) -> QueryResult<()>,
) -> Result<(), UserError> {
    lock_membership(tx)?;
    let user = lock(tx, grant.reach().people(), id, expected)?;
    if role_coverage(tx, caller, user.role_id)? != RoleCoverage::Covered {
        return Err(UserError::Escalation);
    }
    // Before the row: it would take its member along, unguarded.
    members::delete(tx, id)?;
    before_delete(tx)?;
    set_teams(tx, origin.at, id, &user.team_ids, &[])?;
    idempotency::delete_of(tx, id)?;
    tx.run(diesel::delete(users::table.find(id)))?;
    audit::append(tx, origin, &[Event::deleted(origin, &user)])?;
    Ok(())
}
