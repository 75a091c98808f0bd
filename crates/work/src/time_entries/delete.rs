//! Deleting time entries.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::Tenant;
use belfort_ids::{TaskId, TimeEntryId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Delete, Grant, Read};
use belfort_values::Expected;
use diesel::prelude::*;

use super::read::lock;
use super::{TimeEntry, TimeEntryError};
use crate::tables::time_entries;

/// Deletes an entry, unless `expected` is given and is not its version any more.
pub fn delete(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Delete>,
    origin: &Origin,
    id: TimeEntryId,
    expected: impl Into<Expected>,
) -> Result<(), TimeEntryError> {
    let gone = lock(tx, of_tasks.reach(), grant.reach(), id, expected)?;
    tx.run(diesel::delete(time_entries::table.find(id)))?;
    Ok(append(tx, origin, &[Event::deleted(origin, &gone)])?)
}

/// Deletes the entries of a task that is locked for its deletion, and answers their events.
pub(crate) fn delete_of_task(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    let gone = diesel::delete(time_entries::table.filter(time_entries::task_id.eq(task)));
    let mut gone: Vec<TimeEntry> = tx.rows(gone.returning(TimeEntry::as_select()))?;
    gone.sort_unstable_by_key(|entry| entry.id);
    Ok(gone.iter().map(|entry| Event::deleted(origin, entry)).collect())
}
