//! `/me`: the caller about themselves. No permission is needed.

use belfort_workspace::FullName;
use belfort_workspace::users;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Authenticated, RequestContext};
use crate::error::{ApiResult, Problem};
use crate::handlers::roles::PermissionView;
use crate::input::{Body, IfMatch, input};
use crate::output::{Json, Timestamp, Versioned};

/// Your own account.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct MeView {
    /// The ID of your user.
    id: Uuid,
    /// Your email address, which is also your login name.
    email: String,
    /// Your full name.
    full_name: String,
    /// The ID of your role.
    role_id: Uuid,
    /// The name of your role.
    role: String,
    /// IDs of the teams that you are a member of.
    team_ids: Vec<Uuid>,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

/// Your role and what it permits.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct MyPermissionsView {
    /// The name of your role.
    role: String,
    /// The permissions of your role.
    permissions: Vec<PermissionView>,
}

input! {
    /// Changes to your account. Fields that are left out stay as they are.
    pub(crate) struct UpdateMe {
        /// Your full name.
        full_name: Option<FullName>,
    }
}

fn versioned(ctx: &mut RequestContext) -> ApiResult<Versioned<MeView>> {
    let user = users::get_self(&mut ctx.tx, ctx.caller.user)?.ok_or_else(Problem::not_authenticated)?;
    let row = MeView {
        id: user.id.uuid(),
        email: user.email,
        full_name: user.full_name,
        role_id: user.role_id.uuid(),
        role: ctx.caller.role_name.clone(),
        team_ids: user.team_ids.into_iter().map(belfort_ids::TeamId::uuid).collect(),
        created_at: Timestamp(user.created_at),
        updated_at: Timestamp(user.updated_at),
    };
    Ok(Versioned::new(user.version, row))
}

/// Get your account
#[api_v2_operation(operation_id = "get_me", tags(Me))]
pub(crate) async fn get(authenticated: Authenticated) -> ApiResult<Versioned<MeView>> {
    authenticated.read(versioned).await
}

/// Update your account
#[api_v2_operation(operation_id = "update_me", tags(Me))]
pub(crate) async fn update(
    authenticated: Authenticated,
    expected: IfMatch,
    body: Body<UpdateMe>,
) -> ApiResult<Versioned<MeView>> {
    let body = authenticated.receive(body).await?;
    authenticated
        .write(move |ctx| {
            let name = body.parse()?.full_name;
            let (user, origin) = (ctx.caller.user, ctx.origin.clone());
            users::update_self(&mut ctx.tx, &origin, user, expected.0, name)?;
            versioned(ctx)
        })
        .await
}

/// List your permissions
#[api_v2_operation(operation_id = "get_my_permissions", tags(Me))]
pub(crate) async fn permissions(authenticated: Authenticated) -> ApiResult<Json<MyPermissionsView>> {
    authenticated
        .read(|ctx| {
            let permissions = PermissionView::all(ctx.caller.principal.permissions());
            Ok(Json(MyPermissionsView { role: ctx.caller.role_name.clone(), permissions }))
        })
        .await
}
