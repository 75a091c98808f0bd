//! Reading roles. They are nobody's own, so a grant goes for all of them.

use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::{Roles, VOCABULARY};
use belfort_rbac::postgres::roles;
use belfort_rbac::{Grant, Read};
use belfort_values::Expected;
use diesel::QueryResult;

use super::{Role, RoleError};

/// Roles in the order of their creation, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    _: &Grant<Roles, Read>,
    after: Option<RoleId>,
    limit: i64,
) -> QueryResult<Vec<Role>> {
    roles::list(tx, &VOCABULARY, after, limit)
}

/// The number of roles.
pub fn count(tx: &mut impl Tenant, _: &Grant<Roles, Read>) -> QueryResult<i64> {
    roles::count(tx)
}

/// The role with this id.
pub fn get(tx: &mut impl Tenant, _: &Grant<Roles, Read>, id: RoleId) -> QueryResult<Option<Role>> {
    roles::get(tx, &VOCABULARY, id)
}

/// The role as it stands, for a change.
pub(super) fn lock<A>(
    tx: &mut impl Tenant,
    _: &Grant<Roles, A>,
    id: RoleId,
    expected: impl Into<Expected>,
) -> Result<Role, RoleError> {
    let role = roles::lock(tx, &VOCABULARY, id)?.ok_or(RoleError::NotFound)?;
    if !expected.into().allows(role.version) {
        return Err(RoleError::Stale);
    }
    Ok(role)
}
