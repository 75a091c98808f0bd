//! `/users/invitations`.

use std::sync::Arc;

use belfort_auth::{Email, InvitationToken, Password};
use belfort_ids::{InvitationId, RoleId, TeamId};
use belfort_policy::Users;
use belfort_rbac::{Create, Delete, Read};
use belfort_workspace::invitations::{self, InvitationRow, Invited, NewInvitation};
use belfort_workspace::{Arrival, FullName};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{AnonymousInTenant, Gate, RequestContext};
use crate::error::{ApiResult, Problem};
use crate::handlers::users::{self, UserView};
use crate::input::{Body, IfMatch, Path};
use crate::input::{RawText, input};
use crate::mail;
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// Somebody who was asked to join and did not yet.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct InvitationView {
    id: Uuid,
    email: String,
    full_name: Option<String>,
    role_id: Uuid,
    team_ids: Vec<Uuid>,
    invited_by_id: Uuid,
    created_at: Timestamp,
    /// When the token in the mail is no longer good.
    expires_at: Timestamp,
}

impl From<InvitationRow> for InvitationView {
    fn from(row: InvitationRow) -> Self {
        Self {
            id: row.id.uuid(),
            email: row.email,
            full_name: row.full_name,
            role_id: row.role_id.uuid(),
            team_ids: row.team_ids.into_iter().map(TeamId::uuid).collect(),
            invited_by_id: row.invited_by.uuid(),
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
        }
    }
}

fn versioned(row: InvitationRow) -> Versioned<InvitationView> {
    Versioned::new(row.version, row.into())
}

input! {
    /// Whom to ask to join, and as what.
    pub(crate) struct CreateInvitation {
        /// Where the token is sent.
        email: Email,
        /// The role they are to have: one that permits nothing that you may not do yourself.
        role_id: RoleId,
        /// What people call them.
        full_name: Option<FullName>,
        /// The teams they are to be in.
        team_ids: Option<Vec<TeamId>>,
    }
}

input! {
    /// The token from the mail, and who joins with it.
    pub(crate) struct AcceptInvitation {
        /// The token.
        token: RawText<100>,
        /// What people call you.
        full_name: FullName,
        /// A password of 8 characters at least.
        password: Password,
    }
}

/// List invitations
///
/// Those that nobody accepted yet.
#[api_v2_operation(operation_id = "list_invitations", tags(Users))]
pub(crate) async fn list(
    gate: Gate<Users, Read>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<InvitationView>>> {
    gate.read(move |ctx, grant| {
        page.page(
            ctx,
            |tx, NoFilter, after, limit| Ok(invitations::list(tx, grant, after, limit)?),
            |row| row.id,
        )
    })
    .await
}

/// Invite somebody
///
/// A token is sent by mail. Whoever accepts it joins with this role and these teams.
#[api_v2_operation(operation_id = "create_invitation", tags(Users))]
pub(crate) async fn create(
    gate: Gate<Users, Create>,
    body: Body<CreateInvitation>,
) -> ApiResult<Idempotent<Created<Versioned<InvitationView>>>> {
    gate.create(body, |ctx, grant, body| {
        let new = NewInvitation {
            email: body.email,
            full_name: body.full_name,
            role: body.role_id,
            team_ids: body.team_ids.unwrap_or_default(),
        };
        let principal = &ctx.caller.principal;
        let row = send(ctx.info.app.as_ref(), &ctx.tx.tenant().name.clone(), {
            invitations::create(&mut ctx.tx, grant, principal, &new, &ctx.origin)?
        })?;
        Ok(Created::at(Location::of("/users/invitations", row.id), versioned(row)))
    })
    .await
}

/// Send an invitation again
///
/// With a new token; the one before is no longer good.
#[api_v2_operation(operation_id = "resend_invitation", tags(Users))]
pub(crate) async fn resend(
    gate: Gate<Users, Create>,
    path: Path<(InvitationId,)>,
) -> ApiResult<Idempotent<Versioned<InvitationView>>> {
    gate.run_once(|ctx, grant| {
        let RequestContext { tx, caller, origin, info, .. } = ctx;
        let name = tx.tenant().name.clone();
        let row = send(
            &info.app,
            &name,
            invitations::resend(tx, grant, &caller.principal, path.ids()?.0, origin)?,
        )?;
        Ok(versioned(row))
    })
    .await
}

/// The message goes out before the invitation is committed: a token that nobody was sent is worse than a message whose token is
/// not good.
fn send(app: &crate::state::App, workspace: &str, invited: Invited) -> ApiResult<InvitationRow> {
    app.post(&mail::invitation(&invited.row.email, workspace, &invited.token)?)?;
    Ok(invited.row)
}

/// Revoke an invitation
#[api_v2_operation(operation_id = "revoke_invitation", tags(Users))]
pub(crate) async fn revoke(
    gate: Gate<Users, Delete>,
    path: Path<(InvitationId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let principal = &ctx.caller.principal;
        invitations::revoke(&mut ctx.tx, grant, principal, path.ids()?.0, expected.0, &ctx.origin)?;
        Ok(NoContent)
    })
    .await
}

/// Accept an invitation
///
/// Makes the account. It works once.
#[api_v2_operation(operation_id = "accept_invitation", tags(Users))]
pub(crate) async fn accept(
    anonymous: AnonymousInTenant,
    body: Body<AcceptInvitation>,
) -> ApiResult<Created<Versioned<UserView>>> {
    let info = anonymous.into_info()?;
    let AcceptInvitation { token, full_name, password } = body.parse()?;
    let digest = InvitationToken::parse(&token.0).ok_or_else(Problem::invitation_over)?.digest();
    let app = Arc::clone(&info.app);
    let hash = app.hashing(move |hasher| hasher.hash(&password).map_err(Problem::internal)).await?;
    app.database(move |_| {
        let mut tx = info.begin_tenant_tx()?;
        let arrival = Arrival { at: info.now(), request_id: info.request_id.clone(), ip: info.ip };
        let user = invitations::accept(&mut tx, &digest, full_name, &hash, &arrival)?;
        tx.commit()?;
        Ok(Created::at(Location::of("/users", user.id), users::versioned(user)))
    })
    .await
}
