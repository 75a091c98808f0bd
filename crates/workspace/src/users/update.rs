//! A user changes.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_auth::Email;
use belfort_auth::postgres::sessions;
use belfort_db::{Statement, Tenant};
use belfort_ids::{RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::postgres::members::{self, MemberPatch};
use belfort_rbac::{Grant, Update};
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid};

use super::create::{check_teams, is_invited};
use super::{Safeguards, UserError, UserRow, lock};
use crate::escalation::{Standing, standing};
use crate::{FullName, membership};

/// What is to change about a user; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserPatch {
    /// Their address.
    pub email: Option<Email>,
    /// Their name.
    pub full_name: Option<FullName>,
    /// Their role.
    pub role: Option<RoleId>,
    /// Whether they may come in. Who may not is out at once: their sessions end.
    pub is_active: Option<bool>,
    /// Their teams, all of them.
    pub team_ids: Option<Vec<TeamId>>,
}

/// Changes a user and answers how they stand then.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Update>,
    safeguards: Safeguards<'_>,
    id: UserId,
    patch: &UserPatch,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<UserRow, UserError> {
    if patch.email.is_some() || patch.team_ids.is_some() {
        membership::queue(tx)?;
    }
    let before = lock(tx, grant.reach().people(), id, expected)?;
    // Who changes somebody's address can have their password reset and become them.
    if standing(tx, safeguards.caller, before.role_id)? != Standing::Covered {
        return Err(UserError::Escalation);
    }
    let mut after = before.clone();
    if let Some(email) = &patch.email
        && email.as_str() != before.email
    {
        if is_invited(tx, email)? {
            return Err(UserError::EmailTaken);
        }
        email.as_str().clone_into(&mut after.email);
    }
    if let Some(name) = &patch.full_name {
        name.as_str().clone_into(&mut after.full_name);
    }
    if let Some(role) = patch.role
        && role != before.role_id
    {
        match standing(tx, safeguards.caller, role)? {
            Standing::Absent => return Err(UserError::UnknownRole),
            Standing::Above => return Err(UserError::Escalation),
            Standing::Covered => after.role_id = role,
        }
    }
    if let Some(is_active) = patch.is_active {
        after.is_active = is_active;
    }
    if let Some(ids) = &patch.team_ids {
        after.team_ids = membership::set(ids);
        let joined = membership::missing(&after.team_ids, &before.team_ids);
        check_teams(tx, membership::seat(grant), &joined)?;
    }
    write(tx, &before, after, safeguards.locked_out, origin)
}

/// Changes a user's own name. It needs no grant: everybody has a name of their own choice.
pub fn update_self(
    tx: &mut impl Tenant,
    user: UserId,
    full_name: Option<&FullName>,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<UserRow, UserError> {
    let before = lock(tx, None, user, expected)?;
    let mut after = before.clone();
    if let Some(name) = full_name {
        name.as_str().clone_into(&mut after.full_name);
    }
    write(tx, &before, after, &[], origin)
}

fn write(
    tx: &mut impl Tenant,
    before: &UserRow,
    after: UserRow,
    locked_out: &[UserId],
    origin: &Origin,
) -> Result<UserRow, UserError> {
    const UPDATE: Statement<(Integer, Timestamptz)> = Statement::new(
        "UPDATE users SET email = $1, full_name = $2, version = version + 1, updated_at = $3 WHERE id = $4
         RETURNING version, updated_at",
    );
    if after == *before {
        return Ok(after);
    }
    if (after.role_id, after.is_active) != (before.role_id, before.is_active) {
        let change = MemberPatch { role: Some(after.role_id), is_active: Some(after.is_active) };
        members::update(tx, locked_out, after.id, change)?;
    }
    if !after.is_active && before.is_active {
        sessions::end_all(tx, after.id)?;
    }
    membership::set_teams(tx, after.id, &before.team_ids, &after.team_ids, origin.at)?;
    let (version, updated_at) = tx.row(
        UPDATE
            .bind::<Text, _>(after.email.as_str())
            .bind::<Text, _>(after.full_name.as_str())
            .bind::<Timestamptz, _>(origin.at)
            .bind::<Uuid, _>(after.id),
    )?;
    let event = Event::new(origin, "users", after.id.uuid(), "update", changes(before, &after));
    audit::append(tx, origin, &[event])?;
    Ok(UserRow { version, updated_at, ..after })
}

fn changes(before: &UserRow, after: &UserRow) -> Changes {
    let mut changes = Changes::default();
    changes
        .field("email", &before.email, &after.email)
        .field("full_name", &before.full_name, &after.full_name)
        .field("role_id", &before.role_id, &after.role_id)
        .field("is_active", &before.is_active, &after.is_active)
        .field("team_ids", &before.team_ids, &after.team_ids);
    changes
}
