//! The login of a lane: its password, and the limits of what it runs.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use belfort_db::{Queries, Statement};
use belfort_tenancy::postgres::{PoolOptions, SealedSecret, SecretStore, SecretStoreError, Tenancy};
use belfort_testkit::{Database, PasswordCluster};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;

const PASSWORD: &str = "the-password-of-the-lane_0123456789";

struct Known;

impl SecretStore for Known {
    fn generate(&self) -> Result<(String, SealedSecret), SecretStoreError> {
        Ok((PASSWORD.to_owned(), SealedSecret { key_id: "test".into(), token: "sealed".into() }))
    }

    fn open(&self, _: &SealedSecret) -> Result<String, SecretStoreError> {
        Ok(PASSWORD.to_owned())
    }
}

#[test]
fn the_password_opens_the_login_and_postgres_never_sees_it() {
    const STORED: Statement<Text> = Statement::new(
        "SELECT rolpassword FROM pg_authid WHERE rolname = (SELECT login FROM public.lanes WHERE number = 0)",
    );
    const LOGIN: Statement<Text> = Statement::new("SELECT login::text FROM public.lanes WHERE number = 0");
    let open = Permissions::from_mode(0o755);
    let dir = tempfile::Builder::new().prefix("belfort-").permissions(open).tempdir().unwrap();
    let cluster = PasswordCluster::start(dir.path().join("postgres"));
    let tenancy = Tenancy::connect(&cluster.owner_url(), &Known, PoolOptions::default()).unwrap();
    let tenant = belfort_testkit::provision(&tenancy);
    drop(tenancy.begin(&tenant).unwrap());

    let mut pg = cluster.superuser();
    let login: String = pg.row(LOGIN).unwrap();
    assert_eq!(cluster.refusal(&login, PASSWORD), None);
    assert!(cluster.refusal(&login, "another").unwrap().contains("password authentication failed"));
    assert!(pg.row::<String, _>(STORED).unwrap().starts_with("SCRAM-SHA-256$4096:"));

    let log = cluster.log();
    assert!(log.contains("PASSWORD 'SCRAM-SHA-256$"), "the log has the statement: {log}");
    assert!(!log.contains(PASSWORD), "the log has the password");
}

/// Each limit, as a bound transaction has it. Without one of them a query, a lock or an idle transaction could stay for good.
#[test]
fn a_bound_transaction_has_the_limits_of_the_lane() {
    let db = Database::new();
    let tenant = db.tenant().tenant;
    let (statement_timeout, lock_timeout) = (Duration::from_millis(7_500), Duration::from_secs(4));
    let options = PoolOptions { statement_timeout, lock_timeout, ..PoolOptions::default() };
    let tenancy = db.second_process(options);
    let show = |setting: &str| -> String {
        let sql = format!("SELECT current_setting('{setting}')");
        tenancy.begin(&tenant).unwrap().row(diesel::dsl::sql::<Text>(&sql)).unwrap()
    };
    for (setting, value) in [
        ("statement_timeout", "7500ms"),
        ("lock_timeout", "4s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
        ("search_path", "\"$user\""),
    ] {
        assert_eq!(show(setting), value, "{setting}");
    }
}

/// A control transaction finds only what is named with its schema, and the owner waits for no lock for ever.
#[test]
fn a_control_transaction_has_an_empty_search_path_and_a_lock_timeout() {
    const SHOW: Statement<(Text, Text)> =
        Statement::new("SELECT current_setting('search_path'), current_setting('lock_timeout')");
    const NAMED: Statement<diesel::sql_types::BigInt> = Statement::new("SELECT count(*) FROM tenants");
    let db = Database::new();
    let (path, timeout): (String, String) = db.begin_control().row(SHOW).unwrap();
    assert_eq!((path.as_str(), timeout.as_str()), ("\"\"", "10s"));
    let error = db.begin_control().row::<i64, _>(NAMED).unwrap_err().to_string();
    assert!(error.contains("relation \"tenants\" does not exist"), "{error}");
    let (_, timeout): (String, String) = db.control().row(SHOW).unwrap();
    assert_eq!(timeout, "10s");
}

/// A server that is given to the database of an older version: the owner becomes a member of the login, to end its connections.
#[test]
fn the_owner_may_end_a_lanes_connections() {
    let db = Database::new();
    let name: String =
        db.control().row(Statement::<Text>::new("SELECT login::text FROM public.lanes")).unwrap();
    db.superuser().batch_execute(&format!("SET ROLE belfort; REVOKE \"{name}\" FROM belfort")).unwrap();
    drop(db.second_process(PoolOptions::default()));
    let usable = format!("SELECT pg_has_role('belfort', '{name}', 'USAGE')::text");
    assert_eq!(db.superuser().row::<String, _>(diesel::dsl::sql::<Text>(&usable)).unwrap(), "true");
}
