//! Pages of time entries.

use std::fmt;
use std::str::FromStr;

use belfort_db::{Backend, Statement, Tenant};
use belfort_ids::{TaskId, TimeEntryId, UserId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Read};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Range, Text, Timestamptz, Uuid};

use super::{TimeEntry, TimeEntryError};
use crate::reach::{self, Reached};
use crate::sql::Fragment;
use crate::sql::WithReached;
use crate::tables::time_entries;

/// Which entries are wanted; the default is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeEntryFilter {
    /// On this task.
    pub task_id: Option<TaskId>,
    /// Of this user.
    pub user_id: Option<UserId>,
    /// Billable, or not.
    pub billable: Option<bool>,
    /// Running, or ended.
    pub running: Option<bool>,
    /// Not over before or at this moment.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// In which order entries are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeEntryOrder {
    /// What began last is first.
    #[default]
    Latest,
    /// What began first is first.
    Earliest,
}

/// The place of an entry in either order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryCursor {
    started_at: DateTime<Utc>,
    id: TimeEntryId,
}

impl EntryCursor {
    /// The place of `entry`.
    pub const fn of(entry: &TimeEntry) -> Self {
        Self { started_at: entry.started_at, id: entry.id }
    }
}

impl fmt::Display for EntryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.started_at.timestamp_micros(), self.id)
    }
}

/// A text that is the place of no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list of time entries")]
pub struct EntryCursorError;

impl FromStr for EntryCursor {
    type Err = EntryCursorError;

    fn from_str(text: &str) -> Result<Self, EntryCursorError> {
        let (micros, id) = text.split_once('.').ok_or(EntryCursorError)?;
        let started_at =
            micros.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(EntryCursorError)?;
        Ok(Self { started_at, id: id.parse().map_err(|_e| EntryCursorError)? })
    }
}

/// One way to some of the entries that are wanted.
#[derive(Debug, Clone, Copy)]
enum Segment {
    /// What begins within the range of time: it stands there in the order of the list.
    Begins,
    /// What began before the range and lasts into it: it is found by the moment at which the range begins.
    Lasts(DateTime<Utc>),
}

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
    let mut page: Vec<TimeEntry> = Vec::new();
    for segment in segments {
        let left = limit - i64::try_from(page.len()).unwrap_or(i64::MAX);
        if left > 0 {
            let query = segment_query(of_tasks, grant, filter, order, after, segment);
            page.extend(read(tx, grant, filter, order, query, segment, left)?);
        }
    }
    Ok(page)
}

/// All entries of a segment, from after the place.
fn segment_query<'r>(
    of_tasks: &'r Grant<Tasks, Read>,
    grant: &'r Grant<TimeEntries, Read>,
    filter: &TimeEntryFilter,
    order: TimeEntryOrder,
    after: Option<EntryCursor>,
    segment: Segment,
) -> SegmentQuery<'r> {
    let reached = reach::time_entry(of_tasks.reach(), grant.reach());
    let mut query = time_entries::table.select(time_entries::all_columns).filter(reached).into_boxed();
    if let Some(task) = filter.task_id {
        query = query.filter(time_entries::task_id.eq(task));
    }
    if let Some(user) = filter.user_id {
        query = query.filter(time_entries::user_id.eq(user));
    }
    if let Some(billable) = filter.billable {
        query = query.filter(time_entries::billable.eq(billable));
    }
    query = match filter.running {
        Some(true) => query.filter(time_entries::ended_at.is_null()),
        Some(false) => query.filter(time_entries::ended_at.is_not_null()),
        None => query,
    };
    if let Some(to) = filter.to {
        query = query.filter(time_entries::started_at.lt(to));
    }
    query = match (segment, filter.from) {
        (Segment::Lasts(from), _) => query.filter(time_entries::started_at.lt(from).and(lasts_beyond(from))),
        (Segment::Begins, Some(from)) => query.filter(time_entries::started_at.ge(from)),
        (Segment::Begins, None) => query,
    };
    // The beginning is bounded by itself, so that the index leads to the page; what began at the same moment is told by the id.
    match (order, after) {
        (TimeEntryOrder::Latest, Some(EntryCursor { started_at, id })) => {
            let before = time_entries::started_at.lt(started_at).or(time_entries::id.lt(id));
            query.filter(time_entries::started_at.le(started_at).and(before))
        }
        (TimeEntryOrder::Earliest, Some(EntryCursor { started_at, id })) => {
            let behind = time_entries::started_at.gt(started_at).or(time_entries::id.gt(id));
            query.filter(time_entries::started_at.ge(started_at).and(behind))
        }
        (_, None) => query,
    }
}

type SegmentQuery<'r> = time_entries::BoxedQuery<'r, Backend, Columns>;
type Columns = (
    Uuid,
    Uuid,
    Uuid,
    Timestamptz,
    Nullable<Timestamptz>,
    Text,
    Bool,
    Nullable<BigInt>,
    Integer,
    Timestamptz,
    Timestamptz,
);

/// Entries that are not over at this moment, though they may begin later.
fn lasts_beyond<'r>(moment: DateTime<Utc>) -> Reached<'r, time_entries::table> {
    let not_over = time_entries::ended_at.is_null().or(time_entries::ended_at.assume_not_null().gt(moment));
    Box::new(SPAN.contains(moment).and(not_over))
}

/// As the index has it, with both ends.
const SPAN: Fragment<Range<Timestamptz>> =
    Fragment::new("tstzrange(time_entries.started_at, time_entries.ended_at, '[]')");

/// Pages from each person's entries, which stand in their order in an index: a page's worth of each is read, and the page is
/// among those. Otherwise the entries of everybody would be gone through, in search of a few people's.
macro_rules! of_people {
    ($way:literal) => {
        Statement::new(concat!(
            "SELECT e.id, e.task_id, e.user_id, e.started_at, e.ended_at, e.note, e.billable, e.hourly_rate_cents,
                    e.version, e.created_at, e.updated_at
             FROM (SELECT DISTINCT one.id FROM unnest($1) AS one (id)) who
             CROSS JOIN LATERAL (
                 SELECT r.id, r.task_id, r.user_id, r.started_at, r.ended_at, r.note, r.billable, r.hourly_rate_cents,
                        r.version, r.created_at, r.updated_at
                 FROM reached r
                 WHERE r.user_id = who.id
                 ORDER BY r.started_at",
            $way,
            ", r.id",
            $way,
            " LIMIT $2
             ) e
             ORDER BY e.started_at",
            $way,
            ", e.id",
            $way,
            " LIMIT $3"
        ))
    };
}

/// All entries of a segment, found before they are sorted: `OFFSET 0` keeps the order from being the way to them.
macro_rules! found_first {
    ($way:literal) => {
        Statement::new(concat!(
            "SELECT e.id, e.task_id, e.user_id, e.started_at, e.ended_at, e.note, e.billable, e.hourly_rate_cents,
                    e.version, e.created_at, e.updated_at
             FROM (
                 SELECT r.id, r.task_id, r.user_id, r.started_at, r.ended_at, r.note, r.billable, r.hourly_rate_cents,
                        r.version, r.created_at, r.updated_at
                 FROM reached r OFFSET 0
             ) e
             ORDER BY e.started_at",
            $way,
            ", e.id",
            $way,
            " LIMIT $1"
        ))
    };
}

/// A page of a segment.
fn read(
    tx: &mut impl Tenant,
    grant: &Grant<TimeEntries, Read>,
    filter: &TimeEntryFilter,
    order: TimeEntryOrder,
    query: SegmentQuery<'_>,
    segment: Segment,
    limit: i64,
) -> QueryResult<Vec<TimeEntry>> {
    const LATEST_OF_PEOPLE: Statement<Columns> = of_people!(" DESC");
    const EARLIEST_OF_PEOPLE: Statement<Columns> = of_people!("");
    const LATEST_FOUND: Statement<Columns> = found_first!(" DESC");
    const EARLIEST_FOUND: Statement<Columns> = found_first!("");
    let latest = order == TimeEntryOrder::Latest;
    match (segment, grant.reach().people().filter(|_| filter.user_id.is_none())) {
        (Segment::Lasts(_), _) => {
            let statement = if latest { LATEST_FOUND } else { EARLIEST_FOUND };
            tx.rows(WithReached { reached: query, statement: statement.bind::<BigInt, _>(limit) })
        }
        (Segment::Begins, Some(people)) => {
            let statement = if latest { LATEST_OF_PEOPLE } else { EARLIEST_OF_PEOPLE };
            let statement =
                statement.bind::<Array<Uuid>, _>(people).bind::<BigInt, _>(limit).bind::<BigInt, _>(limit);
            tx.rows(WithReached { reached: query, statement })
        }
        (Segment::Begins, None) if latest => {
            tx.rows(query.order((time_entries::started_at.desc(), time_entries::id.desc())).limit(limit))
        }
        (Segment::Begins, None) => {
            tx.rows(query.order((time_entries::started_at.asc(), time_entries::id.asc())).limit(limit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let place = EntryCursor {
            started_at: DateTime::from_timestamp_micros(-1_000_001).unwrap(),
            id: TimeEntryId::new(DateTime::UNIX_EPOCH),
        };
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", ".", "1", "1.x", "x.01980000-0000-7000-8000-000000000000", "9223372036854775807."] {
            assert_eq!(text.parse::<EntryCursor>(), Err(EntryCursorError), "{text}");
        }
    }
}
