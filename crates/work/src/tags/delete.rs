//! Deleting a tag, also from its tasks.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Statement, Tenant};
use belfort_ids::{TagId, TaskId};
use belfort_policy::Tags;
use belfort_rbac::{Delete, Grant};
use belfort_values::Expected;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamptz, Uuid};

use super::read::this;
use super::{Tag, TagError};
use crate::change::{is_stale, stored};
use crate::tables::tags;
use crate::tasks::tag_removed;

const LOCK_TASKS: Statement<Uuid> = Statement::new(
    "SELECT id FROM tasks
     WHERE id IN (SELECT task_id FROM task_tags WHERE tag_id = $1)
     ORDER BY id
     FOR NO KEY UPDATE",
);

const UNTAG: Statement<(Uuid, Integer)> = Statement::new(
    "WITH gone AS (
         DELETE FROM task_tags WHERE tag_id = $1 RETURNING task_id
     )
     UPDATE tasks SET version = version + 1, updated_at = greatest(updated_at, $2)
     WHERE id IN (SELECT task_id FROM gone)
     RETURNING id, version",
);

/// Deletes a tag, also from every task that has it, unless `expected` is given and is not its version any
/// more.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Delete>,
    origin: &Origin,
    id: TagId,
    expected: impl Into<Expected>,
) -> Result<(), TagError> {
    // First the tag, so that no further task can get it; then the tasks, before their links: whoever changes
    // a task takes its locks in that order too.
    let query = tags::table.filter(this(grant.reach(), id)).select(Tag::as_select());
    let tag: Tag = tx.find(query.for_update())?.ok_or(TagError::NotFound)?;
    if is_stale(expected, tag.version) {
        return Err(TagError::Stale);
    }
    tx.rows::<TaskId, _>(LOCK_TASKS.bind::<Uuid, _>(id))?;
    let mut tasks: Vec<(TaskId, i32)> =
        tx.rows(UNTAG.bind::<Uuid, _>(id).bind::<Timestamptz, _>(stored(origin.at)))?;
    tasks.sort_unstable();
    tx.run(diesel::delete(tags::table.find(id)))?;
    let untagged = |(task, version)| tag_removed(origin, task, version, id, Some(tag.name.as_str()));
    let events: Vec<_> = tasks.into_iter().map(untagged).chain([Event::deleted(origin, &tag)]).collect();
    Ok(append(tx, origin, &events)?)
}
