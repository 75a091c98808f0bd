//! What a task is, and what a change makes of it.

use std::collections::BTreeSet;

use belfort_audit::Origin;
use belfort_ids::{TagId, TaskId, UserId};
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Array, Uuid};

use crate::sql::Fragment;
use crate::tables::tasks;
use crate::{Description, Priority, Status, Title};

/// How many assignees, viewers or tags a task can have of each.
pub const MAX_LINKS: usize = 100;

/// A task. Its lists are in the order of the ids, each id once.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What it is called.
    pub title: Title,
    /// What it is about.
    pub description: Description,
    /// How far it is.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// The day on which it is to be done.
    pub due_on: Option<NaiveDate>,
    /// Who made it, maybe somebody who left.
    pub created_by_id: UserId,
    /// Who is to do it.
    pub assignee_ids: Vec<UserId>,
    /// Who may look at it, beside those whose task it is.
    pub viewer_ids: Vec<UserId>,
    /// Its tags.
    pub tag_ids: Vec<TagId>,
    /// Counts its changes, those of its lists too.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// What is selected of `tasks` to make a [`Task`] of: its columns and, in the same statement, its lists.
pub(super) const ROW: Row = (
    tasks::id,
    tasks::title,
    tasks::description,
    tasks::status,
    tasks::priority,
    tasks::due_on,
    tasks::created_by_id,
    Fragment::new(
        "ARRAY(SELECT p.user_id FROM task_people p WHERE p.task_id = tasks.id AND p.relation = 'assignee' ORDER BY p.user_id)",
    ),
    Fragment::new(
        "ARRAY(SELECT p.user_id FROM task_people p WHERE p.task_id = tasks.id AND p.relation = 'viewer' ORDER BY p.user_id)",
    ),
    Fragment::new("ARRAY(SELECT t.tag_id FROM task_tags t WHERE t.task_id = tasks.id ORDER BY t.tag_id)"),
    tasks::version,
    tasks::created_at,
    tasks::updated_at,
);

type Row = (
    tasks::id,
    tasks::title,
    tasks::description,
    tasks::status,
    tasks::priority,
    tasks::due_on,
    tasks::created_by_id,
    Fragment<Array<Uuid>>,
    Fragment<Array<Uuid>>,
    Fragment<Array<Uuid>>,
    tasks::version,
    tasks::created_at,
    tasks::updated_at,
);

/// A task to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What it is called.
    pub title: Title,
    /// What it is about.
    pub description: Description,
    /// How far it is.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// The day on which it is to be done.
    pub due_on: Option<NaiveDate>,
    /// Who is to do it.
    pub assignee_ids: Vec<UserId>,
    /// Who may look at it.
    pub viewer_ids: Vec<UserId>,
    /// Its tags.
    pub tag_ids: Vec<TagId>,
}

/// What is to change about a task; `None` leaves it. A list replaces the whole list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskPatch {
    /// What it is called.
    pub title: Option<Title>,
    /// What it is about.
    pub description: Option<Description>,
    /// How far it is.
    pub status: Option<Status>,
    /// How much it matters.
    pub priority: Option<Priority>,
    /// The day on which it is to be done; `Some(None)` takes it off.
    pub due_on: Option<Option<NaiveDate>>,
    /// Who is to do it.
    pub assignee_ids: Option<Vec<UserId>>,
    /// Who may look at it.
    pub viewer_ids: Option<Vec<UserId>>,
    /// Its tags.
    pub tag_ids: Option<Vec<TagId>>,
}

/// Why nothing was done with a task.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// It is not there or not in reach; nobody is told which.
    #[error("there is no such task")]
    NotFound,
    /// Somebody else changed it first.
    #[error("the task was changed by somebody else")]
    Stale,
    /// The field names somebody or something that this workspace does not have.
    #[error("`{field}` has an id that does not exist")]
    Unknown {
        /// `assignee_ids`, `viewer_ids` or `tag_ids`.
        field: &'static str,
    },
    /// The field has too many ids.
    #[error("`{field}` has more than {max} ids")]
    TooMany {
        /// `assignee_ids`, `viewer_ids` or `tag_ids`.
        field: &'static str,
        /// How many it may have.
        max: usize,
    },
    /// The database failed.
    #[error("the tasks could not be read or changed")]
    Database(#[from] Error),
}

impl NewTask {
    /// A task with this title and nothing else.
    pub fn titled(title: Title) -> Self {
        Self {
            title,
            description: Description::default(),
            status: Status::default(),
            priority: Priority::default(),
            due_on: None,
            assignee_ids: Vec::new(),
            viewer_ids: Vec::new(),
            tag_ids: Vec::new(),
        }
    }

    /// The task that it becomes in `creator`'s hands.
    pub(super) fn made_by(self, creator: UserId, origin: &Origin) -> Result<Task, TaskError> {
        let at = stored(origin.at);
        Ok(Task {
            id: TaskId::new(origin.at),
            title: self.title,
            description: self.description,
            status: self.status,
            priority: self.priority,
            due_on: self.due_on,
            created_by_id: creator,
            assignee_ids: each_once("assignee_ids", self.assignee_ids)?,
            viewer_ids: each_once("viewer_ids", self.viewer_ids)?,
            tag_ids: each_once("tag_ids", self.tag_ids)?,
            version: 1,
            created_at: at,
            updated_at: at,
        })
    }
}

impl TaskPatch {
    /// The task that it makes of `task`. Version and times are as they were: whether anything changed is not asked here.
    pub(super) fn applied_to(self, task: &Task) -> Result<Task, TaskError> {
        let task = task.clone();
        Ok(Task {
            title: self.title.unwrap_or(task.title),
            description: self.description.unwrap_or(task.description),
            status: self.status.unwrap_or(task.status),
            priority: self.priority.unwrap_or(task.priority),
            due_on: self.due_on.unwrap_or(task.due_on),
            assignee_ids: each_once("assignee_ids", self.assignee_ids.unwrap_or(task.assignee_ids))?,
            viewer_ids: each_once("viewer_ids", self.viewer_ids.unwrap_or(task.viewer_ids))?,
            tag_ids: each_once("tag_ids", self.tag_ids.unwrap_or(task.tag_ids))?,
            ..task
        })
    }
}

/// The moment as Postgres keeps it. What is answered at once and what is read later must not differ in nanoseconds.
pub(crate) fn stored(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

fn each_once<Id: Ord>(field: &'static str, ids: Vec<Id>) -> Result<Vec<Id>, TaskError> {
    let ids: BTreeSet<Id> = ids.into_iter().collect();
    if ids.len() > MAX_LINKS {
        return Err(TaskError::TooMany { field, max: MAX_LINKS });
    }
    Ok(ids.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_each_id_once_in_order_and_not_too_many() {
        let ids: Vec<UserId> = (0..=MAX_LINKS).map(|_| UserId::new(DateTime::UNIX_EPOCH)).collect();
        assert!(matches!(each_once("viewer_ids", ids.clone()), Err(TaskError::TooMany { max: 100, .. })));
        let twice = [&ids[..MAX_LINKS], &ids[..MAX_LINKS]].concat();
        assert_eq!(each_once("viewer_ids", twice).unwrap(), ids[..MAX_LINKS]);
    }
}
