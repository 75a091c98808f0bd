//! Reading comments.

use belfort_audit::postgres::StoredEvent;
use belfort_db::Tenant;
use belfort_ids::{CommentId, TaskId};
use belfort_policy::{Comments, Tasks};
use belfort_rbac::{Grant, Reach, Read, Scope};
use belfort_values::Expected;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::{Comment, CommentError};
use crate::change::is_stale;
use crate::history::{self, Visibility};
use crate::reach::{self, Reached};
use crate::tables::comments;

/// Comments on a task in the order in which they were written, from after the comment `after`; `limit` at
/// most.
pub fn list(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Read>,
    task: TaskId,
    after: Option<CommentId>,
    limit: i64,
) -> Result<Vec<Comment>, CommentError> {
    let mut query = comments::table
        .select(Comment::as_select())
        .filter(comments::task_id.eq(task))
        .filter(reach::comment(of_tasks.reach(), grant.reach()))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(comments::id.gt(after));
    }
    let page: Vec<Comment> = tx.rows(query.order(comments::id).limit(limit))?;
    if page.is_empty() && !reach::task_exists(tx, of_tasks.reach(), task)? {
        return Err(CommentError::NotFound);
    }
    Ok(page)
}

/// The comment with this id.
pub fn get(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Read>,
    id: CommentId,
) -> Result<Option<Comment>, CommentError> {
    let query =
        comments::table.filter(this(of_tasks.reach(), grant.reach(), id)).select(Comment::as_select());
    Ok(tx.find(query)?)
}

/// The history of a comment, newest first, from before the event number `before`; `limit` at most.
///
/// Of a comment that is gone, only grants that reach every task and every comment still tell.
pub fn history(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Read>,
    id: CommentId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredEvent>, CommentError> {
    let (tasks, own) = (of_tasks.reach(), grant.reach());
    let in_reach = tx.row(diesel::select(exists(comments::table.filter(this(tasks, own, id)))))?;
    let visibility = Visibility::of(in_reach, tasks.scope() == Scope::All && own.scope() == Scope::All);
    history::of_row::<Comment>(tx, id.uuid(), visibility, before, limit)?.ok_or(CommentError::NotFound)
}

fn this<'r>(of_tasks: &'r Reach, own: &'r Reach, id: CommentId) -> Reached<'r, comments::table> {
    Box::new(comments::id.eq(id).and(reach::comment(of_tasks, own)))
}

/// The comment as it is, and as it stays until this transaction ends, unless `expected` is given and is not
/// its version.
pub(super) fn lock(
    tx: &mut impl Tenant,
    of_tasks: &Reach,
    own: &Reach,
    id: CommentId,
    expected: impl Into<Expected>,
) -> Result<Comment, CommentError> {
    let query = comments::table.filter(this(of_tasks, own, id)).select(Comment::as_select());
    let comment: Comment = tx.find(query.for_no_key_update())?.ok_or(CommentError::NotFound)?;
    if is_stale(expected, comment.version) { Err(CommentError::Stale) } else { Ok(comment) }
}
