//! A task, and what a change makes of it.

use std::collections::BTreeSet;

use belfort_audit::{Audited, Fields, Origin};
use belfort_ids::{TagId, TaskId, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{self, Array};
use uuid::Uuid;

use crate::change::stored;
use crate::sql::Fragment;
use crate::tables::tasks;
use crate::{Description, Priority, Status, Title};

/// The most assignees, viewers or tags that a task can have, of each.
pub const MAX_LINKS: usize = 100;

/// A task. Its lists are in the order of the ids, each id once.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Task {
    /// The id.
    pub id: TaskId,
    /// The title.
    pub title: Title,
    /// The description.
    pub description: Description,
    /// The status.
    pub status: Status,
    /// The priority.
    pub priority: Priority,
    /// The day by which it is due.
    pub due_on: Option<NaiveDate>,
    /// Who created it, maybe somebody who left.
    pub created_by_id: UserId,
    /// The users to whom it is assigned.
    pub assignee_ids: Vec<UserId>,
    /// The users who may read it besides its creator and its assignees.
    pub viewer_ids: Vec<UserId>,
    /// The tags.
    pub tag_ids: Vec<TagId>,
    /// The version: 1, and one more with each change, of its lists too.
    pub version: i32,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
    /// The time of its last change.
    pub updated_at: DateTime<Utc>,
}

/// The selection that makes a [`Task`]: the columns of `tasks` and, in the same statement, the lists.
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
    Fragment<Array<sql_types::Uuid>>,
    Fragment<Array<sql_types::Uuid>>,
    Fragment<Array<sql_types::Uuid>>,
    tasks::version,
    tasks::created_at,
    tasks::updated_at,
);

/// A task to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// The title.
    pub title: Title,
    /// The description.
    pub description: Description,
    /// The status.
    pub status: Status,
    /// The priority.
    pub priority: Priority,
    /// The day by which it is due.
    pub due_on: Option<NaiveDate>,
    /// The users to whom it is assigned.
    pub assignee_ids: Vec<UserId>,
    /// The users who may read it as well.
    pub viewer_ids: Vec<UserId>,
    /// The tags.
    pub tag_ids: Vec<TagId>,
}

/// A change of a task; `None` leaves a field as it is. A list replaces the whole list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskPatch {
    /// The title.
    pub title: Option<Title>,
    /// The description.
    pub description: Option<Description>,
    /// The status.
    pub status: Option<Status>,
    /// The priority.
    pub priority: Option<Priority>,
    /// The day by which it is due; `Some(None)` takes it off.
    pub due_on: Option<Option<NaiveDate>>,
    /// The users to whom it is assigned.
    pub assignee_ids: Option<Vec<UserId>>,
    /// The users who may read it as well.
    pub viewer_ids: Option<Vec<UserId>>,
    /// The tags.
    pub tag_ids: Option<Vec<TagId>>,
}

/// The reason why nothing was done with a task.
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
        /// The most that it may have.
        max: usize,
    },
    /// The database failed.
    #[error("the tasks could not be read or changed")]
    Database(#[from] Error),
}

impl Audited for Task {
    const RESOURCE: &'static str = "tasks";

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .with("title", &self.title)
            .with("description", &self.description)
            .with("status", self.status)
            .with("priority", self.priority)
            .with("due_on", self.due_on)
            .with("created_by_id", self.created_by_id)
            .with("assignee_ids", &self.assignee_ids)
            .with("viewer_ids", &self.viewer_ids)
            .with("tag_ids", &self.tag_ids)
    }
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
    /// The task that it makes of `task`. Version and times are as they were: whether anything changed is not
    /// asked here.
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
