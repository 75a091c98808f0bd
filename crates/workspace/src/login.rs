//! Coming in with a password, and changing it.
//!
//! Checking a password takes tens of milliseconds of work and belongs outside a transaction. So it goes in two steps:
//! [`password_by_email`] hands out the hash, whoever calls checks it, and [`open_session`] acts only if the hash is still the one
//! that was checked.

use std::net::IpAddr;

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_auth::postgres::{credentials, sessions};
use belfort_auth::{Email, PasswordHash, SessionToken};
use belfort_db::{Statement, Tenant};
use belfort_ids::{SessionId, UserId};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Integer, Text, Uuid};

/// The hash of a user's password, to check a password against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// Whose it is.
    pub user: UserId,
    /// The hash of their password.
    pub hash: PasswordHash,
}

/// A session that was just opened.
#[derive(Debug)]
pub struct Opened {
    /// What the client shows with each request; it is stored nowhere.
    pub token: SessionToken,
    /// The session.
    pub session: SessionId,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// The password hash of the active user with this address. It needs no grant: nobody is logged in yet.
///
/// `None` also for users who are inactive or never chose a password; to whoever asks they are all nobody.
pub fn password_by_email(tx: &mut impl Tenant, email: &Email) -> QueryResult<Option<StoredPassword>> {
    const BY_EMAIL: Statement<(Uuid, Text)> = Statement::new(
        "SELECT u.id, c.password_hash
         FROM users u
         JOIN members m ON m.user_id = u.id
         JOIN credentials c ON c.user_id = u.id
         WHERE u.email = $1 AND m.is_active",
    );
    tx.find(BY_EMAIL.bind::<Text, _>(email.as_str()))?.map(read).transpose()
}

/// The password hash of a user, for the check of their current password when they change it.
pub fn password_of(tx: &mut impl Tenant, user: UserId) -> QueryResult<Option<StoredPassword>> {
    const BY_USER: Statement<(Uuid, Text)> =
        Statement::new("SELECT user_id, password_hash FROM credentials WHERE user_id = $1");
    tx.find(BY_USER.bind::<Uuid, _>(user))?.map(read).transpose()
}

/// Opens a session for a user whose password was `checked` and found right.
///
/// `None` when they were deactivated or their password hash changed since [`password_by_email`] was asked: ask again and check
/// again. The locks make a deactivation or a change of the password that comes at the same time wait, and then end this
/// session like the others.
pub fn open_session(
    tx: &mut impl Tenant,
    checked: &StoredPassword,
    ip: Option<IpAddr>,
    user_agent: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Opened>> {
    const HOLD: Statement<Integer> = Statement::new(
        "SELECT 1
         FROM members m
         JOIN credentials c ON c.user_id = m.user_id
         WHERE m.user_id = $1 AND m.is_active AND c.password_hash = $2
         FOR SHARE OF m
         FOR NO KEY UPDATE OF c",
    );
    let query = HOLD.bind::<Uuid, _>(checked.user).bind::<Text, _>(checked.hash.as_str());
    let held: Option<i32> = tx.find(query)?;
    if held.is_none() {
        return Ok(None);
    }
    let (token, session) = (SessionToken::generate(), SessionId::new(now));
    let expires_at = sessions::open(tx, session, checked.user, &token.digest(), ip, user_agent, now)?;
    Ok(Some(Opened { token, session, expires_at }))
}

/// Replaces a hash that a login was just checked against by a stronger one, after [`open_session`] in its transaction.
pub fn rehash(
    tx: &mut impl Tenant,
    checked: &StoredPassword,
    fresh: &PasswordHash,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    credentials::rehash(tx, checked.user, &checked.hash, fresh, now)
}

/// Replaces the password of a user who was `checked` and found to know it, and ends all their sessions but `keep`.
///
/// False when the password was changed since it was checked; then nothing is.
pub fn change_password(
    tx: &mut impl Tenant,
    checked: &StoredPassword,
    new: &PasswordHash,
    keep: SessionId,
    origin: &Origin,
) -> QueryResult<bool> {
    if !credentials::rehash(tx, checked.user, &checked.hash, new, origin.at)? {
        return Ok(false);
    }
    sessions::end_others(tx, checked.user, keep)?;
    let event = Event::new(origin, "users", checked.user.uuid(), "password_changed", Changes::default());
    audit::append(tx, origin, &[event])?;
    Ok(true)
}

fn read((user, hash): (UserId, String)) -> QueryResult<StoredPassword> {
    let hash =
        PasswordHash::parse(&hash).map_err(|e| diesel::result::Error::DeserializationError(e.into()))?;
    Ok(StoredPassword { user, hash })
}
