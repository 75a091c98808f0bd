//! A Postgres that asks for passwords and logs every statement.

use std::path::PathBuf;

use belfort_db::Conn;
use belfort_devpg::PrivatePostgres;
use belfort_tenancy::postgres::{DatabaseUrl, bootstrap};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::MIGRATIONS;
use crate::cluster::{OWNER, settings};

/// A cluster of a test's own, in which everybody but a superuser and the owner needs a password (SCRAM-SHA-256). It has a
/// database that is migrated.
#[derive(Debug)]
pub struct PasswordCluster {
    postgres: PrivatePostgres,
    dir: PathBuf,
}

impl PasswordCluster {
    /// Starts one in this directory.
    pub fn start(dir: PathBuf) -> Self {
        let cluster = Self { postgres: PrivatePostgres::start(&settings(dir.clone())).unwrap(), dir };
        bootstrap(&cluster.url("postgres", "postgres"), &cluster.url("postgres", OWNER), OWNER, OWNER)
            .unwrap();
        let mut pg = cluster.superuser();
        // The file that says who is asked for what. Postgres writes it itself, since its directory is its own.
        pg.batch_execute(
            "DO $$ BEGIN
                 EXECUTE format('COPY (VALUES (''local all postgres trust''), (''local all belfort trust''),
                                              (''local all all scram-sha-256'')) TO %L', current_setting('hba_file'));
             END $$",
        )
        .unwrap();
        pg.batch_execute("ALTER SYSTEM SET log_statement TO 'all'").unwrap();
        pg.batch_execute("SELECT pg_reload_conf()").unwrap();
        MIGRATIONS.run_control(&cluster.owner_url()).unwrap();
        cluster
    }

    /// The URL of its database, as the owner.
    pub fn owner_url(&self) -> DatabaseUrl {
        self.url(OWNER, OWNER)
    }

    /// A connection to its database as a superuser.
    pub fn superuser(&self) -> Conn {
        Conn::establish(&self.postgres.url("postgres", OWNER)).unwrap()
    }

    /// The reason why nobody gets in as `login` with this password; `None` when they do.
    pub fn refusal(&self, login: &str, password: &str) -> Option<String> {
        let url = format!("{}&user={login}&password={password}", self.postgres.url(OWNER, OWNER));
        Conn::establish(&url).err().map(|error| error.to_string())
    }

    /// The log of the server.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("postgres.log")).unwrap()
    }

    fn url(&self, user: &str, database: &str) -> DatabaseUrl {
        DatabaseUrl::parse(&self.postgres.url(user, database)).unwrap()
    }
}
