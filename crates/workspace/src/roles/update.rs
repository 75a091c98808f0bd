//! Changing roles.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::{Roles, VOCABULARY};
use belfort_rbac::postgres::roles;
use belfort_rbac::{Grant, Principal, Update};
use belfort_values::Expected;

use super::read::lock;
use super::role::{AuditedRole, check_covered};
use super::{Role, RoleError, RolePatch};
use crate::name::RoleName;

/// Changes a role and answers how it is then. It counts for everybody who has it from their next request on.
///
/// The caller must hold what it permits and what it is to permit: else they would give, or take, what is not theirs. So
/// nobody edits their own role upwards.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Roles, Update>,
    caller: &Principal,
    origin: &Origin,
    id: RoleId,
    expected: impl Into<Expected>,
    patch: RolePatch,
) -> Result<Role, RoleError> {
    let before = lock(tx, grant, id, expected)?;
    let name = patch.name.as_ref().map(RoleName::as_str).filter(|name| *name != before.name);
    let permissions = patch.permissions.as_ref().filter(|permissions| **permissions != before.permissions);
    let change = roles::RolePatch { name, permissions };
    let is_change = change != roles::RolePatch::default();
    if before.is_admin() && is_change {
        return Err(RoleError::Admin);
    }
    check_covered(caller, &before.permissions)?;
    check_covered(caller, permissions.unwrap_or(&before.permissions))?;
    if !is_change {
        return Ok(before);
    }
    roles::update(tx, origin.at, id, change)?;
    let after = roles::get(tx, &VOCABULARY, id)?.ok_or(diesel::result::Error::NotFound)?;
    let event = Event::updated(origin, &AuditedRole(&before), &AuditedRole(&after));
    audit::append(tx, origin, event.as_slice())?;
    Ok(after)
}
