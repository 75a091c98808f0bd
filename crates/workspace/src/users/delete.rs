//! A user goes.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_db::{Statement, Tenant};
use belfort_ids::UserId;
use belfort_policy::Users;
use belfort_rbac::postgres::members;
use belfort_rbac::{Delete, Grant};
use diesel::QueryResult;
use diesel::sql_types::Uuid;

use super::{Safeguards, UserError, lock};
use crate::escalation::{Standing, standing};
use crate::{idempotency, membership};

/// Deletes a user with their password, sessions and memberships. What they made stays, and names them by their id.
///
/// `let_go` is what else is to be done about them while they are still there to be named. It comes when the queue is had and
/// their row is locked: whoever locked anything of theirs before would wait for somebody who waits for them.
pub fn delete<T: Tenant>(
    tx: &mut T,
    grant: &Grant<Users, Delete>,
    safeguards: Safeguards<'_>,
    id: UserId,
    expected: Option<i32>,
    origin: &Origin,
    let_go: impl FnOnce(&mut T) -> QueryResult<()>,
) -> Result<(), UserError> {
    const DELETE: Statement = Statement::new("DELETE FROM users WHERE id = $1");
    membership::queue(tx)?;
    let row = lock(tx, grant.reach().people(), id, expected)?;
    if standing(tx, safeguards.caller, row.role_id)? != Standing::Covered {
        return Err(UserError::Escalation);
    }
    // Before the row: it would take its member along, unguarded.
    members::delete(tx, safeguards.locked_out, id)?;
    let_go(tx)?;
    membership::set_teams(tx, id, &row.team_ids, &[], origin.at)?;
    idempotency::delete_of(tx, id)?;
    tx.run(DELETE.bind::<Uuid, _>(id))?;
    let mut changes = Changes::default();
    changes
        .gone("email", &row.email)
        .gone("full_name", &row.full_name)
        .gone("role_id", row.role_id)
        .gone("is_active", row.is_active)
        .gone("team_ids", &row.team_ids);
    audit::append(tx, origin, &[Event::new(origin, "users", id.uuid(), "delete", changes)])?;
    Ok(())
}
