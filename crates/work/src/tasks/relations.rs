//! The people and the tags of a task: how its lists change, and how that is stored.

use std::collections::BTreeMap;

use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::{TagId, TaskId, UserId};
use diesel::QueryResult;
use diesel::result::Error;
use diesel::sql_types::{Array, Text, Uuid};

use super::{Task, TaskError};
use crate::reach::{ASSIGNEE, VIEWER};

/// The names of tags, by id.
pub(super) type TagNames = BTreeMap<TagId, String>;

/// The change of one list of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListChange<Id> {
    pub(super) removed: Vec<Id>,
    pub(super) added: Vec<Id>,
}

impl<Id: Copy + PartialEq> ListChange<Id> {
    fn between(before: &[Id], after: &[Id]) -> Self {
        let missing = |from: &[Id], of: &[Id]| of.iter().copied().filter(|id| !from.contains(id)).collect();
        Self { removed: missing(after, before), added: missing(before, after) }
    }

    fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

/// The changes of all lists of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RelationChanges {
    pub(super) assignees: ListChange<UserId>,
    pub(super) viewers: ListChange<UserId>,
    pub(super) tags: ListChange<TagId>,
}

impl RelationChanges {
    /// The changes that make the lists of a new task.
    pub(super) fn of_new(task: &Task) -> Self {
        Self {
            assignees: ListChange::between(&[], &task.assignee_ids),
            viewers: ListChange::between(&[], &task.viewer_ids),
            tags: ListChange::between(&[], &task.tag_ids),
        }
    }

    pub(super) fn between(before: &Task, after: &Task) -> Self {
        Self {
            assignees: ListChange::between(&before.assignee_ids, &after.assignee_ids),
            viewers: ListChange::between(&before.viewer_ids, &after.viewer_ids),
            tags: ListChange::between(&before.tag_ids, &after.tag_ids),
        }
    }

    fn is_empty(&self) -> bool {
        self.assignees.is_empty() && self.viewers.is_empty() && self.tags.is_empty()
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

/// Stores the changes of the lists and answers the names of the tags that came and went. No statement when
/// there are none.
pub(super) fn save(tx: &mut impl Tenant, task: TaskId, changes: &RelationChanges) -> QueryResult<TagNames> {
    if changes.is_empty() {
        return Ok(TagNames::new());
    }
    let RelationChanges { assignees, viewers, tags } = changes;
    let (gone, gone_as) = people(&[(&assignees.removed, ASSIGNEE), (&viewers.removed, VIEWER)]);
    let (new, new_as) = people(&[(&assignees.added, ASSIGNEE), (&viewers.added, VIEWER)]);
    let all_tags: Vec<TagId> = tags.removed.iter().chain(&tags.added).copied().collect();
    let names: Vec<(TagId, String)> = tx.rows(
        SAVE.bind::<Uuid, _>(task)
            .bind::<Array<Uuid>, _>(gone)
            .bind::<Array<Text>, _>(gone_as)
            .bind::<Array<Uuid>, _>(new)
            .bind::<Array<Text>, _>(new_as)
            .bind::<Array<Uuid>, _>(&tags.removed)
            .bind::<Array<Uuid>, _>(&tags.added)
            .bind::<Array<Uuid>, _>(all_tags),
    )?;
    Ok(names.into_iter().collect())
}

/// Lists of people as two columns: who, and how they are related.
pub(super) fn people(lists: &[(&[UserId], &'static str)]) -> (Vec<UserId>, Vec<&'static str>) {
    lists.iter().flat_map(|(ids, relation)| ids.iter().map(|id| (*id, *relation))).unzip()
}

/// Locks users against deletion. Users come before tasks, here as where a user is deleted: the other way
/// round, the two would wait for each other.
pub(super) fn lock_shared(tx: &mut impl Tenant, users: &[UserId]) -> QueryResult<()> {
    const LOCK: Statement<Uuid> =
        Statement::new("SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR KEY SHARE");
    if users.is_empty() {
        return Ok(());
    }
    tx.rows::<UserId, _>(LOCK.bind::<Array<Uuid>, _>(users)).map(drop)
}

/// The error that it is when the lists of `task` were refused.
///
/// One foreign key stands for both lists of people. Which of them it was is told by the id in the detail of
/// the database's answer; a creator who is gone is in neither.
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
