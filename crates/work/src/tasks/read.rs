//! Looking at tasks. A task, or a page of them, is one statement.

use belfort_audit::postgres::EventRow;
use belfort_db::Tenant;
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::Tasks;
use belfort_rbac::{Grant, Reach, Read, Scope};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::page_query::{TopNPage, Window};
use super::task::ROW;
use super::{RESOURCE, Task, TaskError};
use crate::history::{self, Visibility};
use crate::reach::{self, task_exists};
use crate::sql::Fragment;
use crate::tables::tasks;
use crate::{Priority, Status};

/// Which tasks are wanted; the default is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// With this status.
    pub status: Option<Status>,
    /// With this priority.
    pub priority: Option<Priority>,
    /// Assigned to this user.
    pub assignee_id: Option<UserId>,
    /// With this tag.
    pub tag_id: Option<TagId>,
    /// Made by this user.
    pub created_by_id: Option<UserId>,
    /// Due on this day or later.
    pub due_from: Option<NaiveDate>,
    /// Due on this day or earlier.
    pub due_to: Option<NaiveDate>,
}

/// In which order tasks are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaskOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// Tasks in reach, from after the task `after` in this order; `limit` at most.
///
/// The place of a task in either order is its id's, which never changes: pages are stable while tasks come and go.
///
/// ```
/// use belfort_db::Tenant;
/// use belfort_policy::Tasks;
/// use belfort_rbac::{Principal, Read};
/// use belfort_work::tasks::{TaskFilter, TaskOrder, list};
///
/// fn page(tx: &mut impl Tenant, principal: &Principal) -> Result<usize, Box<dyn std::error::Error>> {
///     let grant = principal.grant::<Tasks, Read>()?;
///     Ok(list(tx, &grant, &TaskFilter::default(), TaskOrder::Newest, None, 50)?.len())
/// }
/// ```
///
/// The same without the grant does not build:
/// ```compile_fail,E0061
/// use belfort_db::Tenant;
/// use belfort_policy::Tasks;
/// use belfort_rbac::{Principal, Read};
/// use belfort_work::tasks::{TaskFilter, TaskOrder, list};
///
/// fn page(tx: &mut impl Tenant, principal: &Principal) -> Result<usize, Box<dyn std::error::Error>> {
///     let grant = principal.grant::<Tasks, Read>()?;
///     Ok(list(tx, &TaskFilter::default(), TaskOrder::Newest, None, 50)?.len())
/// }
/// ```
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Read>,
    filter: &TaskFilter,
    order: TaskOrder,
    after: Option<TaskId>,
    limit: i64,
) -> Result<Vec<Task>, TaskError> {
    let window = Window { order, after, limit };
    let mut query = tasks::table.select(ROW).into_boxed();
    if let Some(page) = TopNPage::to(grant.reach(), filter, window) {
        query = query.filter(page);
    } else {
        query = query.filter(reach::task(grant.reach())).filter(*filter);
        query = match (order, after) {
            (TaskOrder::Newest, Some(after)) => query.filter(tasks::id.lt(after)),
            (TaskOrder::Oldest, Some(after)) => query.filter(tasks::id.gt(after)),
            (_, None) => query,
        };
    }
    query = match order {
        TaskOrder::Newest => query.order(tasks::id.desc()),
        TaskOrder::Oldest => query.order(tasks::id.asc()),
    };
    Ok(tx.rows(query.limit(limit))?)
}

/// How many tasks are in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Tasks, Read>) -> Result<i64, TaskError> {
    Ok(tx.row(tasks::table.filter(reach::task(grant.reach())).count())?)
}

/// The task with this id.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Tasks, Read>, id: TaskId) -> Result<Task, TaskError> {
    find(tx, grant.reach(), id)
}

/// What happened to a task, newest first, from before the event number `before`; `limit` at most.
///
/// Of a task that is gone, only a grant that reaches every task still tells.
pub fn history(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Read>,
    id: TaskId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<EventRow>, TaskError> {
    let visibility = Visibility::of(task_exists(tx, grant.reach(), id)?, grant.reach().scope() == Scope::All);
    history::of_row(tx, RESOURCE, id.uuid(), visibility, before, limit)?.ok_or(TaskError::NotFound)
}

fn find(tx: &mut impl Tenant, reach: &Reach, id: TaskId) -> Result<Task, TaskError> {
    let query = tasks::table.filter(reach::this_task(reach, id)).select(ROW);
    tx.find(query)?.ok_or(TaskError::NotFound)
}

/// What the task is locked for.
#[derive(Clone, Copy)]
pub(super) enum LockFor {
    /// Other changes wait; comments can still be added.
    Change,
    /// Whoever would add something to it waits as well.
    Removal,
}

/// The task as it is, and as it stays until this transaction ends.
pub(super) fn lock(
    tx: &mut impl Tenant,
    reach: &Reach,
    id: TaskId,
    lock: LockFor,
) -> Result<Task, TaskError> {
    let query = tasks::table.filter(reach::this_task(reach, id)).select((ROW, SEEN));
    let found: Option<(Task, i32)> = match lock {
        LockFor::Change => tx.find(query.for_no_key_update())?,
        LockFor::Removal => tx.find(query.for_update())?,
    };
    let (task, seen) = found.ok_or(TaskError::NotFound)?;
    if task.version == seen {
        return Ok(task);
    }
    // It was waited for the lock. The task's own columns are of now, but its lists and what the reach was decided by are of
    // before the wait.
    find(tx, reach, id)
}

/// The version that this statement sees in everything but the row it locks. Whoever changes a task or its lists raises it.
const SEEN: Fragment<Integer> = Fragment::new("(SELECT t.version FROM tasks t WHERE t.id = tasks.id)");
