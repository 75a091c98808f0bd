//! Reading tasks. A task, or a page of them, is one statement.

use belfort_audit::postgres::StoredEvent;
use belfort_db::Tenant;
use belfort_ids::TaskId;
use belfort_policy::Tasks;
use belfort_rbac::{Grant, Reach, Read, Scope};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::filter::Window;
use super::page_query::TopNPage;
use super::task::ROW;
use super::{Task, TaskError, TaskFilter, TaskOrder};
use crate::history::{self, Visibility};
use crate::reach::{self, task_exists};
use crate::sql::Fragment;
use crate::tables::tasks;

/// Tasks in reach, from after the task `after` in this order; `limit` at most.
///
/// The place of a task in either order is its id's, which never changes: pages are stable while tasks come
/// and go.
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
    if let Some(page) = TopNPage::new(grant.reach(), filter, window) {
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

/// The number of tasks in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Tasks, Read>) -> Result<i64, TaskError> {
    Ok(tx.row(tasks::table.filter(reach::task(grant.reach())).count())?)
}

/// The task with this id.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Tasks, Read>, id: TaskId) -> Result<Option<Task>, TaskError> {
    Ok(find(tx, grant.reach(), id)?)
}

/// The history of a task, newest first, from before the event number `before`; `limit` at most.
///
/// Of a task that is gone, only a grant that reaches every task still tells.
pub fn history(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Read>,
    id: TaskId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredEvent>, TaskError> {
    let visibility = Visibility::of(task_exists(tx, grant.reach(), id)?, grant.reach().scope() == Scope::All);
    history::of_row::<Task>(tx, id.uuid(), visibility, before, limit)?.ok_or(TaskError::NotFound)
}

fn find(tx: &mut impl Tenant, reach: &Reach, id: TaskId) -> QueryResult<Option<Task>> {
    tx.find(tasks::table.filter(reach::this_task(reach, id)).select(ROW))
}

/// The purpose of a lock.
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
    // It was waited for the lock. The task's own columns are of now, but its lists and what the reach was
    // decided by are of before the wait.
    find(tx, reach, id)?.ok_or(TaskError::NotFound)
}

/// The version that this statement sees in everything but the row it locks. Whoever changes a task or its
/// lists raises it.
const SEEN: Fragment<Integer> = Fragment::new("(SELECT t.version FROM tasks t WHERE t.id = tasks.id)");
