//! Roles.
//!
//! They belong to nobody. So every scope reads all of them, and to make, change or remove one takes the scope `all`: none
//! is `own` to anybody.

mod change;

use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::{Roles, VOCABULARY};
use belfort_rbac::postgres::roles;
use belfort_rbac::{Denied, Grant, Read};
use diesel::QueryResult;

pub use belfort_rbac::postgres::roles::Role;
pub use change::{NewRole, RolePatch, create, delete, update};

/// Why a role was not made or changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// Absent, or out of the caller's reach.
    #[error("there is no such role")]
    NotFound,
    /// The permission to make roles does not go far enough.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The role is not as the caller last saw it.
    #[error("the role was changed in the meantime: read it again")]
    Stale,
    /// The role permits, or is to permit, more than the caller may do.
    #[error("the role permits more than you may do yourself")]
    Escalation,
    /// It is the admin role.
    #[error("the admin role can be neither edited nor deleted")]
    Admin,
    /// Another role has the name, be it in other capitals.
    #[error("another role has this name")]
    NameTaken,
    /// A user or an invitation has it.
    #[error("somebody has this role")]
    InUse,
    /// The database failed.
    #[error("the role could not be read or changed")]
    Database(#[from] diesel::result::Error),
}

impl From<roles::RoleError> for RoleError {
    fn from(error: roles::RoleError) -> Self {
        match error {
            roles::RoleError::Admin => Self::Admin,
            roles::RoleError::NameTaken => Self::NameTaken,
            roles::RoleError::InUse => Self::InUse,
            roles::RoleError::Database(error) => Self::Database(error),
        }
    }
}

/// Roles in the order in which they were made, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    _: &Grant<Roles, Read>,
    after: Option<RoleId>,
    limit: i64,
) -> QueryResult<Vec<Role>> {
    roles::list(tx, &VOCABULARY, after, limit)
}

/// How many roles there are.
pub fn count(tx: &mut impl Tenant, _: &Grant<Roles, Read>) -> QueryResult<i64> {
    roles::count(tx)
}

/// The role with this id.
pub fn get(tx: &mut impl Tenant, _: &Grant<Roles, Read>, id: RoleId) -> QueryResult<Option<Role>> {
    roles::get(tx, &VOCABULARY, id)
}
