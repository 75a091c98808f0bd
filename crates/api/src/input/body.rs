//! JSON bodies: what of them is read, when, and for whom.
//!
//! A body of which more than a little has to be waited for is waited for once its sender is known. Of strangers no more is kept
//! than of a request without a body.

use std::marker::PhantomData;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, ContentEncoding, ContentLength, Header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, mime, web};
use belfort_openapi as openapi;
use futures_util::StreamExt;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::pace::{Arriving, broken, paced};
use super::{Fields, Input};
use crate::error::{ApiResult, FieldCode, Problem, ProblemCode};
use crate::state::App;

/// Bytes of a JSON body, at most.
const BODY_LIMIT: usize = 1024 * 1024;
/// Bytes of a JSON body that anybody may send, at most.
const PUBLIC_LIMIT: usize = 4 * 1024;
/// Bytes of a body that are taken before its sender is known, at most; about what a connection buffers anyway.
const SMALL: usize = 16 * 1024;
/// The time in which a small body arrives that was sent together with its head. It spares its sender the second authorization.
const ARRIVAL: Duration = Duration::from_millis(100);

/// A JSON body that will be read as `T`, and of which nothing was read yet. Only a gate receives it.
pub(crate) struct Body<T> {
    length: ApiResult<Option<usize>>,
    payload: Arriving,
    of: PhantomData<T>,
}

/// A JSON body that has arrived.
pub(crate) struct Received<T> {
    bytes: ApiResult<web::Bytes>,
    /// The place of a large body in memory.
    _memory: Option<OwnedSemaphorePermit>,
    of: PhantomData<fn() -> T>,
}

/// The result of the first look at a body.
pub(crate) enum Arrival<T> {
    /// It is here, or what its headers say is wrong.
    Complete(Received<T>),
    /// It has to be waited for: its sender is authorized first.
    Partial(Partial<T>),
}

/// A body that has to be waited for.
pub(crate) struct Partial<T> {
    length: Option<usize>,
    payload: Arriving,
    bytes: web::BytesMut,
    of: PhantomData<T>,
}

impl<T> Body<T> {
    /// Takes a small body that has arrived, and reads nothing of a large one.
    pub(crate) async fn arrive(self) -> Arrival<T> {
        let Self { length, mut payload, .. } = self;
        let length = match length.and_then(|length| within(length, BODY_LIMIT)) {
            Ok(length) => length,
            Err(problem) => return Arrival::Complete(Received::of(Err(problem))),
        };
        let mut bytes = web::BytesMut::new();
        if length.is_none_or(|length| length <= SMALL) {
            match tokio::time::timeout(ARRIVAL, fill(&mut payload, &mut bytes, SMALL)).await {
                Ok(Ok(Fill::Complete)) => return Arrival::Complete(Received::of(Ok(bytes.freeze()))),
                Ok(Err(problem)) => return Arrival::Complete(Received::of(Err(problem))),
                Ok(Ok(Fill::Full)) | Err(_) => {}
            }
        }
        Arrival::Partial(Partial { length, payload, bytes, of: PhantomData })
    }

    /// Receives a body that anybody may send.
    pub(crate) async fn receive_public(mut self, app: &App) -> Received<T> {
        let length = self.length.and_then(|length| within(length, PUBLIC_LIMIT));
        let mut bytes = web::BytesMut::new();
        let filled = match length {
            Ok(_) => in_time(app, fill(&mut self.payload, &mut bytes, PUBLIC_LIMIT)).await,
            Err(problem) => Err(problem),
        };
        Received::of(complete(filled, bytes, PUBLIC_LIMIT))
    }
}

impl<T> Partial<T> {
    /// Receives the rest. Its sender is known by now.
    pub(crate) async fn receive(mut self, app: &App) -> ApiResult<Received<T>> {
        let memory = app.body_memory(self.length.unwrap_or(BODY_LIMIT)).await?;
        let filled = in_time(app, fill(&mut self.payload, &mut self.bytes, BODY_LIMIT)).await;
        let bytes = complete(filled, self.bytes, BODY_LIMIT)?;
        Ok(Received { _memory: Some(memory), ..Received::of(Ok(bytes)) })
    }
}

impl<T> Received<T> {
    fn of(bytes: ApiResult<web::Bytes>) -> Self {
        Self { bytes, _memory: None, of: PhantomData }
    }

    /// The bytes of it, to recognise a request that is sent again.
    pub(crate) fn bytes(&self) -> web::Bytes {
        self.bytes.as_ref().map(web::Bytes::clone).unwrap_or_default()
    }
}

impl<T: Input> Received<T> {
    /// The object in it.
    pub(crate) fn parse(self) -> ApiResult<T::Output> {
        Self::read(&self.bytes?)
    }

    fn read(bytes: &[u8]) -> ApiResult<T::Output> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            let detail =
                format!("The body is not valid JSON: see line {}, column {}.", error.line(), error.column());
            Problem::new(ProblemCode::MalformedJson, detail)
        })?;
        let Value::Object(object) = value else {
            return Err(Problem::invalid_field("", FieldCode::InvalidType, "must be an object"));
        };
        let twice = super::duplicate_keys::given_twice(bytes, &object);
        let mut fields = Fields::Json(object, twice);
        let object = T::read(&mut fields);
        fields.finish(object)
    }
}

impl<T: 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let length = acceptable(request).map(|()| length(request));
        let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::internal("no application"));
        ready(app.map(|app| {
            let payload = paced(payload.take(), app.settings.body_rate);
            Self { length, payload, of: PhantomData }
        }))
    }
}

/// The result of reading a body.
enum Fill {
    Complete,
    /// There is more of it than the limit.
    Full,
}

async fn fill(payload: &mut Arriving, bytes: &mut web::BytesMut, limit: usize) -> ApiResult<Fill> {
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        bytes.extend_from_slice(&chunk);
        if bytes.len() > limit {
            return Ok(Fill::Full);
        }
    }
    Ok(Fill::Complete)
}

async fn in_time(app: &App, filled: impl Future<Output = ApiResult<Fill>>) -> ApiResult<Fill> {
    let filled = tokio::time::timeout(app.settings.body_timeout, filled).await;
    filled.unwrap_or_else(|_elapsed| Err(Problem::request_timeout()))
}

fn complete(filled: ApiResult<Fill>, bytes: web::BytesMut, limit: usize) -> ApiResult<web::Bytes> {
    match filled? {
        Fill::Complete => Ok(bytes.freeze()),
        Fill::Full => Err(too_large(limit)),
    }
}

fn within(length: Option<usize>, limit: usize) -> ApiResult<Option<usize>> {
    if length.is_some_and(|length| length > limit) { Err(too_large(limit)) } else { Ok(length) }
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is too large: at most {} KiB are allowed.", limit / 1024);
    Problem::new(ProblemCode::TooLarge, detail)
}

/// Judges the body by its headers, before any of it is waited for.
fn acceptable(request: &HttpRequest) -> ApiResult<()> {
    if !is_json(request) {
        return Err(not_json());
    }
    not_encoded(request)
}

/// The length of the body, where it is announced.
pub(crate) fn length(request: &HttpRequest) -> Option<usize> {
    ContentLength::parse(request).ok().map(usize::from)
}

/// A body is taken as it is: one that unfolds could be of any size.
pub(crate) fn not_encoded(request: &HttpRequest) -> ApiResult<()> {
    let encoded = request.headers().contains_key(header::CONTENT_ENCODING)
        && !matches!(ContentEncoding::parse(request), Ok(ContentEncoding::Identity));
    if encoded {
        let detail = "Send the body without a Content-Encoding.";
        return Err(Problem::new(ProblemCode::EncodedBody, detail));
    }
    Ok(())
}

/// `application/json`, or any `application/…+json`. Parameters are not looked at: JSON has none.
fn is_json(request: &HttpRequest) -> bool {
    request.content_type().parse::<mime::Mime>().is_ok_and(|kind| {
        kind.type_() == mime::APPLICATION
            && (kind.subtype() == mime::JSON || kind.suffix() == Some(mime::JSON))
    })
}

fn not_json() -> Problem {
    Problem::new(ProblemCode::NotJson, "Send JSON, with the header Content-Type: application/json.")
}

impl<T> Apiv2Schema for Body<T> {}
impl<T: Apiv2Schema> OperationModifier for Body<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::body(op, openapi::schema::<T>());
        openapi::problems(op, &[400, 408, 413, 415, 422]);
    }
}
