//! A page of time entries, part by part.

use belfort_db::{Backend, Tenant};
use belfort_ids::UserId;
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Read};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Range, Text, Timestamptz, Uuid};

use super::{EntryCursor, TimeEntry, TimeEntryFilter, TimeEntryOrder};
use crate::reach::{self, Reached};
use crate::sql::{Fragment, WithReached};
use crate::tables::time_entries;

/// A part of the list, each with a way of its own to its entries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Segment {
    /// The entries that begin within the range of time: they stand there in the order of the list.
    Begins,
    /// The entries that began before the range and last into it: they are found by the moment at which the
    /// range begins.
    Lasts(DateTime<Utc>),
}

/// A page of a segment, by each of `people` where they are few.
pub(super) fn page(
    tx: &mut impl Tenant,
    reached: SegmentQuery<'_>,
    people: Option<&[UserId]>,
    segment: Segment,
    order: TimeEntryOrder,
    limit: i64,
) -> QueryResult<Vec<TimeEntry>> {
    match (segment, people, order) {
        (Segment::Lasts(_), ..) => {
            tx.rows(WithReached { reached, statement: SortedPage { people: None, order, limit } })
        }
        (Segment::Begins, Some(people), _) => {
            tx.rows(WithReached { reached, statement: SortedPage { people: Some(people), order, limit } })
        }
        (Segment::Begins, None, TimeEntryOrder::Latest) => {
            tx.rows(reached.order((time_entries::started_at.desc(), time_entries::id.desc())).limit(limit))
        }
        (Segment::Begins, None, TimeEntryOrder::Earliest) => {
            tx.rows(reached.order((time_entries::started_at.asc(), time_entries::id.asc())).limit(limit))
        }
    }
}

/// All entries of a segment that are in reach and let through by the filter, from after the place `after`.
pub(super) fn segment_query<'r>(
    of_tasks: &'r Grant<Tasks, Read>,
    grant: &'r Grant<TimeEntries, Read>,
    segment: Segment,
    filter: &TimeEntryFilter,
    order: TimeEntryOrder,
    after: Option<EntryCursor>,
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
    // The beginning is bounded by itself, so that the index leads to the page; what began at the same moment
    // is told by the id.
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

pub(super) type SegmentQuery<'r> = time_entries::BoxedQuery<'r, Backend, Columns>;
pub(super) type Columns = (
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

/// A page of the rows of `reached` that is not found by following an index in the order of the list.
///
/// From `people`, each person's entries stand in their order in an index: a page's worth of each is read, and
/// the page is among those. Otherwise the entries of everybody would be gone through, in search of a few
/// people's.
///
/// Without, all rows are found before they are sorted: `OFFSET 0` keeps the order from being the way to them.
struct SortedPage<'p> {
    people: Option<&'p [UserId]>,
    order: TimeEntryOrder,
    limit: i64,
}

impl QueryFragment<Backend> for SortedPage<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("SELECT e.* FROM ");
        if let Some(people) = &self.people {
            out.push_sql("(SELECT DISTINCT one.id FROM unnest(");
            out.push_bind_param::<Array<Uuid>, _>(people)?;
            out.push_sql(
                ") AS one (id)) who CROSS JOIN LATERAL (SELECT r.* FROM reached r WHERE r.user_id = who.id",
            );
            out.push_sql(match self.order {
                TimeEntryOrder::Latest => " ORDER BY r.started_at DESC, r.id DESC LIMIT ",
                TimeEntryOrder::Earliest => " ORDER BY r.started_at, r.id LIMIT ",
            });
            out.push_bind_param::<BigInt, _>(&self.limit)?;
        } else {
            out.push_sql("(SELECT r.* FROM reached r OFFSET 0");
        }
        out.push_sql(match self.order {
            TimeEntryOrder::Latest => ") e ORDER BY e.started_at DESC, e.id DESC LIMIT ",
            TimeEntryOrder::Earliest => ") e ORDER BY e.started_at, e.id LIMIT ",
        });
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl Query for SortedPage<'_> {
    type SqlType = Columns;
}
