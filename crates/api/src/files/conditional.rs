//! The conditions of a request for content: the part that is asked for, and what the caller has already.

use std::ops::RangeInclusive;

use actix_web::dev::Payload;
use actix_web::http::header::{self, EntityTag, Header, HeaderName, IfRange, Range};
use actix_web::{FromRequest, HttpRequest};
use belfort_openapi as openapi;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;

use super::range::{self, RequestedRange};
use crate::error::{ApiResult, Problem};
use crate::output::etag::KnownTags;

/// `Range`, `If-Range` and `If-None-Match`.
pub(crate) struct Conditional {
    range: Option<Range>,
    if_range: Condition,
    known: KnownTags,
}

/// `If-Range`: whether the range counts.
enum Condition {
    /// In any case.
    Always,
    /// Only if this is the tag of the content.
    Tag(EntityTag),
    /// In no case: the header names a time, which tells contents apart by the second only, or cannot be read.
    Never,
}

impl Conditional {
    /// Whether the caller has the content with this tag already.
    pub(super) fn knows(&self, tag: &EntityTag) -> bool {
        self.known.contain(tag)
    }

    /// The bytes that are asked for, of `size` bytes of content with this tag; `None` for all.
    ///
    /// With an `If-Range`, the range counts only if the content is still the one that the caller has a part
    /// of.
    pub(super) fn bytes(&self, tag: &EntityTag, size: u64) -> ApiResult<Option<RangeInclusive<u64>>> {
        let counts = match &self.if_range {
            Condition::Always => true,
            Condition::Tag(known) => known.strong_eq(tag),
            Condition::Never => false,
        };
        let range = self.range.as_ref().filter(|_| counts);
        match range.map_or(RequestedRange::Whole, |range| RequestedRange::of(range, size)) {
            RequestedRange::Whole => Ok(None),
            RequestedRange::Bytes(bytes) => Ok(Some(bytes)),
            RequestedRange::Unsatisfiable => Err(Problem::out_of_range(size)),
        }
    }
}

impl FromRequest for Conditional {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let if_range = match IfRange::parse(request) {
            _ if !request.headers().contains_key(header::IF_RANGE) => Condition::Always,
            Ok(IfRange::EntityTag(tag)) if is_single(request, &header::IF_RANGE) => Condition::Tag(tag),
            _ => Condition::Never,
        };
        let range = request.headers().get(header::RANGE).and_then(|range| range.to_str().ok());
        let range = range.filter(|_| is_single(request, &header::RANGE)).and_then(range::read);
        ready(Ok(Self { range, if_range, known: KnownTags::of(request) }))
    }
}

/// Whether a header is there once. Given twice it counts for none: nobody knows which one is meant.
fn is_single(request: &HttpRequest, name: &HeaderName) -> bool {
    request.headers().get_all(name).count() == 1
}

impl Apiv2Schema for Conditional {}
impl OperationModifier for Conditional {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        let range = "The bytes to return, as one range: `bytes=0-99`, `bytes=100-` or `bytes=-100`. With several ranges the whole file is returned.";
        let if_range = "The `ETag` of the file that you have a part of. If the file is another one, the whole file is returned.";
        let known = "The `ETag` of the file that you have. If the file is still the same, the response is 304 without a body.";
        openapi::header_parameter(op, "Range", range, false);
        openapi::header_parameter(op, "If-Range", if_range, false);
        openapi::header_parameter(op, "If-None-Match", known, false);
        openapi::problems(op, &[416]);
    }
}
