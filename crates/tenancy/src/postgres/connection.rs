//! Pooled connections. They never leave this crate unbound.

use std::time::Duration;

use belfort_db::Conn;
use diesel::Connection;
use diesel::connection::SimpleConnection;

use super::lease::{Doubts, Lease};
use super::{Busy, DatabaseUrl, language};

pub(super) type Pool = r2d2::Pool<Manager>;
pub(super) type Pooled = r2d2::PooledConnection<Manager>;

/// Opens connections, and decides which of them may be used again.
pub(super) struct Manager {
    url: DatabaseUrl,
    doubts: Doubts,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Lease;
    type Error = diesel::ConnectionError;

    fn connect(&self) -> Result<Lease, Self::Error> {
        // From before it is made: a connection that is lost meanwhile casts doubt on this one too.
        let doubts = self.doubts.dispelled();
        let mut pg = Conn::establish(self.url.reveal())?;
        if language::ensure_english(&mut pg)? {
            pg = Conn::establish(self.url.reveal())?;
            language::demand_english(&mut pg)?;
        }
        Ok(Lease::new(pg, doubts))
    }

    fn is_valid(&self, lease: &mut Lease) -> Result<(), Self::Error> {
        lease.pg.batch_execute("SELECT 1").map_err(diesel::ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, lease: &mut Lease) -> bool {
        lease.is_spent() || std::thread::panicking()
    }
}

/// Makes a pool, which connects at the first checkout. Pools of one database share their doubts.
pub(super) fn pool(url: DatabaseUrl, size: u32, wait: Duration, doubts: Doubts) -> Pool {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        // A look at each checkout would cost a round trip; a dead connection is found by the statement that binds it.
        .test_on_check_out(false)
        .connection_timeout(wait)
        .error_handler(Box::new(LogErrors))
        .build_unchecked(Manager { url, doubts })
}

/// Takes a connection from the pool.
pub(super) fn checkout(pool: &Pool) -> Result<Pooled, r2d2::Error> {
    pool.get()
}

/// Takes a connection from the pool for a request.
fn lease(pool: &Pool, wait: Duration) -> Result<Pooled, Busy> {
    pool.get().map_err(|error| {
        tracing::warn!(%error, "no database connection was free");
        Busy { waited: wait }
    })
}

/// Takes a connection from the pool for statements without a transaction, and looks first whether it works where that is in doubt:
/// none of them could be repeated on another.
pub(super) fn lease_live(pool: &Pool, wait: Duration) -> Result<Pooled, Busy> {
    for _ in 0..=pool.max_size() {
        let mut lease = lease(pool, wait)?;
        if lease.is_live() {
            return Ok(lease);
        }
    }
    Err(Busy { waited: wait })
}

/// Begins a transaction with `sql`, which begins with `BEGIN;` and binds, in one message.
///
/// A connection that died in the pool is dropped and the next one is tried: nothing has happened on it yet.
pub(super) fn begin_with(pool: &Pool, wait: Duration, sql: &str) -> Result<Pooled, BeginError> {
    let mut last = None;
    for _ in 0..=pool.max_size() {
        let mut lease = lease(pool, wait).map_err(BeginError::Busy)?;
        match lease.begin(sql) {
            Ok(()) => return Ok(lease),
            Err(error) if lease.is_spent() => last = Some(error),
            Err(error) => return Err(BeginError::Refused(error)),
        }
    }
    Err(BeginError::Refused(last.unwrap_or(diesel::result::Error::BrokenTransactionManager)))
}

/// The reason why a transaction did not begin.
pub(super) enum BeginError {
    /// No connection was free.
    Busy(Busy),
    /// Postgres refused.
    Refused(diesel::result::Error),
}

#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<diesel::ConnectionError> for LogErrors {
    fn handle_error(&self, error: diesel::ConnectionError) {
        tracing::error!(%error, "cannot connect to the database");
    }
}
