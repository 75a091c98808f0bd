//! `/users/invitations`.

use std::sync::Arc;

use belfort_auth::{Email, InvitationToken, Password, TokenDigest};
use belfort_ids::{InvitationId, RoleId, TeamId};
use belfort_policy::Users;
use belfort_rbac::{Create, Delete, Read};
use belfort_workspace::ReserveError;
use belfort_workspace::idempotency::{self, Requester, Stored};
use belfort_workspace::invitations::{
    self, AcceptError, Invitation, InvitationError, IssuedInvitation, NewInvitation, Sending,
};
use belfort_workspace::{FullName, RequestSource};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{AnonymousInTenant, Gate, RequestContext, RequestInfo, claim};
use crate::error::{ApiResult, Problem, Refused};
use crate::handlers::auth;
use crate::handlers::users::{self, UserView};
use crate::input::{Body, IfMatch, OrDefault, Path, RawText, check_personal, input};
use crate::mail;
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};
use crate::state::{App, HashingFor};

/// An invitation that was not accepted yet.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct InvitationView {
    /// The ID of the invitation.
    id: Uuid,
    /// The email address that the invitation was sent to.
    email: String,
    /// The suggested full name, or null.
    full_name: Option<String>,
    /// The ID of the role that the new user gets.
    role_id: Uuid,
    /// IDs of the teams that the new user becomes a member of.
    team_ids: Vec<Uuid>,
    /// The ID of the user who sent the invitation.
    invited_by_id: Uuid,
    /// The time of creation.
    created_at: Timestamp,
    /// The time at which the token in the email expires.
    expires_at: Timestamp,
}

impl From<Invitation> for InvitationView {
    fn from(row: Invitation) -> Self {
        Self {
            id: row.id.uuid(),
            email: row.email,
            full_name: row.full_name,
            role_id: row.role_id.uuid(),
            team_ids: row.team_ids.into_iter().map(TeamId::uuid).collect(),
            invited_by_id: row.invited_by_id.uuid(),
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
        }
    }
}

fn versioned(row: Invitation) -> Versioned<InvitationView> {
    Versioned::new(row.version, row.into())
}

input! {
    /// A new invitation.
    pub(crate) struct CreateInvitation for NewInvitation {
        /// The email address to send the invitation to.
        email: Email,
        /// The ID of the role that the new user gets. It must not permit more than your own role does.
        role_id: RoleId,
        /// The full name of the person.
        full_name: Option<FullName>,
        /// IDs of the teams that the new user becomes a member of.
        team_ids: OrDefault<Vec<TeamId>>,
    }
}

input! {
    /// The token of an invitation, and the account to create with it.
    pub(crate) struct AcceptInvitation {
        /// The token from the email.
        token: RawText<100>,
        /// Your full name.
        full_name: FullName,
        /// A password of at least 8 characters that is not easy to guess.
        password: Password,
    }
}

/// List invitations
///
/// Returns the invitations that were not accepted yet.
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
/// Sends a token by email. The person who accepts the invitation joins with this role and these teams. The number of
/// emails is limited for each recipient, each sender and each workspace (429). If the email cannot be sent (503), the
/// invitation exists all the same: resend it later.
#[api_v2_operation(operation_id = "create_invitation", tags(Users))]
pub(crate) async fn create(
    gate: Gate<Users, Create>,
    body: Body<CreateInvitation>,
) -> ApiResult<Idempotent<Created<Versioned<InvitationView>>>, Refused<(InvitationError, ReserveError)>> {
    let body = gate.receive(body).await?;
    let (bytes, sent) = (body.bytes(), body.bytes());
    let first = gate.reauthorize().read(move |ctx, grant| {
        if let Some(stored) = ctx.stored(&sent)? {
            return Ok(Err(stored));
        }
        let new = body.parse()?;
        Ok(Ok((Sending::first(grant, ctx.tx.tenant().id, new.email.clone()), new)))
    });
    let (sending, new) = match first.await? {
        Ok(first) => first,
        Err(stored) => return Ok(Idempotent::replay(stored)),
    };
    let info = gate.info().clone();
    let create = gate.idempotently(bytes, |ctx, grant| {
        let principal = &ctx.caller.principal;
        let issued = invitations::create(&mut ctx.tx, grant, principal, &ctx.origin, new)
            .map_err(Refused::<InvitationError>::from)?;
        let invitation = send(ctx, issued)?;
        Ok(Created::at(Location::of("/users/invitations", invitation.id), versioned(invitation)))
    });
    Ok(counted(&info, sending, create).await?)
}

/// Resend an invitation
///
/// Sends a new token. The previous token no longer works. An invitation can be sent again once every five minutes, and
/// counts for the limits on new ones (429).
#[api_v2_operation(operation_id = "resend_invitation", tags(Users))]
pub(crate) async fn resend(
    gate: Gate<Users, Create>,
    path: Path<(InvitationId,)>,
) -> ApiResult<Idempotent<Versioned<InvitationView>>, Refused<(InvitationError, ReserveError)>> {
    let ids = path.ids();
    let again = gate.reauthorize().read(move |ctx, grant| {
        if let Some(stored) = ctx.stored(&[])? {
            return Ok(Err(stored));
        }
        let (tenant, id) = (ctx.tx.tenant().id, ids?.0);
        Ok(Ok((Sending::again(&mut ctx.tx, grant, tenant, id)?, id)))
    });
    let (sending, id) = match again.await? {
        Ok(again) => again,
        Err(stored) => return Ok(Idempotent::replay(stored)),
    };
    let info = gate.info().clone();
    let resend = gate.run_once(move |ctx, grant| {
        let RequestContext { tx, caller, origin, .. } = ctx;
        let issued = invitations::resend(tx, grant, &caller.principal, origin, id)
            .map_err(Refused::<InvitationError>::from)?;
        Ok(versioned(send(ctx, issued)?))
    });
    Ok(counted(&info, sending, resend).await?)
}

/// Counts the message before `send` sends it. Where none is sent, it is not counted.
async fn counted<T>(
    info: &RequestInfo,
    sending: Sending,
    send: impl Future<Output = ApiResult<T>>,
) -> ApiResult<T> {
    let now = info.now();
    let count = move |app: &App| {
        let counted = sending.count(&app.counters, app.settings.invitations, now);
        Ok(counted.map_err(Refused::<ReserveError>::from)?)
    };
    let message = info.app.database(info.share(), count).await?;
    let answer = send.await;
    if answer.is_err() {
        auth::give_back(&info.app, message).await;
    }
    answer
}

/// Mails the token. Where the message is lost, the invitation is there to be sent again.
fn send(ctx: &mut RequestContext, issued: IssuedInvitation) -> ApiResult<Invitation> {
    let IssuedInvitation { invitation, token } = issued;
    let message = mail::invitation(&invitation.email, ctx.tx.tenant(), &token)?;
    ctx.mail_after_commit(message);
    Ok(invitation)
}

/// Revoke an invitation
///
/// The token that was sent no longer works.
#[api_v2_operation(operation_id = "revoke_invitation", tags(Users))]
pub(crate) async fn revoke(
    gate: Gate<Users, Delete>,
    path: Path<(InvitationId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let principal = &ctx.caller.principal;
        invitations::revoke(&mut ctx.tx, grant, principal, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}

/// Accept an invitation
///
/// Creates the account. An invitation can be accepted once. The number of attempts with a valid token is limited
/// for each IP address (429).
#[api_v2_operation(operation_id = "accept_invitation", tags(Users))]
pub(crate) async fn accept(
    anonymous: AnonymousInTenant,
    body: Body<AcceptInvitation>,
) -> ApiResult<Idempotent<Created<Versioned<UserView>>>, Refused<(AcceptError, ReserveError)>> {
    let (info, body) = anonymous.receive(body).await?;
    let key = info.key()?.map(str::to_owned);
    let request = info.digest(&[&body.bytes()]);
    let AcceptInvitation { token, full_name, password } = body.parse()?;
    let digest = InvitationToken::parse(&token.0).ok_or_else(Problem::invitation_over)?.digest();
    let (app, share) = (Arc::clone(&info.app), info.share());
    let acceptance = Acceptance { info, key, request, digest, full_name, password };
    let (acceptance, stored) = app.database(share, move |app| acceptance.before_hashing(app)).await?;
    if let Some(stored) = stored {
        return Ok(Idempotent::replay(stored));
    }
    let Acceptance { info, key, request, digest, full_name, password } = acceptance;
    let hash = app
        .hashing(HashingFor::Known, move |hasher| hasher.hash(&password).map_err(Problem::internal))
        .await?;
    let stored = app
        .database(share, move |_| {
            let (mut tx, requester) = (info.begin_tenant_tx()?, Requester::Invitation(&digest));
            let source = RequestSource { at: info.now(), request_id: info.request_id.clone(), ip: info.ip };
            if let Some(key) = &key
                && let Some(stored) = claim(&mut tx, requester, key, request, source.at)?
            {
                return Ok(stored);
            }
            let user = invitations::accept(&mut tx, &source, &digest, full_name, &hash)
                .map_err(Refused::<AcceptError>::from)?;
            let made = Created::at(Location::of("/users", user.id), users::versioned(user));
            let stored = Idempotent::store(made)?;
            if let Some(key) = &key {
                idempotency::store(&mut tx, requester, key, &stored)?;
            }
            tx.commit()?;
            Ok(stored)
        })
        .await?;
    Ok(Idempotent::replay(stored))
}

/// An acceptance whose password is not hashed yet.
struct Acceptance {
    info: RequestInfo,
    key: Option<String>,
    request: [u8; 32],
    digest: TokenDigest,
    full_name: FullName,
    password: Password,
}

impl Acceptance {
    /// Looks for the stored response, or else for the invitation, and counts: only then a password is worth hashing.
    fn before_hashing(self, app: &App) -> ApiResult<(Self, Option<Stored>)> {
        let (mut tx, now) = (self.info.begin_tenant_tx()?, self.info.now());
        if let Some(key) = &self.key
            && let Some(stored) = claim(&mut tx, Requester::Invitation(&self.digest), key, self.request, now)?
        {
            return Ok((self, Some(stored)));
        }
        let email = invitations::recipient(&mut tx, &self.digest, now)?;
        let email = email.ok_or_else(Problem::invitation_over)?;
        let workspace = tx.tenant();
        let about = [&*email, self.full_name.as_str(), &*workspace.name, workspace.slug.as_str()];
        check_personal("password", &self.password, &about)?;
        drop(tx);
        let limit = app.settings.accept_per_ip;
        invitations::count_acceptance(&app.counters, limit, now, self.info.ip)
            .map_err(Refused::<ReserveError>::from)?;
        Ok((self, None))
    }
}
