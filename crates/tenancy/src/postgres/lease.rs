//! A pooled connection: its transactions, and whether it may be used again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use belfort_db::{Conn, Error};
use diesel::Connection as _;
use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager};

use super::watch::Watch;

/// A pooled connection and its state.
pub(super) struct Lease {
    pub(super) pg: Conn,
    /// Set when a transaction could not be ended: nobody may get this connection after that.
    pub(super) broken: bool,
    watch: Arc<Watch>,
    /// The number of statements after which the connection is replaced.
    most_statements: usize,
    doubts: Doubts,
    taken_at: Instant,
}

/// The reasons to doubt that a connection still works.
#[derive(Clone)]
pub(super) struct Doubts {
    /// The connections to this database that were found gone. Where one is, the others are likely to be.
    losses: Arc<AtomicU64>,
    /// The losses when this connection was last known to work.
    losses_seen: u64,
    /// The time that it may lie unused.
    test_after: Duration,
}

impl Doubts {
    /// Makes the doubts of all connections to one database.
    pub(super) fn new(test_after: Duration) -> Self {
        Self { losses: Arc::default(), losses_seen: 0, test_after }
    }

    /// Forgets them for a connection that is known to work from now on.
    pub(super) fn dispelled(&self) -> Self {
        Self { losses_seen: self.losses.load(Ordering::Relaxed), ..self.clone() }
    }

    fn are_raised(&self, idle: Duration) -> bool {
        idle > self.test_after || self.losses_seen != self.losses.load(Ordering::Relaxed)
    }
}

/// The number of statements that a connection prepares before it is replaced. Postgres gives back nothing of what a backend remembers
/// of them and of their tables, up to a tenth of a megabyte each, but by ending the backend.
const STATEMENTS: usize = 1_000;
/// The most that is added to it, another number for each connection, lest all of a pool are replaced at once.
const JITTER: usize = 256;

/// The end of a transaction, and of every setting that a statement in it may have made for the session. What the driver sets is what
/// they are reset to, because the connection was opened with it. A rollback undoes settings by itself.
const COMMIT: &str = "COMMIT; RESET ALL; RESET ROLE";

impl Lease {
    /// Makes the lease of a new connection.
    pub(super) fn new(mut pg: Conn, doubts: Doubts) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // Neighbours are far apart: 97 and 256 have no common divisor.
        let jitter = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(97) % JITTER;
        pg.set_prepared_statement_cache_size(CacheSize::Unbounded);
        let (watch, events) = Watch::new(Arc::clone(&doubts.losses));
        pg.set_instrumentation(events);
        let most_statements = STATEMENTS.saturating_add(jitter);
        Self { pg, broken: false, watch, most_statements, doubts, taken_at: Instant::now() }
    }

    /// Returns whether nobody may get the connection any more.
    pub(super) fn is_spent(&mut self) -> bool {
        self.broken
            || self.watch.is_lost()
            || self.watch.statements() > self.most_statements
            || AnsiTransactionManager::is_broken_transaction_manager(&mut self.pg)
            || self.depth() != Some(0)
    }

    /// Returns whether the connection works. It is asked only where that is in doubt.
    pub(super) fn is_live(&mut self) -> bool {
        let idle = std::mem::replace(&mut self.taken_at, Instant::now()).elapsed();
        !self.doubts.are_raised(idle) || self.answers()
    }

    /// Returns whether the database answers on this connection.
    pub(super) fn answers(&mut self) -> bool {
        let dispelled = self.doubts.dispelled();
        let answers = self.pg.batch_execute("SELECT 1").is_ok();
        if answers {
            self.doubts = dispelled;
        }
        self.broken |= !answers;
        answers
    }

    /// Begins a transaction with `sql`, which begins with `BEGIN;`. Where that fails nothing is left of it.
    pub(super) fn begin(&mut self, sql: &str) -> QueryResult<()> {
        self.taken_at = Instant::now();
        self.watch.begin();
        let begun = AnsiTransactionManager::begin_transaction_sql(&mut self.pg, sql);
        if begun.is_err() {
            // The message may have got as far as BEGIN.
            self.broken |= self.pg.batch_execute("ROLLBACK").is_err();
        }
        begun
    }

    /// Commits the transaction, unless a statement in it failed: then it is rolled back, whatever became of that statement's error.
    pub(super) fn commit(&mut self) -> QueryResult<()> {
        if let Some(failure) = self.watch.failure() {
            self.roll_back();
            return Err(failure);
        }
        // Somebody ended it already, and Postgres would only warn of that.
        if self.depth() != Some(1) {
            self.broken = true;
            return Err(Error::NotInTransaction);
        }
        let committed = self.pg.batch_execute(COMMIT);
        self.broken |= committed.is_err();
        committed
    }

    /// Rolls the transaction back, in whatever state it is.
    pub(super) fn roll_back(&mut self) {
        self.broken |= AnsiTransactionManager::rollback_transaction(&mut self.pg).is_err();
    }

    /// The depth of nested transactions; `None` when it is not known.
    fn depth(&mut self) -> Option<u32> {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.pg);
        status.transaction_depth().ok().map(|depth| depth.map_or(0, std::num::NonZeroU32::get))
    }
}
