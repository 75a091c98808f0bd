//! Deleting a task, and everything on it.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::Tenant;
use belfort_ids::TaskId;
use belfort_policy::Tasks;
use belfort_rbac::{Delete, Grant};
use belfort_values::Expected;
use diesel::prelude::*;

use super::TaskError;
use super::read::{LockFor, lock};
use crate::change::is_stale;
use crate::tables::tasks;
use crate::{attachments, comments, time_entries};

/// Deletes a task with its comments, attachments and time entries, unless `expected` is given and is not its
/// version any more.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Delete>,
    origin: &Origin,
    id: TaskId,
    expected: impl Into<Expected>,
) -> Result<(), TaskError> {
    let task = lock(tx, grant.reach(), id, LockFor::Removal)?;
    if is_stale(expected, task.version) {
        return Err(TaskError::Stale);
    }
    let mut events = vec![Event::deleted(origin, &task)];
    events.extend(delete_children(tx, origin, id)?);
    tx.run(diesel::delete(tasks::table.find(id)))?;
    Ok(append(tx, origin, &events)?)
}

/// Deletes the comments, attachments and time entries of a task, and answers their events. With the task they
/// would go as well, but untold.
///
/// The task is locked for its removal by now: nothing is added to it any more.
fn delete_children(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    let mut events = comments::delete_of_task(tx, origin, task)?;
    events.extend(attachments::delete_of_task(tx, origin, task)?);
    events.extend(time_entries::delete_of_task(tx, origin, task)?);
    Ok(events)
}
