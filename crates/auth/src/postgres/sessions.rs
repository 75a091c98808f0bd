//! The sessions of a tenant's users.
//!
//! Sessions are opened, listed and ended here. The caller of a request (session, user, role) is looked up in one statement
//! elsewhere.

use std::net::IpAddr;

use belfort_db::Tenant;
use belfort_ids::{SessionId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

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

/// Opens a session, and returns the time at which it expires.
pub fn open(
    tx: &mut impl Tenant,
    id: SessionId,
    user: UserId,
    digest: &TokenDigest,
    ip: Option<IpAddr>,
    user_agent: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<DateTime<Utc>> {
    let insert = diesel::insert_into(sessions::table).values((
        sessions::id.eq(id),
        sessions::user_id.eq(user),
        sessions::digest.eq(digest.as_bytes().as_slice()),
        sessions::created_at.eq(now),
        sessions::expires_at.eq(now + SESSION_LIFETIME),
        sessions::ip.eq(ip.map(|ip| ip.to_canonical().to_string())),
        sessions::user_agent.eq(user_agent.map(printable)),
    ));
    tx.row(insert.returning(sessions::expires_at))
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

/// Lists the sessions of `user` that are valid at `now`, newest first.
pub fn list(tx: &mut impl Tenant, user: UserId, now: DateTime<Utc>) -> QueryResult<Vec<Session>> {
    type Row = (SessionId, DateTime<Utc>, DateTime<Utc>, Option<String>, Option<String>);
    let rows: Vec<Row> = tx.rows(
        sessions::table
            .filter(sessions::user_id.eq(user))
            .filter(sessions::expires_at.gt(now))
            .order((sessions::created_at.desc(), sessions::id.desc()))
            .select((
                sessions::id,
                sessions::created_at,
                sessions::expires_at,
                sessions::ip,
                sessions::user_agent,
            )),
    )?;
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
