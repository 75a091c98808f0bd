//! Looking at attachments and at what is in them.

use belfort_audit::postgres::StoredEvent;
use belfort_db::Tenant;
use belfort_ids::{AttachmentId, TaskId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Grant, Read, Scope};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::{Attachment, AttachmentError, this};
use crate::history::{self, Visibility};
use crate::reach;
use crate::tables::{attachment_pieces, attachments};

/// A piece of an attachment, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = attachment_pieces, check_for_backend(belfort_db::Backend))]
pub struct StoredPiece {
    /// The key that it is sealed under.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// Attachments of a task in the order in which they were begun to be sent, from after the attachment `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Read>,
    task: TaskId,
    after: Option<AttachmentId>,
    limit: i64,
) -> Result<Vec<Attachment>, AttachmentError> {
    let mut query = attachments::table
        .select(Attachment::as_select())
        .filter(attachments::task_id.eq(task))
        .filter(reach::attachment(of_tasks.reach(), grant.reach()))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(attachments::id.gt(after));
    }
    let page: Vec<Attachment> = tx.rows(query.order(attachments::id).limit(limit))?;
    if page.is_empty() && !reach::task_exists(tx, of_tasks.reach(), task)? {
        return Err(AttachmentError::NotFound);
    }
    Ok(page)
}

/// The attachment with this id.
pub fn get(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Read>,
    id: AttachmentId,
) -> Result<Option<Attachment>, AttachmentError> {
    let row = attachments::table.filter(this(of_tasks.reach(), grant.reach(), id));
    Ok(tx.find(row.select(Attachment::as_select()))?)
}

/// The piece of this number of an attachment, `None` when there is none.
pub fn piece(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Read>,
    id: AttachmentId,
    number: i32,
) -> Result<Option<StoredPiece>, AttachmentError> {
    // Boxed for the same reason as in `reach`.
    let in_reach = attachments::table.filter(this(of_tasks.reach(), grant.reach(), id));
    let row = attachment_pieces::table
        .filter(attachment_pieces::attachment_id.eq_any(in_reach.select(attachments::id).into_boxed()))
        .filter(attachment_pieces::number.eq(number));
    Ok(tx.find(row.select(StoredPiece::as_select()))?)
}

/// What happened to an attachment, newest first, from before the event number `before`; `limit` at most.
///
/// Of an attachment that is gone, only grants that reach every task and every attachment still tell.
pub fn history(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Read>,
    id: AttachmentId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredEvent>, AttachmentError> {
    let (tasks, own) = (of_tasks.reach(), grant.reach());
    let in_reach = tx.row(diesel::select(exists(attachments::table.filter(this(tasks, own, id)))))?;
    let visibility = Visibility::of(in_reach, tasks.scope() == Scope::All && own.scope() == Scope::All);
    let events = history::of_row::<Attachment>(tx, id.uuid(), visibility, before, limit)?;
    events.ok_or(AttachmentError::NotFound)
}
