//! Roles, for those who may see them. They belong to nobody, so every scope reads all of them.

use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::{Roles, VOCABULARY};
use belfort_rbac::postgres::roles;
use belfort_rbac::{Grant, Read};
use diesel::QueryResult;

pub use belfort_rbac::postgres::roles::Role;

/// Roles in the order in which they were made, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    _: &Grant<Roles, Read>,
    after: Option<RoleId>,
    limit: i64,
) -> QueryResult<Vec<Role>> {
    roles::list(tx, &VOCABULARY, after, limit)
}

/// The role with this id.
pub fn get(tx: &mut impl Tenant, _: &Grant<Roles, Read>, id: RoleId) -> QueryResult<Option<Role>> {
    roles::get(tx, &VOCABULARY, id)
}
