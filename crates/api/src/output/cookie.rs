//! Responses that set or delete a cookie.

use actix_web::body::BoxBody;
use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, Responder};
use belfort_openapi::{ResponseHeader, text};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;

use super::reply::{Reply, respond};

/// The reply `R` with a cookie. It cannot be stored for an `Idempotency-Key`: a cookie is a secret.
pub(crate) struct WithCookie<R> {
    cookie: Cookie<'static>,
    reply: R,
}

impl<R> WithCookie<R> {
    /// This reply with this cookie.
    pub(crate) fn new(cookie: Cookie<'static>, reply: R) -> Self {
        Self { cookie, reply }
    }
}

impl<R: Reply> Responder for WithCookie<R> {
    type Body = BoxBody;
    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = respond(self.reply.into_parts(), request);
        match response.add_cookie(&self.cookie) {
            Ok(()) => response,
            Err(error) => HttpResponse::from_error(crate::error::Problem::internal(error)),
        }
    }
}

impl<R> Apiv2Schema for WithCookie<R> {}
impl<R: Reply> OperationModifier for WithCookie<R> {
    fn update_response(op: &mut DefaultOperationRaw) {
        const SET_COOKIE: ResponseHeader = text("Set-Cookie", "The session cookie.");
        let mut described = R::describe();
        described.headers.push(SET_COOKIE);
        described.document(op);
    }
}
