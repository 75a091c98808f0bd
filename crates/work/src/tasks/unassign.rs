//! Unassigning a user who leaves from their tasks.

use belfort_audit::Origin;
use belfort_audit::postgres::append;
use belfort_db::{Statement, Tenant};
use belfort_ids::{TaskId, UserId};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid};

use super::Task;
use super::events;
use super::relations::{RelationChanges, TagNames};
use super::task::ROW;
use crate::change::{later, next, stored};
use crate::reach::{ASSIGNEE, VIEWER};
use crate::tables::tasks;
use crate::time_entries;

/// Locks the user, so that whoever would link them with a task waits and finds them gone.
const LOCK_USER: Statement<Uuid> = Statement::new("SELECT id FROM users WHERE id = $1 FOR UPDATE");

/// In the order of the ids: two who leave at once do not wait for each other.
const LOCK: Statement<Uuid> = Statement::new(
    "SELECT id FROM tasks
     WHERE id IN (SELECT task_id FROM task_people WHERE user_id = $1 AND relation = ANY($2))
     ORDER BY id
     FOR NO KEY UPDATE",
);

const UNLINK: Statement = Statement::new(
    "WITH gone AS (
         DELETE FROM task_people WHERE user_id = $1 AND relation = ANY($2) RETURNING task_id
     )
     UPDATE tasks SET version = version + 1, updated_at = greatest(updated_at, $3)
     WHERE id IN (SELECT task_id FROM gone)",
);

/// Takes a user who is about to be deleted off all tasks that are assigned to them or that they view, with
/// the events of each, and stops their timer. What they made, and the hours they worked, stay theirs by name.
///
/// No grant is demanded: who may delete the user decides, not who reaches the tasks.
pub fn unassign_user(tx: &mut impl Tenant, origin: &Origin, user: UserId) -> QueryResult<()> {
    let relations = [ASSIGNEE, VIEWER];
    tx.find::<UserId, _>(LOCK_USER.bind::<Uuid, _>(user))?;
    let ids: Vec<TaskId> = tx.rows(LOCK.bind::<Uuid, _>(user).bind::<Array<Text>, _>(relations.to_vec()))?;
    if ids.is_empty() {
        return time_entries::stop_running(tx, origin, user);
    }
    // A statement of its own: the one that locks sees the lists as they were before it waited.
    let before: Vec<Task> =
        tx.rows(tasks::table.filter(tasks::id.eq_any(&ids)).select(ROW).order(tasks::id))?;
    let unlink = UNLINK
        .bind::<Uuid, _>(user)
        .bind::<Array<Text>, _>(relations.to_vec())
        .bind::<Timestamptz, _>(stored(origin.at));
    tx.run(unlink)?;
    let events: Vec<_> = before
        .iter()
        .flat_map(|task| {
            let after = left_by(user, task, origin);
            let changes = RelationChanges::between(task, &after);
            events::updated(origin, task, &after, &changes, &TagNames::new())
        })
        .collect();
    append(tx, origin, &events)?;
    time_entries::stop_running(tx, origin, user)
}

/// The task as [`UNLINK`] leaves it.
fn left_by(user: UserId, task: &Task, origin: &Origin) -> Task {
    let (version, updated_at) = (next(task.version), later(task.updated_at, origin));
    let mut task = Task { version, updated_at, ..task.clone() };
    task.assignee_ids.retain(|id| *id != user);
    task.viewer_ids.retain(|id| *id != user);
    task
}
