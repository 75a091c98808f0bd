//! What is said to be committed lasts.

use belfort_db::{Error, Queries, Statement};
use belfort_testkit::Database;
use diesel::connection::SimpleConnection;
use diesel::result::DatabaseErrorKind;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

const ADD: Statement = Statement::new(
    "INSERT INTO teams (id, name, created_at, updated_at) SELECT gen_random_uuid(), $1, now(), now()",
);
const COUNT: Statement<BigInt> = Statement::new("SELECT count(*) FROM teams");
const CRASH: Statement<Integer> = Statement::new("SELECT 1 / (SELECT 0)");
const DOMAIN: Statement = Statement::new(
    "INSERT INTO public.domains (host, tenant_id) SELECT 'bakery.example', id FROM public.tenants",
);
const DOMAINS: Statement<BigInt> = Statement::new("SELECT count(*) FROM public.domains");

/// The error of every statement is thrown away, as a careless caller does.
#[test]
fn a_transaction_in_which_a_statement_failed_is_not_committed() {
    let db = Database::with_pool(1);
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    tx.run(ADD.bind::<Text, _>("bakers")).unwrap();
    let _swallowed = tx.row::<i32, _>(CRASH);
    assert!(matches!(tx.commit(), Err(Error::RollbackTransaction)));
    // A statement that cannot even be prepared, and one that does not return rows.
    for wrong in ["SELECT nonsense", "INSERT INTO nowhere VALUES (1)"] {
        let mut tx = tenant.begin();
        tx.run(ADD.bind::<Text, _>("bakers")).unwrap();
        let _swallowed = tx.run(diesel::dsl::sql::<Bool>(wrong));
        assert!(tx.commit().is_err(), "{wrong}");
    }
    let mut tx = tenant.begin();
    assert_eq!(tx.row::<i64, _>(COUNT).unwrap(), 0);
    // What failed before is forgotten with its transaction.
    tx.run(ADD.bind::<Text, _>("bakers")).unwrap();
    tx.commit().unwrap();
    assert_eq!(tenant.begin().row::<i64, _>(COUNT).unwrap(), 1);
}

#[test]
fn nor_is_one_on_the_control_schema() {
    let db = Database::new();
    let tenant = db.tenant();
    let mut tx = db.begin_control();
    tx.run(DOMAIN).unwrap();
    assert!(tx.run(DOMAIN).is_err());
    assert!(matches!(tx.commit(), Err(Error::RollbackTransaction)));
    assert_eq!(db.control().row::<i64, _>(DOMAINS).unwrap(), 0);
    // Nor where a verb of the transaction's own failed.
    let refuse = "ALTER TABLE public.tenants ADD CONSTRAINT never CHECK (status <> 'active') NOT VALID";
    db.superuser().batch_execute(refuse).unwrap();
    let mut tx = db.begin_control();
    tx.run(DOMAIN).unwrap();
    assert!(tx.resume(tenant.tenant.id).is_err());
    assert!(matches!(tx.commit(), Err(Error::RollbackTransaction)));
    let mut tx = db.begin_control();
    tx.run(DOMAIN).unwrap();
    tx.commit().unwrap();
    assert_eq!(db.control().row::<i64, _>(DOMAINS).unwrap(), 1);
}

/// A tenant's role may not sleep.
const ENDLESS: &str = "SELECT count(*) > 0
     FROM (WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n FROM n) SELECT n FROM n) endless";

/// What may succeed the next time is told as such also where the first error was thrown away.
#[test]
fn a_swallowed_time_out_is_a_commit_to_be_tried_again() {
    let db = Database::new();
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    tx.run(diesel::dsl::sql::<Bool>("SET LOCAL statement_timeout TO '20ms'")).unwrap();
    let _swallowed = tx.run(diesel::dsl::sql::<Bool>(ENDLESS));
    assert!(belfort_db::is_transient(&tx.commit().unwrap_err()));
}

/// A constraint that is looked at only at the end.
#[test]
fn a_commit_that_a_constraint_refuses_says_so() {
    let db = Database::new();
    let tenant = db.tenant();
    let check = format!(
        "SET search_path TO \"{}\"; ALTER TABLE teams ADD CONSTRAINT once UNIQUE (created_at) DEFERRABLE INITIALLY DEFERRED",
        tenant.tenant.schema()
    );
    db.superuser().batch_execute(&check).unwrap();
    let mut tx = tenant.begin();
    tx.run(ADD.bind::<Text, _>("bakers")).unwrap();
    tx.run(ADD.bind::<Text, _>("drivers")).unwrap();
    let error = tx.commit().unwrap_err();
    assert!(matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)), "{error}");
    assert_eq!(tenant.begin().row::<i64, _>(COUNT).unwrap(), 0);
}

/// Somebody with a whole statement ended the transaction: what came after it was not in one.
#[test]
fn a_transaction_that_was_ended_behind_its_back_is_not_committed() {
    let db = Database::with_pool(1);
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    tx.run(diesel::dsl::sql::<Bool>("ROLLBACK")).unwrap();
    assert!(matches!(tx.commit(), Err(Error::NotInTransaction)));
}
