//! `/auth`: coming in, going out, and the sessions in between.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, Responder};
use belfort_auth::postgres::counters::{self, Reservation};
use belfort_auth::postgres::sessions::{self, Session};
use belfort_auth::{CounterKey, Email, Limit, Password, SESSION_LIFETIME, Verdict};
use belfort_ids::SessionId;
use belfort_openapi as openapi;
use belfort_workspace::login::{self, Opened, StoredPassword};
use belfort_workspace::{Caller, users};
use chrono::{DateTime, Utc};
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema as Schema;
use serde::Serialize;
use uuid::Uuid;

use crate::context::{AnonymousInTenant, Authenticated, RequestContext, RequestInfo, SESSION_COOKIE};
use crate::error::{ApiResult, FieldCode, Problem, ProblemCode};
use crate::handlers::users::UserView;
use crate::input::Attempt;
use crate::input::input;
use crate::input::{Body, Path};
use crate::output::{Done, Plain, Stamp};
use crate::state::App;

input! {
    /// Who wants to come in.
    pub(crate) struct LogIn {
        /// The address.
        email: Email,
        /// The password.
        password: Attempt,
    }
}

input! {
    /// A new password.
    pub(crate) struct ChangePassword {
        /// The one that is good now.
        current_password: Attempt,
        /// The one that is to be good from now on: 8 characters at least.
        new_password: Password,
    }
}

/// A session.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct LoggedInView {
    /// To be sent as `Authorization: Bearer …`. It is shown once.
    token: String,
    expires_at: Stamp,
    user: UserView,
}

/// A session of the caller's own.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct SessionView {
    id: Uuid,
    /// Whether it is the one that asks.
    is_current: bool,
    created_at: Stamp,
    expires_at: Stamp,
    /// From where it was opened.
    ip: Option<String>,
    /// With what it was opened.
    user_agent: Option<String>,
}

/// The sessions of the caller's own.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct SessionsView {
    items: Vec<SessionView>,
}

/// 200 with a session, also as a cookie.
pub(crate) struct LoggedIn {
    view: LoggedInView,
    secure: bool,
}

impl Responder for LoggedIn {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let age = CookieAge::seconds(SESSION_LIFETIME.num_seconds());
        let cookie = cookie(&self.view.token, self.secure, age);
        HttpResponse::Ok().cookie(cookie).json(self.view)
    }
}

impl Schema for LoggedIn {}
impl OperationModifier for LoggedIn {
    fn update_response(op: &mut DefaultOperationRaw) {
        openapi::response(op, 200, "A session.", Some(openapi::schema::<LoggedInView>()), &[]);
        openapi::problems(op, &[401, 429]);
    }
}

/// 204, and the cookie is taken back.
pub(crate) struct LoggedOut {
    secure: bool,
}

impl Responder for LoggedOut {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().cookie(cookie("", self.secure, CookieAge::ZERO)).finish()
    }
}

impl Schema for LoggedOut {}
impl OperationModifier for LoggedOut {
    fn update_response(op: &mut DefaultOperationRaw) {
        openapi::response(op, 204, "The session is over.", None, &[]);
    }
}

fn cookie(token: &str, secure: bool, age: CookieAge) -> Cookie<'static> {
    Cookie::build(SESSION_COOKIE, token.to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .path("/")
        .max_age(age)
        .finish()
}

/// How often a login is tried again when the password's hash was replaced while it was checked: by another login, which
/// found it stale.
const TRIES: usize = 3;

/// Log in
///
/// Whoever fails too often, as one user or from one address, has to wait: 429.
#[api_v2_operation(operation_id = "log_in", tags(Auth))]
pub(crate) async fn log_in(anonymous: AnonymousInTenant, body: Body<LogIn>) -> ApiResult<LoggedIn> {
    let info = anonymous.into_info();
    let login = Arc::new(body.parse()?);
    for _ in 0..TRIES {
        let attempt = Trial::begin(&info, &login).await?;
        if let Some(logged_in) = attempt.check(&info).await? {
            return Ok(logged_in);
        }
    }
    Err(Problem::busy())
}

/// A login that may proceed: its place among the failures is taken before anything is checked, so that of any number of
/// guesses made at once only as many are checked as there are places.
struct Trial {
    login: Arc<LogIn>,
    credential: Option<StoredPassword>,
    keys: Vec<CounterKey>,
}

impl Trial {
    async fn begin(info: &RequestInfo, login: &Arc<LogIn>) -> ApiResult<Self> {
        let (app, info, login) = (Arc::clone(&info.app), info.clone(), Arc::clone(login));
        app.database(move |app| {
            let mut tx = info.begin_tenant_tx()?;
            let user = CounterKey::login_user(tx.tenant().id, &login.email);
            let credential = login::password_by_email(&mut tx, &login.email)?;
            drop(tx);
            let limit = app.settings.login;
            let mut places = vec![(user, limit)];
            places.extend(info.ip.map(|ip| (CounterKey::login_ip(ip), limit.times(10))));
            let keys = reserve(app, &places, &info)?;
            Ok(Self { login, credential, keys })
        })
        .await
    }

    /// The session, or `None` where it has to be tried again.
    async fn check(self, info: &RequestInfo) -> ApiResult<Option<LoggedIn>> {
        let Self { login, credential, keys } = self;
        let checked = info
            .app
            .hashing(move |hasher| {
                let Some(credential) = credential else {
                    hasher.verify_decoy(&login.password.0);
                    return Err(wrong());
                };
                match hasher.verify(&login.password.0, &credential.hash) {
                    Verdict::Mismatch => Err(wrong()),
                    Verdict::Match => Ok((credential, None)),
                    Verdict::MatchButStale => {
                        let fresh = hasher.hash(&login.password.0).map_err(Problem::internal)?;
                        Ok((credential, Some(fresh)))
                    }
                }
            })
            .await?;
        let (credential, fresh) = checked;
        let info = info.clone();
        let app = Arc::clone(&info.app);
        app.database(move |app| {
            let now = info.now();
            let mut tx = info.begin_tenant_tx()?;
            let opened = login::open_session(&mut tx, &credential, info.ip, info.user_agent.as_deref(), now)?;
            let Some(opened) = opened else {
                release(app, &keys)?;
                return Ok(None);
            };
            if let Some(fresh) = fresh {
                login::rehash(&mut tx, &credential, &fresh, now)?;
            }
            let user = users::me(&mut tx, credential.user)?.ok_or_else(wrong)?;
            tx.commit()?;
            release(app, &keys)?;
            Ok(Some(LoggedIn { view: view(opened, user.into()), secure: app.settings.secure_cookies }))
        })
        .await
    }
}

fn view(opened: Opened, user: UserView) -> LoggedInView {
    LoggedInView { token: opened.token.reveal().to_owned(), expires_at: Stamp(opened.expires_at), user }
}

/// The same for a user who is not there, one who is locked out and a password that is wrong.
fn wrong() -> Problem {
    Problem::new(ProblemCode::InvalidCredentials, "The e-mail address or the password is wrong.")
}

/// Takes a place under each limit, or under none and says when there will be one: who is refused as one of them, an address
/// that failed too often, must not use up the places of another, the user it tries next.
pub(crate) fn reserve(
    app: &App,
    places: &[(CounterKey, Limit)],
    info: &RequestInfo,
) -> ApiResult<Vec<CounterKey>> {
    let mut control = app.services.tenancy.control()?;
    let mut taken = Vec::new();
    for (key, limit) in places {
        match counters::reserve(&mut control, key, *limit, info.now())? {
            Reservation::Granted => taken.push(*key),
            Reservation::Refused { retry_after } => {
                for key in &taken {
                    counters::refund(&mut control, key)?;
                }
                return Err(Problem::too_many(retry_after));
            }
        }
    }
    Ok(taken)
}

fn release(app: &App, keys: &[CounterKey]) -> ApiResult<()> {
    let mut control = app.services.tenancy.control()?;
    for key in keys {
        counters::refund(&mut control, key)?;
    }
    Ok(())
}

/// The session of the request. A program with an API key has none, and neither ends nor keeps one.
fn own_session(caller: &Caller) -> ApiResult<SessionId> {
    caller.session().ok_or_else(Problem::not_authenticated)
}

/// Log out
///
/// The session is over at once, everywhere.
#[api_v2_operation(operation_id = "log_out", tags(Auth))]
pub(crate) async fn log_out(authenticated: Authenticated) -> ApiResult<LoggedOut> {
    authenticated
        .write(|ctx| {
            sessions::end_one(&mut ctx.tx, ctx.caller.user, own_session(&ctx.caller)?)?;
            Ok(LoggedOut { secure: ctx.info.app.settings.secure_cookies })
        })
        .await
}

/// Change the password
///
/// Every other session of yours ends.
#[api_v2_operation(operation_id = "change_password", tags(Auth))]
pub(crate) async fn change_password(
    authenticated: Authenticated,
    body: Body<ChangePassword>,
) -> ApiResult<Done> {
    let info = authenticated.into_info();
    let app = Arc::clone(&info.app);
    let asking = info.clone();
    let (credential, current, new, keys) = app
        .database(move |app| {
            let mut ctx = RequestContext::begin(asking)?;
            let body: ChangePassword = body.parse()?;
            let (current, new) = (body.current_password.0, body.new_password);
            let credential = login::password_of(&mut ctx.tx, ctx.caller.user)?.ok_or_else(wrong_current)?;
            let email = Email::parse(&ctx.caller.email).map_err(Problem::internal)?;
            // Somebody at an unlocked screen guesses no more often than somebody at the login.
            let key = CounterKey::login_user(ctx.tx.tenant().id, &email);
            let keys = reserve(app, &[(key, app.settings.login)], &ctx.info)?;
            Ok((credential, current, new, keys))
        })
        .await?;
    let (credential, hash) = app
        .hashing(move |hasher| match hasher.verify(&current, &credential.hash) {
            Verdict::Mismatch => Err(wrong_current()),
            Verdict::Match | Verdict::MatchButStale => {
                Ok((credential, hasher.hash(&new).map_err(Problem::internal)?))
            }
        })
        .await?;
    app.database(move |app| {
        let mut ctx = RequestContext::begin(info)?;
        let keep = own_session(&ctx.caller)?;
        if !login::change_password(&mut ctx.tx, &credential, &hash, keep, &ctx.origin)? {
            return Err(Problem::new(ProblemCode::ChangedMeanwhile, "The password was changed meanwhile."));
        }
        ctx.commit()?;
        release(app, &keys)?;
        Ok(Done)
    })
    .await
}

fn wrong_current() -> Problem {
    Problem::invalid_field("current_password", FieldCode::WrongPassword, "is not your password")
}

/// List your sessions
#[api_v2_operation(operation_id = "list_sessions", tags(Auth))]
pub(crate) async fn list_sessions(authenticated: Authenticated) -> ApiResult<Plain<SessionsView>> {
    authenticated
        .read(|ctx| {
            let current = ctx.caller.session();
            let rows = sessions::list(&mut ctx.tx, ctx.caller.user, ctx.now)?;
            Ok(Plain(SessionsView { items: rows.into_iter().map(|row| session(row, current)).collect() }))
        })
        .await
}

fn session(row: Session, current: Option<SessionId>) -> SessionView {
    let stamp = |at: DateTime<Utc>| Stamp(at);
    SessionView {
        id: row.id.uuid(),
        is_current: Some(row.id) == current,
        created_at: stamp(row.created_at),
        expires_at: stamp(row.expires_at),
        ip: row.ip.map(|ip| ip.to_string()),
        user_agent: row.user_agent,
    }
}

/// End one of your sessions
#[api_v2_operation(operation_id = "end_session", tags(Auth))]
pub(crate) async fn end_session(authenticated: Authenticated, path: Path<(SessionId,)>) -> ApiResult<Done> {
    authenticated
        .write(|ctx| {
            let ended = sessions::end_one(&mut ctx.tx, ctx.caller.user, path.ids()?.0)?;
            if ended { Ok(Done) } else { Err(Problem::not_found()) }
        })
        .await
}

/// End all your other sessions
#[api_v2_operation(operation_id = "end_other_sessions", tags(Auth))]
pub(crate) async fn end_other_sessions(authenticated: Authenticated) -> ApiResult<Done> {
    authenticated
        .write(|ctx| {
            let keep = own_session(&ctx.caller)?;
            sessions::end_others(&mut ctx.tx, ctx.caller.user, keep)?;
            Ok(Done)
        })
        .await
}
