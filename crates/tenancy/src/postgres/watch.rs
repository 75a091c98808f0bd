//! Observation of a connection's statements through its driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use belfort_db::Error;
use diesel::connection::{Instrumentation, InstrumentationEvent};

/// The state of one connection, as the driver's events tell it. It sees every statement, whoever ran it and whatever they did with
/// the error.
#[derive(Default)]
pub(super) struct Watch {
    /// Set once a statement found the connection gone.
    lost: AtomicBool,
    /// Set by a statement that failed, until the next transaction.
    failed: AtomicBool,
    /// Set with `failed` when another try may succeed.
    transient: AtomicBool,
    /// The statements that were prepared.
    statements: AtomicUsize,
}

impl Watch {
    /// Makes the watch of a new connection; `losses` counts the connections to its database that were found gone.
    pub(super) fn new(losses: Arc<AtomicU64>) -> (Arc<Self>, impl Instrumentation) {
        let watch = Arc::new(Self::default());
        let told = Arc::clone(&watch);
        let events = move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::CacheQuery { .. } => {
                told.statements.fetch_add(1, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { error: Some(error), .. } => told.fail(error, &losses),
            _ => {}
        };
        (watch, events)
    }

    fn fail(&self, error: &Error, losses: &AtomicU64) {
        self.failed.store(true, Ordering::Relaxed);
        self.transient.fetch_or(belfort_db::is_transient(error), Ordering::Relaxed);
        if belfort_db::is_disconnect(error) && !self.lost.swap(true, Ordering::Relaxed) {
            losses.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns whether the connection is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// The number of statements that Postgres keeps for the connection.
    pub(super) fn statements(&self) -> usize {
        self.statements.load(Ordering::Relaxed)
    }

    /// Forgets failures: a transaction begins.
    pub(super) fn begin(&self) {
        self.failed.store(false, Ordering::Relaxed);
        self.transient.store(false, Ordering::Relaxed);
    }

    /// The error of committing a transaction in which a statement failed. Postgres rolls such a transaction back and calls that a
    /// success.
    pub(super) fn failure(&self) -> Option<Error> {
        self.failed.load(Ordering::Relaxed).then(|| {
            if self.transient.load(Ordering::Relaxed) {
                Error::BrokenTransactionManager
            } else {
                Error::RollbackTransaction
            }
        })
    }
}
