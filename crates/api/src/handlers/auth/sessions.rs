//! `/auth/sessions`.

use belfort_auth::postgres::sessions::{self, Session};
use belfort_ids::SessionId;
use belfort_tenancy::postgres::TenantTx;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::SessionOnly;
use crate::error::{ApiResult, Problem};
use crate::input::Path;
use crate::output::{Json, NoContent, Page, Timestamp};
use crate::paging::{ListQuery, NoFilter};

/// A session of yours.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct SessionView {
    /// The ID of the session.
    id: Uuid,
    /// Whether this is the session of the request.
    is_current: bool,
    /// The time of the login.
    created_at: Timestamp,
    /// The time at which the session expires.
    expires_at: Timestamp,
    /// The IP address of the login, or null.
    ip: Option<String>,
    /// The user agent of the login, or null.
    user_agent: Option<String>,
}

impl From<(Session, SessionId)> for SessionView {
    /// A session, and the one of the request.
    fn from((session, current): (Session, SessionId)) -> Self {
        Self {
            id: session.id.uuid(),
            is_current: session.id == current,
            created_at: Timestamp(session.created_at),
            expires_at: Timestamp(session.expires_at),
            ip: session.ip.map(|ip| ip.to_string()),
            user_agent: session.user_agent,
        }
    }
}

/// List your sessions
///
/// Returns the sessions that have not expired, newest first. You have at most 100: another login ends the oldest.
#[api_v2_operation(operation_id = "list_sessions", tags(Auth))]
pub(crate) async fn list_sessions(
    session: SessionOnly,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<SessionView>>> {
    session
        .read(move |ctx, current| {
            let (user, now) = (ctx.caller.user, ctx.now);
            let rows = |tx: &mut TenantTx, NoFilter, before, limit| {
                let found = sessions::list(tx, user, now, before, limit)?;
                Ok(found.into_iter().map(|session| (session, current)).collect())
            };
            page.page(ctx, rows, |(session, _)| session.id)
        })
        .await
}

/// End one of your sessions
#[api_v2_operation(operation_id = "end_session", tags(Auth))]
pub(crate) async fn end_session(session: SessionOnly, path: Path<(SessionId,)>) -> ApiResult<NoContent> {
    session
        .write(|ctx, _| {
            let ended = sessions::end_one(&mut ctx.tx, ctx.caller.user, path.ids()?.0)?;
            if ended { Ok(NoContent) } else { Err(Problem::not_found()) }
        })
        .await
}

/// End all your other sessions
#[api_v2_operation(operation_id = "end_other_sessions", tags(Auth))]
pub(crate) async fn end_other_sessions(session: SessionOnly) -> ApiResult<NoContent> {
    session
        .write(|ctx, current| {
            sessions::end_others(&mut ctx.tx, ctx.caller.user, current)?;
            Ok(NoContent)
        })
        .await
}
