//! Overlaps: time that is written down twice.

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

/// `$1` to `$4`: the entries. `$5`: where a running one ends.
///
/// Entries that began earlier are found by the moment, those that begin later by their person. So the cost of
/// an entry does not grow with the number of entries that its person has. `OFFSET 0` keeps the first from
/// being found by the person as well, among all they ever worked.
const OVERLAPS: Statement<(Uuid, Array<Uuid>)> = Statement::new(
    "SELECT asked.id, ARRAY(
         SELECT o.id
         FROM (
             (SELECT lasting.id, lasting.started_at
              FROM (
                  SELECT t.id, t.user_id, t.started_at, t.ended_at FROM time_entries t
                  WHERE tstzrange(t.started_at, t.ended_at, '[]') @> asked.started_at
                  OFFSET 0
              ) lasting
              WHERE lasting.user_id = asked.user_id AND lasting.id <> asked.id
                AND lasting.started_at < asked.started_at
                AND coalesce(lasting.ended_at, greatest(lasting.started_at + interval '1 microsecond', now.ends_at))
                    > asked.started_at
                AND EXISTS (SELECT FROM reached r WHERE r.id = lasting.id)
              ORDER BY lasting.started_at, lasting.id
              LIMIT 20)
             UNION ALL
             (SELECT later.id, later.started_at
              FROM reached later
              WHERE later.user_id = asked.user_id AND later.id <> asked.id
                AND later.started_at >= asked.started_at AND later.started_at < asked.ends_at
                AND later.ended_at IS DISTINCT FROM later.started_at
              ORDER BY later.started_at, later.id
              LIMIT 20)
         ) o
         ORDER BY o.started_at, o.id
         LIMIT 20
     )
     FROM unnest($1, $2, $3, $4) AS asked (id, user_id, started_at, ends_at), (SELECT $5 AS ends_at) now
     WHERE asked.started_at < asked.ends_at",
);

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
    let mut found: Vec<(TimeEntryId, Vec<TimeEntryId>)> = Vec::new();
    if let Some(grant) = grant.filter(|_| !entries.is_empty()) {
        let ids: Vec<TimeEntryId> = entries.iter().map(|entry| entry.id).collect();
        let users: Vec<UserId> = entries.iter().map(|entry| entry.user_id).collect();
        let starts: Vec<DateTime<Utc>> = entries.iter().map(|entry| entry.started_at).collect();
        let ends: Vec<DateTime<Utc>> = entries.iter().map(|entry| ends(entry, now)).collect();
        let reached = time_entries::table.filter(reach::time_entry(of_tasks.reach(), grant.reach())).select(
            (time_entries::id, time_entries::user_id, time_entries::started_at, time_entries::ended_at),
        );
        let statement = OVERLAPS
            .bind::<Array<Uuid>, _>(ids)
            .bind::<Array<Uuid>, _>(users)
            .bind::<Array<Timestamptz>, _>(starts)
            .bind::<Array<Timestamptz>, _>(ends)
            .bind::<Timestamptz, _>(now + TimeDelta::microseconds(1));
        found = tx.rows(WithReached { reached, statement })?;
    }
    let mut found: std::collections::BTreeMap<_, _> = found.into_iter().collect();
    let with =
        |entry: TimeEntry| Overlapping { overlap_ids: found.remove(&entry.id).unwrap_or_default(), entry };
    Ok(entries.into_iter().map(with).collect())
}
