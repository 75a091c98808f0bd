//! Counters that bound guessing: the attempt is counted before it is made.
//!
//! Reserve, commit, and only then verify; give the attempt back when it was right. Counting *after* a wrong guess would let
//! all the guesses through that are being verified at the same moment. Reserve outside of the transaction that verifies:
//! the row stays locked until the commit, and logins of one address would queue behind each other's hashing.

use belfort_db::{Control, Statement};
use chrono::{DateTime, Duration, Utc};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Integer, Timestamptz};

use self::schema::counters;
use crate::counter_key::CounterKey;
use crate::limit::Limit;

/// The answer to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reservation {
    /// The attempt may be made, and was counted.
    Granted,
    /// The attempt may not be made: the limit is reached.
    Refused {
        /// The time until the window ends; more than zero.
        retry_after: Duration,
    },
}

/// Counts an attempt, unless the limit is reached.
///
/// A window that is over at `now` begins anew. A refused attempt changes nothing: it neither counts nor extends the window.
pub fn reserve(
    db: &mut impl Control,
    key: &CounterKey,
    limit: Limit,
    now: DateTime<Utc>,
) -> QueryResult<Reservation> {
    let query = RESERVE
        .bind::<Binary, _>(key.as_bytes().as_slice())
        .bind::<Integer, _>(i32::try_from(limit.max()).unwrap_or(i32::MAX))
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now + limit.per());
    let (granted, window_ends): (bool, DateTime<Utc>) = db.row(query)?;
    Ok(if granted { Reservation::Granted } else { Reservation::Refused { retry_after: window_ends - now } })
}

/// Gives one attempt back, because it was right. Never below zero.
pub fn refund(db: &mut impl Control, key: &CounterKey) -> QueryResult<()> {
    let counter = counters::table.find(key.as_bytes().as_slice()).filter(counters::hits.gt(0));
    db.run(diesel::update(counter).set(counters::hits.eq(counters::hits - 1)))?;
    Ok(())
}

/// Deletes a counter, which unlocks what it counted.
pub fn clear(db: &mut impl Control, key: &CounterKey) -> QueryResult<()> {
    db.run(diesel::delete(counters::table.find(key.as_bytes().as_slice())))?;
    Ok(())
}

/// Deletes the counters whose window is over at `now`, and returns their number.
pub fn purge(db: &mut impl Control, now: DateTime<Utc>) -> QueryResult<usize> {
    db.run(diesel::delete(counters::table.filter(counters::window_ends.le(now))))
}

// The upsert decides, under the row's lock. When it refuses, it returns no row, and the end of the window is read from the
// statement's snapshot. Where that shows no open window, somebody began one while this statement waited: it is as old as
// this attempt.
const RESERVE: Statement<(Bool, Timestamptz)> = Statement::new(
    "WITH attempt AS (
        SELECT $1::bytea AS key, $2::integer AS max, $3::timestamptz AS at, $4::timestamptz AS ends
    ), reserved AS (
        INSERT INTO public.counters AS c (key, hits, window_ends)
        SELECT key, 1, ends FROM attempt
        ON CONFLICT (key) DO UPDATE SET
            hits = CASE WHEN c.window_ends <= (SELECT at FROM attempt) THEN 1 ELSE c.hits + 1 END,
            window_ends = CASE WHEN c.window_ends <= (SELECT at FROM attempt) THEN excluded.window_ends ELSE c.window_ends END
        WHERE c.window_ends <= (SELECT at FROM attempt) OR c.hits < (SELECT max FROM attempt)
        RETURNING window_ends
    )
    SELECT true, window_ends FROM reserved
    UNION ALL
    SELECT false, CASE WHEN c.window_ends > a.at THEN c.window_ends ELSE a.ends END
    FROM attempt AS a LEFT JOIN public.counters AS c ON c.key = a.key
    WHERE NOT EXISTS (SELECT FROM reserved)",
);

mod schema {
    diesel::table! {
        public.counters (key) {
            key -> Binary,
            hits -> Integer,
            window_ends -> Timestamptz,
        }
    }
}
