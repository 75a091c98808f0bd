//! Errors that pass, each provoked on a real database.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

use std::time::{Duration, Instant};

use belfort_db::{Error, Queries, Statement};
use belfort_tenancy::postgres::{BindError, ConnectError, DatabaseUrl, PoolOptions, Tenancy, TenantTx};
use belfort_testkit::{Database, TestSecrets, TestTenant};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Integer};

const BACKEND: Statement<Integer> = Statement::new("SELECT pg_backend_pid()");
const ONE: Statement<Integer> = Statement::new("SELECT 1");

fn say(tx: &mut TenantTx, statement: &str) -> Result<usize, Error> {
    tx.run(diesel::dsl::sql::<Bool>(statement))
}

fn assert_passes(error: &Error) {
    assert!(belfort_db::is_transient(error), "{error}");
}

/// A tenant's role may not sleep.
const ENDLESS: &str = "SELECT count(*) FROM (WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n FROM n) SELECT n FROM n) endless";

/// A transaction that waits 50 ms for locks, and the lock that it waits for.
fn lock_time_out(tenant: &TestTenant) -> Error {
    let mut holder = tenant.begin();
    say(&mut holder, "LOCK TABLE teams IN ROW EXCLUSIVE MODE").unwrap();
    let mut tx = tenant.begin();
    say(&mut tx, "SET LOCAL lock_timeout TO '50ms'").unwrap();
    say(&mut tx, "LOCK TABLE teams IN SHARE MODE").unwrap_err()
}

fn statement_time_out(tenant: &TestTenant) -> Error {
    let mut tx = tenant.begin();
    say(&mut tx, "SET LOCAL statement_timeout TO '50ms'").unwrap();
    say(&mut tx, ENDLESS).unwrap_err()
}

/// Two transactions that wait for each other.
fn deadlock(tenant: &TestTenant) -> Error {
    let (mut a, mut b) = (tenant.begin(), tenant.begin());
    say(&mut a, "LOCK TABLE teams IN ROW EXCLUSIVE MODE").unwrap();
    say(&mut b, "LOCK TABLE teams IN ROW EXCLUSIVE MODE").unwrap();
    let waits = |mut tx: TenantTx| move || say(&mut tx, "LOCK TABLE teams IN SHARE MODE");
    let (a, b) = std::thread::scope(|scope| {
        let (a, b) = (scope.spawn(waits(a)), scope.spawn(waits(b)));
        (a.join().unwrap(), b.join().unwrap())
    });
    a.and(b).unwrap_err()
}

#[test]
fn a_lock_or_a_time_that_was_not_had() {
    let db = Database::new();
    let tenant = db.tenant();
    assert_passes(&lock_time_out(&tenant));
    assert_passes(&statement_time_out(&tenant));
    assert_passes(&deadlock(&tenant));
    let mut holder = tenant.begin();
    say(&mut holder, "LOCK TABLE teams IN ROW EXCLUSIVE MODE").unwrap();
    assert_passes(&say(&mut tenant.begin(), "LOCK TABLE teams IN SHARE MODE NOWAIT").unwrap_err());
}

#[test]
fn a_mistake_does_not_pass() {
    let db = Database::new();
    let tenant = db.tenant();
    for mistake in [
        "SELECT nonsense",
        "SELECT 1 / (SELECT 0)",
        "SELECT count(*) FROM public.tenants",
        "INSERT INTO teams (id) VALUES (gen_random_uuid())",
    ] {
        let error = say(&mut tenant.begin(), mistake).unwrap_err();
        assert!(!belfort_db::is_transient(&error), "{mistake}: {error}");
    }
    assert!(!belfort_db::is_transient(&Error::NotFound));
}

/// Somebody else ended the statement or the connection.
#[test]
fn what_was_ended_from_outside() {
    let db = Database::new();
    let tenant = db.tenant();
    for end in ["pg_cancel_backend", "pg_terminate_backend"] {
        let mut tx = tenant.begin();
        let backend: i32 = tx.row(BACKEND).unwrap();
        let error = std::thread::scope(|scope| {
            let sleeper = scope.spawn(move || say(&mut tx, ENDLESS).unwrap_err());
            let asleep = format!(
                "DO $$ BEGIN
                     WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {backend} AND state = 'active' AND query LIKE '%endless%')
                     LOOP PERFORM pg_stat_clear_snapshot(); END LOOP;
                     PERFORM {end}({backend});
                 END $$"
            );
            db.superuser().batch_execute(&asleep).unwrap();
            sleeper.join().unwrap()
        });
        assert_passes(&error);
    }
    let mut tx = tenant.begin();
    let backend: i32 = tx.row(BACKEND).unwrap();
    say(&mut tx, "SET LOCAL idle_in_transaction_session_timeout TO '20ms'").unwrap();
    let gone = format!(
        "DO $$ BEGIN
             WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = {backend})
             LOOP PERFORM pg_stat_clear_snapshot(); END LOOP;
         END $$"
    );
    db.superuser().batch_execute(&gone).unwrap();
    assert_passes(&tx.row::<i32, _>(ONE).unwrap_err());
}

/// A server that another has taken over from takes no writes. Its connections are not used again.
#[test]
fn a_server_that_only_reads() {
    let db = Database::with_pool(1);
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    let backend: i32 = tx.row(BACKEND).unwrap();
    say(&mut tx, "SET LOCAL transaction_read_only TO on").unwrap();
    assert_passes(&say(&mut tx, "DELETE FROM teams").unwrap_err());
    drop(tx);
    assert_ne!(tenant.begin().row::<i32, _>(BACKEND).unwrap(), backend);
}

/// The codes themselves, raised with Postgres' own words by a function.
#[test]
fn a_database_without_room() {
    let db = Database::new();
    let tenant = db.tenant();
    for message in [
        "could not extend file \"base/5/16399\": No space left on device",
        "could not write to file \"base/pgsql_tmp/pgsql_tmp9.0\": No space left on device",
        "out of memory",
        "out of shared memory",
    ] {
        let refuse = format!(
            "SET search_path TO \"{}\";
             CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{message}'; END $$;
             CREATE OR REPLACE TRIGGER refuse BEFORE DELETE ON teams FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
            tenant.tenant.schema()
        );
        db.superuser().batch_execute(&refuse).unwrap();
        let mut tx = tenant.begin();
        assert_passes(&say(&mut tx, "DELETE FROM teams").unwrap_err());
    }
}

#[test]
fn a_database_that_takes_no_connection() {
    let wait = Duration::from_millis(300);
    let options = PoolOptions { size: 1, control_size: 1, wait, ..PoolOptions::default() };
    let nobody = DatabaseUrl::parse("postgres://nobody@127.0.0.1:1/nothing").unwrap();
    assert!(matches!(Tenancy::connect(&nobody, &TestSecrets, options), Err(ConnectError::Pool(_))));

    let db = Database::new();
    let tenant = db.tenant();
    let tenancy = db.second_process(options);
    drop(tenancy.begin(&tenant.tenant).unwrap());
    let database = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT ' || LIMIT, current_database()); END $$";
    db.superuser().batch_execute(&database.replace("LIMIT, ", "0, ")).unwrap();
    let cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.superuser().batch_execute(cut).unwrap();
    let began = Instant::now();
    assert!(matches!(tenancy.begin(&tenant.tenant), Err(BindError::Busy(_) | BindError::Database(_))));
    assert!(matches!(tenancy.begin_control(), Err(BindError::Busy(_) | BindError::Database(_))));
    assert!(tenancy.control().is_err());
    assert!(began.elapsed() < Duration::from_secs(10));
    db.superuser().batch_execute(&database.replace("LIMIT, ", "(-1), ")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while tenancy.begin(&tenant.tenant).is_err() {
        assert!(Instant::now() < deadline, "it takes connections again");
    }
}

/// Another language is set for the database, where the machine has one: nobody can connect until it is English again, and is told how.
#[test]
fn a_database_that_speaks_another_language() {
    let db = Database::new();
    let tenant = db.tenant();
    let mut superuser = db.superuser();
    let database = |set: &str| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lc_messages TO {set}', current_database()); END $$"
        )
    };
    let languages = ["de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8", "it_IT.UTF-8"];
    let Some(_) = languages.iter().find(|name| {
        superuser.batch_execute(&format!("SET lc_messages TO '{name}'")).is_ok()
            && superuser.batch_execute("SELECT nonsense").unwrap_err().to_string().contains("nonsense")
            && !superuser.batch_execute("SELECT 1/0").unwrap_err().to_string().starts_with("division by zero")
            && superuser.batch_execute(&database(&format!("''{name}''"))).is_ok()
    }) else {
        return;
    };
    let options = PoolOptions { wait: Duration::from_millis(500), ..PoolOptions::default() };
    let refused = Tenancy::connect(&db.url(), &TestSecrets, options).unwrap_err();
    let ConnectError::Pool(source) = &refused else { panic!("{refused}") };
    assert!(source.to_string().contains("SET lc_messages TO 'C'"), "{source}");
    superuser.batch_execute("GRANT SET ON PARAMETER lc_messages TO belfort").unwrap();
    let tenancy = db.second_process(options);
    superuser.batch_execute("REVOKE SET ON PARAMETER lc_messages FROM belfort").unwrap();
    let mut tx = tenancy.begin(&tenant.tenant).unwrap();
    say(&mut tx, "SET LOCAL statement_timeout TO '50ms'").unwrap();
    assert_passes(&say(&mut tx, ENDLESS).unwrap_err());
}
