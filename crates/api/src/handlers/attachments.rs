//! `/tasks/{id}/attachments` and `/attachments`.

use belfort_ids::{AttachmentId, TaskId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Create, Delete, Read};
use belfort_work::attachments::{self, Attachment};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, Problem};
use crate::files::{Conditional, Content, MultipartUpload, UploadResult};
use crate::handlers::audit::{self, HistoryEventView};
use crate::input::{IfMatch, Path};
use crate::output::{Created, Idempotent, Json, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// A file attached to a task.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct AttachmentView {
    /// The ID of the attachment.
    id: Uuid,
    /// The ID of the task.
    task_id: Uuid,
    /// The ID of the user who uploaded the file.
    author_id: Uuid,
    /// The name of the file.
    name: String,
    /// The media type, detected from the first bytes of the file.
    content_type: String,
    /// The size in bytes.
    size: i64,
    /// The SHA-256 digest of the file, in hexadecimal digits.
    sha256: String,
    /// The time of the upload.
    created_at: Timestamp,
}

impl From<Attachment> for AttachmentView {
    fn from(attachment: Attachment) -> Self {
        Self {
            id: attachment.id.uuid(),
            task_id: attachment.task_id.uuid(),
            author_id: attachment.author_id.uuid(),
            name: attachment.name.as_str().to_owned(),
            sha256: attachment.digest(),
            content_type: attachment.content_type,
            size: attachment.size,
            created_at: Timestamp(attachment.created_at),
        }
    }
}

/// List the attachments of a task
///
/// Returns the attachments that are within the scope of your role, oldest first.
#[api_v2_operation(operation_id = "list_attachments", tags(Attachments))]
pub(crate) async fn list(
    gate: Gate<Attachments, Read>,
    path: Path<(TaskId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<AttachmentView>>> {
    gate.read(move |ctx, grant| {
        let (task, id) = (ctx.grant::<Tasks, Read>()?, path.ids()?.0);
        page.page(
            ctx,
            |tx, NoFilter, after, limit| Ok(attachments::list(tx, &task, grant, id, after, limit)?),
            |row| row.id,
        )
    })
    .await
}

/// Attach a file to a task
///
/// Send the file as `multipart/form-data` with one field, `file`. The maximum size is 25 MiB unless the
/// operator of the server has configured another.
#[api_v2_operation(operation_id = "create_attachment", tags(Attachments))]
pub(crate) async fn create(
    gate: Gate<Attachments, Create>,
    path: Path<(TaskId,)>,
    file: MultipartUpload,
) -> UploadResult<Idempotent<Created<Versioned<AttachmentView>>>> {
    file.attach(gate, path).await
}

/// Get an attachment
///
/// Returns its metadata. Get the file itself from `/attachments/{id}/content`.
#[api_v2_operation(operation_id = "get_attachment", tags(Attachments))]
pub(crate) async fn get(
    gate: Gate<Attachments, Read>,
    path: Path<(AttachmentId,)>,
) -> ApiResult<Versioned<AttachmentView>> {
    gate.read(|ctx, grant| {
        let task = ctx.grant::<Tasks, Read>()?;
        let attachment = attachments::get(&mut ctx.tx, &task, grant, path.ids()?.0)?;
        let attachment = attachment.ok_or_else(Problem::not_found)?;
        Ok(Versioned::new(attachment.version, attachment.into()))
    })
    .await
}

/// Download an attachment
///
/// Returns the file, or a range of it. Browsers are told to save it and never to display it.
#[api_v2_operation(operation_id = "get_attachment_content", tags(Attachments))]
pub(crate) async fn content(
    gate: Gate<Attachments, Read>,
    path: Path<(AttachmentId,)>,
    conditional: Conditional,
) -> ApiResult<Content> {
    conditional.send(gate, path).await
}

/// Delete an attachment
///
/// Deletes the file as well. The audit history is kept.
#[api_v2_operation(operation_id = "delete_attachment", tags(Attachments))]
pub(crate) async fn delete(
    gate: Gate<Attachments, Delete>,
    path: Path<(AttachmentId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let task = ctx.grant::<Tasks, Read>()?;
        attachments::delete(&mut ctx.tx, &task, grant, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}

/// List the history of an attachment
///
/// Returns what was changed, by whom and when, newest first. Whoever may read the attachment now may read all of
/// its history, also earlier texts and changes from before they could see it.
#[api_v2_operation(operation_id = "list_attachment_history", tags(Attachments))]
pub(crate) async fn history(
    gate: Gate<Attachments, Read>,
    path: Path<(AttachmentId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<HistoryEventView>>> {
    gate.read(move |ctx, grant| {
        let task = ctx.grant::<Tasks, Read>()?;
        let id = path.ids()?.0;
        audit::history(ctx, &page, |tx, before, limit| {
            Ok(attachments::history(tx, &task, grant, id, before, limit)?)
        })
    })
    .await
}
