//! `/users`.

use std::sync::Arc;

use belfort_auth::Email;
use belfort_ids::{RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::{Create, Delete, Read, Update};
use belfort_tenancy::Tenant;
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::users::{self, NewUser, UpdatedUser, User, UserError, UserPatch};
use belfort_workspace::{FullName, ReserveError};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Gate, RequestInfo};
use crate::error::{ApiResult, Problem, Refused};
use crate::input::{Body, IfMatch, OrDefault, OrTrue, Path, input};
use crate::mail;
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};
use crate::state::App;

/// A user: a person with an account in the workspace.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct UserView {
    /// The ID of the user.
    id: Uuid,
    /// The email address, which is also the login name.
    email: String,
    /// The full name.
    full_name: String,
    /// The ID of the role.
    role_id: Uuid,
    /// Whether the user is active. An inactive user cannot log in.
    is_active: bool,
    /// Whether the user has a password. Without one, nobody can log in as this user.
    has_joined: bool,
    /// IDs of the teams that the user is a member of.
    team_ids: Vec<Uuid>,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.uuid(),
            email: user.email,
            full_name: user.full_name,
            role_id: user.role_id.uuid(),
            is_active: user.is_active,
            has_joined: user.has_joined,
            team_ids: user.team_ids.into_iter().map(TeamId::uuid).collect(),
            created_at: Timestamp(user.created_at),
            updated_at: Timestamp(user.updated_at),
        }
    }
}

pub(crate) fn versioned(user: User) -> Versioned<UserView> {
    Versioned::new(user.version, user.into())
}

input! {
    /// A new user, without a password.
    pub(crate) struct CreateUser for NewUser {
        /// The email address, which is also the login name.
        email: Email,
        /// The full name.
        full_name: FullName,
        /// The ID of the role. It must not permit more than your own role does.
        role_id: RoleId,
        /// Whether the user is active. An inactive user cannot log in. The default is `true`.
        is_active: OrTrue,
        /// IDs of the teams that the user is a member of.
        team_ids: OrDefault<Vec<TeamId>>,
    }
}

input! {
    /// Changes to a user. Fields that are left out stay as they are.
    pub(crate) struct UpdateUser for UserPatch {
        /// The email address, which is also the login name.
        email: Option<Email>,
        /// The full name.
        full_name: Option<FullName>,
        /// The ID of the role. It must not permit more than your own role does.
        role_id: Option<RoleId>,
        /// Whether the user is active. A user who is made inactive is logged out at once.
        is_active: Option<bool>,
        /// IDs of all teams that the user is a member of. The list replaces the current one.
        team_ids: Option<Vec<TeamId>>,
    }
}

/// List users
///
/// Returns the users that are within the scope of your role, oldest first.
#[api_v2_operation(operation_id = "list_users", tags(Users))]
pub(crate) async fn list(
    gate: Gate<Users, Read>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<UserView>>> {
    gate.read(move |ctx, grant| {
        page.page(ctx, |tx, NoFilter, after, limit| Ok(users::list(tx, grant, after, limit)?), |row| row.id)
    })
    .await
}

/// Create a user
///
/// The user has no password and cannot log in. To let somebody join by email, create an invitation instead.
#[api_v2_operation(operation_id = "create_user", tags(Users))]
pub(crate) async fn create(
    gate: Gate<Users, Create>,
    body: Body<CreateUser>,
) -> ApiResult<Idempotent<Created<Versioned<UserView>>>, Refused<UserError>> {
    gate.create(body, |ctx, grant, new| {
        let user = users::create(&mut ctx.tx, grant, &ctx.caller.principal, &ctx.origin, new)?;
        Ok(Created::at(Location::of("/users", user.id), versioned(user)))
    })
    .await
}

/// Get a user
#[api_v2_operation(operation_id = "get_user", tags(Users))]
pub(crate) async fn get(gate: Gate<Users, Read>, path: Path<(UserId,)>) -> ApiResult<Versioned<UserView>> {
    gate.read(|ctx, grant| {
        users::get(&mut ctx.tx, grant, path.ids()?.0)?.map(versioned).ok_or_else(Problem::not_found)
    })
    .await
}

/// Update a user
///
/// If the email address is changed, a message is sent to the previous one.
///
/// The last active admin cannot lose the role or be made inactive (409 `last-admin`). Admins who have not yet
/// joined do not count; admins who are locked out after failed logins do.
#[api_v2_operation(operation_id = "update_user", tags(Users))]
pub(crate) async fn update(
    gate: Gate<Users, Update>,
    path: Path<(UserId,)>,
    expected: IfMatch,
    body: Body<UpdateUser>,
) -> ApiResult<Versioned<UserView>, Refused<UserError>> {
    let body = gate.receive(body).await?;
    let info = gate.info().clone();
    let write = gate.write(move |ctx, grant| -> ApiResult<_, Refused<UserError>> {
        let patch = body.parse()?;
        let (caller, origin, id) = (&ctx.caller.principal, &ctx.origin, path.ids()?.0);
        let UpdatedUser { user, former_email } =
            users::update(&mut ctx.tx, grant, caller, origin, id, expected.0, patch)?;
        Ok((versioned(user), former_email.map(|email| (email, Arc::clone(ctx.tx.tenant())))))
    });
    let (user, former) = write.await?;
    if let Some((email, workspace)) = former
        && let Err(problem) = tell(&info, &email, &workspace).await
    {
        tracing::warn!(%problem, "nobody was told that their email address was changed");
    }
    Ok(user)
}

/// Tells whoever reads the mail of an address that it is a user's no longer. The change is committed, and stays where no
/// message can be sent.
async fn tell(info: &RequestInfo, email: &str, workspace: &Tenant) -> ApiResult<()> {
    let (email, now) = (Email::parse(email).map_err(Problem::internal)?, info.now());
    let message = mail::email_changed(&email, workspace)?;
    let count = move |app: &App| {
        Ok(users::count_notice(&app.counters, now, &email).map_err(Refused::<ReserveError>::from)?)
    };
    info.app.database(info.share(), count).await?;
    info.app.mail(message).await
}

/// Delete a user
///
/// Keeps what the user created, and removes the user from the assignees of tasks. The last active admin
/// cannot be deleted (409 `last-admin`).
#[api_v2_operation(operation_id = "delete_user", tags(Users))]
pub(crate) async fn delete(
    gate: Gate<Users, Delete>,
    path: Path<(UserId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent, Refused<UserError>> {
    gate.write(move |ctx, grant| {
        let (caller, origin, id) = (&ctx.caller.principal, &ctx.origin, path.ids()?.0);
        // Deleting the user alone would take their assignments along unaudited.
        let before_delete = |tx: &mut TenantTx| belfort_work::tasks::unassign_user(tx, origin, id);
        users::delete(&mut ctx.tx, grant, caller, origin, id, expected.0, before_delete)?;
        Ok(NoContent)
    })
    .await
}
