//! Changing users.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_auth::postgres::sessions;
use belfort_db::Tenant;
use belfort_ids::UserId;
use belfort_policy::Users;
use belfort_rbac::postgres::members::{self, MemberPatch};
use belfort_rbac::{Grant, Principal, Update};
use belfort_values::Expected;
use diesel::prelude::*;

use super::create::{check_teams, is_taken};
use super::read::lock;
use super::{UpdatedUser, User, UserError, UserPatch};
use crate::escalation::{RoleCoverage, may_unite, role_coverage};
use crate::membership::{lock_membership, members_of, missing, set_teams, sorted};
use crate::name::FullName;
use crate::reach::member_filter;
use crate::tables::users;

/// Changes a user and answers how they are then.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Update>,
    caller: &Principal,
    origin: &Origin,
    id: UserId,
    expected: impl Into<Expected>,
    patch: UserPatch,
) -> Result<UpdatedUser, UserError> {
    if patch.email.is_some() || patch.team_ids.is_some() {
        lock_membership(tx)?;
    }
    let before = lock(tx, grant.reach().people(), id, expected)?;
    // Who changes somebody's address can have their password reset and become them.
    if role_coverage(tx, caller, before.role_id)? != RoleCoverage::Covered {
        return Err(UserError::Escalation);
    }
    let mut after = before.clone();
    if let Some(email) = patch.email
        && email.as_str() != before.email
    {
        if is_taken(tx, &email)? {
            return Err(UserError::EmailTaken);
        }
        email.as_str().clone_into(&mut after.email);
    }
    if let Some(name) = patch.full_name {
        name.as_str().clone_into(&mut after.full_name);
    }
    if let Some(role_id) = patch.role_id
        && role_id != before.role_id
    {
        match role_coverage(tx, caller, role_id)? {
            RoleCoverage::Absent => return Err(UserError::UnknownRole),
            RoleCoverage::Above => return Err(UserError::Escalation),
            RoleCoverage::Covered => after.role_id = role_id,
        }
    }
    if let Some(is_active) = patch.is_active {
        after.is_active = is_active;
    }
    if let Some(ids) = patch.team_ids {
        after.team_ids = sorted(&ids);
        let joined = missing(&after.team_ids, &before.team_ids);
        check_teams(tx, member_filter(grant), &joined)?;
        let mut members = members_of(tx, &joined)?;
        if !members.is_empty() {
            members.push(id);
            if !may_unite(tx, caller, &members, Some(after.role_id))? {
                return Err(UserError::TeamEscalation);
            }
        }
    }
    let user = write(tx, origin, &before, after)?;
    let is_other = before.has_joined && before.email != user.email;
    Ok(UpdatedUser { user, former_email: is_other.then_some(before.email) })
}

/// Changes a user's own name. It needs no grant: everybody has a name of their own choice.
pub fn update_self(
    tx: &mut impl Tenant,
    origin: &Origin,
    id: UserId,
    expected: impl Into<Expected>,
    full_name: Option<FullName>,
) -> Result<User, UserError> {
    let before = lock(tx, None, id, expected)?;
    let mut after = before.clone();
    if let Some(name) = full_name {
        name.as_str().clone_into(&mut after.full_name);
    }
    write(tx, origin, &before, after)
}

fn write(tx: &mut impl Tenant, origin: &Origin, before: &User, mut after: User) -> Result<User, UserError> {
    if after == *before {
        return Ok(after);
    }
    if (after.role_id, after.is_active) != (before.role_id, before.is_active) {
        let patch = MemberPatch { role: Some(after.role_id), is_active: Some(after.is_active) };
        members::update(tx, after.id, patch)?;
    }
    if !after.is_active && before.is_active {
        sessions::end_all(tx, after.id)?;
    }
    set_teams(tx, origin.at, after.id, &before.team_ids, &after.team_ids)?;
    let set = (
        users::email.eq(&after.email),
        users::full_name.eq(&after.full_name),
        users::version.eq(users::version + 1),
        users::updated_at.eq(origin.at),
    );
    let update = diesel::update(users::table.find(after.id)).set(set);
    (after.version, after.updated_at) = tx.row(update.returning((users::version, users::updated_at)))?;
    audit::append(tx, origin, Event::updated(origin, before, &after).as_slice())?;
    Ok(after)
}
