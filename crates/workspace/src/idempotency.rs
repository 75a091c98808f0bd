//! Idempotency keys: of requests with the same key the first one acts, and the others get its answer.

pub mod untenanted;

use belfort_auth::TokenDigest;
use belfort_db::{Statement, Tenant};
use belfort_ids::UserId;
use chrono::{DateTime, Duration, Utc};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Binary, Integer, Jsonb, SmallInt, Timestamptz, Uuid};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The time for which a key is remembered.
pub const LIFETIME: Duration = Duration::hours(24);

/// A response, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Stored {
    /// The status code.
    pub status: i16,
    /// The headers, in whatever shape the caller likes.
    pub headers: Value,
    /// The body.
    pub body: Vec<u8>,
}

/// The sender of a request, to whom its key belongs.
#[derive(Debug, Clone, Copy)]
pub enum Requester<'a> {
    /// A user.
    User(UserId),
    /// Somebody who holds this invitation, and is no user yet.
    Invitation(&'a TokenDigest),
}

impl Requester<'_> {
    /// The id that stands for them. The token of an invitation is random, so its digest meets no other id.
    fn id(self) -> uuid::Uuid {
        match self {
            Self::User(id) => id.uuid(),
            Self::Invitation(digest) => {
                uuid::Uuid::from_bytes(digest.as_bytes().first_chunk().copied().unwrap_or_default())
            }
        }
    }
}

/// The outcome of claiming a key: what is to be done with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Act, [`store`] the answer, and commit both together.
    New,
    /// It was done: answer this again.
    Replay(Stored),
    /// The key belongs to another request.
    Mismatch,
}

/// Claims `key` for a request of `requester`'s whose digest is `request`, in the transaction in which the request acts.
///
/// It waits while another transaction holds the same key. When that one fails, this one acts; when it lasts, this one
/// replays. There is no state in between: a claim that was not followed by [`store`] is void.
pub fn claim(
    tx: &mut impl Tenant,
    requester: Requester<'_>,
    now: DateTime<Utc>,
    key: &str,
    request: [u8; 32],
) -> QueryResult<Claim> {
    // The update is for keys that are expired; it also locks the row, so the second statement reads what this one saw.
    const CLAIM: Statement<Integer> = Statement::new(
        "INSERT INTO idempotency_keys AS held (user_id, digest, request, created_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id, digest) DO UPDATE
         SET request = excluded.request, status = NULL, headers = NULL, body = NULL, created_at = excluded.created_at
         WHERE held.created_at <= $5 OR held.status IS NULL
         RETURNING 1",
    );
    const STORED: Statement<(SmallInt, Jsonb, Binary)> = Statement::new(
        "SELECT status, headers, body FROM idempotency_keys WHERE user_id = $1 AND digest = $2 AND request = $3",
    );
    let digest = digest(key);
    let claimed: Option<i32> = tx.find(
        CLAIM
            .bind::<Uuid, _>(requester.id())
            .bind::<Binary, _>(digest.as_slice())
            .bind::<Binary, _>(request.as_slice())
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now - LIFETIME),
    )?;
    if claimed.is_some() {
        return Ok(Claim::New);
    }
    let stored = tx.find(
        STORED
            .bind::<Uuid, _>(requester.id())
            .bind::<Binary, _>(digest.as_slice())
            .bind::<Binary, _>(request.as_slice()),
    )?;
    Ok(stored.map_or(Claim::Mismatch, Claim::Replay))
}

/// Stores the answer to a request whose key was claimed in this transaction.
pub fn store(tx: &mut impl Tenant, requester: Requester<'_>, key: &str, answer: &Stored) -> QueryResult<()> {
    const STORE: Statement = Statement::new(
        "UPDATE idempotency_keys SET status = $1, headers = $2, body = $3 WHERE user_id = $4 AND digest = $5",
    );
    tx.run(
        STORE
            .bind::<SmallInt, _>(answer.status)
            .bind::<Jsonb, _>(&answer.headers)
            .bind::<Binary, _>(answer.body.as_slice())
            .bind::<Uuid, _>(requester.id())
            .bind::<Binary, _>(digest(key).as_slice()),
    )
    .map(drop)
}

/// Deletes the keys of a user who is deleted.
pub(crate) fn delete_of(tx: &mut impl Tenant, user: UserId) -> QueryResult<()> {
    const DELETE: Statement = Statement::new("DELETE FROM idempotency_keys WHERE user_id = $1");
    tx.run(DELETE.bind::<Uuid, _>(user)).map(drop)
}

/// Deletes the keys that are expired at `now`, and answers how many.
pub fn purge(tx: &mut impl Tenant, now: DateTime<Utc>) -> QueryResult<usize> {
    const PURGE: Statement = Statement::new("DELETE FROM idempotency_keys WHERE created_at <= $1");
    tx.run(PURGE.bind::<Timestamptz, _>(now - LIFETIME))
}

/// The digest of a key, which is whatever a client makes up, of any length.
fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
