//! Connections to the control schema.

use std::time::Duration;

use belfort_db::{Conn, Control, Key, Queries};

use super::connection::{self, BeginError, Pool, Pooled};
use super::lease::Lease;
use super::{BindError, Busy};

/// A connection to the control schema without a transaction: each statement is committed by itself.
///
/// Counters need that: an attempt is counted also when the request that made it fails.
pub struct ControlConn {
    lease: Pooled,
}

/// A transaction on the control schema. Dropped without [`ControlTx::commit`], it is rolled back.
pub struct ControlTx {
    lease: Pooled,
    open: bool,
}

/// The empty search path. Control tables are named with their schema, and whoever names a tenant's table here is mistaken.
const UNBOUND: &str = "SET LOCAL search_path TO ''";

pub(super) fn checkout(pool: &Pool, wait: Duration) -> Result<ControlConn, Busy> {
    connection::lease_live(pool, wait).map(|lease| ControlConn { lease })
}

pub(super) fn begin(pool: &Pool, wait: Duration) -> Result<ControlTx, BindError> {
    match connection::begin_with(pool, wait, &format!("BEGIN; {UNBOUND}")) {
        Ok(lease) => Ok(ControlTx { lease, open: true }),
        Err(BeginError::Busy(busy)) => Err(busy.into()),
        Err(BeginError::Refused(error)) => Err(error.into()),
    }
}

impl ControlConn {
    /// Returns whether the database answers.
    pub(super) fn answers(&mut self) -> bool {
        self.lease.answers()
    }
}

impl ControlTx {
    /// Commits the transaction.
    ///
    /// # Errors
    /// As those of [`TenantTx::commit`](super::TenantTx::commit).
    pub fn commit(mut self) -> Result<(), diesel::result::Error> {
        self.open = false;
        self.lease.commit()
    }

    pub(super) fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

impl Drop for ControlTx {
    fn drop(&mut self) {
        if self.open {
            self.lease.roll_back();
        }
    }
}

impl Queries for ControlConn {
    fn with<T>(&mut self, _: Key, run: impl FnOnce(&mut Conn) -> T) -> T {
        run(&mut self.lease.pg)
    }
}

impl Queries for ControlTx {
    fn with<T>(&mut self, _: Key, run: impl FnOnce(&mut Conn) -> T) -> T {
        run(&mut self.lease.pg)
    }
}

impl Control for ControlConn {}
impl Control for ControlTx {}

impl std::fmt::Debug for ControlConn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ControlConn")
    }
}

impl std::fmt::Debug for ControlTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ControlTx")
    }
}
