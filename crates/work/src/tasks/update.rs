//! Changing a task.

use belfort_audit::Origin;
use belfort_audit::postgres::append;
use belfort_db::{Statement, Tenant};
use belfort_ids::{TaskId, UserId};
use belfort_policy::Tasks;
use belfort_rbac::{Grant, Update};
use belfort_values::Expected;
use diesel::sql_types::{Date, Integer, Nullable, Text, Timestamptz, Uuid};

use super::read::{LockFor, lock};
use super::relations::{self, RelationChanges};
use super::{Task, TaskError, TaskPatch, events};
use crate::change::{is_stale, later, next};

const UPDATE: Statement = Statement::new(
    "UPDATE tasks
     SET title = $1, description = $2, status = $3, priority = $4, due_on = $5, version = $6, updated_at = $7
     WHERE id = $8",
);

/// Changes a task, unless `expected` is given and is not its version any more. A patch that changes nothing
/// writes nothing.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    expected: impl Into<Expected>,
    patch: TaskPatch,
) -> Result<Task, TaskError> {
    let named: Vec<UserId> =
        [&patch.assignee_ids, &patch.viewer_ids].into_iter().flatten().flatten().copied().collect();
    relations::lock_shared(tx, &named)?;
    let before = lock(tx, grant.reach(), id, LockFor::Change)?;
    if is_stale(expected, before.version) {
        return Err(TaskError::Stale);
    }
    let after = patch.applied_to(&before)?;
    save(tx, origin, before, after)
}

/// Stores what became of a locked task.
pub(super) fn save(
    tx: &mut impl Tenant,
    origin: &Origin,
    before: Task,
    after: Task,
) -> Result<Task, TaskError> {
    if after == before {
        return Ok(before);
    }
    let after = Task { version: next(before.version), updated_at: later(before.updated_at, origin), ..after };
    tx.run(
        UPDATE
            .bind::<Text, _>(&after.title)
            .bind::<Text, _>(&after.description)
            .bind::<Text, _>(after.status)
            .bind::<Text, _>(after.priority)
            .bind::<Nullable<Date>, _>(after.due_on)
            .bind::<Integer, _>(after.version)
            .bind::<Timestamptz, _>(after.updated_at)
            .bind::<Uuid, _>(after.id),
    )?;
    let changes = RelationChanges::between(&before, &after);
    let names =
        relations::save(tx, after.id, &changes).map_err(|error| relations::map_constraint(error, &after))?;
    append(tx, origin, &events::updated(origin, &before, &after, &changes, &names))?;
    Ok(after)
}
