//! Idempotency keys of requests that belong to no workspace: sign-ups and their confirmations.
//!
//! They stand in the control schema, where nothing about a customer is in the clear: the answer and the digest of the request
//! are one Fernet token. The digest alone would be as good as the password that it was made of, to whoever can try many.

use belfort_crypto::{Column, Keyring, Owner};
use belfort_db::{Control, Statement};
use chrono::{DateTime, Duration, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Binary, Bool, Integer, Text, Timestamptz};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Claim, LIFETIME, Stored};

const ANSWER: Column = Column::new("idempotency_keys.answer");

/// The time that a request may take. One that is not completed by then is taken for dead, and is made again.
const TIMEOUT: Duration = Duration::minutes(1);

/// An `Idempotency-Key`, together with what it is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntenantedKey([u8; 32]);

/// The sealed content of a row: the request, and the answer to it.
#[derive(Serialize, Deserialize)]
struct Answer {
    request: [u8; 32],
    status: i16,
    headers: Value,
    body: String,
}

impl UntenantedKey {
    /// The key that a client chose for this operation on this subject: an email address, the id of a sign-up.
    pub fn new(operation: &str, subject: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [operation, subject, key] {
            // The lengths tell the parts apart.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// Looks up a request without claiming its key: [`Claim::New`] says that it was not made or not completed.
pub fn find(
    db: &mut impl Control,
    keyring: &Keyring,
    now: DateTime<Utc>,
    key: UntenantedKey,
    request: [u8; 32],
) -> QueryResult<Claim> {
    const FIND: Statement<(Text, Text)> = Statement::new(
        "SELECT key_id, answer FROM public.idempotency_keys
         WHERE digest = $1 AND created_at > $2 AND (completed OR created_at > $3)",
    );
    let found: Option<(String, String)> = db.find(
        FIND.bind::<Binary, _>(key.0.as_slice())
            .bind::<Timestamptz, _>(now - LIFETIME)
            .bind::<Timestamptz, _>(now - TIMEOUT),
    )?;
    let Some((key_id, token)) = found else { return Ok(Claim::New) };
    let unreadable =
        |error: Box<dyn std::error::Error + Send + Sync>| diesel::result::Error::DeserializationError(error);
    let opened =
        keyring.open(Owner::System, ANSWER, &key_id, &token).map_err(|error| unreadable(error.into()))?;
    let answer: Answer = serde_json::from_slice(&opened).map_err(|error| unreadable(error.into()))?;
    if answer.request != request {
        return Ok(Claim::Mismatch);
    }
    Ok(Claim::Replay(Stored {
        status: answer.status,
        headers: answer.headers,
        body: answer.body.into_bytes(),
    }))
}

/// Stores the answer to a request, in the transaction in which it acts. `false`: the key is taken, by another request or by the
/// same one that was faster; nothing that was done may be committed.
///
/// It waits while another transaction holds the same key.
pub fn store(
    db: &mut impl Control,
    keyring: &Keyring,
    now: DateTime<Utc>,
    key: UntenantedKey,
    request: [u8; 32],
    answer: &Stored,
    completed: bool,
) -> QueryResult<bool> {
    const STORE: Statement<Integer> = Statement::new(
        "INSERT INTO public.idempotency_keys AS held (digest, key_id, answer, completed, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (digest) DO UPDATE
         SET key_id = excluded.key_id, answer = excluded.answer, completed = excluded.completed, created_at = excluded.created_at
         WHERE held.created_at <= $6 OR (NOT held.completed AND held.created_at <= $7)
         RETURNING 1",
    );
    let unwritable =
        |error: Box<dyn std::error::Error + Send + Sync>| diesel::result::Error::SerializationError(error);
    let body = String::from_utf8(answer.body.clone()).map_err(|error| unwritable(error.into()))?;
    let answer = Answer { request, status: answer.status, headers: answer.headers.clone(), body };
    let plain = serde_json::to_vec(&answer).map_err(|error| unwritable(error.into()))?;
    let sealed = keyring.seal(Owner::System, ANSWER, &plain);
    let stored: Option<i32> = db.find(
        STORE
            .bind::<Binary, _>(key.0.as_slice())
            .bind::<Text, _>(sealed.key_id.as_str())
            .bind::<Text, _>(sealed.token.as_str())
            .bind::<Bool, _>(completed)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now - LIFETIME)
            .bind::<Timestamptz, _>(now - TIMEOUT),
    )?;
    Ok(stored.is_some())
}

/// Marks a request as completed.
pub fn complete(db: &mut impl Control, key: UntenantedKey) -> QueryResult<()> {
    const COMPLETE: Statement =
        Statement::new("UPDATE public.idempotency_keys SET completed = true WHERE digest = $1");
    db.run(COMPLETE.bind::<Binary, _>(key.0.as_slice())).map(drop)
}

/// Forgets a request that came to nothing, so that it can be sent again.
pub fn forget(db: &mut impl Control, key: UntenantedKey) -> QueryResult<()> {
    const FORGET: Statement =
        Statement::new("DELETE FROM public.idempotency_keys WHERE digest = $1 AND NOT completed");
    db.run(FORGET.bind::<Binary, _>(key.0.as_slice())).map(drop)
}

/// Deletes the keys that are expired at `now`, and answers how many.
pub fn purge(db: &mut impl Control, now: DateTime<Utc>) -> QueryResult<usize> {
    const PURGE: Statement = Statement::new("DELETE FROM public.idempotency_keys WHERE created_at <= $1");
    db.run(PURGE.bind::<Timestamptz, _>(now - LIFETIME))
}
