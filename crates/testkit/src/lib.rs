#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up fails; the crate's docs say it once for all"
)]

mod cluster;
mod database;
mod password_cluster;
mod plain_database;

pub use cluster::MIGRATIONS;
pub use database::{Database, TestSecrets, TestTenant, now, provision};
pub use password_cluster::PasswordCluster;
pub use plain_database::PlainDatabase;

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
