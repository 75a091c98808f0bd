//! Deleting roles.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::Roles;
use belfort_rbac::postgres::roles;
use belfort_rbac::{Delete, Grant, Principal};
use belfort_values::Expected;

use super::RoleError;
use super::read::lock;
use super::role::{AuditedRole, check_covered};
use crate::membership::lock_membership;

/// Deletes a role that nobody has and nobody is invited to.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Roles, Delete>,
    caller: &Principal,
    origin: &Origin,
    id: RoleId,
    expected: impl Into<Expected>,
) -> Result<(), RoleError> {
    // An invitation that is being accepted is a row that goes and another that comes: whoever accepts it waits for the role,
    // which would wait for the invitation.
    lock_membership(tx)?;
    let role = lock(tx, grant, id, expected)?;
    if role.is_admin() {
        return Err(RoleError::Admin);
    }
    check_covered(caller, &role.permissions)?;
    roles::delete(tx, id)?;
    audit::append(tx, origin, &[Event::deleted(origin, &AuditedRole(&role))])?;
    Ok(())
}
