//! A role, what can be changed about one, and what is audited of it.

use belfort_audit::{Audited, Fields};
use belfort_rbac::postgres::roles;
use belfort_rbac::{Permissions, Principal};

pub use belfort_rbac::postgres::roles::Role;

use crate::name::RoleName;

/// A role, as far as it is audited.
pub(super) struct AuditedRole<'r>(pub(super) &'r Role);

impl Audited for AuditedRole<'_> {
    const RESOURCE: &'static str = "roles";

    fn id(&self) -> uuid::Uuid {
        self.0.id.uuid()
    }

    fn version(&self) -> i32 {
        self.0.version
    }

    fn fields(&self) -> Fields {
        Fields::new().with("name", &self.0.name).with("permissions", self.0.permissions.lines())
    }
}

/// A role to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    /// The name.
    pub name: RoleName,
    /// The permissions.
    pub permissions: Permissions,
}

/// A change to a role; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RolePatch {
    /// The name.
    pub name: Option<RoleName>,
    /// The permissions, all of them.
    pub permissions: Option<Permissions>,
}

/// The reason why a role was not created or changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// Absent.
    #[error("there is no such role")]
    NotFound,
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

/// Checks that the caller holds all of these permissions.
pub(super) fn check_covered(caller: &Principal, permissions: &Permissions) -> Result<(), RoleError> {
    if caller.permissions().cover(permissions) { Ok(()) } else { Err(RoleError::Escalation) }
}
