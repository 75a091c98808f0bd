//! Creating a task.

use belfort_audit::Origin;
use belfort_audit::postgres::append;
use belfort_db::{Statement, Tenant};
use belfort_ids::TagId;
use belfort_policy::Tasks;
use belfort_rbac::{Create, Grant};
use diesel::sql_types::{Array, Date, Nullable, Text, Timestamptz, Uuid};

use super::relations::{RelationChanges, map_constraint, people};
use super::{NewTask, Task, TaskError, events};
use crate::reach::{ASSIGNEE, CREATOR, VIEWER};

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

/// Creates a task; the grant's holder is its creator.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Create>,
    origin: &Origin,
    new: NewTask,
) -> Result<Task, TaskError> {
    let task = new.made_by(grant.user(), origin)?;
    let (people, relations) = people(&[
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
    let names: Vec<(TagId, String)> = tx.rows(insert).map_err(|error| map_constraint(error, &task))?;
    let (relations, names) = (RelationChanges::of_new(&task), names.into_iter().collect());
    append(tx, origin, &events::created(origin, &task, &relations, &names))?;
    Ok(task)
}
