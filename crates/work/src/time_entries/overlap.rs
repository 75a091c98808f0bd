//! Overlaps: time that is written down twice.

use std::collections::{BTreeMap, BTreeSet};

use belfort_db::{Statement, Tenant};
use belfort_ids::{TimeEntryId, UserId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Read};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Array, Timestamptz, Uuid};

use super::TimeEntry;
use crate::reach;
use crate::sql::WithReached;
use crate::tables::time_entries;

/// The most overlapping entries that are named.
pub const MAX_OVERLAPS: usize = 20;

/// An entry, and what it overlaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlapping {
    /// The entry.
    pub entry: TimeEntry,
    /// Other entries of the same person that share some time with it: the first [`MAX_OVERLAPS`] of those in
    /// the caller's reach.
    pub overlap_ids: Vec<TimeEntryId>,
}

/// The span `[began, ends)` of what still runs ends after everything that is so far: it takes in the present
/// moment, so that a timer overlaps from its first moment on what it was started in.
fn ends(entry: &TimeEntry, now: DateTime<Utc>) -> DateTime<Utc> {
    entry.ended_at.unwrap_or_else(|| entry.started_at.max(now) + TimeDelta::microseconds(1))
}

/// A span of time that overlaps one of some entries.
#[derive(Debug, Queryable)]
struct Span {
    id: TimeEntryId,
    user: UserId,
    started_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// `$1` to `$3`: the entries. `$4`: where a running one ends.
///
/// What overlaps any of them is read once, however many it overlaps: who writes down the same hours thousands of times has a
/// list that grows with them, and not with their square. Which overlaps which is told apart by [`sweep`].
const OVERLAPS: Statement<(Uuid, Uuid, Timestamptz, Timestamptz)> = Statement::new(
    "SELECT t.id, t.user_id, t.started_at, t.ends_at
     FROM (
         SELECT entry.user_id, range_agg(tstzrange(entry.started_at, entry.ends_at)) AS spans
         FROM unnest($1, $2, $3) AS entry (user_id, started_at, ends_at)
         WHERE entry.started_at < entry.ends_at
         GROUP BY entry.user_id
     ) asked
     CROSS JOIN LATERAL (
         SELECT r.id, r.user_id, r.started_at,
                coalesce(r.ended_at, greatest(r.started_at + interval '1 microsecond', $4)) AS ends_at
         FROM reached r
         WHERE r.user_id = asked.user_id AND r.started_at < upper(asked.spans)
           AND tstzrange(r.started_at, r.ended_at, '[]') && range_merge(asked.spans)
           AND r.ended_at IS DISTINCT FROM r.started_at
     ) t
     WHERE asked.spans && tstzrange(t.started_at, t.ends_at)
     ORDER BY t.started_at, t.id",
);

/// Finds for each of `asked`, which are somebody's, the first of `spans`, which are all of theirs in order, that it overlaps.
fn sweep(
    asked: &mut [(TimeEntryId, DateTime<Utc>, DateTime<Utc>)],
    spans: &[Span],
    found: &mut BTreeMap<TimeEntryId, Vec<TimeEntryId>>,
) {
    asked.sort_unstable_by_key(|(id, started_at, _)| (*started_at, *id));
    let mut coming = spans.iter().enumerate().peekable();
    // What began before and lasts: in order, and by its end.
    let mut lasting = BTreeMap::new();
    let mut ending = BTreeSet::new();
    for (id, started_at, ends_at) in asked.iter().filter(|(_, started_at, ends_at)| started_at < ends_at) {
        while let Some((place, span)) = coming.next_if(|(_, span)| span.started_at < *started_at) {
            lasting.insert(place, span.id);
            ending.insert((span.ends_at, place));
        }
        while let Some((_, place)) = ending.first().copied().filter(|(ends_at, _)| ends_at <= started_at) {
            ending.pop_first();
            lasting.remove(&place);
        }
        let later = coming.clone().map(|(_, span)| span).take_while(|span| span.started_at < *ends_at);
        let overlaps = lasting.values().copied().chain(later.map(|span| span.id));
        found.insert(*id, overlaps.filter(|other| other != id).take(MAX_OVERLAPS).collect());
    }
}

/// The entries with what each overlaps, in one statement for all of them.
///
/// Spans are half-open: what begins when the other ends does not overlap it, and what has no length overlaps
/// nothing. A running timer lasts up to `now`. Only entries that `grant` reaches are named: without one,
/// none.
pub fn with_overlaps(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: Option<&Grant<TimeEntries, Read>>,
    now: DateTime<Utc>,
    entries: Vec<TimeEntry>,
) -> QueryResult<Vec<Overlapping>> {
    let mut found = BTreeMap::new();
    if let Some(grant) = grant.filter(|_| !entries.is_empty()) {
        let mut asked: BTreeMap<UserId, Vec<_>> = BTreeMap::new();
        for entry in &entries {
            asked.entry(entry.user_id).or_default().push((entry.id, entry.started_at, ends(entry, now)));
        }
        let users: Vec<UserId> = entries.iter().map(|entry| entry.user_id).collect();
        let starts: Vec<DateTime<Utc>> = entries.iter().map(|entry| entry.started_at).collect();
        let ends: Vec<DateTime<Utc>> = entries.iter().map(|entry| ends(entry, now)).collect();
        let reached = time_entries::table.filter(reach::time_entry(of_tasks.reach(), grant.reach())).select(
            (time_entries::id, time_entries::user_id, time_entries::started_at, time_entries::ended_at),
        );
        let statement = OVERLAPS
            .bind::<Array<Uuid>, _>(users)
            .bind::<Array<Timestamptz>, _>(starts)
            .bind::<Array<Timestamptz>, _>(ends)
            .bind::<Timestamptz, _>(now + TimeDelta::microseconds(1));
        let spans: Vec<Span> = tx.rows(WithReached { reached, statement })?;
        let mut spans_of: BTreeMap<UserId, Vec<Span>> = BTreeMap::new();
        for span in spans {
            spans_of.entry(span.user).or_default().push(span);
        }
        for (user, asked) in &mut asked {
            sweep(asked, spans_of.get(user).map_or(&[], Vec::as_slice), &mut found);
        }
    }
    let with =
        |entry: TimeEntry| Overlapping { overlap_ids: found.remove(&entry.id).unwrap_or_default(), entry };
    Ok(entries.into_iter().map(with).collect())
}
