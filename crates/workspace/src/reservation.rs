//! Attempts that are counted before anything is checked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use belfort_auth::postgres::counters;
use belfort_auth::{CounterKey, CounterKeys, Limit};
use belfort_crypto::Keyring;
use belfort_tenancy::postgres::{Busy, Tenancy};
use chrono::{DateTime, Duration, Utc};

/// The counters of attempts, which all processes with the same database and keys share.
#[derive(Debug, Clone)]
pub struct Counters {
    tenancy: Tenancy,
    keys: CounterKeys,
}

impl Counters {
    /// The counters in this database. They are found under the newest key of the keyring: a new one begins them anew.
    pub fn new(tenancy: Tenancy, keyring: &Keyring) -> Self {
        Self { tenancy, keys: CounterKeys::new(&keyring.secret("counters")) }
    }

    /// The keys of the counters.
    pub const fn keys(&self) -> &CounterKeys {
        &self.keys
    }
}

/// An attempt that is counted under each of its limits.
///
/// It is counted before anything is checked, so that of any number of guesses made at once only as many are checked as the
/// limit says. It stays counted unless it is given back. Clones are the same attempt: together they give it back once.
#[derive(Debug, Clone)]
#[must_use = "an attempt that was right, or that nothing came of, is to be given back"]
pub struct Reservation(Arc<Mutex<Vec<CounterKey>>>);

/// The reason why the counters could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum CountersError {
    /// No connection was free in time.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database failed.
    #[error("the attempts could not be counted")]
    Database(#[from] diesel::result::Error),
}

/// The reason why an attempt may not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// One of the limits is reached.
    #[error("there were too many attempts")]
    TooMany {
        /// The time until there may be another one; more than zero.
        retry_after: Duration,
    },
    /// The counters could not be asked.
    #[error(transparent)]
    Counters(#[from] CountersError),
}

impl From<Busy> for ReserveError {
    fn from(error: Busy) -> Self {
        Self::Counters(error.into())
    }
}

impl From<diesel::result::Error> for ReserveError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Counters(error.into())
    }
}

impl Reservation {
    /// Counts an attempt under each limit, or under none where one is reached: who is refused as one of them, an address that
    /// failed too often, must not use up the attempts of another, the user it tries next.
    ///
    /// The counters are in the control schema: this is a connection of its own. Whoever calls gave theirs back before.
    pub(crate) fn make(
        counters: &Counters,
        limits: &[(CounterKey, Limit)],
        now: DateTime<Utc>,
    ) -> Result<Self, ReserveError> {
        let mut control = counters.tenancy.control()?;
        let mut counted = Vec::new();
        for (key, limit) in limits {
            match counters::reserve(&mut control, key, *limit, now)? {
                counters::Reservation::Granted => counted.push(*key),
                counters::Reservation::Refused { retry_after } => {
                    for key in &counted {
                        counters::refund(&mut control, key)?;
                    }
                    return Err(ReserveError::TooMany { retry_after });
                }
            }
        }
        Ok(Self(Arc::new(Mutex::new(counted))))
    }

    /// Gives the attempt back, because it was right or because nothing was found out by it. The second time does nothing.
    pub fn refund(&self, counters: &Counters) -> Result<(), CountersError> {
        if self.keys().is_empty() {
            return Ok(());
        }
        let mut control = counters.tenancy.control()?;
        let keys = std::mem::take(&mut *self.keys());
        for key in &keys {
            counters::refund(&mut control, key)?;
        }
        Ok(())
    }

    fn keys(&self) -> MutexGuard<'_, Vec<CounterKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
