//! The middleware of every request: its id, log line and counters, and the headers and problem bodies of every response.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use belfort_ids::EventId;
use tracing::Instrument;

use crate::error::{Problem, ProblemCode};
use crate::output::BASE_PATH;
use crate::state::App;

/// The id of the request: the one that was sent, if it is acceptable, or else a new one.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// The number of responses by class of status, since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) answers: [AtomicU64; 6],
    pub(crate) in_flight: AtomicU64,
}

/// Counts a request as long as it lives, also when its sender goes away.
struct InFlight(web::Data<Counters>);

impl InFlight {
    fn enter(counters: &web::Data<Counters>) -> Self {
        counters.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(counters.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Characters of a path in the log, at most: anybody can send one of 60 kB.
const LOGGED_PATH: usize = 200;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware.
pub(crate) async fn middleware(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let app = request.app_data::<web::Data<App>>().map(|app| Arc::clone(app));
    let id = request_id(&request, app.as_deref());
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, path) = (request.method().clone(), request.path().to_owned());
    if method == Method::HEAD {
        // It is GET without the body (RFC 9110, section 9.3.2), which the connection leaves out by itself.
        request.head_mut().method = Method::GET;
    }
    let counters = request.app_data::<web::Data<Counters>>().cloned();
    let _in_flight = counters.as_ref().map(InFlight::enter);
    let span = tracing::info_span!("request", request_id = %id);
    let response = next.call(request).instrument(span.clone()).await;
    let mut response = match response {
        Ok(response) => normalize(response.map_into_boxed_body(), &path),
        Err(error) => return Err(error),
    };
    let status = response.status();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if path.starts_with(BASE_PATH) && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let class = usize::from(status.as_u16() / 100);
    if let Some(count) = counters.as_ref().and_then(|counters| counters.answers.get(class)) {
        count.fetch_add(1, Ordering::Relaxed);
    }
    span.in_scope(|| {
        let duration_ms = started.elapsed().as_millis();
        let path: String = path.chars().take(LOGGED_PATH).collect();
        tracing::info!(%method, path, status = status.as_u16(), duration_ms, "answered");
    });
    Ok(response)
}

/// Adds the path to problems, and makes problems of the framework's own error responses.
fn normalize(response: ServiceResponse<BoxBody>, path: &str) -> ServiceResponse<BoxBody> {
    if let Some(problem) = response.response().error().and_then(|error| error.as_error::<Problem>()) {
        if let Some(cause) = problem.cause() {
            tracing::error!(cause, "a request failed");
        }
        let body = problem.response(path);
        return ServiceResponse::new(response.request().clone(), body);
    }
    let empty = matches!(response.response().body().size(), BodySize::None | BodySize::Sized(0));
    let framework = response.response().error().is_some() || empty;
    let problem = match response.status() {
        StatusCode::NOT_FOUND if framework => Problem::new(
            ProblemCode::NotFound,
            "There is nothing at this path. See /api/schema/ for the paths of the API.",
        ),
        StatusCode::METHOD_NOT_ALLOWED if framework => {
            let detail =
                "This path does not support the method. See /api/schema/ for those that it supports.";
            Problem::new(ProblemCode::MethodNotAllowed, detail)
        }
        status if framework && status.is_client_error() => Problem::unreadable_request(status),
        status if framework && status.is_server_error() => Problem::internal("the framework failed"),
        _ => return response,
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut body = problem.response(path);
    if let Some(allow) = allow {
        body.headers_mut().insert(header::ALLOW, allow);
    }
    ServiceResponse::new(response.request().clone(), body)
}

fn request_id(request: &ServiceRequest, app: Option<&App>) -> String {
    let sent = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        // Reserved for the server's own: what `belfort` does on the command line is recorded under such an id.
        let is_reserved = id.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("belfort-"));
        !is_reserved
            && (1..=128).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match (sent.filter(sane), app) {
        (Some(id), _) => id.to_owned(),
        (None, Some(app)) => EventId::new(app.services.clock.now()).to_string(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
    use actix_web::{App as Http, HttpResponse, web};
    use serde_json::Value;

    use super::*;

    #[actix_web::test]
    async fn what_the_framework_refuses_without_a_word_is_a_problem() {
        for status in [StatusCode::BAD_REQUEST, StatusCode::EXPECTATION_FAILED] {
            let refuse = move || async move { HttpResponse::new(status) };
            let app = Http::new().wrap(from_fn(middleware)).route("/x", web::get().to(refuse));
            let response =
                call_service(&init_service(app).await, TestRequest::get().uri("/x").to_request()).await;
            assert_eq!(response.status(), status);
            let problem: Value = read_body_json(response).await;
            assert_eq!((&problem["code"], &problem["instance"]), (&"bad-request".into(), &"/x".into()));
        }
    }
}
