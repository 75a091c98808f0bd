//! A file that comes in: `multipart/form-data` with the one field `file`, stored chunk by chunk while it
//! arrives.
//!
//! Nobody holds a connection while the sender takes their time: the upload is registered in one transaction,
//! each chunk is stored in one, and the last one makes the attachment. The gate stands before each of them.
//! What does not get to the end leaves nothing.

use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::mime;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use belfort_ids::TaskId;
use belfort_openapi as openapi;
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Create, Read};
use belfort_work::FileName;
use belfort_work::attachments::{
    self, Attachment, AttachmentError, Chunker, ContentWriter, NewAttachment, StoredContent, Upload,
};
use futures_util::StreamExt;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde::Serialize;
use serde_json::json;

use super::multipart_guard::guarded;
use super::{byte_count, content_keys};
use crate::context::Gate;
use crate::context::RequestInfo;
use crate::error::{ApiResult, FieldCode, Problem, ProblemCode, Refused};
use crate::input::{Path, broken, length, not_encoded, paced};
use crate::output::{Created, Idempotent, Location, Versioned};

/// The one field.
const FIELD: &str = "file";
/// Bytes around the file, boundaries and headers and all, at most.
const ENVELOPE: u64 = 64 * 1024;

type Permit = Gate<Attachments, Create>;
/// The result of an upload, and of each of its transactions.
pub(crate) type UploadResult<T> = ApiResult<T, Refused<AttachmentError>>;

/// A file in a body of which nothing was read yet.
pub(crate) struct MultipartUpload {
    acceptable: ApiResult<()>,
    parts: Multipart,
    limit: u64,
    /// The time in which the next bytes arrive.
    pause: Duration,
}

impl MultipartUpload {
    /// Stores the file and attaches it to the task.
    pub(crate) async fn attach<T: Serialize + Apiv2Schema + From<Attachment> + Send + 'static>(
        self,
        gate: Permit,
        task: Path<(TaskId,)>,
    ) -> UploadResult<Idempotent<Created<Versioned<T>>>> {
        let Self { acceptable, parts, limit, pause } = self;
        let (task, upload) = gate
            .reauthorize()
            .write(|ctx, grant| {
                let (of_tasks, task) = (ctx.grant::<Tasks, Read>()?, task.ids()?.0);
                let upload = attachments::begin(&mut ctx.tx, &of_tasks, grant, &ctx.origin, task)?;
                // Looked at only now, and still nothing of it lasts when something is wrong.
                ctx.info.key()?;
                acceptable?;
                UploadResult::Ok((task, upload))
            })
            .await?;
        let session = UploadSession { gate, upload, pause, open: true };
        let received = session.receive(parts, limit).await;
        let attached = match received {
            Ok(file) => session.finish(task, file).await,
            Err(problem) => Err(problem),
        };
        session.end(attached).await
    }
}

/// A file that has arrived and is stored.
struct ReceivedFile {
    name: FileName,
    content: StoredContent,
}

/// An upload that is under way. Dropped without [`UploadSession::end`], because its sender hung up, it leaves
/// nothing either.
struct UploadSession {
    gate: Permit,
    upload: Upload,
    pause: Duration,
    open: bool,
}

impl UploadSession {
    /// Reads the body to its end.
    async fn receive(&self, mut parts: Multipart, limit: u64) -> UploadResult<ReceivedFile> {
        let mut file = None;
        while let Some(part) = self.in_time(parts.next()).await? {
            let part = part.map_err(malformed)?;
            let name = part.name().unwrap_or_default();
            if name != FIELD {
                return Err(Problem::invalid_field(
                    name,
                    FieldCode::UnknownField,
                    "is not a field of this operation",
                )
                .into());
            }
            if file.is_some() {
                return Err(
                    Problem::invalid_field(FIELD, FieldCode::Invalid, "must be given only once").into()
                );
            }
            file = Some(self.store(part, limit).await?);
        }
        file.ok_or_else(|| Problem::invalid_field(FIELD, FieldCode::Required, "is required").into())
    }

    /// Stores what arrives of the file, chunk by chunk.
    async fn store(&self, mut part: Field, limit: u64) -> UploadResult<ReceivedFile> {
        // Where the guard did not find it, behind a preamble: the reader obeys it, and a wrong one would cut
        // the file.
        if part.headers().contains_key(header::CONTENT_LENGTH) {
            return Err(unreadable("A part must not have a Content-Length header.").into());
        }
        let name = name(&part);
        let (mut chunker, mut writer, mut size) =
            (Chunker::default(), ContentWriter::new(self.upload), 0_u64);
        while let Some(arrived) = self.in_time(part.next()).await? {
            let arrived = arrived.map_err(malformed)?;
            size = size.saturating_add(byte_count(arrived.len()));
            if size > limit {
                return Err(too_large(limit).into());
            }
            let mut arrived = &arrived[..];
            while !arrived.is_empty() {
                if let Some(chunk) = chunker.push(&mut arrived) {
                    writer = self.store_chunk(writer, chunk).await?;
                }
            }
        }
        let content = self.store_last(writer, chunker.last()).await?;
        Ok(ReceivedFile { name, content })
    }

    async fn in_time<T>(&self, arrives: impl Future<Output = T>) -> UploadResult<T> {
        tokio::time::timeout(self.pause, arrives).await.map_err(|_elapsed| Problem::request_timeout().into())
    }

    async fn store_chunk(&self, mut writer: ContentWriter, chunk: Vec<u8>) -> UploadResult<ContentWriter> {
        let store = self.gate.reauthorize().write(move |ctx, grant| {
            let keys = content_keys(&ctx.info, &ctx.tx);
            writer.store(&mut ctx.tx, grant, keys, &chunk)?;
            Ok(writer)
        });
        store.await
    }

    async fn store_last(&self, writer: ContentWriter, chunk: Vec<u8>) -> UploadResult<StoredContent> {
        let store = self.gate.reauthorize().write(move |ctx, grant| {
            let keys = content_keys(&ctx.info, &ctx.tx);
            Ok(writer.finish(&mut ctx.tx, grant, keys, &chunk)?)
        });
        store.await
    }

    /// Makes the attachment, as the same caller would in one request: all is asked for again.
    async fn finish<T: Serialize + Apiv2Schema + From<Attachment> + Send + 'static>(
        &self,
        task_id: TaskId,
        file: ReceivedFile,
    ) -> UploadResult<Idempotent<Created<Versioned<T>>>> {
        let upload = self.upload;
        let finish = self.gate.reauthorize().write(move |ctx, grant| {
            let of_tasks = ctx.grant::<Tasks, Read>()?;
            let request = ctx.info.digest(&[file.name.as_str().as_bytes(), file.content.sha256()]);
            let made = ctx.idempotently(request, |ctx| {
                let new = NewAttachment { task_id, name: file.name, content: file.content };
                let row = attachments::create(&mut ctx.tx, &of_tasks, grant, &ctx.origin, new)?;
                Idempotent::store(Created::at(
                    Location::of("/attachments", row.id),
                    Versioned::new(row.version, T::from(row)),
                ))
            })?;
            // With the key of an earlier request the answer is that one's, and this file is dropped.
            attachments::abandon(&mut ctx.tx, upload)?;
            Ok(Idempotent::replay(made))
        });
        finish.await
    }

    /// The answer, once nothing is left of what failed.
    async fn end<T>(mut self, answer: UploadResult<T>) -> UploadResult<T> {
        self.open = false;
        if answer.is_err() {
            abandon(self.gate.reauthorize(), self.upload).await;
        }
        answer
    }
}

impl Drop for UploadSession {
    fn drop(&mut self) {
        // When the whole process ends there is nobody to do it; then it is swept later.
        if let (true, Ok(runtime)) = (self.open, tokio::runtime::Handle::try_current()) {
            runtime.spawn(abandon(self.gate.reauthorize(), self.upload));
        }
    }
}

async fn abandon(gate: Permit, upload: Upload) {
    let abandoned = gate.compensate(move |tx| Ok(attachments::abandon(tx, upload)?)).await;
    if let Err(problem) = abandoned {
        tracing::warn!(%problem, cause = problem.cause(), "an upload is left to be swept");
    }
}

/// The name that the sender gives the file; with an encoding where they say it twice (RFC 8187).
fn name(part: &Field) -> FileName {
    let disposition = part.content_disposition();
    let extended = disposition.and_then(|disposition| disposition.get_filename_ext());
    let extended = extended.and_then(|name| std::str::from_utf8(&name.value).ok());
    let plain = disposition.and_then(|disposition| disposition.get_filename());
    FileName::of(extended.or(plain).unwrap_or_default())
}

fn too_large(limit: u64) -> Problem {
    let detail = format!("The file is too large: at most {limit} bytes are allowed.");
    Problem::new(ProblemCode::TooLarge, detail)
}

fn unreadable(detail: &'static str) -> Problem {
    Problem::new(ProblemCode::MalformedMultipart, detail)
}

fn malformed(error: MultipartError) -> Problem {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => {
            unreadable("The form has too much data besides the file.")
        }
        MultipartError::Payload(PayloadError::EncodingCorrupted) => {
            unreadable("The boundary occurs inside of a part. Choose another boundary.")
        }
        MultipartError::Payload(error) => broken(&error),
        MultipartError::Incomplete => broken(&PayloadError::Incomplete(None)),
        _ => unreadable("The body is not valid multipart/form-data with the boundary of its Content-Type."),
    }
}

/// Refuses a body by its headers, before any of it is waited for.
fn acceptable(request: &HttpRequest, limit: u64) -> ApiResult<()> {
    if !request.content_type().eq_ignore_ascii_case(mime::MULTIPART_FORM_DATA.essence_str()) {
        let detail = "Send multipart/form-data with the file in the field `file`.";
        return Err(Problem::new(ProblemCode::NotMultipart, detail));
    }
    not_encoded(request)?;
    let announced = length(request).map(byte_count);
    if announced.is_some_and(|length| length > limit.saturating_add(ENVELOPE)) {
        return Err(too_large(limit));
    }
    Ok(())
}

impl FromRequest for MultipartUpload {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(RequestInfo::of(request).map(|info| {
            let (limit, pause) = (info.app.settings.attachment_limit, info.app.settings.body_timeout);
            let body = paced(payload.take(), info.app.settings.body_rate);
            let body = guarded(body, request, limit.saturating_add(ENVELOPE));
            let parts = Multipart::new(request.headers(), body);
            Self { acceptable: acceptable(request, limit), parts, limit, pause }
        }))
    }
}

impl Apiv2Schema for MultipartUpload {}
impl OperationModifier for MultipartUpload {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        let file = json!({
            "type": "string",
            "format": "binary",
            "description": "The file, with its name. The media type is detected from its first bytes.",
        });
        let form = json!({
            "type": "object",
            "description": "A file to attach to a task.",
            "properties": { FIELD: file },
            "required": [FIELD],
            "additionalProperties": false,
        });
        let form = openapi::literal(Some("CreateAttachment"), form, Vec::new());
        openapi::body_as(op, vec![("multipart/form-data", form)]);
        openapi::problems(op, &[400, 408, 409, 413, 415, 422]);
    }
}
