//! Pooled connections. They never leave this crate unbound.

use std::collections::HashSet;
use std::time::Duration;

use belfort_db::Conn;
use belfort_ids::TenantId;
use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};

use super::{Busy, DatabaseUrl};

pub(super) type Pool = r2d2::Pool<Manager>;
pub(super) type Pooled = r2d2::PooledConnection<Manager>;

/// Opens connections, and decides which of them may be used again.
pub(super) struct Manager {
    url: DatabaseUrl,
}

/// A pooled connection and its state.
pub(super) struct Lease {
    pub(super) pg: Conn,
    /// Set when a transaction could not be ended: nobody may get this connection after that.
    pub(super) broken: bool,
    /// The tenants that it has served.
    pub(super) touched: HashSet<TenantId>,
}

/// The number of tenants that a connection serves before it is replaced. Postgres gives back nothing of what a backend remembers of a
/// tenant's tables and statements, some half a megabyte each, but by ending the backend.
const TENANTS_PER_CONNECTION: usize = 400;

impl r2d2::ManageConnection for Manager {
    type Connection = Lease;
    type Error = diesel::ConnectionError;

    fn connect(&self) -> Result<Lease, Self::Error> {
        let mut pg = Conn::establish(self.url.reveal())?;
        pg.set_prepared_statement_cache_size(diesel::connection::CacheSize::Unbounded);
        Ok(Lease { pg, broken: false, touched: HashSet::new() })
    }

    fn is_valid(&self, lease: &mut Lease) -> Result<(), Self::Error> {
        lease.pg.batch_execute("SELECT 1").map_err(diesel::ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, lease: &mut Lease) -> bool {
        lease.broken
            || lease.touched.len() > TENANTS_PER_CONNECTION
            || std::thread::panicking()
            || AnsiTransactionManager::is_broken_transaction_manager(&mut lease.pg)
            || depth(&mut lease.pg) != Some(0)
    }
}

/// The depth of nested transactions; `None` when it is not known.
fn depth(pg: &mut Conn) -> Option<u32> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(pg);
    status.transaction_depth().ok().map(|depth| depth.map_or(0, std::num::NonZeroU32::get))
}

/// Makes a pool, which connects at the first checkout.
pub(super) fn pool(url: DatabaseUrl, size: u32, wait: Duration) -> Pool {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        // A look at each checkout would cost a round trip; a dead connection is found by the statement that binds it.
        .test_on_check_out(false)
        .connection_timeout(wait)
        .error_handler(Box::new(LogErrors))
        .build_unchecked(Manager { url })
}

/// Takes a connection from the pool.
pub(super) fn checkout(pool: &Pool) -> Result<Pooled, r2d2::Error> {
    pool.get()
}

/// Takes a connection from the pool for a request.
pub(super) fn lease(pool: &Pool, wait: Duration) -> Result<Pooled, Busy> {
    pool.get().map_err(|error| {
        tracing::warn!(%error, "no database connection was free");
        Busy { waited: wait }
    })
}

/// Begins a transaction with `sql`, which begins with `BEGIN;` and binds, in one message.
///
/// A connection that died in the pool is dropped and the next one is tried: nothing has happened on it yet.
pub(super) fn begin_with(pool: &Pool, wait: Duration, sql: &str) -> Result<Pooled, BeginError> {
    let mut last = None;
    for _ in 0..=pool.max_size() {
        let mut lease = lease(pool, wait).map_err(BeginError::Busy)?;
        match AnsiTransactionManager::begin_transaction_sql(&mut lease.pg, sql) {
            Ok(()) => return Ok(lease),
            Err(error) => {
                // The message may have got as far as BEGIN.
                lease.broken = lease.pg.batch_execute("ROLLBACK").is_err();
                if !lease.broken {
                    return Err(BeginError::Refused(error));
                }
                last = Some(error);
            }
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

/// Rolls back the transaction of a lease, in whatever state it is.
pub(super) fn roll_back(lease: &mut Lease) {
    if AnsiTransactionManager::rollback_transaction(&mut lease.pg).is_err() {
        lease.broken = true;
    }
}

#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<diesel::ConnectionError> for LogErrors {
    fn handle_error(&self, error: diesel::ConnectionError) {
        tracing::error!(%error, "cannot connect to the database");
    }
}
