//! The request as it was received: its workspace, its credential and its address, none of them looked up yet.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{HttpMessage, HttpRequest, web};
use belfort_audit::Actor;
use belfort_auth::{SessionToken, TokenDigest};
use belfort_tenancy::postgres::{Address, TenantTx};
use belfort_tenancy::{Host, Slug, TenantStatus};
use belfort_workspace::Caller;
use chrono::{DateTime, Utc};

use crate::error::{ApiResult, Problem, ProblemCode};
use crate::input::{Fields, pairs};
use crate::middleware::RequestId;
use crate::state::{App, Holder, Share};

/// The name of the session cookie.
pub(crate) const SESSION_COOKIE: &str = "belfort_session";

/// A request as it was received. Nothing in it has been verified.
#[derive(Debug, Clone)]
pub(crate) struct RequestInfo {
    pub(crate) app: Arc<App>,
    address: Option<Address>,
    token: Token,
    pub(crate) request_id: String,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The query string, where the operation documents no parameter in it.
    undocumented_query: String,
    /// Empty when it cannot be read.
    pub(super) idempotency_key: Option<String>,
}

/// The credential that was sent.
#[derive(Debug, Clone)]
enum Token {
    Sent(TokenDigest),
    /// A session cookie on a request from another site.
    Foreign,
    None,
}

impl RequestInfo {
    pub(crate) fn of(request: &HttpRequest) -> ApiResult<Self> {
        let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::internal("no application"))?;
        let app = Arc::clone(app);
        let ip = sender(request, &app);
        Ok(Self {
            address: address(request, &app.settings.base_domain),
            token: token(request, &app),
            request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            ip,
            user_agent: text(request, "user-agent").map(|agent| agent.chars().take(255).collect()),
            method: request.method().clone(),
            path: request.path().to_owned(),
            undocumented_query: undocumented_query(request, &app).to_owned(),
            idempotency_key: idempotency_key(request),
            app,
        })
    }

    /// The current time, for everything that the request does.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.app.services.clock.now()
    }

    /// The share of the database's turns that the request is served from.
    pub(crate) fn share(&self) -> Share {
        let seen = self.address.as_ref().and_then(|address| self.app.services.tenancy.last_seen(address));
        let user = match (seen, &self.token) {
            (Some(tenant), Token::Sent(digest)) => self.app.known_users.find(tenant, digest),
            _ => None,
        };
        Share { holder: seen.map_or(Holder::Unknown, Holder::Workspace), user }
    }

    /// Begins a transaction in the workspace of the request.
    pub(crate) fn begin_tenant_tx(&self) -> ApiResult<TenantTx> {
        let address = self.address.as_ref().ok_or_else(Problem::workspace_not_found)?;
        let tenancy = &self.app.services.tenancy;
        let tenant = tenancy.find(address)?.ok_or_else(Problem::workspace_not_found)?;
        if tenant.status == TenantStatus::Suspended {
            return Err(belfort_tenancy::postgres::BindError::Suspended.into());
        }
        Ok(tenancy.begin(&tenant)?)
    }

    /// Refuses query parameters that the operation does not know.
    pub(crate) fn refuse_unknown_query(&self) -> ApiResult<()> {
        Fields::Query(pairs(&self.undocumented_query), Vec::new()).finish(Some(()))
    }

    /// The caller, authenticated in this transaction.
    pub(crate) fn caller(&self, tx: &mut TenantTx, now: DateTime<Utc>) -> ApiResult<Caller> {
        let token = match &self.token {
            Token::Sent(digest) => digest,
            Token::Foreign => {
                let detail = "A change with the session cookie needs an Origin header of this host.";
                return Err(Problem::new(ProblemCode::ForeignOrigin, detail));
            }
            Token::None => return Err(Problem::not_authenticated()),
        };
        let caller =
            belfort_workspace::authenticate(tx, token, now)?.ok_or_else(Problem::not_authenticated)?;
        self.app.known_users.remember(tx.tenant().id, token, caller.user);
        Ok(caller)
    }

    /// The origin of changes that this request makes as `actor`.
    pub(crate) fn origin(&self, actor: Actor, at: DateTime<Utc>) -> belfort_audit::Origin {
        belfort_audit::Origin { actor, at, request_id: self.request_id.clone(), ip: self.ip }
    }
}

/// The query string of an operation whose documentation names no parameter for it. Where it names some, what reads them
/// refuses the others.
fn undocumented_query<'r>(request: &'r HttpRequest, app: &App) -> &'r str {
    let query = request.query_string();
    // The pattern is found by matching all over again: not for nothing.
    let is_documented =
        || request.match_pattern().is_some_and(|pattern| app.reads_query(request.method(), &pattern));
    if query.is_empty() || is_documented() { "" } else { query }
}

/// The key; empty where it is sent and cannot be read, so that it is refused and not passed over.
fn idempotency_key(request: &HttpRequest) -> Option<String> {
    let sent = request.headers().contains_key("idempotency-key");
    sent.then(|| text(request, "idempotency-key").unwrap_or_default().to_owned())
}

/// The address of the workspace: the host, or on the base domain the header `X-Workspace`.
fn address(request: &HttpRequest, base: &Host) -> Option<Address> {
    let host = request.uri().host().or_else(|| text(request, "host"))?;
    let host = Host::parse(host).ok()?;
    if host == *base {
        return Slug::parse(text(request, "x-workspace")?).ok().map(Address::Slug);
    }
    if host.as_str().ends_with(&format!(".{}", base.as_str())) {
        return host.slug(base).map(Address::Slug);
    }
    Some(Address::Host(host))
}

fn token(request: &HttpRequest, app: &App) -> Token {
    if let Some(value) = text(request, "authorization") {
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        let token =
            scheme.eq_ignore_ascii_case("bearer").then(|| SessionToken::parse(token.trim())).flatten();
        return token.map_or(Token::None, |token| Token::Sent(token.digest()));
    }
    let Some(token) = session_cookie(request) else { return Token::None };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || same_site(request, app) { Token::Sent(token.digest()) } else { Token::Foreign }
}

/// The token in the session cookie. Of two, one may have been set by a neighbouring host for the common domain: neither counts.
fn session_cookie(request: &HttpRequest) -> Option<SessionToken> {
    let cookies = request.cookies().ok()?;
    let mut sessions = cookies.iter().filter(|cookie| cookie.name() == SESSION_COOKIE);
    let only = sessions.next().filter(|_| sessions.next().is_none())?;
    SessionToken::parse(only.value())
}

/// Returns whether `Origin` names the scheme, host and port of the request, and the browser agrees where it says so.
fn same_site(request: &HttpRequest, app: &App) -> bool {
    let host = request
        .uri()
        .authority()
        .map(actix_web::http::uri::Authority::as_str)
        .or_else(|| text(request, "host"));
    let (Some((scheme, origin)), Some(host)) =
        (text(request, "origin").and_then(|origin| origin.split_once("://")), host)
    else {
        return false;
    };
    // Where cookies need TLS, a page without TLS is somebody else's, whatever host it says it is.
    let has_scheme = scheme.eq_ignore_ascii_case("https")
        || !app.settings.secure_cookies && scheme.eq_ignore_ascii_case("http");
    let agrees = !request.headers().contains_key("sec-fetch-site")
        || text(request, "sec-fetch-site").is_some_and(|site| site == "same-origin");
    has_scheme && agrees && origin.eq_ignore_ascii_case(host)
}

/// The address of the client: the peer, or the last address named by trusted proxies.
fn sender(request: &HttpRequest, app: &App) -> Option<IpAddr> {
    let mut ip = request.peer_addr()?.ip().to_canonical();
    let named = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    if !named.is_empty() && !app.trusts(ip) {
        app.warn_of_forwarding("its sender is not one of BELFORT_TRUSTED_PROXIES", ip);
    }
    // From the right: what stands further left was written by somebody further away, who may lie.
    for name in named.iter().rev() {
        if !app.trusts(ip) {
            break;
        }
        let Some(next) = forwarded(name) else {
            app.warn_of_forwarding("it has something else than addresses", ip);
            break;
        };
        ip = next.to_canonical();
    }
    Some(ip)
}

/// An address in `X-Forwarded-For`: some proxies add the port.
fn forwarded(name: &str) -> Option<IpAddr> {
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address = bracketed.unwrap_or(name).parse().ok();
    address.or_else(|| name.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The text of a header that is sent exactly once.
fn text<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let mut values = request.headers().get_all(header::HeaderName::try_from(name).ok()?);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
