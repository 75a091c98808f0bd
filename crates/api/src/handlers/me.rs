//! `/me`: the caller about themselves. No permission is needed.

use belfort_workspace::FullName;
use belfort_workspace::users;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Authenticated, RequestContext};
use crate::error::{ApiResult, Problem};
use crate::handlers::roles::PermissionView;
use crate::input::input;
use crate::input::{Body, IfMatch};
use crate::output::{Json, Timestamp, Versioned};

/// The caller.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct MeView {
    id: Uuid,
    email: String,
    full_name: String,
    role_id: Uuid,
    /// What the role is called.
    role: String,
    team_ids: Vec<Uuid>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What the caller may do.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct MyPermissionsView {
    /// What the role is called.
    role: String,
    permissions: Vec<PermissionView>,
}

input! {
    /// What is to change about the caller.
    pub(crate) struct UpdateMe {
        /// What people call you.
        full_name: Option<FullName>,
    }
}

fn versioned(ctx: &mut RequestContext) -> ApiResult<Versioned<MeView>> {
    let user = users::me(&mut ctx.tx, ctx.caller.user)?.ok_or_else(Problem::not_authenticated)?;
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

/// Get yourself
#[api_v2_operation(operation_id = "get_me", tags(Me))]
pub(crate) async fn get(authenticated: Authenticated) -> ApiResult<Versioned<MeView>> {
    authenticated.read(versioned).await
}

/// Change yourself
#[api_v2_operation(operation_id = "update_me", tags(Me))]
pub(crate) async fn update(
    authenticated: Authenticated,
    expected: IfMatch,
    body: Body<UpdateMe>,
) -> ApiResult<Versioned<MeView>> {
    authenticated
        .write(move |ctx| {
            let name = body.parse()?.full_name;
            let (user, origin) = (ctx.caller.user, ctx.origin.clone());
            users::update_self(&mut ctx.tx, user, name.as_ref(), expected.0, &origin)?;
            versioned(ctx)
        })
        .await
}

/// Get your permissions
#[api_v2_operation(operation_id = "get_my_permissions", tags(Me))]
pub(crate) async fn permissions(authenticated: Authenticated) -> ApiResult<Json<MyPermissionsView>> {
    authenticated
        .read(|ctx| {
            let permissions = PermissionView::all(ctx.caller.principal.permissions());
            Ok(Json(MyPermissionsView { role: ctx.caller.role_name.clone(), permissions }))
        })
        .await
}
