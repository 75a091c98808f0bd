//! Uploads: content whose attachment is not there yet.

use belfort_audit::Origin;
use belfort_db::{Statement, Tenant};
use belfort_ids::{AttachmentId, TaskId, UserId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Create, Grant, Read};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Timestamptz, Uuid};

use super::AttachmentError;
use super::delete::drop_chunks;
use crate::change::stored;
use crate::reach;
use crate::tables::{attachment_uploads, tasks};

/// The time that an upload may take. What is older was left behind by a process that crashed.
pub const LIFETIME: Duration = Duration::hours(1);

/// An upload that was begun. Only [`begin`] makes one, so who has it was permitted to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload {
    id: AttachmentId,
}

impl Upload {
    /// The id that the attachment will have. Its chunks are sealed for it.
    pub const fn id(&self) -> AttachmentId {
        self.id
    }
}

/// Begins to attach a file to a task that the caller can see. What others left behind is swept on the way.
pub fn begin(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Create>,
    origin: &Origin,
    task: TaskId,
) -> Result<Upload, AttachmentError> {
    let upload = Upload { id: AttachmentId::new(origin.at) };
    let row = tasks::table.filter(reach::this_task(of_tasks.reach(), task)).select((
        upload.id.into_sql::<Uuid>(),
        grant.user().into_sql::<Uuid>(),
        stored(origin.at).into_sql::<Timestamptz>(),
    ));
    let insert = diesel::insert_into(attachment_uploads::table).values(row).into_columns((
        attachment_uploads::id,
        attachment_uploads::author_id,
        attachment_uploads::begun_at,
    ));
    if tx.run(insert)? == 0 {
        return Err(AttachmentError::NotFound);
    }
    sweep(tx, origin.at)?;
    Ok(upload)
}

/// Takes an upload out of those that are under way; `false` when it was none.
pub(super) fn close(tx: &mut impl Tenant, upload: Upload, author: UserId) -> QueryResult<bool> {
    let own = attachment_uploads::table.find(upload.id).filter(attachment_uploads::author_id.eq(author));
    Ok(tx.run(diesel::delete(own))? > 0)
}

/// Deletes an upload that did not become an attachment; of one that did, nothing.
///
/// No grant is demanded: who lost theirs on the way leaves nothing either.
pub fn abandon(tx: &mut impl Tenant, upload: Upload) -> QueryResult<()> {
    // Two statements: the second one also sees the chunk that the first one waited for.
    if tx.run(diesel::delete(attachment_uploads::table.find(upload.id)))? > 0 {
        drop_chunks(tx, upload.id)?;
    }
    Ok(())
}

/// Deletes the uploads that are older at `now` than they may be, and answers how many they were.
pub fn sweep(tx: &mut impl Tenant, now: DateTime<Utc>) -> QueryResult<usize> {
    // What is locked is just being written to, finished or swept: not by us as well, nor do we wait.
    const OVER: Statement<Uuid> = Statement::new(
        "DELETE FROM attachment_uploads
         WHERE id IN (SELECT id FROM attachment_uploads WHERE begun_at <= $1 FOR UPDATE SKIP LOCKED)
         RETURNING id",
    );
    const CHUNKS: Statement = Statement::new("DELETE FROM attachment_pieces WHERE attachment_id = ANY($1)");
    let over: Vec<AttachmentId> = tx.rows(OVER.bind::<Timestamptz, _>(now - LIFETIME))?;
    if !over.is_empty() {
        tx.run(CHUNKS.bind::<Array<Uuid>, _>(&over))?;
    }
    Ok(over.len())
}
