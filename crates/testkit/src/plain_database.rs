//! A database as Postgres makes it.

use belfort_db::Conn;

use crate::cluster::{OWNER, cluster};

/// A database that is neither hardened nor migrated, of an owner who is no superuser. It is dropped with the value.
#[derive(Debug)]
pub struct PlainDatabase {
    name: String,
}

impl Default for PlainDatabase {
    fn default() -> Self {
        Self::new()
    }
}

impl PlainDatabase {
    /// A new one.
    pub fn new() -> Self {
        Self { name: cluster().create_plain() }
    }

    /// Its URL, as its owner.
    pub fn url(&self) -> String {
        cluster().text(OWNER, &self.name)
    }

    /// Its URL, as a superuser.
    pub fn superuser_url(&self) -> String {
        cluster().text("postgres", &self.name)
    }

    /// A connection as a superuser.
    pub fn superuser(&self) -> Conn {
        cluster().superuser(&self.name)
    }
}

impl Drop for PlainDatabase {
    fn drop(&mut self) {
        cluster().drop(&self.name);
    }
}
