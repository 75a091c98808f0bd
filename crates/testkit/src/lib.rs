//! For tests: a private Postgres, a database a test, tenants in it.
//!
//! ```no_run
//! use belfort_db::Queries;
//!
//! let db = belfort_testkit::Database::new();
//! let (acme, other) = (db.tenant(), db.tenant());
//! let mut tx = acme.begin();
//! // … run queries on acme's tables …
//! tx.commit().unwrap();
//! # let _ = other;
//! ```
//!
//! One cluster serves every test binary: the first one starts it, the last one that ends stops it. It does not sync to disk,
//! so it is quick and would not survive a power cut. Every [`Database`] is a copy of a migrated template and is dropped with
//! its value. Everything here panics on failure: it is for tests alone, and only ever a dev-dependency.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up fails; the crate's docs say it once for all"
)]

mod cluster;
mod database;

pub use cluster::MIGRATIONS;
pub use database::{Database, TestSecrets, TestTenant, now};

/// A connection to the control schema of a database of its own.
pub fn control() -> OwnControl {
    let database = Database::new();
    OwnControl { control: database.control(), _database: database }
}

/// See [`control`]. The database goes with it.
#[derive(Debug)]
pub struct OwnControl {
    control: belfort_tenancy::postgres::ControlConn,
    _database: Database,
}

impl belfort_db::Queries for OwnControl {
    fn with<T>(&mut self, key: belfort_db::Key, run: impl FnOnce(&mut belfort_db::Conn) -> T) -> T {
        self.control.with(key, run)
    }
}

impl belfort_db::Control for OwnControl {}
