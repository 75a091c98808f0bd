//! `/auth/login` and `/auth/logout`.

use std::sync::Arc;

use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use belfort_auth::postgres::sessions;
use belfort_auth::{Email, SESSION_LIFETIME};
use belfort_workspace::login::{Attempt, NewSession, TRIES, Verified};
use belfort_workspace::{ReserveError, users};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::check;
use crate::context::{AnonymousInTenant, RequestInfo, SESSION_COOKIE, SessionOnly};
use crate::error::{ApiResult, Problem, ProblemCode, Refusals, Refused};
use crate::handlers::users::UserView;
use crate::input::{Body, PasswordAttempt, input};
use crate::output::{Json, NoContent, Timestamp, WithCookie};
use crate::state::{App, HashingFor};

input! {
    /// Credentials.
    pub(crate) struct LogIn {
        /// The email address.
        email: Email,
        /// The password.
        password: PasswordAttempt,
    }
}

/// A new session.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct NewSessionView {
    /// The token, to be sent as `Authorization: Bearer …`. It is returned only once.
    token: String,
    /// The time at which the session expires.
    expires_at: Timestamp,
    /// The user who logged in.
    user: UserView,
}

/// 200 with a session, also as a cookie.
type LoggedIn = WithCookie<Json<NewSessionView>>;

fn cookie(token: &str, secure: bool, age: CookieAge) -> Cookie<'static> {
    Cookie::build(SESSION_COOKIE, token.to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .path("/")
        .max_age(age)
        .finish()
}

/// Log in
///
/// Returns a token, and sets the session cookie for browsers. After too many failed attempts for one user or
/// from one IP address, further attempts are refused for some time (429).
#[api_v2_operation(operation_id = "log_in", tags(Auth))]
pub(crate) async fn log_in(
    anonymous: AnonymousInTenant,
    body: Body<LogIn>,
) -> ApiResult<LoggedIn, Refused<(ReserveError, WrongCredentials)>> {
    let (info, body) = anonymous.receive(body).await?;
    let login = Arc::new(body.parse()?);
    for _ in 0..TRIES {
        if let Some(logged_in) = try_once(info.clone(), Arc::clone(&login)).await? {
            return Ok(logged_in);
        }
    }
    Err(Problem::busy().into())
}

/// The session, or `None` where it has to be tried again.
async fn try_once(info: RequestInfo, login: Arc<LogIn>) -> ApiResult<Option<LoggedIn>> {
    let (app, share) = (Arc::clone(&info.app), info.share());
    let (info, attempt) = app
        .database(share, {
            let login = Arc::clone(&login);
            move |app| {
                let (tx, limit) = (info.begin_tenant_tx()?, app.settings.login);
                let attempt = Attempt::reserve(tx, &app.counters, limit, info.now(), &login.email, info.ip)
                    .map_err(Refused::<ReserveError>::from)?;
                Ok((info, attempt))
            }
        })
        .await?;
    check(
        &info.clone(),
        HashingFor::Anybody,
        attempt.reservation(),
        wrong,
        move |hasher| attempt.verify(hasher, &login.password),
        move |app, verified| open_session(app, &info, &verified),
    )
    .await
}

fn open_session(app: &App, info: &RequestInfo, verified: &Verified) -> ApiResult<Option<LoggedIn>> {
    let mut tx = info.begin_tenant_tx()?;
    let opened = verified.open_session(&mut tx, info.now(), info.ip, info.user_agent.as_deref())?;
    let Some(NewSession { token, expires_at, .. }) = opened else { return Ok(None) };
    let user = users::get_self(&mut tx, verified.user())?.ok_or_else(wrong)?.into();
    tx.commit()?;
    let view = NewSessionView { token: token.reveal().to_owned(), expires_at: Timestamp(expires_at), user };
    let age = CookieAge::seconds(SESSION_LIFETIME.num_seconds());
    Ok(Some(WithCookie::new(cookie(&view.token, app.settings.secure_cookies, age), Json(view))))
}

/// The same for a user who is not there, one who is locked out and a password that is wrong.
pub(crate) struct WrongCredentials;

impl Refusals for WrongCredentials {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::InvalidCredentials]
    }
}

fn wrong() -> Problem {
    Problem::new(ProblemCode::InvalidCredentials, "The email address or the password is wrong.")
}

/// Log out
///
/// Ends the session at once.
#[api_v2_operation(operation_id = "log_out", tags(Auth))]
pub(crate) async fn log_out(session: SessionOnly) -> ApiResult<WithCookie<NoContent>> {
    session
        .write(|ctx, current| {
            sessions::end_one(&mut ctx.tx, ctx.caller.user, current)?;
            let expired = cookie("", ctx.info.app.settings.secure_cookies, CookieAge::ZERO);
            Ok(WithCookie::new(expired, NoContent))
        })
        .await
}
