//! Connections that Postgres cut: nobody gets a dead one twice.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may panic as the tests do")]

use std::time::Duration;

use belfort_db::{Error, Queries, Statement};
use belfort_tenancy::postgres::{BindError, PoolOptions, Tenancy, tenants};
use belfort_testkit::Database;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Integer};

const ONE: Statement<Integer> = Statement::new("SELECT 1");

/// Cuts every connection to the database but the one that says so.
fn cut_all(db: &Database) {
    const CUT: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.superuser().batch_execute(CUT).unwrap();
}

/// A process with pools of this size whose connections were all opened, used and given back. It believes of each that it works.
fn process(db: &Database, size: u32) -> Tenancy {
    process_that_tests(db, size, Duration::from_hours(1))
}

fn process_that_tests(db: &Database, size: u32, test_after: Duration) -> Tenancy {
    let wait = Duration::from_secs(30);
    let options = PoolOptions { size, control_size: size, wait, test_after, ..PoolOptions::default() };
    let tenancy = db.second_process(options);
    let held: Vec<_> = (0..size).map(|_| tenancy.control().unwrap()).collect();
    for mut control in held {
        control.row::<i32, _>(ONE).unwrap();
    }
    tenancy
}

/// Returns how many tries failed before one was right, of two at most. Whoever fails is told to try again.
fn failures(mut attempt: impl FnMut() -> Result<i32, BindError>) -> usize {
    for failed in 0..2 {
        match attempt() {
            Ok(one) => {
                assert_eq!(one, 1);
                return failed;
            }
            Err(BindError::Database(error)) => assert!(belfort_db::is_transient(&error), "{error}"),
            Err(other) => panic!("{other}"),
        }
    }
    panic!("two tries failed");
}

fn control_statement(tenancy: &Tenancy) -> Result<i32, BindError> {
    Ok(tenancy.control()?.row(ONE)?)
}

#[test]
fn a_statement_of_the_control_schema_fails_once_at_most() {
    let db = Database::new();
    for size in 1..=4 {
        let tenancy = process(&db, size);
        cut_all(&db);
        assert!(failures(|| control_statement(&tenancy)) <= 1);
        for _ in 0..8 {
            assert_eq!(failures(|| control_statement(&tenancy)), 0, "a pool of {size}");
        }
    }
}

/// A connection that lay in the pool for longer than is said is not believed to work.
#[test]
fn after_a_quiet_time_no_statement_of_the_control_schema_fails() {
    let db = Database::new();
    let tenancy = process_that_tests(&db, 4, Duration::ZERO);
    cut_all(&db);
    assert_eq!(failures(|| control_statement(&tenancy)), 0);
}

#[test]
fn a_transaction_never_begins_on_a_dead_connection() {
    let db = Database::new();
    let tenant = db.tenant().tenant;
    for size in 1..=4 {
        let tenancy = process(&db, size);
        let held: Vec<_> = (0..size).map(|_| tenancy.begin(&tenant).unwrap()).collect();
        drop(held);
        cut_all(&db);
        assert_eq!(failures(|| Ok(tenancy.begin_control()?.row(ONE)?)), 0, "a pool of {size}");
        assert_eq!(failures(|| Ok(tenancy.begin(&tenant)?.row(ONE)?)), 0, "a pool of {size}");
    }
}

/// The connection goes away under a transaction. The pool of one has no other to take instead.
#[test]
fn a_connection_that_went_away_under_its_user_is_not_used_again() {
    let db = Database::new();
    let tenant = db.tenant().tenant;
    let tenancy = process(&db, 1);
    for kind in 0..3 {
        let error: Error = match kind {
            0 => {
                let mut control = tenancy.control().unwrap();
                cut_all(&db);
                control.row::<i32, _>(ONE).unwrap_err()
            }
            1 => {
                let mut tx = tenancy.begin_control().unwrap();
                cut_all(&db);
                tx.row::<i32, _>(ONE).unwrap_err()
            }
            _ => {
                let mut tx = tenancy.begin(&tenant).unwrap();
                cut_all(&db);
                tx.row::<i32, _>(ONE).unwrap_err()
            }
        };
        assert!(belfort_db::is_transient(&error), "{error}");
        assert_eq!(failures(|| control_statement(&tenancy)), 0);
        assert_eq!(failures(|| Ok(tenancy.begin_control()?.row(ONE)?)), 0);
        assert_eq!(failures(|| Ok(tenancy.begin(&tenant)?.row(ONE)?)), 0);
    }
}

/// Whether it lasts is not known, and the client is asked to try again.
#[test]
fn a_commit_that_nobody_confirmed_is_transient() {
    let db = Database::new();
    let tenant = db.tenant().tenant;
    let tenancy = process(&db, 1);
    let mut tx = tenancy.begin(&tenant).unwrap();
    tx.row::<i32, _>(ONE).unwrap();
    cut_all(&db);
    assert!(belfort_db::is_transient(&tx.commit().unwrap_err()));
    let mut tx = tenancy.begin_control().unwrap();
    tx.row::<i32, _>(ONE).unwrap();
    cut_all(&db);
    assert!(belfort_db::is_transient(&tx.commit().unwrap_err()));
    assert_eq!(failures(|| Ok(tenancy.begin(&tenant)?.row(ONE)?)), 0);
}

#[test]
fn a_ping_finds_out_by_itself() {
    let db = Database::new();
    let tenancy = process(&db, 4);
    cut_all(&db);
    // The first may find a dead connection, and the second none.
    let _ = tenancy.ping();
    assert!(tenancy.ping());
    assert!(tenants::list(&mut tenancy.control().unwrap()).unwrap().is_empty());
    let cut = diesel::dsl::sql::<Bool>("SELECT true");
    assert!(tenancy.control().unwrap().row::<bool, _>(cut).unwrap());
}
