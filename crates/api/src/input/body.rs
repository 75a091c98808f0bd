//! What handlers take from a request, beside who sends it.
//!
//! Bodies and queries are fetched before the gate, because that is asynchronous, and read after it, inside the handler: who
//! may not do it is told so before anything they sent is looked at.

use std::marker::PhantomData;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use belfort_openapi as openapi;
use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Field, Fields, Input};
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
    pub(crate) fn parse(self) -> ApiResult<T> {
        Self::read(&self.bytes?)
    }

    /// The bytes of it, to recognise a request that is sent again.
    pub(crate) fn bytes(&self) -> web::Bytes {
        self.bytes.as_ref().map(web::Bytes::clone).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> ApiResult<T> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            let detail = format!("The body is not JSON: line {}, column {}.", error.line(), error.column());
            Problem::new(ProblemCode::MalformedJson, detail)
        })?;
        let Value::Object(object) = value else {
            return Err(Problem::invalid_field("", FieldCode::InvalidType, "expected an object"));
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
        let chunk =
            chunk.map_err(|_e| Problem::new(ProblemCode::BrokenBody, "The body ended before its end."))?;
        if bytes.len().saturating_add(chunk.len()) > BODY_LIMIT {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_large() -> Problem {
    Problem::new(ProblemCode::TooLarge, "A body has at most 1 MiB.")
}

/// What the headers say of the body, before any of it is waited for.
fn acceptable(request: &HttpRequest) -> ApiResult<()> {
    if !is_json(request) {
        return Err(not_json());
    }
    not_encoded(request)?;
    if length::<usize>(request).is_some_and(|length| length > BODY_LIMIT) { Err(too_large()) } else { Ok(()) }
}

/// How long the body is, where it is said before.
pub(crate) fn length<N: FromStr>(request: &HttpRequest) -> Option<N> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body is taken as it is: one that unfolds could be of any size.
pub(crate) fn not_encoded(request: &HttpRequest) -> ApiResult<()> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if header(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        let detail = "Send the body as it is, without a Content-Encoding.";
        return Err(Problem::new(ProblemCode::EncodedBody, detail));
    }
    Ok(())
}

fn is_json(request: &HttpRequest) -> bool {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
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

/// A query string that will be read as `T`.
pub(crate) struct Query<T> {
    text: String,
    of: PhantomData<T>,
}

impl<T: Input> Query<T> {
    /// The object in it.
    pub(crate) fn parse(&self) -> ApiResult<T> {
        let mut fields = query_fields(&self.text)?;
        let object = T::read(&mut fields);
        fields.finish(object)
    }
}

/// The fields of a query string.
pub(crate) fn query_fields(text: &str) -> ApiResult<Fields> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_e| Problem::new(ProblemCode::MalformedQuery, "The query string cannot be read."))?;
    Ok(Fields::Query(pairs.into_inner(), Vec::new()))
}

impl<T: 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: request.query_string().to_owned(), of: PhantomData }))
    }
}

impl<T> Apiv2Schema for Query<T> {}
impl<T: Apiv2Schema> OperationModifier for Query<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::query_parameters(op, T::raw_schema());
        openapi::problems(op, &[400, 422]);
    }
}

/// The ids in the path. What is no id is no row's id: 404, as for any other row that is not there.
pub(crate) struct Ids<T>(pub(crate) T);

/// One id or several.
pub(crate) trait PathIds: Sized {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self>;
    fn count() -> usize;
}

impl<A: Field> PathIds for (A,) {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self> {
        Some((A::read_text(ids.next()?).ok()?,))
    }
    fn count() -> usize {
        1
    }
}

impl<A: Field, B: Field> PathIds for (A, B) {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self> {
        Some((A::read_text(ids.next()?).ok()?, B::read_text(ids.next()?).ok()?))
    }
    fn count() -> usize {
        2
    }
}

impl<T: PathIds> Ids<T> {
    fn of(request: &HttpRequest) -> Option<Self> {
        T::read(&mut request.match_info().iter().map(|(_, id)| id)).map(Self)
    }
}

/// The ids, or nothing where one of them is no id; the handler answers 404 after the gate.
pub(crate) struct Path<T>(Option<Ids<T>>);

impl<T> Path<T> {
    /// The ids.
    pub(crate) fn ids(self) -> ApiResult<T> {
        self.0.map(|ids| ids.0).ok_or_else(Problem::not_found)
    }
}

impl<T: PathIds + 'static> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Ids::of(request))))
    }
}

impl<T> Apiv2Schema for Path<T> {}
impl<T: PathIds> OperationModifier for Path<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        let id =
            || openapi::literal(None, serde_json::json!({ "type": "string", "format": "uuid" }), Vec::new());
        openapi::path_parameters(op, (0..T::count()).map(|_| id()).collect());
        openapi::problems(op, &[404]);
    }
}

/// `If-Match`: the version that the caller thinks the row has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfMatch(pub(crate) Option<i32>);

/// A version that no row has: for a tag that is none of ours, and for a list of tags, which nobody sends who has read the
/// row once.
const NO_VERSION: i32 = -1;

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values =
            request.headers().get_all(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default());
        let version = match (values.next(), values.next()) {
            (None, _) | (Some("*"), None) => None,
            (Some(tag), None) => Some(version_of(tag).unwrap_or(NO_VERSION)),
            (Some(_), Some(_)) => Some(NO_VERSION),
        };
        ready(Ok(Self(version)))
    }
}

/// The entity tag of a version. Strong: the same tag, the same bytes.
pub(crate) fn tag_of(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The entity tag of a row of which something changes without its version, because it is made of other rows: it tells the
/// bytes apart, and `If-Match` asks for the version in it alone.
pub(crate) fn tag_with(version: i32, body: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let start = digest.first_chunk().copied().unwrap_or_default();
    format!("\"v{version}-{:016x}\"", u64::from_be_bytes(start))
}

/// The version in a tag.
fn version_of(tag: &str) -> Option<i32> {
    let text = tag.strip_prefix("\"v")?.strip_suffix('"')?;
    let (number, digest) =
        text.split_once('-').map_or((text, None), |(number, digest)| (number, Some(digest)));
    let version: i32 = number.parse().ok().filter(|version| *version > 0)?;
    let hexadecimal =
        |digest: &str| digest.len() == 16 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    // A number can be written in more ways than one, a tag cannot.
    (version.to_string() == number && digest.is_none_or(hexadecimal)).then_some(version)
}

/// Whether `If-None-Match` names this tag. Unlike with `If-Match`, a weak one is good enough: nothing is changed.
pub(crate) fn known(request: &HttpRequest, tag: &str) -> bool {
    is_among(&if_none_match(request), tag)
}

/// `If-None-Match`: the tags of what the caller has, each as it was sent.
pub(crate) fn if_none_match(request: &HttpRequest) -> Vec<String> {
    let values = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).collect()
}

/// Whether one of the tags of `If-None-Match` is this.
pub(crate) fn is_among(tags: &[String], tag: &str) -> bool {
    tags.iter().any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

impl Apiv2Schema for IfMatch {}
impl OperationModifier for IfMatch {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::header_parameter(
            op,
            "If-Match",
            "The ETag that was read: if the row was changed since, nothing happens (412).",
            false,
        );
        openapi::problems(op, &[412]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_leads_back_to_its_version() {
        assert_eq!(version_of(&tag_of(7)), Some(7));
        assert_eq!(version_of(&tag_with(7, b"body")), Some(7));
        assert_ne!(tag_with(7, b"body"), tag_with(7, b"other"));
        for tag in [
            "7",
            "\"7\"",
            "W/\"v7\"",
            "\"v-7\"",
            "\"v+7\"",
            "\"v07\"",
            "\"v7",
            "*",
            "\"v7-\"",
            "\"v7-x\"",
            "\"v-0123456789abcdef\"",
        ] {
            assert_eq!(version_of(tag), None, "{tag}");
        }
    }
}
