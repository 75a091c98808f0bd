//! Creating a comment.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Tenant, violated_constraint};
use belfort_ids::{CommentId, TaskId};
use belfort_policy::{Comments, Tasks};
use belfort_rbac::{Create, Grant, Read};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamptz, Uuid};

use super::{Comment, CommentError, NewComment};
use crate::change::stored;
use crate::reach;
use crate::tables::{comments, tasks};

/// Creates a comment on a task that the caller can see; the grant's holder is its author.
pub fn create(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Create>,
    origin: &Origin,
    task: TaskId,
    new: NewComment,
) -> Result<Comment, CommentError> {
    let at = stored(origin.at);
    let comment = Comment {
        id: CommentId::new(origin.at),
        task_id: task,
        author_id: grant.user(),
        body: new.body,
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
    // The foreign key holds the task's row (FOR KEY SHARE) from here on, so it cannot go without telling of
    // this comment.
    match tx.run(insert) {
        Ok(0) => return Err(CommentError::NotFound),
        Ok(_) => {}
        Err(error) if violated_constraint(&error) == Some("comments_task_id_fkey") => {
            return Err(CommentError::NotFound);
        }
        Err(error) => return Err(error.into()),
    }
    append(tx, origin, &[Event::created(origin, &comment)])?;
    Ok(comment)
}
