//! The precondition of a change: `If-Match`.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::http::header::Header;
use actix_web::{FromRequest, HttpRequest};
use belfort_openapi as openapi;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;

use crate::error::{ApiResult, Problem};
use crate::output::etag;

/// The expected version of the row; `None` for any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfMatch(pub(crate) Option<i32>);

/// A version that no row has, for tags that are not ours and for lists of tags.
const NO_VERSION: i32 = -1;

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let sent = request.headers().contains_key(header::IF_MATCH);
        let version = match header::IfMatch::parse(request) {
            _ if !sent => None,
            Ok(header::IfMatch::Any) => None,
            Ok(header::IfMatch::Items(tags)) => Some(match tags.as_slice() {
                [tag] => etag::version_in(tag).unwrap_or(NO_VERSION),
                _ => NO_VERSION,
            }),
            Err(_unreadable) => Some(NO_VERSION),
        };
        ready(Ok(Self(version)))
    }
}

impl Apiv2Schema for IfMatch {}
impl OperationModifier for IfMatch {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::header_parameter(
            op,
            "If-Match",
            "The `ETag` of the version that you read. If the resource has changed since, the response is 412.",
            false,
        );
        openapi::problems(op, &[412]);
    }
}
