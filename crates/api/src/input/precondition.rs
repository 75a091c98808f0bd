//! The precondition of a change: `If-Match`.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::http::header::Header;
use actix_web::{FromRequest, HttpRequest};
use belfort_openapi as openapi;
use belfort_values::Expected;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;

use crate::error::{ApiResult, Problem};
use crate::output::etag;

/// The versions of which the row must have one.
#[derive(Debug, Clone)]
pub(crate) struct IfMatch(pub(crate) Expected);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let sent = request.headers().contains_key(header::IF_MATCH);
        let expected = match header::IfMatch::parse(request) {
            _ if !sent => Expected::default(),
            Ok(header::IfMatch::Any) => Expected::default(),
            // Weak tags are none of ours, and none of them matches (RFC 9110, section 13.1.1).
            Ok(header::IfMatch::Items(tags)) => Expected::one_of(tags.iter().filter_map(etag::version_in)),
            Err(_unreadable) => Expected::one_of([]),
        };
        ready(Ok(Self(expected)))
    }
}

impl Apiv2Schema for IfMatch {}
impl OperationModifier for IfMatch {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::header_parameter(
            op,
            "If-Match",
            "The `ETag` of the version that you read, or a list of them. If the resource has none of these versions any more, the \
             response is 412.",
            false,
        );
        openapi::problems(op, &[412]);
    }
}
