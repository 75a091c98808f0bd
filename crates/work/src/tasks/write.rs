//! Making, changing and removing tasks, each with its events.

use belfort_audit::Origin;
use belfort_audit::postgres::append;
use belfort_db::{Statement, Tenant};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::Tasks;
use belfort_rbac::{Create, Delete, Grant, Update};
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Integer, Nullable, Text, Timestamptz, Uuid};

use super::read::{LockFor, lock};
use super::task::stored;
use super::{NewTask, Task, TaskError, TaskPatch, children, events, links};
use crate::reach::{ASSIGNEE, CREATOR, VIEWER};
use crate::tables::tasks;

const INSERT: Statement<(Uuid, Text)> = Statement::new(
    "WITH task AS (
         INSERT INTO tasks (id, title, description, status, priority, due_on, created_by_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         RETURNING id
     ), people AS (
         INSERT INTO task_people (task_id, user_id, relation)
         SELECT task.id, new.user_id, new.relation FROM task, unnest($10, $11) AS new (user_id, relation)
     ), tagged AS (
         INSERT INTO task_tags (task_id, tag_id)
         SELECT task.id, new.tag_id FROM task, unnest($12) AS new (tag_id)
     )
     SELECT id, name FROM tags WHERE id = ANY($13)",
);

const UPDATE: Statement = Statement::new(
    "UPDATE tasks
     SET title = $1, description = $2, status = $3, priority = $4, due_on = $5, version = $6, updated_at = $7
     WHERE id = $8",
);

/// Makes a task; the grant's holder is its creator.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Create>,
    origin: &Origin,
    new: NewTask,
) -> Result<Task, TaskError> {
    let task = new.made_by(grant.user(), origin)?;
    let (people, relations) = links::people(&[
        (&[task.created_by_id], CREATOR),
        (&task.assignee_ids, ASSIGNEE),
        (&task.viewer_ids, VIEWER),
    ]);
    let insert = INSERT
        .bind::<Uuid, _>(task.id)
        .bind::<Text, _>(&task.title)
        .bind::<Text, _>(&task.description)
        .bind::<Text, _>(task.status)
        .bind::<Text, _>(task.priority)
        .bind::<Nullable<Date>, _>(task.due_on)
        .bind::<Uuid, _>(task.created_by_id)
        .bind::<Timestamptz, _>(task.created_at)
        .bind::<Timestamptz, _>(task.updated_at)
        .bind::<Array<Uuid>, _>(people)
        .bind::<Array<Text>, _>(relations)
        .bind::<Array<Uuid>, _>(&task.tag_ids)
        .bind::<Array<Uuid>, _>(&task.tag_ids);
    let names: Vec<(TagId, String)> = tx.rows(insert).map_err(|error| links::map_constraint(error, &task))?;
    append(tx, origin, &events::created(origin, &task, &names.into_iter().collect()))?;
    Ok(task)
}

/// Changes a task, unless `expected` is given and is not its version any more. A patch that changes nothing writes nothing.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    expected: Option<i32>,
    patch: TaskPatch,
) -> Result<Task, TaskError> {
    let named: Vec<UserId> =
        [&patch.assignee_ids, &patch.viewer_ids].into_iter().flatten().flatten().copied().collect();
    links::lock_shared(tx, &named)?;
    let before = lock(tx, grant.reach(), id, LockFor::Change)?;
    expect(expected, &before)?;
    let after = patch.applied_to(&before)?;
    save(tx, origin, before, after)
}

/// Removes a task and what hangs on it, unless `expected` is given and is not its version any more.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Delete>,
    origin: &Origin,
    id: TaskId,
    expected: Option<i32>,
) -> Result<(), TaskError> {
    let task = lock(tx, grant.reach(), id, LockFor::Removal)?;
    expect(expected, &task)?;
    let mut events = vec![events::deleted(origin, &task)];
    events.extend(children::delete(tx, origin, id)?);
    tx.run(diesel::delete(tasks::table.find(id)))?;
    Ok(append(tx, origin, &events)?)
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
    // The clocks of two servers differ a little; the time of the last change does not run backwards for it.
    let updated_at = before.updated_at.max(stored(origin.at));
    let after = Task { version: before.version.saturating_add(1), updated_at, ..after };
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
    let names = links::save(tx, &before, &after).map_err(|error| links::map_constraint(error, &after))?;
    append(tx, origin, &events::changed(origin, &before, &after, &names))?;
    Ok(after)
}

fn expect(expected: Option<i32>, task: &Task) -> Result<(), TaskError> {
    match expected {
        Some(version) if version != task.version => Err(TaskError::Stale),
        _ => Ok(()),
    }
}
