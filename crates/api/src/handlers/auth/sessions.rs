//! `/auth/sessions`.

use belfort_auth::postgres::sessions::{self, Session};
use belfort_ids::SessionId;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::SessionOnly;
use crate::error::{ApiResult, Problem};
use crate::input::Path;
use crate::output::{Json, NoContent, Timestamp};

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

/// Your sessions.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct SessionListView {
    /// The sessions.
    items: Vec<SessionView>,
}

/// List your sessions
#[api_v2_operation(operation_id = "list_sessions", tags(Auth))]
pub(crate) async fn list_sessions(session: SessionOnly) -> ApiResult<Json<SessionListView>> {
    session
        .read(|ctx, current| {
            let all = sessions::list(&mut ctx.tx, ctx.caller.user, ctx.now)?;
            Ok(Json(SessionListView {
                items: all.into_iter().map(|session| view(session, current)).collect(),
            }))
        })
        .await
}

fn view(session: Session, current: SessionId) -> SessionView {
    SessionView {
        id: session.id.uuid(),
        is_current: session.id == current,
        created_at: Timestamp(session.created_at),
        expires_at: Timestamp(session.expires_at),
        ip: session.ip.map(|ip| ip.to_string()),
        user_agent: session.user_agent,
    }
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
