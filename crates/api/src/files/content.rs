//! The answer with the content of a file.

use std::io;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, CacheControl, CacheDirective, Charset, ContentDisposition, ContentRange, ContentRangeSpec,
    DispositionParam, DispositionType, EntityTag, ExtendedValue,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use belfort_openapi::{self as openapi, CONTENT_DISPOSITION, ETAG, ResponseHeader, text};
use belfort_work::FileName;
use belfort_work::attachments::Attachment;
use futures_util::stream::LocalBoxStream;
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DataType, DefaultOperationRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde_json::json;

/// 200 or 206 with the content, 304 where the caller has it.
pub(crate) enum Content {
    /// The caller has it.
    Known(Attachment),
    /// It is on its way.
    Sent(Sent),
}

/// Content that is on its way.
pub(crate) struct Sent {
    pub(super) file: Attachment,
    /// The bytes that were asked for; `None` for all.
    pub(super) range: Option<RangeInclusive<u64>>,
    pub(super) body: LocalBoxStream<'static, io::Result<Bytes>>,
}

/// The tag of the content: its digest, so that the same tag means the same bytes. It is not the tag of the
/// row.
pub(super) fn tag_of(file: &Attachment) -> EntityTag {
    EntityTag::new_strong(file.digest())
}

impl Responder for Content {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let (file, sent) = match self {
            Self::Known(file) => (file, None),
            Self::Sent(sent) => (sent.file, Some((sent.range, sent.body))),
        };
        let status = match &sent {
            None => StatusCode::NOT_MODIFIED,
            Some((None, _)) => StatusCode::OK,
            Some((Some(_), _)) => StatusCode::PARTIAL_CONTENT,
        };
        let mut response = HttpResponse::build(status);
        response
            .insert_header(header::ETag(tag_of(&file)))
            .insert_header(header::LastModified(SystemTime::from(file.created_at).into()))
            // It may be kept by who got it, but is asked for again each time: they may have lost the right to
            // it.
            .insert_header(CacheControl(vec![CacheDirective::Private, CacheDirective::NoCache]))
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            // Whatever is in it, a browser that opens it runs nothing, embeds nothing, and lets no other site
            // have it.
            .insert_header(disposition(&file.name))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header(("cross-origin-resource-policy", "same-origin"));
        let Some((range, body)) = sent else { return response.finish() };
        let size = file.length();
        let length = match &range {
            Some(bytes) => bytes.end().saturating_sub(*bytes.start()).saturating_add(1),
            None => size,
        };
        if let Some(bytes) = range {
            let range = Some((*bytes.start(), *bytes.end()));
            let range = ContentRangeSpec::Bytes { range, instance_length: Some(size) };
            response.insert_header(ContentRange(range));
        }
        response.content_type(file.content_type).body(SizedStream::new(length, body))
    }
}

/// To be saved, not shown: under its name for those who read RFC 8187, under an ASCII one for the others.
fn disposition(name: &FileName) -> ContentDisposition {
    let plain = |c: char| c == ' ' || c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | ';');
    let ascii: String = name.as_str().chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let mut parameters = vec![DispositionParam::Filename(ascii.clone())];
    if ascii != name.as_str() {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_str().as_bytes().to_vec(),
        }));
    }
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

impl Apiv2Schema for Content {}
impl OperationModifier for Content {
    fn update_response(op: &mut DefaultOperationRaw) {
        const RANGE: ResponseHeader =
            text("Content-Range", "The range that is returned, and the size of the file.");
        const RANGES: ResponseHeader = text("Accept-Ranges", "Always `bytes`: ranges are supported.");
        const LENGTH: ResponseHeader = ResponseHeader {
            name: "Content-Length",
            description: "The number of bytes in the body.",
            kind: DataType::Integer,
        };
        let bytes = || {
            vec![("*/*", openapi::literal(None, json!({ "type": "string", "format": "binary" }), Vec::new()))]
        };
        let all = [ETAG, CONTENT_DISPOSITION, RANGES, LENGTH];
        openapi::response_as(op, 200, "The whole file.", bytes(), &all);
        let part = [ETAG, CONTENT_DISPOSITION, RANGES, LENGTH, RANGE];
        openapi::response_as(op, 206, "The requested range of the file.", bytes(), &part);
        openapi::response(op, 304, "The file has not changed.", None, &[ETAG]);
    }
}
