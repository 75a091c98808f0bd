//! A Postgres of a test's own, and what can happen to it.

use std::fs::{Permissions, read_to_string};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use belfort_devpg::{PrivatePostgres, Settings};
use belfort_tenancy::postgres::{DatabaseUrl, bootstrap};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rustix::process::Signal;
use tempfile::TempDir;

use super::disk::Disk;
use super::processes::signal_family;
use crate::support::inherited;

/// The name of the owner and of the database.
const OWNER: &str = "belfort";

/// A Postgres of a test's own. What it acknowledged is on disk.
pub(super) struct OwnPostgres {
    running: Option<PrivatePostgres>,
    settings: Settings,
    /// Connections of somebody else's.
    taken: Vec<PgConnection>,
    _dir: TempDir,
}

impl OwnPostgres {
    pub(super) fn start() -> Self {
        let dir = open_dir();
        let settings = settings(dir.path().join("pg"));
        Self::start_in(dir, settings)
    }

    /// One on a disk that can be filled.
    pub(super) fn on_small_disk() -> (Self, Disk) {
        let dir = open_dir();
        let disk = Disk::mount(&dir.path().join("disk"));
        let settings = settings(dir.path().join("disk/pg"));
        let postgres = Self::start_in(dir, settings);
        // Less than the disk has.
        let small = "ALTER SYSTEM SET min_wal_size TO '32MB'; ALTER SYSTEM SET max_wal_size TO '32MB'";
        let mut pg = postgres.superuser();
        for statement in small.split("; ").chain(["SELECT pg_reload_conf()"]) {
            pg.batch_execute(statement).unwrap();
        }
        (postgres, disk)
    }

    fn start_in(dir: TempDir, settings: Settings) -> Self {
        let running = Some(PrivatePostgres::start(&settings).unwrap());
        let postgres = Self { running, settings, taken: Vec::new(), _dir: dir };
        let url = |database| DatabaseUrl::parse(&postgres.url("postgres", database)).unwrap();
        bootstrap(&url("postgres"), &url(OWNER), OWNER, OWNER).unwrap();
        postgres
    }

    /// The URL of the database, as its owner.
    pub(super) fn owner_url(&self) -> String {
        self.url(OWNER, OWNER)
    }

    /// A connection as a superuser.
    pub(super) fn superuser(&self) -> PgConnection {
        PgConnection::establish(&self.url("postgres", "postgres")).unwrap()
    }

    /// The same to the database of the server.
    pub(super) fn superuser_inside(&self) -> PgConnection {
        PgConnection::establish(&self.url("postgres", OWNER)).unwrap()
    }

    pub(super) fn kill(&mut self) {
        signal_family(self.process(), Signal::KILL);
    }

    /// Starts it again, unless it runs.
    pub(super) fn restart(&mut self) {
        self.running = None;
        self.running = Some(PrivatePostgres::start(&self.settings).unwrap());
    }

    pub(super) fn pause(&mut self) {
        signal_family(self.process(), Signal::STOP);
    }

    pub(super) fn resume(&mut self) {
        signal_family(self.process(), Signal::CONT);
    }

    /// Cuts the connections of the server.
    pub(super) fn cut_connections(&mut self) {
        self.superuser()
            .batch_execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename ~ '^belfort'",
            )
            .unwrap();
    }

    /// Takes all connections that there are, those of the server too.
    pub(super) fn take_connections(&mut self) {
        let mut superuser = self.superuser();
        superuser.batch_execute("DROP ROLE IF EXISTS other; CREATE ROLE other LOGIN").unwrap();
        let of_the_server = "SELECT count(*) FROM pg_stat_activity WHERE usename ~ '^belfort'";
        let other = self.url("other", "postgres");
        let since = Instant::now();
        loop {
            while let Ok(connection) = PgConnection::establish(&other) {
                self.taken.push(connection);
            }
            let left: i64 = diesel::dsl::sql::<BigInt>(of_the_server).get_result(&mut superuser).unwrap();
            if left == 0 {
                return;
            }
            assert!(since.elapsed() < Duration::from_mins(1), "{left} connections of the server are left");
            self.cut_connections();
        }
    }

    pub(super) fn give_connections_back(&mut self) {
        self.taken.clear();
    }

    /// Returns whether it takes connections.
    pub(super) fn answers(&self) -> bool {
        PgConnection::establish(&self.url("postgres", "postgres")).is_ok()
    }

    fn url(&self, user: &str, database: &str) -> String {
        self.running.as_ref().unwrap().url(user, database)
    }

    fn process(&self) -> i32 {
        let file = read_to_string(self.settings.dir.join("data/postmaster.pid")).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }
}

impl Drop for OwnPostgres {
    /// After a failed assertion: one that is paused would never end.
    fn drop(&mut self) {
        if self.settings.dir.join("data/postmaster.pid").exists() {
            self.resume();
        }
        self.running = None;
    }
}

fn settings(dir: PathBuf) -> Settings {
    Settings {
        dir,
        bin: inherited("BELFORT_PG_BIN").map(PathBuf::from),
        path: inherited("PATH"),
        fetched: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postgres")),
        durable: true,
    }
}

/// A directory that the user can enter whom root's Postgres runs as.
fn open_dir() -> TempDir {
    let open = Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("belfort-").permissions(open).tempdir().unwrap()
}
