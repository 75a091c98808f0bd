//! `/roles`.

use belfort_ids::RoleId;
use belfort_policy::Roles;
use belfort_rbac::{Create, Delete, Permission, Permissions, Read, Update};
use belfort_workspace::RoleName;
use belfort_workspace::roles::{self, NewRole, Role, RoleError, RolePatch};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, Problem, Refused};
use crate::input::{Body, IfMatch, Path, input};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// A permission: an action on a resource, within a scope.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct PermissionView {
    /// The resource, for example `tasks`.
    resource: &'static str,
    /// The action, for example `read`.
    action: &'static str,
    /// The scope: `own`, `team` or `all`.
    scope: &'static str,
}

impl PermissionView {
    /// Everything that is permitted.
    pub(crate) fn all(permissions: &Permissions) -> Vec<Self> {
        let view = |p: Permission| Self { resource: p.resource, action: p.action, scope: p.scope.as_str() };
        permissions.iter().map(view).collect()
    }
}

/// A role: a set of permissions. Every user has exactly one role.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct RoleView {
    /// The ID of the role.
    id: Uuid,
    /// The name.
    name: String,
    /// Whether the role was created with the workspace. Of these, only `admin` can be neither updated nor
    /// deleted.
    is_builtin: bool,
    /// The permissions. Whatever is not listed is denied.
    permissions: Vec<PermissionView>,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            id: role.id.uuid(),
            permissions: PermissionView::all(&role.permissions),
            name: role.name,
            is_builtin: role.is_builtin,
            created_at: Timestamp(role.created_at),
            updated_at: Timestamp(role.updated_at),
        }
    }
}

fn versioned(role: Role) -> Versioned<RoleView> {
    Versioned::new(role.version, role.into())
}

input! {
    /// A new role.
    pub(crate) struct CreateRole for NewRole {
        /// The name. It must be unique in the workspace, regardless of case.
        name: RoleName,
        /// The permissions, none of which may exceed your own. Whatever is not listed is denied.
        permissions: Permissions,
    }
}

input! {
    /// Changes to a role. Fields that are left out stay as they are.
    pub(crate) struct UpdateRole for RolePatch {
        /// The name. It must be unique in the workspace, regardless of case.
        name: Option<RoleName>,
        /// All permissions. The list replaces the current one.
        permissions: Option<Permissions>,
    }
}

/// List roles
#[api_v2_operation(operation_id = "list_roles", tags(Roles))]
pub(crate) async fn list(
    gate: Gate<Roles, Read>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<RoleView>>> {
    gate.read(move |ctx, grant| {
        page.page(ctx, |tx, NoFilter, after, limit| Ok(roles::list(tx, grant, after, limit)?), |row| row.id)
    })
    .await
}

/// Create a role
///
/// A role must not permit more than your own role does (403 `escalation`).
#[api_v2_operation(operation_id = "create_role", tags(Roles))]
pub(crate) async fn create(
    gate: Gate<Roles, Create>,
    body: Body<CreateRole>,
) -> ApiResult<Idempotent<Created<Versioned<RoleView>>>, Refused<RoleError>> {
    gate.create(body, |ctx, grant, new| {
        let role = roles::create(&mut ctx.tx, grant, &ctx.caller.principal, &ctx.origin, new)?;
        Ok(Created::at(Location::of("/roles", role.id), versioned(role)))
    })
    .await
}

/// Get a role
#[api_v2_operation(operation_id = "get_role", tags(Roles))]
pub(crate) async fn get(gate: Gate<Roles, Read>, path: Path<(RoleId,)>) -> ApiResult<Versioned<RoleView>> {
    gate.read(|ctx, grant| {
        roles::get(&mut ctx.tx, grant, path.ids()?.0)?.map(versioned).ok_or_else(Problem::not_found)
    })
    .await
}

/// Update a role
///
/// The change applies to everybody with the role from their next request on. The role must not permit more
/// than your own role does, before and after the change (403 `escalation`). The role `admin` cannot be
/// changed (409 `last-admin`).
#[api_v2_operation(operation_id = "update_role", tags(Roles))]
pub(crate) async fn update(
    gate: Gate<Roles, Update>,
    path: Path<(RoleId,)>,
    expected: IfMatch,
    body: Body<UpdateRole>,
) -> ApiResult<Versioned<RoleView>, Refused<RoleError>> {
    let body = gate.receive(body).await?;
    gate.write(move |ctx, grant| {
        let patch = body.parse()?;
        let (principal, origin) = (&ctx.caller.principal, &ctx.origin);
        Ok(versioned(roles::update(&mut ctx.tx, grant, principal, origin, path.ids()?.0, expected.0, patch)?))
    })
    .await
}

/// Delete a role
///
/// A role that a user or an invitation has cannot be deleted (409 `role-in-use`), nor can the role `admin`
/// (409 `last-admin`).
#[api_v2_operation(operation_id = "delete_role", tags(Roles))]
pub(crate) async fn delete(
    gate: Gate<Roles, Delete>,
    path: Path<(RoleId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent, Refused<RoleError>> {
    gate.write(move |ctx, grant| {
        let (principal, origin) = (&ctx.caller.principal, &ctx.origin);
        roles::delete(&mut ctx.tx, grant, principal, origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}
