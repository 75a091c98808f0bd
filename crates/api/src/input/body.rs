//! JSON bodies.

use actix_web::dev::Payload;
use actix_web::http::header::{self, ContentEncoding, ContentLength, Header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, mime, web};
use belfort_openapi as openapi;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde_json::Value;
use std::marker::PhantomData;

use super::{Fields, Input};
use crate::error::{ApiResult, FieldCode, Problem, ProblemCode};

/// Bytes of a JSON body, at most.
const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body that will be read as `T`.
pub(crate) struct Body<T> {
    bytes: ApiResult<web::Bytes>,
    of: PhantomData<T>,
}

impl<T: Input> Body<T> {
    /// The object in it.
    pub(crate) fn parse(self) -> ApiResult<T::Output> {
        Self::read(&self.bytes?)
    }

    /// The bytes of it, to recognise a request that is sent again.
    pub(crate) fn bytes(&self) -> web::Bytes {
        self.bytes.as_ref().map(web::Bytes::clone).unwrap_or_default()
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
        let mut fields = Fields::Json(object, super::duplicate_keys::given_twice(bytes));
        let object = T::read(&mut fields);
        fields.finish(object)
    }
}

impl<T: 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let acceptable = acceptable(request);
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = match acceptable {
                Ok(()) => fetch(&mut payload).await,
                Err(problem) => Err(problem),
            };
            Ok(Self { bytes, of: PhantomData })
        })
    }
}

async fn fetch(payload: &mut Payload) -> ApiResult<web::Bytes> {
    let mut bytes = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_e| {
            Problem::new(
                ProblemCode::BrokenBody,
                "The body ended before it was complete. Send the request again.",
            )
        })?;
        if bytes.len().saturating_add(chunk.len()) > BODY_LIMIT {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_large() -> Problem {
    Problem::new(ProblemCode::TooLarge, "The body is too large: at most 1 MiB is allowed.")
}

/// Judges the body by its headers, before any of it is waited for.
fn acceptable(request: &HttpRequest) -> ApiResult<()> {
    if !is_json(request) {
        return Err(not_json());
    }
    not_encoded(request)?;
    if length(request).is_some_and(|length| length > BODY_LIMIT) { Err(too_large()) } else { Ok(()) }
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
        openapi::problems(op, &[400, 413, 415, 422]);
    }
}
