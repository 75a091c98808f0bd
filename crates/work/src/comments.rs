//! Comments on tasks.
//!
//! A comment is where its task is: every function demands the grant to read tasks beside the one for comments.

use belfort_audit::postgres::{EventRow, append};
use belfort_audit::{Changes, Event, Origin};
use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::{CommentId, TaskId, UserId};
use belfort_policy::{Comments, Tasks};
use belfort_rbac::{Create, Delete, Grant, Reach, Read, Scope, Update};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid};

use crate::CommentBody;
use crate::history::{self, Visibility};
use crate::reach::{self, Reached};
use crate::tables::{comments, tasks};
use crate::tasks::stored;

/// What the history calls them.
const RESOURCE: &str = "comments";

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = comments, check_for_backend(belfort_db::Backend))]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The task it is on.
    pub task_id: TaskId,
    /// Who wrote it, maybe somebody who left.
    pub author_id: UserId,
    /// What it says.
    pub body: CommentBody,
    /// Counts its changes.
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// What is to change about a comment; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommentPatch {
    /// What it says.
    pub body: Option<CommentBody>,
}

/// Why nothing was done with a comment.
#[derive(Debug, thiserror::Error)]
pub enum CommentError {
    /// It or its task is not there or not in reach; nobody is told which.
    #[error("there is no such comment or task")]
    NotFound,
    /// Somebody else changed it first.
    #[error("the comment was changed by somebody else")]
    Stale,
    /// The database failed.
    #[error("the comments could not be read or changed")]
    Database(#[from] Error),
}

/// Comments on a task in the order in which they were written, from after the comment `after`; `limit` at most.
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
) -> Result<Comment, CommentError> {
    let query =
        comments::table.filter(this(of_tasks.reach(), grant.reach(), id)).select(Comment::as_select());
    tx.find(query)?.ok_or(CommentError::NotFound)
}

/// Writes a comment on a task that the caller can see; the grant's holder is its author.
pub fn create(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Create>,
    origin: &Origin,
    task: TaskId,
    body: CommentBody,
) -> Result<Comment, CommentError> {
    let at = stored(origin.at);
    let comment = Comment {
        id: CommentId::new(origin.at),
        task_id: task,
        author_id: grant.user(),
        body,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    let row = tasks::table.filter(reach::this_task(of_tasks.reach(), task)).select((
        comment.id.into_sql::<Uuid>(),
        tasks::id,
        comment.author_id.into_sql::<Uuid>(),
        (&comment.body).into_sql::<Text>(),
        at.into_sql::<Timestamptz>(),
        at.into_sql::<Timestamptz>(),
    ));
    let insert = diesel::insert_into(comments::table).values(row).into_columns((
        comments::id,
        comments::task_id,
        comments::author_id,
        comments::body,
        comments::created_at,
        comments::updated_at,
    ));
    // The foreign key holds the task's row (FOR KEY SHARE) from here on, so it cannot go without telling of this comment.
    match tx.run(insert) {
        Ok(0) => return Err(CommentError::NotFound),
        Ok(_) => {}
        Err(error) if violated_constraint(&error) == Some("comments_task_id_fkey") => {
            return Err(CommentError::NotFound);
        }
        Err(error) => return Err(error.into()),
    }
    let mut changes = Changes::default();
    changes.set("task_id", task).set("author_id", comment.author_id).set("body", &comment.body);
    append(tx, origin, &[Event::new(origin, RESOURCE, comment.id.uuid(), "create", changes)])?;
    Ok(comment)
}

/// Changes a comment, unless `expected` is given and is not its version any more. A patch that changes nothing writes
/// nothing.
pub fn update(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Update>,
    origin: &Origin,
    id: CommentId,
    expected: Option<i32>,
    patch: CommentPatch,
) -> Result<Comment, CommentError> {
    const UPDATE: Statement =
        Statement::new("UPDATE comments SET body = $1, version = $2, updated_at = $3 WHERE id = $4");
    let before = lock(tx, of_tasks.reach(), grant.reach(), id, expected)?;
    let body = patch.body.unwrap_or_else(|| before.body.clone());
    let mut changes = Changes::default();
    changes.field("body", &before.body, &body);
    if changes.is_empty() {
        return Ok(before);
    }
    let updated_at = before.updated_at.max(stored(origin.at));
    let after = Comment { body, version: before.version.saturating_add(1), updated_at, ..before };
    tx.run(
        UPDATE
            .bind::<Text, _>(&after.body)
            .bind::<Integer, _>(after.version)
            .bind::<Timestamptz, _>(after.updated_at)
            .bind::<Uuid, _>(after.id),
    )?;
    append(tx, origin, &[Event::new(origin, RESOURCE, id.uuid(), "update", changes)])?;
    Ok(after)
}

/// Removes a comment, unless `expected` is given and is not its version any more.
pub fn delete(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Delete>,
    origin: &Origin,
    id: CommentId,
    expected: Option<i32>,
) -> Result<(), CommentError> {
    let gone = lock(tx, of_tasks.reach(), grant.reach(), id, expected)?;
    tx.run(diesel::delete(comments::table.find(id)))?;
    Ok(append(tx, origin, &[deleted(origin, &gone)])?)
}

/// Removes the comments on a task that is locked to be removed, and answers what is to be told of them.
pub(crate) fn delete_of_task(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    let gone = diesel::delete(comments::table.filter(comments::task_id.eq(task)));
    let mut gone: Vec<Comment> = tx.rows(gone.returning(Comment::as_select()))?;
    gone.sort_unstable_by_key(|comment| comment.id);
    Ok(gone.iter().map(|comment| deleted(origin, comment)).collect())
}

/// What happened to a comment, newest first, from before the event number `before`; `limit` at most.
///
/// Of a comment that is gone, only grants that reach every task and every comment still tell.
pub fn history(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Read>,
    id: CommentId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<EventRow>, CommentError> {
    let (tasks, own) = (of_tasks.reach(), grant.reach());
    let in_reach = tx.row(diesel::select(exists(comments::table.filter(this(tasks, own, id)))))?;
    let visibility = Visibility::of(in_reach, tasks.scope() == Scope::All && own.scope() == Scope::All);
    history::of_row(tx, RESOURCE, id.uuid(), visibility, before, limit)?.ok_or(CommentError::NotFound)
}

/// The event of a comment that is gone, be it by itself or with its task.
fn deleted(origin: &Origin, gone: &Comment) -> Event {
    let mut changes = Changes::default();
    changes.gone("task_id", gone.task_id).gone("author_id", gone.author_id).gone("body", &gone.body);
    Event::new(origin, RESOURCE, gone.id.uuid(), "delete", changes)
}

fn this<'r>(of_tasks: &'r Reach, own: &'r Reach, id: CommentId) -> Reached<'r, comments::table> {
    Box::new(comments::id.eq(id).and(reach::comment(of_tasks, own)))
}

fn lock(
    tx: &mut impl Tenant,
    of_tasks: &Reach,
    own: &Reach,
    id: CommentId,
    expected: Option<i32>,
) -> Result<Comment, CommentError> {
    let query = comments::table.filter(this(of_tasks, own, id)).select(Comment::as_select());
    let comment: Comment = tx.find(query.for_no_key_update())?.ok_or(CommentError::NotFound)?;
    match expected {
        Some(version) if version != comment.version => Err(CommentError::Stale),
        _ => Ok(comment),
    }
}
