//! `/roles`.

use belfort_ids::RoleId;
use belfort_policy::Roles;
use belfort_rbac::{Permission, Permissions, Read};
use belfort_workspace::roles::{self, Role};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::answer::{Page, Plain, Single, Stamp};
use crate::extract::Path;
use crate::gate::Gate;
use crate::listing::{All, Listing};
use crate::problem::{Answer, Problem};

/// One permission: an action on a resource, and how far it goes.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct PermissionView {
    resource: &'static str,
    action: &'static str,
    /// `own`, `team` or `all`.
    scope: &'static str,
}

impl PermissionView {
    /// Everything that is permitted.
    pub(crate) fn all(permissions: &Permissions) -> Vec<Self> {
        let view = |p: Permission| Self { resource: p.resource, action: p.action, scope: p.scope.as_str() };
        permissions.iter().map(view).collect()
    }
}

/// A set of permissions. A user has exactly one.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct RoleView {
    id: Uuid,
    name: String,
    /// Whether every workspace has it.
    is_builtin: bool,
    permissions: Vec<PermissionView>,
    created_at: Stamp,
    updated_at: Stamp,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            id: role.id.uuid(),
            permissions: PermissionView::all(&role.permissions),
            name: role.name,
            is_builtin: role.is_builtin,
            created_at: Stamp(role.created_at),
            updated_at: Stamp(role.updated_at),
        }
    }
}

/// List roles
#[api_v2_operation(operation_id = "list_roles", tags(Roles))]
pub(crate) async fn list(gate: Gate<Roles, Read>, page: Listing<All>) -> Answer<Plain<Page<RoleView>>> {
    gate.read(move |scene, grant| {
        page.page(scene, |tx, All, after, limit| Ok(roles::list(tx, grant, after, limit)?), |row| row.id)
    })
    .await
}

/// Get a role
#[api_v2_operation(operation_id = "get_role", tags(Roles))]
pub(crate) async fn get(gate: Gate<Roles, Read>, path: Path<(RoleId,)>) -> Answer<Single<RoleView>> {
    gate.read(|scene, grant| {
        let role = roles::get(&mut scene.tx, grant, path.ids()?.0)?.ok_or_else(Problem::not_found)?;
        Ok(Single { version: role.version, row: role.into() })
    })
    .await
}
