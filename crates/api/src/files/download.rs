//! A file that goes out: all of it or a range, piece by piece.
//!
//! Nobody holds a connection while the receiver takes their time: each piece is read in a transaction of its own, which asks
//! again who they are and whether the file is in their reach. Whoever lost that on the way gets no more of it.

use std::io;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, EntityTag, ExtendedValue,
};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use belfort_ids::AttachmentId;
use belfort_openapi::{self as openapi, CONTENT_DISPOSITION, ETAG, ResponseHeader, text};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Grant, Read};
use belfort_work::FileName;
use belfort_work::attachments::{self, Attachment};
use futures_util::future::{Ready, ready};
use futures_util::{Stream, StreamExt, stream};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DataType, DefaultOperationRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde_json::json;
use tracing::Instrument;

use super::pieces::{Pieces, SEALED};
use super::range::{Part, part};
use crate::context::{Gate, RequestContext};
use crate::error::{ApiResult, Problem};
use crate::input::Path;
use crate::output::etag::KnownTags;

type Permit = Gate<Attachments, Read>;

/// What of a file is asked for, and what the caller has of it already.
pub(crate) struct Wanted {
    range: Option<String>,
    if_range: Option<String>,
    known: KnownTags,
}

/// 200 or 206 with the content, 304 where the caller has it.
pub(crate) enum Content {
    Known(Attachment),
    Sent(Box<Sent>),
}

/// Content that is on its way.
pub(crate) struct Sent {
    file: Attachment,
    /// Which bytes; `None` for all.
    range: Option<RangeInclusive<u64>>,
    first: Bytes,
    rest: Rest,
}

/// The pieces that are still to be read.
struct Rest {
    gate: Permit,
    pieces: Pieces,
    bytes: RangeInclusive<u64>,
    numbers: RangeInclusive<u32>,
}

impl Wanted {
    /// Finds the file and the first piece of what is wanted of it: if that does not open, it is told in an answer.
    pub(crate) async fn of(self, gate: Permit, path: Path<(AttachmentId,)>) -> ApiResult<Content> {
        let reauthorized = gate.reauthorize();
        gate.read(move |ctx, grant| {
            let of_tasks = ctx.grant::<Tasks, Read>()?;
            let file = attachments::get(&mut ctx.tx, &of_tasks, grant, path.ids()?.0)?;
            let file = file.ok_or_else(Problem::not_found)?;
            if self.known.contain(&tag_of(&file)) {
                return Ok(Content::Known(file));
            }
            let size = u64::try_from(file.size).map_err(Problem::internal)?;
            let range = match self.part(&tag_of(&file), size) {
                Part::Whole => None,
                Part::Bytes(bytes) => Some(bytes),
                Part::Nothing => return Err(Problem::out_of_range(size)),
            };
            let pieces = Pieces { of: file.id, size };
            let bytes = range.clone().unwrap_or(0..=size.saturating_sub(1));
            let mut numbers = pieces.of_bytes(&bytes).ok_or_else(|| Problem::internal("too many pieces"))?;
            let number = numbers.next().unwrap_or_default();
            let first = read(ctx, grant, pieces, number, &bytes)?;
            let rest = Rest { gate: reauthorized, pieces, bytes, numbers };
            Ok(Content::Sent(Box::new(Sent { file, range, first, rest })))
        })
        .await
    }

    /// With an `If-Range`, the range counts only if the file is still the one that the caller has a part of.
    fn part(&self, tag: &EntityTag, size: u64) -> Part {
        match &self.range {
            Some(range) if self.if_range.as_ref().is_none_or(|known| *known == tag.to_string()) => {
                part(range, size)
            }
            _ => Part::Whole,
        }
    }
}

/// What of a piece is among these bytes of the file.
fn read(
    ctx: &mut RequestContext,
    grant: &Grant<Attachments, Read>,
    pieces: Pieces,
    number: u32,
    bytes: &RangeInclusive<u64>,
) -> ApiResult<Bytes> {
    let of_tasks = ctx.grant::<Tasks, Read>()?;
    let broken =
        |what: &str| Problem::internal(format!("piece {number} of attachment {}: {what}", pieces.of));
    let (place, length) = pieces.place(number).ok_or_else(|| broken("there cannot be one"))?;
    let at = i32::try_from(number).map_err(Problem::internal)?;
    let stored = attachments::piece(&mut ctx.tx, &of_tasks, grant, pieces.of, at)?;
    let stored = stored.ok_or_else(|| broken("it is gone"))?;
    let keyring = &ctx.info.app.services.keyring;
    let opened = keyring.open_chunk(ctx.tx.tenant().id, SEALED, &stored.key_id, &stored.sealed, place);
    let opened = opened.map_err(|error| broken(&error.to_string()))?;
    if opened.len() != length {
        return Err(broken("it has another length than the file says"));
    }
    if opened.is_empty() {
        return Ok(Bytes::new());
    }
    let within = Pieces::within(number, bytes);
    let end = (*within.end()).min(length.saturating_sub(1));
    opened
        .get(*within.start()..=end)
        .map(Bytes::copy_from_slice)
        .ok_or_else(|| broken("it does not have the range"))
}

impl Rest {
    /// Each piece when it is asked for, which is when the receiver has taken the one before. It ends with the first that
    /// cannot be had, and the connection with it: the receiver knows the length and that this is not all.
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + 'static {
        let span = tracing::Span::current();
        stream::unfold(Some(self), move |rest| {
            let span = span.clone();
            async move {
                let mut rest = rest?;
                let number = rest.numbers.next()?;
                match rest.read(number).instrument(span.clone()).await {
                    Ok(bytes) => Some((Ok(bytes), Some(rest))),
                    Err(problem) => {
                        span.in_scope(|| {
                            tracing::error!(%problem, cause = problem.cause(), "a download broke off");
                        });
                        Some((Err(io::Error::other("the download broke off")), None))
                    }
                }
            }
        })
    }

    async fn read(&self, number: u32) -> ApiResult<Bytes> {
        let (pieces, bytes) = (self.pieces, self.bytes.clone());
        self.gate.reauthorize().read(move |ctx, grant| read(ctx, grant, pieces, number, &bytes)).await
    }
}

/// The tag of the content: its digest, so that the same tag means the same bytes. It is not the tag of the row.
fn tag_of(file: &Attachment) -> EntityTag {
    EntityTag::new_strong(file.digest())
}

impl Responder for Content {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let (file, sent) = match self {
            Self::Known(file) => (file, None),
            Self::Sent(sent) => (sent.file, Some((sent.range, sent.first, sent.rest))),
        };
        let status = match &sent {
            None => StatusCode::NOT_MODIFIED,
            Some((None, ..)) => StatusCode::OK,
            Some((Some(_), ..)) => StatusCode::PARTIAL_CONTENT,
        };
        let mut response = HttpResponse::build(status);
        response
            .insert_header(header::ETag(tag_of(&file)))
            .insert_header(header::LastModified(SystemTime::from(file.created_at).into()))
            // It may be kept by who got it, but is asked for again each time: they may have lost the right to it.
            .insert_header((header::CACHE_CONTROL, "private, no-cache"))
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            // Whatever is in it, a browser that opens it runs nothing, embeds nothing, and lets no other site have it.
            .insert_header(disposition(&file.name))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header(("cross-origin-resource-policy", "same-origin"));
        let Some((range, first, rest)) = sent else { return response.finish() };
        let size = rest.pieces.size;
        let length = match &range {
            Some(bytes) => bytes.end().saturating_sub(*bytes.start()).saturating_add(1),
            None => size,
        };
        if let Some(bytes) = range {
            let range = format!("bytes {}-{}/{size}", bytes.start(), bytes.end());
            response.insert_header((header::CONTENT_RANGE, range));
        }
        let body = stream::once(ready(Ok(first))).chain(rest.stream());
        response.content_type(file.content_type).body(SizedStream::new(length, Box::pin(body)))
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

impl FromRequest for Wanted {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = |name| {
            let mut values = request.headers().get_all(name).map(|value| value.to_str().unwrap_or_default());
            let value = values.next().map(str::to_owned);
            // Given twice it is none: nobody knows which one is meant.
            if values.next().is_some() { Some(String::new()) } else { value }
        };
        ready(Ok(Self {
            range: header(header::RANGE),
            if_range: header(header::IF_RANGE),
            known: KnownTags::of(request),
        }))
    }
}

impl Apiv2Schema for Wanted {}
impl OperationModifier for Wanted {
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
