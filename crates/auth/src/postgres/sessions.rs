//! The sessions of a tenant's users.
//!
//! Sessions are opened, listed and ended here. The caller of a request (session, user, role) is looked up in one statement
//! elsewhere.

use std::net::IpAddr;

use belfort_db::{Statement, Tenant};
use belfort_ids::{SessionId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Timestamptz, Uuid};

use self::schema::sessions;
use crate::token::{SESSION_LIFETIME, TokenDigest};

/// A session of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// The time of the login.
    pub created_at: DateTime<Utc>,
    /// The time at which it expires.
    pub expires_at: DateTime<Utc>,
    /// The address that the login came from.
    pub ip: Option<IpAddr>,
    /// The `User-Agent` of the client.
    pub user_agent: Option<String>,
}

/// The number of sessions that a user has at most. Of more, the oldest are ended.
pub const MAX_SESSIONS: i64 = 100;

/// Opens a session, and returns the time at which it expires. The newest [`MAX_SESSIONS`] of the user stay.
///
/// Of two at once for one user neither would see the other's. Whoever calls holds a lock that belongs to the user, their
/// credentials' say, so that the second statement begins after the first transaction.
pub fn open(
    tx: &mut impl Tenant,
    id: SessionId,
    user: UserId,
    digest: &TokenDigest,
    ip: Option<IpAddr>,
    user_agent: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<DateTime<Utc>> {
    // The new one is not seen by the other half of the statement: it stays whatever the clocks of two servers say.
    const OPEN: Statement<Timestamptz> = Statement::new(
        "WITH ended AS (
            DELETE FROM sessions
            WHERE id IN (SELECT s.id FROM sessions s WHERE s.user_id = $1 ORDER BY s.id DESC OFFSET $2)
        )
        INSERT INTO sessions (id, user_id, digest, created_at, expires_at, ip, user_agent)
        VALUES ($3, $4, $5, $6, $7, $8, $9)
        RETURNING expires_at",
    );
    tx.row(
        OPEN.bind::<Uuid, _>(user)
            .bind::<BigInt, _>(MAX_SESSIONS - 1)
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(user)
            .bind::<Binary, _>(digest.as_bytes().as_slice())
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now + SESSION_LIFETIME)
            .bind::<Nullable<Text>, _>(ip.map(|ip| ip.to_canonical().to_string()))
            .bind::<Nullable<Text>, _>(user_agent.map(printable)),
    )
}

/// Ends the session of this token, and returns whether there was one.
pub fn end(tx: &mut impl Tenant, digest: &TokenDigest) -> QueryResult<bool> {
    let session = sessions::table.filter(sessions::digest.eq(digest.as_bytes().as_slice()));
    Ok(tx.run(diesel::delete(session))? == 1)
}

/// Ends one session of `user`, and returns whether there was one. Another user's is not found.
pub fn end_one(tx: &mut impl Tenant, user: UserId, id: SessionId) -> QueryResult<bool> {
    let session = sessions::table.find(id).filter(sessions::user_id.eq(user));
    Ok(tx.run(diesel::delete(session))? == 1)
}

/// Ends all sessions of `user`, and returns their number.
pub fn end_all(tx: &mut impl Tenant, user: UserId) -> QueryResult<usize> {
    tx.run(diesel::delete(sessions::table.filter(sessions::user_id.eq(user))))
}

/// Ends all sessions of `user` but this one, and returns their number.
pub fn end_others(tx: &mut impl Tenant, user: UserId, keep: SessionId) -> QueryResult<usize> {
    let others = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::id.ne(keep));
    tx.run(diesel::delete(others))
}

/// Lists the sessions of `user` that are valid at `now`, newest first, from before `before`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    user: UserId,
    now: DateTime<Utc>,
    before: Option<SessionId>,
    limit: i64,
) -> QueryResult<Vec<Session>> {
    type Row = (SessionId, DateTime<Utc>, DateTime<Utc>, Option<String>, Option<String>);
    let columns =
        (sessions::id, sessions::created_at, sessions::expires_at, sessions::ip, sessions::user_agent);
    let mut page = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id.desc())
        .limit(limit)
        .select(columns)
        .into_boxed();
    if let Some(before) = before {
        page = page.filter(sessions::id.lt(before));
    }
    let rows: Vec<Row> = tx.rows(page)?;
    let row = |(id, created_at, expires_at, ip, user_agent): Row| {
        let ip = ip.and_then(|ip| ip.parse().ok());
        Session { id, created_at, expires_at, ip, user_agent }
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Deletes the sessions that have expired at `now`, and returns their number.
pub fn purge(tx: &mut impl Tenant, now: DateTime<Utc>) -> QueryResult<usize> {
    tx.run(diesel::delete(sessions::table.filter(sessions::expires_at.le(now))))
}

/// A `User-Agent`, cut to the column and without the characters that a terminal would act on or Postgres refuse.
fn printable(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(255).collect()
}

mod schema {
    diesel::table! {
        sessions (id) {
            id -> Uuid,
            user_id -> Uuid,
            digest -> Binary,
            created_at -> Timestamptz,
            expires_at -> Timestamptz,
            ip -> Nullable<Varchar>,
            user_agent -> Nullable<Varchar>,
        }
    }
}
