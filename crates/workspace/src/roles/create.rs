//! Creating roles.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_policy::{Roles, VOCABULARY};
use belfort_rbac::postgres::roles;
use belfort_rbac::{Create, Grant, Principal};

use super::role::{AuditedRole, check_covered};
use super::{NewRole, Role, RoleError};

/// Creates a role, which permits nothing that the caller may not do.
pub fn create(
    tx: &mut impl Tenant,
    _: &Grant<Roles, Create>,
    caller: &Principal,
    origin: &Origin,
    new: NewRole,
) -> Result<Role, RoleError> {
    check_covered(caller, &new.permissions)?;
    let stored = roles::NewRole { name: new.name.as_str(), permissions: &new.permissions };
    let id = roles::create(tx, origin.at, stored)?;
    let role = roles::get(tx, &VOCABULARY, id)?.ok_or(diesel::result::Error::NotFound)?;
    audit::append(tx, origin, &[Event::created(origin, &AuditedRole(&role))])?;
    Ok(role)
}
