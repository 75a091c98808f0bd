//! `/users`.

use belfort_auth::Email;
use belfort_ids::{RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::{Create, Delete, Read, Update};
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::users::{self, NewUser, Safeguards, UserPatch, UserRow};
use belfort_workspace::{FullName, lockout};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, Problem};
use crate::input::input;
use crate::input::{Body, IfMatch, Path};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// A person with an account.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct UserView {
    id: Uuid,
    email: String,
    full_name: String,
    role_id: Uuid,
    /// Whether they may come in.
    is_active: bool,
    /// Whether they have a password: before, nobody can come in as them.
    has_joined: bool,
    team_ids: Vec<Uuid>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<UserRow> for UserView {
    fn from(user: UserRow) -> Self {
        Self {
            id: user.id.uuid(),
            email: user.email,
            full_name: user.full_name,
            role_id: user.role_id.uuid(),
            is_active: user.is_active,
            has_joined: user.joined,
            team_ids: user.team_ids.into_iter().map(TeamId::uuid).collect(),
            created_at: Timestamp(user.created_at),
            updated_at: Timestamp(user.updated_at),
        }
    }
}

pub(crate) fn versioned(user: UserRow) -> Versioned<UserView> {
    Versioned::new(user.version, user.into())
}

input! {
    /// A user to be made. They have no password yet.
    pub(crate) struct CreateUser {
        /// Where mail to them goes, and what they log in with.
        email: Email,
        /// What people call them.
        full_name: FullName,
        /// Their role: one that permits nothing that you may not do yourself.
        role_id: RoleId,
        /// Whether they may come in, once they have a password. True when not said.
        is_active: Option<bool>,
        /// Their teams.
        team_ids: Option<Vec<TeamId>>,
    }
}

input! {
    /// What is to change about a user; what is not said stays.
    pub(crate) struct UpdateUser {
        /// Where mail to them goes, and what they log in with.
        email: Option<Email>,
        /// What people call them.
        full_name: Option<FullName>,
        /// Their role: one that permits nothing that you may not do yourself.
        role_id: Option<RoleId>,
        /// Whether they may come in. Who may not is logged out at once.
        is_active: Option<bool>,
        /// Their teams: all of them.
        team_ids: Option<Vec<TeamId>>,
    }
}

/// List users
///
/// The oldest first, as far as your role reaches.
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
/// They count as joined once they have chosen a password. To ask somebody in by mail, invite them.
#[api_v2_operation(operation_id = "create_user", tags(Users))]
pub(crate) async fn create(
    gate: Gate<Users, Create>,
    body: Body<CreateUser>,
) -> ApiResult<Idempotent<Created<Versioned<UserView>>>> {
    gate.create(body, |ctx, grant, body| {
        let new = NewUser {
            email: body.email,
            full_name: body.full_name,
            role: body.role_id,
            is_active: body.is_active.unwrap_or(true),
            team_ids: body.team_ids.unwrap_or_default(),
        };
        let user = users::create(&mut ctx.tx, grant, &ctx.caller.principal, &new, &ctx.origin)?;
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

/// Change a user
///
/// The last active admin keeps role and access: 409 `last-admin`. Who is locked out by failed logins is not one to remain.
#[api_v2_operation(operation_id = "update_user", tags(Users))]
pub(crate) async fn update(
    gate: Gate<Users, Update>,
    path: Path<(UserId,)>,
    expected: IfMatch,
    body: Body<UpdateUser>,
) -> ApiResult<Versioned<UserView>> {
    gate.write(move |ctx, grant| {
        let body = body.parse()?;
        let patch = UserPatch {
            email: body.email,
            full_name: body.full_name,
            role: body.role_id,
            is_active: body.is_active,
            team_ids: body.team_ids,
        };
        let (tenancy, limit) = (&ctx.info.app.services.tenancy, ctx.info.app.settings.login);
        let locked_out = lockout::before_update(&mut ctx.tx, tenancy, limit, ctx.now, &patch)?;
        let safeguards = Safeguards { caller: &ctx.caller.principal, locked_out: &locked_out };
        let (id, origin) = (path.ids()?.0, &ctx.origin);
        Ok(versioned(users::update(&mut ctx.tx, grant, safeguards, id, &patch, expected.0, origin)?))
    })
    .await
}

/// Delete a user
///
/// Their work stays; they are no longer assigned to any. The last active admin cannot be deleted: 409 `last-admin`.
#[api_v2_operation(operation_id = "delete_user", tags(Users))]
pub(crate) async fn delete(
    gate: Gate<Users, Delete>,
    path: Path<(UserId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let id = path.ids()?.0;
        let (tenancy, limit) = (&ctx.info.app.services.tenancy, ctx.info.app.settings.login);
        let locked_out = lockout::before_delete(&mut ctx.tx, tenancy, limit, ctx.now)?;
        let safeguards = Safeguards { caller: &ctx.caller.principal, locked_out: &locked_out };
        let origin = &ctx.origin;
        // Deleting the user alone would take their assignments along unaudited.
        let let_go = |tx: &mut TenantTx| belfort_work::tasks::unassign_user(tx, origin, id);
        users::delete(&mut ctx.tx, grant, safeguards, id, expected.0, origin, let_go)?;
        Ok(NoContent)
    })
    .await
}
