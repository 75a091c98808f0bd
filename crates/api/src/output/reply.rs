//! Replies made of parts: a body, and around it what else a response can have.
//!
//! | part | means |
//! | --- | --- |
//! | [`Json<T>`] | 200 with a body that has no version |
//! | [`Versioned<T>`] | 200 with one row and its `ETag`; 304 where the caller has it already |
//! | [`NoContent`] | 204 |
//! | [`Created<R>`] | 201 with the body of `R`, and `Location` |
//! | [`CreatedElsewhere<R>`] | 201 with the body of `R`, for what is at another host |
//! | [`Accepted<R>`] | 202 with the body of `R` |
//! | [`Idempotent<R>`](super::Idempotent) | `R`, or what was answered when the request was sent before |
//!
//! Each documents itself, so a handler's signature is what the OpenAPI document says of it.

use actix_web::http::header::{self, EntityTag};
use actix_web::http::{StatusCode, header::ETag};
use actix_web::{HttpRequest, HttpResponse};
use belfort_openapi::{self as openapi, ETAG, LOCATION, ResponseHeader};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::Serialize;

use super::Location;
use super::etag::{self, KnownTags};
use crate::error::{ApiResult, Problem};

/// A response that documents itself by its type.
pub(crate) trait Reply: Sized {
    /// Its documentation.
    fn describe() -> Description;
    /// Its parts.
    ///
    /// # Errors
    /// 500 where the body cannot be written as JSON.
    fn into_parts(self) -> ApiResult<Parts>;
}

/// The documentation of a response.
pub(crate) struct Description {
    pub(crate) status: u16,
    pub(crate) text: &'static str,
    pub(crate) schema: Option<DefaultSchemaRaw>,
    pub(crate) headers: Vec<ResponseHeader>,
    /// Whether the operation takes an `Idempotency-Key`.
    pub(crate) idempotent: bool,
}

impl Description {
    fn new(status: u16, text: &'static str, schema: Option<DefaultSchemaRaw>) -> Self {
        Self { status, text, schema, headers: Vec::new(), idempotent: false }
    }

    /// Writes it into an operation.
    pub(crate) fn document(self, op: &mut DefaultOperationRaw) {
        openapi::response(op, self.status, self.text, self.schema, &self.headers);
        if self.status == 200 && self.headers.iter().any(|header| header.name == ETAG.name) {
            openapi::not_modified(op);
        }
        if self.idempotent {
            let description = "A key of your choice that makes it safe to retry. If the same request is sent again with \
                               the key within 24 hours, it gets the same response and has no further effect.";
            openapi::header_parameter(op, "Idempotency-Key", description, false);
            openapi::problems(op, &[400, 409, 422]);
        }
    }
}

/// The parts of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<EntityTag>,
    pub(crate) location: Option<String>,
    /// JSON; absent with 204.
    pub(crate) body: Option<Vec<u8>>,
}

/// The response made of its parts; 304 where a caller who only reads has the row already.
pub(super) fn respond(parts: ApiResult<Parts>, request: &HttpRequest) -> HttpResponse {
    let Parts { status, etag, location, body } = match parts {
        Ok(parts) => parts,
        Err(problem) => return HttpResponse::from_error(problem),
    };
    let known =
        etag.as_ref().is_some_and(|tag| request.method().is_safe() && KnownTags::of(request).contain(tag));
    let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { status });
    if let Some(tag) = etag {
        response.insert_header(ETag(tag));
    }
    if let Some(location) = location {
        response.insert_header((header::LOCATION, location));
    }
    match body {
        Some(body) if !known => response.content_type(header::ContentType::json()).body(body),
        _ => response.finish(),
    }
}

/// Makes a [`Reply`] what a handler can return.
macro_rules! responder {
    ([$($generics:tt)*] $reply:ty) => {
        impl<$($generics)*> actix_web::Responder for $reply {
            type Body = actix_web::body::BoxBody;
            fn respond_to(self, request: &actix_web::HttpRequest) -> actix_web::HttpResponse {
                $crate::output::reply::respond($crate::output::Reply::into_parts(self), request)
            }
        }

        impl<$($generics)*> paperclip::v2::schema::Apiv2Schema for $reply {}
        impl<$($generics)*> paperclip::actix::OperationModifier for $reply {
            fn update_response(op: &mut paperclip::v2::models::DefaultOperationRaw) {
                <$reply as $crate::output::Reply>::describe().document(op);
            }
        }
    };
}
pub(super) use responder;

/// 200 with a body that has no version.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize + Apiv2Schema> Reply for Json<T> {
    fn describe() -> Description {
        Description::new(200, "The result.", Some(openapi::schema::<T>()))
    }

    fn into_parts(self) -> ApiResult<Parts> {
        let body = Some(serde_json::to_vec(&self.0).map_err(Problem::internal)?);
        Ok(Parts { status: StatusCode::OK, etag: None, location: None, body })
    }
}
responder!([T: Serialize + Apiv2Schema] Json<T>);

/// 200 with one row and its version.
pub(crate) struct Versioned<T> {
    version: i32,
    /// Whether something in the row is made of other rows, so that it changes without the row's version.
    computed: bool,
    row: T,
}

impl<T> Versioned<T> {
    /// A row that changes with its version alone.
    pub(crate) fn new(version: i32, row: T) -> Self {
        Self { version, computed: false, row }
    }

    /// A row of which something is made of other rows: its tag tells the bytes apart, too.
    pub(crate) fn computed(version: i32, row: T) -> Self {
        Self { version, computed: true, row }
    }
}

impl<T: Serialize + Apiv2Schema> Reply for Versioned<T> {
    fn describe() -> Description {
        let described = Description::new(200, "The resource.", Some(openapi::schema::<T>()));
        Description { headers: vec![ETAG], ..described }
    }

    fn into_parts(self) -> ApiResult<Parts> {
        let body = serde_json::to_vec(&self.row).map_err(Problem::internal)?;
        let tag = if self.computed {
            etag::of_version_and_body(self.version, &body)
        } else {
            etag::of_version(self.version)
        };
        Ok(Parts { status: StatusCode::OK, etag: Some(tag), location: None, body: Some(body) })
    }
}
responder!([T: Serialize + Apiv2Schema] Versioned<T>);

/// 201 with what was made, and where it is.
pub(crate) struct Created<R> {
    location: Location,
    reply: R,
}

impl<R> Created<R> {
    /// A reply with what was made, and its place.
    pub(crate) fn at(location: Location, reply: R) -> Self {
        Self { location, reply }
    }
}

impl<R: Reply> Reply for Created<R> {
    fn describe() -> Description {
        let mut described = R::describe();
        described.headers.push(LOCATION);
        Description { status: 201, text: "The new resource.", ..described }
    }

    fn into_parts(self) -> ApiResult<Parts> {
        let location = Some(self.location.into_string());
        Ok(Parts { status: StatusCode::CREATED, location, ..self.reply.into_parts()? })
    }
}
responder!([R: Reply] Created<R>);

/// 201 with what was made, which is at another host than the request went to.
pub(crate) struct CreatedElsewhere<R>(pub(crate) R);

impl<R: Reply> Reply for CreatedElsewhere<R> {
    fn describe() -> Description {
        Description { status: 201, text: "The new resource.", ..R::describe() }
    }

    fn into_parts(self) -> ApiResult<Parts> {
        Ok(Parts { status: StatusCode::CREATED, ..self.0.into_parts()? })
    }
}
responder!([R: Reply] CreatedElsewhere<R>);

/// 202: the request is accepted, what it asks for follows.
pub(crate) struct Accepted<R>(pub(crate) R);

impl<R: Reply> Reply for Accepted<R> {
    fn describe() -> Description {
        Description { status: 202, text: "The request was accepted.", ..R::describe() }
    }

    fn into_parts(self) -> ApiResult<Parts> {
        Ok(Parts { status: StatusCode::ACCEPTED, ..self.0.into_parts()? })
    }
}
responder!([R: Reply] Accepted<R>);

/// 204: it is done, and there is nothing to say.
pub(crate) struct NoContent;

impl Reply for NoContent {
    fn describe() -> Description {
        Description::new(204, "The request succeeded.", None)
    }

    fn into_parts(self) -> ApiResult<Parts> {
        Ok(Parts { status: StatusCode::NO_CONTENT, etag: None, location: None, body: None })
    }
}
responder!([] NoContent);
