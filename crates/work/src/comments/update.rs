//! Changing a comment.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Statement, Tenant};
use belfort_ids::CommentId;
use belfort_policy::{Comments, Tasks};
use belfort_rbac::{Grant, Read, Update};
use belfort_values::Expected;
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid};

use super::read::lock;
use super::{Comment, CommentError, CommentPatch};
use crate::change::{later, next};

/// Changes a comment, unless `expected` is given and is not its version any more. A patch that changes
/// nothing writes nothing.
pub fn update(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Comments, Update>,
    origin: &Origin,
    id: CommentId,
    expected: impl Into<Expected>,
    patch: CommentPatch,
) -> Result<Comment, CommentError> {
    const UPDATE: Statement =
        Statement::new("UPDATE comments SET body = $1, version = $2, updated_at = $3 WHERE id = $4");
    let before = lock(tx, of_tasks.reach(), grant.reach(), id, expected)?;
    let after = Comment { body: patch.body.unwrap_or_else(|| before.body.clone()), ..before.clone() };
    if after == before {
        return Ok(before);
    }
    let after =
        Comment { version: next(before.version), updated_at: later(before.updated_at, origin), ..after };
    tx.run(
        UPDATE
            .bind::<Text, _>(&after.body)
            .bind::<Integer, _>(after.version)
            .bind::<Timestamptz, _>(after.updated_at)
            .bind::<Uuid, _>(after.id),
    )?;
    append(tx, origin, Event::updated(origin, &before, &after).as_slice())?;
    Ok(after)
}
