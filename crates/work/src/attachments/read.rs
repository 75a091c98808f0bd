//! Reading attachments.

use belfort_audit::postgres::StoredEvent;
use belfort_db::Tenant;
use belfort_ids::{AttachmentId, TaskId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Grant, Reach, Read, Scope};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::{Attachment, AttachmentError};
use crate::history::{self, Visibility};
use crate::reach::{self, Reached};
use crate::tables::attachments;

/// Attachments of a task in the order in which they were begun to be sent, from after the attachment `after`;
/// `limit` at most.
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

/// The history of an attachment, newest first, from before the event number `before`; `limit` at most.
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

/// The attachment, when it is there and in reach.
pub(super) fn this<'r>(
    of_tasks: &'r Reach,
    own: &'r Reach,
    id: AttachmentId,
) -> Reached<'r, attachments::table> {
    Box::new(attachments::id.eq(id).and(reach::attachment(of_tasks, own)))
}
