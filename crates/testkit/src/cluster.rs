//! The cluster that all tests share, and the template that their databases are copied from.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use belfort_db::Conn;
use belfort_devpg::{PrivatePostgres, Settings};
use belfort_tenancy::postgres::{DatabaseUrl, Migrations, bootstrap};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// The product's migrations.
pub const MIGRATIONS: Migrations = Migrations::new(&CONTROL, &TENANT);
static CONTROL: EmbeddedMigrations = embed_migrations!("../../migrations/control");
static TENANT: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");

/// The owner of the test databases; not a superuser, as in production.
pub(crate) const OWNER: &str = "belfort";

pub(crate) struct Cluster {
    postgres: PrivatePostgres,
    template: String,
}

pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

impl Cluster {
    fn start() -> Self {
        let postgres =
            PrivatePostgres::start(&settings(directory())).unwrap_or_else(|error| panic!("{error}"));
        // One template for each run: another process may run tests of another version of the migrations.
        let template = format!("template_{}", std::process::id());
        let cluster = Self { postgres, template };
        let mut pg = cluster.superuser("postgres");
        // Two test binaries must not make the owner at the same time, and old databases are swept by one.
        pg.batch_execute("SELECT pg_advisory_lock(1)").unwrap();
        cluster.sweep(&mut pg);
        let inside = cluster.url("postgres", &cluster.template);
        bootstrap(&cluster.url("postgres", "postgres"), &inside, OWNER, &cluster.template).unwrap();
        MIGRATIONS.run_control(&cluster.url(OWNER, &cluster.template)).unwrap();
        pg.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
        cluster
    }

    /// Makes a database, a copy of the template, and answers its name.
    pub(crate) fn create(&self) -> String {
        self.create_from(&self.template)
    }

    /// Makes a database as Postgres makes it, and answers its name.
    pub(crate) fn create_plain(&self) -> String {
        self.create_from("template0")
    }

    fn create_from(&self, template: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", std::process::id());
        // Whatever a process of the same number left behind.
        let mut pg = self.superuser("postgres");
        self.remove(&mut pg, &name);
        pg.batch_execute(&format!(
            "CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY file_copy"
        ))
        .unwrap();
        name
    }

    /// Drops a database of ours and the roles that were made for it.
    pub(crate) fn drop(&self, name: &str) {
        let mut pg = self.superuser("postgres");
        self.remove(&mut pg, name);
    }

    fn remove(&self, pg: &mut Conn, name: &str) {
        let _ = self;
        let _ = pg.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        let _ = pg.batch_execute(&format!("DROP ROLE IF EXISTS {name}_lane_0"));
    }

    /// Drops the databases of processes that have ended.
    fn sweep(&self, pg: &mut Conn) {
        let databases: Vec<String> = diesel::dsl::sql::<diesel::sql_types::Text>(
            "SELECT datname::text FROM pg_database WHERE datname ~ '^(test|template)_[0-9]+'",
        )
        .load(pg)
        .unwrap();
        for name in databases {
            let process =
                name.split('_').nth(1).and_then(|number| number.parse().ok()).and_then(Pid::from_raw);
            // One of another user's may not be signalled, but is there.
            let ended = process.is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH));
            if ended {
                self.remove(pg, &name);
            }
        }
    }

    pub(crate) fn owner_url(&self, database: &str) -> DatabaseUrl {
        self.url(OWNER, database)
    }

    pub(crate) fn superuser(&self, database: &str) -> Conn {
        Conn::establish(&self.postgres.url("postgres", database)).unwrap()
    }

    fn url(&self, user: &str, database: &str) -> DatabaseUrl {
        DatabaseUrl::parse(&self.text(user, database)).unwrap()
    }

    pub(crate) fn text(&self, user: &str, database: &str) -> String {
        self.postgres.url(user, database)
    }
}

/// A Postgres in this directory, of the binaries that the environment names.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are programs: they read where Postgres is from the environment"
)]
pub(crate) fn settings(dir: PathBuf) -> Settings {
    Settings {
        dir,
        bin: std::env::var_os("BELFORT_PG_BIN").map(PathBuf::from),
        path: std::env::var_os("PATH"),
        fetched: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postgres")),
        durable: false,
    }
}

/// The cluster's directory, beside the build, so that `cargo clean` takes it away.
fn directory() -> PathBuf {
    let binary = std::env::current_exe().unwrap();
    let target = binary.ancestors().find(|dir| dir.join("CACHEDIR.TAG").exists());
    target.map_or_else(|| std::env::temp_dir().join("belfort-tests"), |dir| dir.join("test-postgres"))
}
