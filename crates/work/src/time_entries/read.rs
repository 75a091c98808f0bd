//! Looking at one time entry.

use belfort_audit::postgres::EventRow;
use belfort_db::Tenant;
use belfort_ids::TimeEntryId;
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Reach, Read, Scope};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::{RESOURCE, TimeEntry, TimeEntryError};
use crate::history::{self, Visibility};
use crate::reach::{self, Reached};
use crate::tables::time_entries;

/// The entry with this id.
pub fn get(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Read>,
    id: TimeEntryId,
) -> Result<TimeEntry, TimeEntryError> {
    find(tx, of_tasks.reach(), grant.reach(), id)
}

/// What happened to an entry, newest first, from before the event number `before`; `limit` at most.
///
/// Of an entry that is gone, only grants that reach every task and every entry still tell.
pub fn history(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Read>,
    id: TimeEntryId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<EventRow>, TimeEntryError> {
    let (tasks, own) = (of_tasks.reach(), grant.reach());
    let in_reach = tx.row(diesel::select(exists(time_entries::table.filter(this(tasks, own, id)))))?;
    let visibility = Visibility::of(in_reach, tasks.scope() == Scope::All && own.scope() == Scope::All);
    history::of_row(tx, RESOURCE, id.uuid(), visibility, before, limit)?.ok_or(TimeEntryError::NotFound)
}

fn this<'r>(of_tasks: &'r Reach, own: &'r Reach, id: TimeEntryId) -> Reached<'r, time_entries::table> {
    Box::new(time_entries::id.eq(id).and(reach::time_entry(of_tasks, own)))
}

fn find(
    tx: &mut impl Tenant,
    of_tasks: &Reach,
    own: &Reach,
    id: TimeEntryId,
) -> Result<TimeEntry, TimeEntryError> {
    let query = time_entries::table.filter(this(of_tasks, own, id)).select(TimeEntry::as_select());
    tx.find(query)?.ok_or(TimeEntryError::NotFound)
}

/// The entry as it is, and as it stays until this transaction ends, unless `expected` is given and is not its version.
pub(super) fn lock(
    tx: &mut impl Tenant,
    of_tasks: &Reach,
    own: &Reach,
    id: TimeEntryId,
    expected: Option<i32>,
) -> Result<TimeEntry, TimeEntryError> {
    let query = time_entries::table.filter(this(of_tasks, own, id)).select(time_entries::id);
    tx.find::<TimeEntryId, _>(query.for_no_key_update())?.ok_or(TimeEntryError::NotFound)?;
    // Read again: what the reach was decided by is as old as the waiting for the lock.
    let entry = find(tx, of_tasks, own, id)?;
    match expected {
        Some(version) if version != entry.version => Err(TimeEntryError::Stale),
        _ => Ok(entry),
    }
}
