//! Reading time entries.

use belfort_audit::postgres::StoredEvent;
use belfort_db::Tenant;
use belfort_ids::TimeEntryId;
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Reach, Read, Scope};
use belfort_values::Expected;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::page_query::{self, Segment, segment_query};
use super::{EntryCursor, TimeEntry, TimeEntryError, TimeEntryFilter, TimeEntryOrder};
use crate::change::is_stale;
use crate::history::{self, Visibility};
use crate::reach::{self, Reached};
use crate::tables::time_entries;

/// Entries in reach, from after the place `after` in this order; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Read>,
    filter: &TimeEntryFilter,
    order: TimeEntryOrder,
    after: Option<EntryCursor>,
    limit: i64,
) -> Result<Vec<TimeEntry>, TimeEntryError> {
    let segments = match (filter.from, filter.to, order) {
        (Some(from), Some(to), _) if to <= from => vec![],
        (None, ..) => vec![Segment::Begins],
        (Some(from), _, TimeEntryOrder::Latest) => vec![Segment::Begins, Segment::Lasts(from)],
        (Some(from), _, TimeEntryOrder::Earliest) => vec![Segment::Lasts(from), Segment::Begins],
    };
    let people = grant.reach().people().filter(|_| filter.user_id.is_none());
    let mut page: Vec<TimeEntry> = Vec::new();
    for segment in segments {
        let left = limit - i64::try_from(page.len()).unwrap_or(i64::MAX);
        if left > 0 {
            let reached = segment_query(of_tasks, grant, segment, filter, order, after);
            page.extend(page_query::page(tx, reached, people, segment, order, left)?);
        }
    }
    Ok(page)
}

/// The entry with this id.
pub fn get(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Read>,
    id: TimeEntryId,
) -> Result<Option<TimeEntry>, TimeEntryError> {
    Ok(find(tx, of_tasks.reach(), grant.reach(), id)?)
}

/// The history of an entry, newest first, from before the event number `before`; `limit` at most.
///
/// Of an entry that is gone, only grants that reach every task and every entry still tell.
pub fn history(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Read>,
    id: TimeEntryId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredEvent>, TimeEntryError> {
    let (tasks, own) = (of_tasks.reach(), grant.reach());
    let in_reach = tx.row(diesel::select(exists(time_entries::table.filter(this(tasks, own, id)))))?;
    let visibility = Visibility::of(in_reach, tasks.scope() == Scope::All && own.scope() == Scope::All);
    history::of_row::<TimeEntry>(tx, id.uuid(), visibility, before, limit)?.ok_or(TimeEntryError::NotFound)
}

fn this<'r>(of_tasks: &'r Reach, own: &'r Reach, id: TimeEntryId) -> Reached<'r, time_entries::table> {
    Box::new(time_entries::id.eq(id).and(reach::time_entry(of_tasks, own)))
}

fn find(
    tx: &mut impl Tenant,
    of_tasks: &Reach,
    own: &Reach,
    id: TimeEntryId,
) -> QueryResult<Option<TimeEntry>> {
    tx.find(time_entries::table.filter(this(of_tasks, own, id)).select(TimeEntry::as_select()))
}

/// The entry as it is, and as it stays until this transaction ends, unless `expected` is given and is not its
/// version.
pub(super) fn lock(
    tx: &mut impl Tenant,
    of_tasks: &Reach,
    own: &Reach,
    id: TimeEntryId,
    expected: impl Into<Expected>,
) -> Result<TimeEntry, TimeEntryError> {
    let query = time_entries::table.filter(this(of_tasks, own, id)).select(time_entries::id);
    tx.find::<TimeEntryId, _>(query.for_no_key_update())?.ok_or(TimeEntryError::NotFound)?;
    // Read again: what the reach was decided by is as old as the waiting for the lock.
    let entry = find(tx, of_tasks, own, id)?.ok_or(TimeEntryError::NotFound)?;
    if is_stale(expected, entry.version) { Err(TimeEntryError::Stale) } else { Ok(entry) }
}
