//! Reading entries, cut at the days and added up as far as the database can without a row for each day.

use std::collections::BTreeMap;
use std::ops::Bound;

use belfort_db::{Error, Statement, Tenant};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Read};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Range, Text, Timestamptz, Uuid};

use super::sums::{DayPart, GroupKey, LineKey};
use super::{GroupBy, MAX_LINES, ReportError, ReportQuery};
use crate::sql::Fragment;
use crate::sql::WithReached;
use crate::tables::{task_tags, time_entries};
use crate::{TagName, Title, reach};

/// The sums that were found, and the names of the ids in them.
pub(super) struct Found {
    pub(super) parts: BTreeMap<LineKey, DayPart>,
    pub(super) titles: BTreeMap<TaskId, Title>,
    pub(super) tag_names: BTreeMap<TagId, TagName>,
}

#[derive(Queryable)]
struct Row {
    user_id: Option<UserId>,
    task_id: Option<TaskId>,
    title: Option<Title>,
    tag_ids: Option<Vec<TagId>>,
    tag_names: Vec<TagName>,
    at: i32,
    micros: String,
    cost: String,
    whole: String,
    whole_cents: String,
}

type Columns = (
    Nullable<Uuid>,
    Nullable<Uuid>,
    Nullable<Text>,
    Nullable<Array<Uuid>>,
    Array<Text>,
    Integer,
    Text,
    Text,
    Text,
    Text,
);

/// As the index has it, with both ends: with a little more than is wanted, of which no microsecond is in the
/// cuts.
const SPAN: Fragment<Range<Timestamptz>> =
    Fragment::new("tstzrange(time_entries.started_at, time_entries.ended_at, '[]')");

/// `$1`: the cuts, in microseconds since the epoch, so that no clock but ours says when a day begins. `$2` to
/// `$4`: by user, by task, by tag. `$5`: how many rows.
///
/// An entry is a piece of its first day and one of its last; the days in between it has whole, which is told
/// where they begin and where they are over. Sums are sent as text: they are greater than any integer of
/// Postgres.
const PARTS: Statement<Columns> = Statement::new(
    "SELECT s.user_id, s.task_id, (SELECT t.title FROM tasks t WHERE t.id = s.task_id),
            s.tag_ids, ARRAY(SELECT t.name FROM tags t WHERE t.id = ANY(s.tag_ids) ORDER BY t.id),
            s.at, s.micros, s.cost, s.whole, s.whole_cents
     FROM (
         SELECT p.user_id, p.task_id, p.tag_ids, p.at,
                sum(p.micros)::text AS micros, sum(p.micros * p.cents)::text AS cost,
                sum(p.whole)::text AS whole, sum(p.whole * p.cents)::text AS whole_cents
         FROM (
             SELECT CASE WHEN asked.by_user THEN e.user_id END AS user_id,
                    CASE WHEN asked.by_task THEN e.task_id END AS task_id,
                    CASE WHEN asked.by_tag THEN
                        ARRAY(SELECT t.tag_id FROM task_tags t WHERE t.task_id = e.task_id ORDER BY t.tag_id)
                    END AS tag_ids,
                    e.cents, piece.at, piece.micros, piece.whole
             FROM (SELECT $1 AS cuts, $2 AS by_user, $3 AS by_task, $4 AS by_tag) asked
             CROSS JOIN LATERAL (
                 SELECT r.user_id, r.task_id,
                        CASE WHEN r.billable THEN coalesce(r.hourly_rate_cents, 0) ELSE 0 END::numeric AS cents,
                        greatest((extract(epoch FROM r.started_at) * 1000000)::bigint, asked.cuts[1]) AS begins,
                        least((extract(epoch FROM r.ended_at) * 1000000)::bigint,
                              asked.cuts[cardinality(asked.cuts)]) AS ends
                 FROM reached r
                 OFFSET 0
             ) e
             CROSS JOIN LATERAL (
                 SELECT width_bucket(e.begins, asked.cuts) AS first, width_bucket(e.ends - 1, asked.cuts) AS last OFFSET 0
             ) day
             CROSS JOIN LATERAL (VALUES
                 (day.first, least(e.ends, asked.cuts[day.first + 1]) - e.begins, 0),
                 (day.last, CASE WHEN day.last > day.first THEN e.ends - asked.cuts[day.last] END, 0),
                 (day.first + 1, 0, CASE WHEN day.last > day.first + 1 THEN 1 END),
                 (day.last, 0, CASE WHEN day.last > day.first + 1 THEN -1 END)
             ) piece (at, micros, whole)
             WHERE e.begins < e.ends AND piece.micros IS NOT NULL AND piece.whole IS NOT NULL
         ) p
         GROUP BY p.user_id, p.task_id, p.tag_ids, p.at
     ) s
     LIMIT $5",
);

/// The pieces, added up by place. Each is of a line of its own, so more of them than there may be lines are
/// too many.
pub(super) fn parts(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Read>,
    query: &ReportQuery,
    cuts: &[i64],
) -> Result<Found, ReportError> {
    let (from, to) = query.period.bounds();
    let mut reached = time_entries::table
        .filter(reach::time_entry(of_tasks.reach(), grant.reach()))
        .filter(SPAN.overlaps_with((Bound::Included(from), Bound::Excluded(to))))
        .filter(time_entries::ended_at.is_not_null())
        .select((
            time_entries::task_id,
            time_entries::user_id,
            time_entries::started_at,
            time_entries::ended_at,
            time_entries::billable,
            time_entries::hourly_rate_cents,
        ))
        .into_boxed();
    if let Some(user) = query.user_id {
        reached = reached.filter(time_entries::user_id.eq(user));
    }
    if let Some(task) = query.task_id {
        reached = reached.filter(time_entries::task_id.eq(task));
    }
    if let Some(tag) = query.tag_id {
        let of_the_task = task_tags::table.filter(task_tags::task_id.eq(time_entries::task_id));
        reached = reached.filter(exists(of_the_task.filter(task_tags::tag_id.eq(tag))));
    }
    if let Some(billable) = query.billable {
        reached = reached.filter(time_entries::billable.eq(billable));
    }
    let by = |group| query.group_by.contains(&group);
    let most = i64::try_from(MAX_LINES).unwrap_or(i64::MAX);
    let statement = PARTS
        .bind::<Array<BigInt>, _>(cuts)
        .bind::<Bool, _>(by(GroupBy::User))
        .bind::<Bool, _>(by(GroupBy::Task))
        .bind::<Bool, _>(by(GroupBy::Tag))
        .bind::<BigInt, _>(most.saturating_add(1));
    let rows: Vec<Row> = tx.rows(WithReached { reached, statement })?;
    if rows.len() > MAX_LINES {
        return Err(ReportError::TooLarge);
    }
    Ok(collect(rows)?)
}

fn collect(rows: Vec<Row>) -> Result<Found, Error> {
    let mut found = Found { parts: BTreeMap::new(), titles: BTreeMap::new(), tag_names: BTreeMap::new() };
    for row in rows {
        found.titles.extend(row.task_id.zip(row.title));
        found.tag_names.extend(row.tag_ids.iter().flatten().copied().zip(row.tag_names));
        let part = DayPart {
            micros: integer(&row.micros)?,
            cost: integer(&row.cost)?,
            whole: integer(&row.whole)?,
            whole_cents: integer(&row.whole_cents)?,
        };
        let key = GroupKey { user: row.user_id, task: row.task_id, tags: row.tag_ids };
        // Postgres counts from one.
        let at = usize::try_from(row.at).ok().and_then(|at| at.checked_sub(1));
        let at = at.ok_or_else(|| Error::DeserializationError("a day before the first".into()))?;
        found.parts.insert((key, at), part);
    }
    Ok(found)
}

fn integer(text: &str) -> Result<i128, Error> {
    text.parse().map_err(|error: std::num::ParseIntError| Error::DeserializationError(error.into()))
}
