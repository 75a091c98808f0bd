//! Deleting attachments, each with its content.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Statement, Tenant};
use belfort_ids::{AttachmentId, TaskId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Delete, Grant, Read};
use belfort_values::Expected;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid};

use super::read::this;
use super::{Attachment, AttachmentError};
use crate::change::is_stale;
use crate::tables::attachments;

/// Deletes an attachment and its content, unless `expected` is given and is not its version.
pub fn delete(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Delete>,
    origin: &Origin,
    id: AttachmentId,
    expected: impl Into<Expected>,
) -> Result<(), AttachmentError> {
    let row = attachments::table.filter(this(of_tasks.reach(), grant.reach(), id));
    let query = row.select(Attachment::as_select()).for_update();
    let gone: Attachment = tx.find(query)?.ok_or(AttachmentError::NotFound)?;
    if is_stale(expected, gone.version) {
        return Err(AttachmentError::Stale);
    }
    tx.run(diesel::delete(attachments::table.find(id)))?;
    drop_chunks(tx, id)?;
    Ok(append(tx, origin, &[Event::deleted(origin, &gone)])?)
}

/// Deletes the attachments of a task that is locked for its deletion, and answers their events. With the task
/// they would go untold, and their content would stay.
pub(crate) fn delete_of_task(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    const CHUNKS: Statement = Statement::new("DELETE FROM attachment_pieces WHERE attachment_id = ANY($1)");
    let delete = diesel::delete(attachments::table.filter(attachments::task_id.eq(task)));
    let mut gone: Vec<Attachment> = tx.rows(delete.returning(Attachment::as_returning()))?;
    let ids: Vec<AttachmentId> = gone.iter().map(|attachment| attachment.id).collect();
    // After their attachments, as everywhere: in another order two who delete at once could wait for each
    // other.
    tx.run(CHUNKS.bind::<Array<Uuid>, _>(ids))?;
    gone.sort_unstable_by_key(|attachment| attachment.id);
    Ok(gone.iter().map(|attachment| Event::deleted(origin, attachment)).collect())
}

/// Deletes the content of an attachment or an upload.
pub(super) fn drop_chunks(tx: &mut impl Tenant, id: AttachmentId) -> QueryResult<usize> {
    const CHUNKS: Statement = Statement::new("DELETE FROM attachment_pieces WHERE attachment_id = $1");
    tx.run(CHUNKS.bind::<Uuid, _>(id))
}
