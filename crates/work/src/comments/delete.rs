//! Deleting comments.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::Tenant;
use belfort_ids::{CommentId, TaskId};
use belfort_policy::{Comments, Tasks};
use belfort_rbac::{Delete, Grant, Read};
use belfort_values::Expected;
use diesel::prelude::*;

use super::read::lock;
use super::{Comment, CommentError};
use crate::tables::comments;

/// Deletes a comment, unless `expected` is given and is not its version any more.
pub fn delete(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Delete>,
    origin: &Origin,
    id: CommentId,
    expected: impl Into<Expected>,
) -> Result<(), CommentError> {
    let gone = lock(tx, of_tasks.reach(), grant.reach(), id, expected)?;
    tx.run(diesel::delete(comments::table.find(id)))?;
    Ok(append(tx, origin, &[Event::deleted(origin, &gone)])?)
}

/// Deletes the comments on a task that is locked for its deletion, and answers their events.
pub(crate) fn delete_of_task(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    let gone = diesel::delete(comments::table.filter(comments::task_id.eq(task)));
    let mut gone: Vec<Comment> = tx.rows(gone.returning(Comment::as_select()))?;
    gone.sort_unstable_by_key(|comment| comment.id);
    Ok(gone.iter().map(|comment| Event::deleted(origin, comment)).collect())
}
