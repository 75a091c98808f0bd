//! Roles are made, changed and removed.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::{Roles, VOCABULARY};
use belfort_rbac::postgres::roles::{self as stored};
use belfort_rbac::{
    Action as _, Create, Delete, Denied, Grant, Permissions, Principal, Resource as _, Scope, Update,
};

use super::{Role, RoleError};
use crate::{RoleName, membership};

/// What is to be a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    /// What it is to be called.
    pub name: RoleName,
    /// What it is to permit.
    pub permissions: Permissions,
}

/// What is to change about a role; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RolePatch {
    /// What it is called.
    pub name: Option<RoleName>,
    /// What it permits, all of it.
    pub permissions: Option<Permissions>,
}

/// Makes a role, which permits nothing that the caller may not do.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Roles, Create>,
    caller: &Principal,
    new: &NewRole,
    origin: &Origin,
) -> Result<Role, RoleError> {
    if !reaches(grant) {
        return Err(Denied { resource: Roles::NAME, action: Create::NAME }.into());
    }
    cover(caller, &new.permissions)?;
    let id = stored::create(
        tx,
        origin.at,
        stored::NewRole { name: new.name.as_str(), permissions: &new.permissions },
    )?;
    let row = stored::get(tx, &VOCABULARY, id)?.ok_or(diesel::result::Error::NotFound)?;
    let mut changes = Changes::default();
    changes.set("name", &row.name).set("permissions", row.permissions.lines());
    audit::append(tx, origin, &[Event::new(origin, "roles", id.uuid(), "create", changes)])?;
    Ok(row)
}

/// Changes a role and answers how it stands then. It counts for everybody who has it from their next request on.
///
/// The caller must hold what it permits and what it is to permit: else they would give, or take, what is not theirs. So
/// nobody edits their own role upwards.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Roles, Update>,
    caller: &Principal,
    id: RoleId,
    patch: &RolePatch,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<Role, RoleError> {
    let before = lock(tx, grant, id, expected)?;
    let name = patch.name.as_ref().map(RoleName::as_str).filter(|name| *name != before.name);
    let permissions = patch.permissions.as_ref().filter(|permissions| **permissions != before.permissions);
    let change = stored::RolePatch { name, permissions };
    let is_change = change != stored::RolePatch::default();
    if before.is_admin() && is_change {
        return Err(RoleError::Admin);
    }
    cover(caller, &before.permissions)?;
    cover(caller, permissions.unwrap_or(&before.permissions))?;
    if !is_change {
        return Ok(before);
    }
    stored::update(tx, origin.at, id, change)?;
    let after = stored::get(tx, &VOCABULARY, id)?.ok_or(diesel::result::Error::NotFound)?;
    let mut changes = Changes::default();
    changes.field("name", &before.name, &after.name).field(
        "permissions",
        &before.permissions.lines(),
        &after.permissions.lines(),
    );
    audit::append(tx, origin, &[Event::new(origin, "roles", id.uuid(), "update", changes)])?;
    Ok(after)
}

/// Removes a role that nobody has and nobody is invited to.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Roles, Delete>,
    caller: &Principal,
    id: RoleId,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<(), RoleError> {
    // An invitation that is being accepted is a row that goes and another that comes: whoever accepts it waits for the role,
    // which would wait for the invitation.
    membership::queue(tx)?;
    let row = lock(tx, grant, id, expected)?;
    if row.is_admin() {
        return Err(RoleError::Admin);
    }
    cover(caller, &row.permissions)?;
    stored::delete(tx, id)?;
    let mut changes = Changes::default();
    changes.gone("name", &row.name).gone("permissions", row.permissions.lines());
    audit::append(tx, origin, &[Event::new(origin, "roles", id.uuid(), "delete", changes)])?;
    Ok(())
}

/// Whether a grant to change roles goes for any of them.
fn reaches<A>(grant: &Grant<Roles, A>) -> bool {
    grant.reach().scope() == Scope::All
}

fn cover(caller: &Principal, permissions: &Permissions) -> Result<(), RoleError> {
    if caller.permissions().cover(permissions) { Ok(()) } else { Err(RoleError::Escalation) }
}

/// The role as it stands, for a change.
fn lock<A>(
    tx: &mut impl Tenant,
    grant: &Grant<Roles, A>,
    id: RoleId,
    expected: Option<i32>,
) -> Result<Role, RoleError> {
    if !reaches(grant) {
        return Err(RoleError::NotFound);
    }
    let row = stored::lock(tx, &VOCABULARY, id)?.ok_or(RoleError::NotFound)?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(RoleError::Stale);
    }
    Ok(row)
}
