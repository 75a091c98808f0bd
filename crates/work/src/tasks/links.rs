//! Who and what a task is linked with.

use belfort_audit::Origin;
use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::Tasks;
use belfort_rbac::{Grant, Update};
use diesel::QueryResult;
use diesel::result::Error;
use diesel::sql_types::{Array, Text, Uuid};

use super::events::TagNames;
use super::read::{LockFor, lock};
use super::{Task, TaskError, TaskPatch, write};
use crate::reach::{ASSIGNEE, VIEWER};

/// Lets `user` look at the task. The second time nothing happens.
pub fn add_viewer(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    user: UserId,
) -> Result<Task, TaskError> {
    lock_shared(tx, &[user])?;
    relink(tx, grant, origin, id, |task| TaskPatch {
        viewer_ids: Some(with(&task.viewer_ids, user)),
        ..TaskPatch::default()
    })
}

/// Takes `user` off the task's viewers. The second time nothing happens.
pub fn remove_viewer(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    user: UserId,
) -> Result<Task, TaskError> {
    relink(tx, grant, origin, id, |task| TaskPatch {
        viewer_ids: Some(without(&task.viewer_ids, user)),
        ..TaskPatch::default()
    })
}

/// Assigns the task to `user` as well. The second time nothing happens.
pub fn add_assignee(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    user: UserId,
) -> Result<Task, TaskError> {
    lock_shared(tx, &[user])?;
    relink(tx, grant, origin, id, |task| TaskPatch {
        assignee_ids: Some(with(&task.assignee_ids, user)),
        ..TaskPatch::default()
    })
}

/// Takes `user` off the task's assignees. The second time nothing happens.
pub fn remove_assignee(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    user: UserId,
) -> Result<Task, TaskError> {
    relink(tx, grant, origin, id, |task| TaskPatch {
        assignee_ids: Some(without(&task.assignee_ids, user)),
        ..TaskPatch::default()
    })
}

/// Puts `tag` on the task. It needs only exist. The second time nothing happens.
pub fn add_tag(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    tag: TagId,
) -> Result<Task, TaskError> {
    relink(tx, grant, origin, id, |task| TaskPatch {
        tag_ids: Some(with(&task.tag_ids, tag)),
        ..TaskPatch::default()
    })
}

/// Takes `tag` off the task. The second time nothing happens.
pub fn remove_tag(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    tag: TagId,
) -> Result<Task, TaskError> {
    relink(tx, grant, origin, id, |task| TaskPatch {
        tag_ids: Some(without(&task.tag_ids, tag)),
        ..TaskPatch::default()
    })
}

/// Makes whoever would delete these users wait. Users come before tasks, here as where a user is deleted: the other way round,
/// the two would wait for each other.
pub(super) fn lock_shared(tx: &mut impl Tenant, users: &[UserId]) -> QueryResult<()> {
    const HOLD: Statement<Uuid> =
        Statement::new("SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR KEY SHARE");
    if users.is_empty() {
        return Ok(());
    }
    tx.rows::<UserId, _>(HOLD.bind::<Array<Uuid>, _>(users)).map(drop)
}

/// A patch made of what the lists are under the lock: of two links added at once, none is lost.
fn relink(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    patch: impl FnOnce(&Task) -> TaskPatch,
) -> Result<Task, TaskError> {
    let before = lock(tx, grant.reach(), id, LockFor::Change)?;
    let after = patch(&before).applied_to(&before)?;
    write::save(tx, origin, before, after)
}

fn with<Id: Copy>(ids: &[Id], id: Id) -> Vec<Id> {
    ids.iter().copied().chain([id]).collect()
}

fn without<Id: Copy + PartialEq>(ids: &[Id], id: Id) -> Vec<Id> {
    ids.iter().copied().filter(|other| *other != id).collect()
}

/// How one list became another.
pub(super) struct Links<Id> {
    pub(super) gone: Vec<Id>,
    pub(super) new: Vec<Id>,
}

impl<Id: Copy + PartialEq> Links<Id> {
    pub(super) fn between(before: &[Id], after: &[Id]) -> Self {
        let missing = |from: &[Id], of: &[Id]| of.iter().copied().filter(|id| !from.contains(id)).collect();
        Self { gone: missing(after, before), new: missing(before, after) }
    }

    fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }
}

const SAVE: Statement<(Uuid, Text)> = Statement::new(
    "WITH task AS (
         SELECT $1 AS id
     ), people_gone AS (
         DELETE FROM task_people p
         USING task, unnest($2, $3) AS gone (user_id, relation)
         WHERE p.task_id = task.id AND p.relation = gone.relation AND p.user_id = gone.user_id
     ), people_new AS (
         INSERT INTO task_people (task_id, user_id, relation)
         SELECT task.id, new.user_id, new.relation FROM task, unnest($4, $5) AS new (user_id, relation)
     ), tags_gone AS (
         DELETE FROM task_tags t
         USING task, unnest($6) AS gone (tag_id)
         WHERE t.task_id = task.id AND t.tag_id = gone.tag_id
     ), tags_new AS (
         INSERT INTO task_tags (task_id, tag_id)
         SELECT task.id, new.tag_id FROM task, unnest($7) AS new (tag_id)
     )
     SELECT id, name FROM tags WHERE id = ANY($8)",
);

/// Stores how the lists changed and answers the names of the tags that came and went. No statement when none changed.
pub(super) fn save(tx: &mut impl Tenant, before: &Task, after: &Task) -> QueryResult<TagNames> {
    let assignees = Links::between(&before.assignee_ids, &after.assignee_ids);
    let viewers = Links::between(&before.viewer_ids, &after.viewer_ids);
    let tags = Links::between(&before.tag_ids, &after.tag_ids);
    if assignees.is_empty() && viewers.is_empty() && tags.is_empty() {
        return Ok(TagNames::new());
    }
    let (gone, gone_as) = people(&[(&assignees.gone, ASSIGNEE), (&viewers.gone, VIEWER)]);
    let (new, new_as) = people(&[(&assignees.new, ASSIGNEE), (&viewers.new, VIEWER)]);
    let all_tags: Vec<TagId> = tags.gone.iter().chain(&tags.new).copied().collect();
    let names: Vec<(TagId, String)> = tx.rows(
        SAVE.bind::<Uuid, _>(after.id)
            .bind::<Array<Uuid>, _>(gone)
            .bind::<Array<Text>, _>(gone_as)
            .bind::<Array<Uuid>, _>(new)
            .bind::<Array<Text>, _>(new_as)
            .bind::<Array<Uuid>, _>(tags.gone)
            .bind::<Array<Uuid>, _>(tags.new)
            .bind::<Array<Uuid>, _>(all_tags),
    )?;
    Ok(names.into_iter().collect())
}

/// Lists of people as two columns: who, and how they are related.
pub(super) fn people(lists: &[(&[UserId], &'static str)]) -> (Vec<UserId>, Vec<&'static str>) {
    lists.iter().flat_map(|(ids, relation)| ids.iter().map(|id| (*id, *relation))).unzip()
}

/// What it means that the lists of `task` were map_constraint.
///
/// One foreign key stands for both lists of people. Which of them it was is told by the id in the detail of the database's
/// answer; a creator who is gone is in neither.
pub(super) fn map_constraint(error: Error, task: &Task) -> TaskError {
    let names = |ids: &[UserId]| match &error {
        Error::DatabaseError(_, info) => {
            info.details().is_some_and(|detail| ids.iter().any(|id| detail.contains(&id.to_string())))
        }
        _ => false,
    };
    match violated_constraint(&error) {
        Some("task_tags_tag_id_fkey") => TaskError::Unknown { field: "tag_ids" },
        Some("task_people_user_id_fkey") if names(&task.assignee_ids) => {
            TaskError::Unknown { field: "assignee_ids" }
        }
        Some("task_people_user_id_fkey") if names(&task.viewer_ids) => {
            TaskError::Unknown { field: "viewer_ids" }
        }
        _ => TaskError::Database(error),
    }
}
