//! What handlers answer with. Each says in the documentation what it is.

use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use belfort_openapi::{self as openapi, ETAG, LOCATION};
use belfort_workspace::idempotency::Stored;
use chrono::{DateTime, Utc};
use paperclip::actix::{Apiv2Schema, OperationModifier};
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema as Schema;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::error::Problem;
use crate::input::{known, tag_of, tag_with};

/// A moment, as it is sent: Brussels time with its offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp(pub(crate) DateTime<Utc>);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&belfort_values::brussels::format(self.0))
    }
}

impl Schema for Stamp {
    fn raw_schema() -> paperclip::v2::models::DefaultSchemaRaw {
        openapi::literal(None, json!({ "type": "string", "format": "date-time" }), Vec::new())
    }
}

/// 200 with one thing that has no version.
pub(crate) struct Plain<T>(pub(crate) T);

impl<T: Serialize> Responder for Plain<T> {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self.0)
    }
}

impl<T> Schema for Plain<T> {}
impl<T: Schema> OperationModifier for Plain<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        openapi::response(op, 200, "What was asked for.", Some(openapi::schema::<T>()), &[]);
    }
}

/// 200 with one row and its version; 304 where the caller has it already.
pub(crate) struct Single<T> {
    pub(crate) version: i32,
    pub(crate) row: T,
}

impl<T: Serialize> Responder for Single<T> {
    type Body = BoxBody;
    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let tag = tag_of(self.version);
        if request.method().is_safe() && known(request, &tag) {
            return HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish();
        }
        HttpResponse::Ok().insert_header((header::ETAG, tag)).json(self.row)
    }
}

impl<T> Schema for Single<T> {}
impl<T: Schema> OperationModifier for Single<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        openapi::response(op, 200, "The row.", Some(openapi::schema::<T>()), &[ETAG]);
    }
}

/// 200 with one row of which something is made of other rows, so that it changes without the row's version.
pub(crate) struct Derived<T> {
    pub(crate) version: i32,
    pub(crate) row: T,
}

impl<T: Serialize> Responder for Derived<T> {
    type Body = BoxBody;
    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let body = match serde_json::to_vec(&self.row) {
            Ok(body) => body,
            Err(error) => return Problem::internal(error).error_response(),
        };
        let tag = tag_with(self.version, &body);
        if request.method().is_safe() && known(request, &tag) {
            return HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish();
        }
        HttpResponse::Ok().insert_header((header::ETAG, tag)).content_type("application/json").body(body)
    }
}

impl<T> Schema for Derived<T> {}
impl<T: Schema> OperationModifier for Derived<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        Single::<T>::update_response(op);
    }
}

/// 201 with the row that was made, and where it is.
pub(crate) struct Created<T> {
    pub(crate) location: String,
    pub(crate) version: i32,
    pub(crate) row: T,
}

/// 201 with a row of which something is made of other rows.
pub(crate) struct CreatedDerived<T> {
    pub(crate) location: String,
    pub(crate) derived: Derived<T>,
}

/// An answer that is kept, to be given again when the request is sent again.
pub(crate) trait Keep {
    /// What its body is made of.
    type Row;
    /// The answer as it is kept.
    fn stored(&self) -> Stored;
}

impl<T: Serialize> Keep for Created<T> {
    type Row = T;
    fn stored(&self) -> Stored {
        Stored {
            status: 201,
            headers: json!({ "location": self.location, "etag": tag_of(self.version) }),
            body: serde_json::to_vec(&self.row).unwrap_or_default(),
        }
    }
}

impl<T: Serialize> Keep for CreatedDerived<T> {
    type Row = T;
    fn stored(&self) -> Stored {
        let Stored { body, .. } = self.derived.stored();
        let tag = tag_with(self.derived.version, &body);
        Stored { status: 201, headers: json!({ "location": self.location, "etag": tag }), body }
    }
}

impl<T: Serialize> Keep for Single<T> {
    type Row = T;
    fn stored(&self) -> Stored {
        let body = serde_json::to_vec(&self.row).unwrap_or_default();
        Stored { status: 200, headers: json!({ "etag": tag_of(self.version) }), body }
    }
}

impl<T: Serialize> Keep for Derived<T> {
    type Row = T;
    fn stored(&self) -> Stored {
        let body = serde_json::to_vec(&self.row).unwrap_or_default();
        Stored { status: 200, headers: json!({ "etag": tag_with(self.version, &body) }), body }
    }
}

fn replay(stored: Stored) -> HttpResponse {
    let status = u16::try_from(stored.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::CREATED));
    for name in ["location", "etag"] {
        if let Some(value) = stored.headers.get(name).and_then(serde_json::Value::as_str) {
            response.insert_header((name, value));
        }
    }
    response.content_type("application/json").body(stored.body)
}

fn idempotent(op: &mut DefaultOperationRaw) {
    let what = "A key of your choice: the same request sent again within 24 hours gets the same answer and does nothing more.";
    openapi::header_parameter(op, "Idempotency-Key", what, false);
    openapi::problems(op, &[409, 422]);
}

/// A [`Created`], now or when the same request was sent before.
pub(crate) struct Once<T>(pub(crate) Stored, pub(crate) PhantomData<T>);

impl<T> Responder for Once<T> {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        replay(self.0)
    }
}

impl<T> Schema for Once<T> {}
impl<T: Schema> OperationModifier for Once<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        openapi::response(op, 201, "The row that was made.", Some(openapi::schema::<T>()), &[ETAG, LOCATION]);
        idempotent(op);
    }
}

/// A [`Single`] or [`Derived`] after something was done with the row, now or when the same request was sent before.
pub(crate) struct DoneOnce<T>(pub(crate) Stored, pub(crate) PhantomData<T>);

impl<T> Responder for DoneOnce<T> {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        replay(self.0)
    }
}

impl<T> Schema for DoneOnce<T> {}
impl<T: Schema> OperationModifier for DoneOnce<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        Single::<T>::update_response(op);
        idempotent(op);
    }
}

/// 204: it is done, and there is nothing to say.
pub(crate) struct Done;

impl Responder for Done {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl Schema for Done {}
impl OperationModifier for Done {
    fn update_response(op: &mut DefaultOperationRaw) {
        openapi::response(op, 204, "Done.", None, &[]);
    }
}

/// 202: it will be done.
pub(crate) struct Accepted<T>(pub(crate) T);

impl<T: Serialize> Responder for Accepted<T> {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Accepted().json(self.0)
    }
}

impl<T> Schema for Accepted<T> {}
impl<T: Schema> OperationModifier for Accepted<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        openapi::response(op, 202, "It will be done.", Some(openapi::schema::<T>()), &[]);
    }
}

/// Some of many rows.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct Page<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; null on the last one.
    pub(crate) next_cursor: Option<String>,
}
