//! Opening a session for somebody whose password was right.

use std::net::IpAddr;

use belfort_auth::postgres::{credentials, sessions};
use belfort_auth::{PasswordHash, SessionToken};
use belfort_db::{Statement, Tenant};
use belfort_ids::SessionId;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Integer, Text, Uuid};

use super::StoredPassword;

/// A session that was just opened.
#[derive(Debug)]
pub struct NewSession {
    /// The token that the client sends with each request; it is stored nowhere.
    pub token: SessionToken,
    /// The session.
    pub session: SessionId,
    /// The expiry time.
    pub expires_at: DateTime<Utc>,
}

/// Opens a session for a user whose password was `checked` and found right.
///
/// `None` when they were deactivated or their password hash changed since the hash was read: read it again and check again.
/// The locks make a deactivation or a change of the password that comes at the same time wait, and then end this session like
/// the others.
pub fn open_session(
    tx: &mut impl Tenant,
    now: DateTime<Utc>,
    checked: &StoredPassword,
    ip: Option<IpAddr>,
    user_agent: Option<&str>,
) -> QueryResult<Option<NewSession>> {
    const LOCK: Statement<Integer> = Statement::new(
        "SELECT 1
         FROM members m
         JOIN credentials c ON c.user_id = m.user_id
         WHERE m.user_id = $1 AND m.is_active AND c.password_hash = $2
         FOR SHARE OF m
         FOR NO KEY UPDATE OF c",
    );
    let query = LOCK.bind::<Uuid, _>(checked.user).bind::<Text, _>(checked.hash.as_str());
    let locked: Option<i32> = tx.find(query)?;
    if locked.is_none() {
        return Ok(None);
    }
    let (token, session) = (SessionToken::generate(), SessionId::new(now));
    let expires_at = sessions::open(tx, session, checked.user, &token.digest(), ip, user_agent, now)?;
    Ok(Some(NewSession { token, session, expires_at }))
}

/// Replaces a hash that a login was just checked against by a stronger one, after [`open_session`] in its transaction. False
/// when it was replaced before.
pub fn rehash(
    tx: &mut impl Tenant,
    now: DateTime<Utc>,
    checked: &StoredPassword,
    fresh: &PasswordHash,
) -> QueryResult<bool> {
    credentials::rehash(tx, checked.user, &checked.hash, fresh, now)
}
