//! What goes with a task that is deleted.

use belfort_audit::{Event, Origin};
use belfort_db::Tenant;
use belfort_ids::TaskId;
use diesel::QueryResult;

use crate::{attachments, comments, time_entries};

/// Removes all that hangs on a task, and answers what is to be told of it. With the task it would go as well, but untold.
///
/// The task is locked for its removal by now: nothing is added to it any more.
pub(super) fn delete(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    let mut events = comments::delete_of_task(tx, origin, task)?;
    events.extend(attachments::delete_of(tx, origin, task)?);
    events.extend(time_entries::delete_of_task(tx, origin, task)?);
    Ok(events)
}
