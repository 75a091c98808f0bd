//! Isolation: one tenant can see and do nothing of another.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests may panic as the tests do"
)]

use std::sync::Arc;

use belfort_db::{Queries, Statement};
use belfort_tenancy::Tenant;
use belfort_tenancy::postgres::{BindError, PoolOptions, TenantTx, exposures};
use belfort_testkit::{Database, TestTenant};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};

const NAMES: Statement<Text> = Statement::new("SELECT name FROM teams ORDER BY name");
const BACKEND: Statement<diesel::sql_types::Integer> = Statement::new("SELECT pg_backend_pid()");
const CRASH: Statement<diesel::sql_types::Integer> = Statement::new("SELECT 1 / (SELECT 0)");

/// Puts one row into the tenant that tells whose it is.
fn mark(tenant: &TestTenant) {
    const ADD: Statement = Statement::new(
        "INSERT INTO teams (id, name, created_at, updated_at) SELECT gen_random_uuid(), $1, now(), now()",
    );
    let mut tx = tenant.begin();
    tx.run(ADD.bind::<Text, _>(tenant.tenant.slug.as_str())).unwrap();
    tx.commit().unwrap();
}

/// Alternates between two tenants, with errors, panics and dropped transactions in between, and counts wrong answers.
fn wrong_answers(
    rounds: usize,
    tenants: &[Arc<Tenant>; 2],
    mut ask: impl FnMut(&Arc<Tenant>, usize) -> Vec<String>,
) -> usize {
    (0..rounds)
        .filter(|round| ask(&tenants[round % 2], *round) != [tenants[round % 2].slug.to_string()])
        .count()
}

#[test]
fn one_connection_never_answers_for_the_wrong_tenant() {
    let db = Database::with_pool(1);
    let (a, b) = (db.tenant(), db.tenant());
    mark(&a);
    mark(&b);
    let tenants = [Arc::clone(&a.tenant), Arc::clone(&b.tenant)];
    let mut backends = std::collections::BTreeSet::new();
    let wrong = wrong_answers(4_000, &tenants, |tenant, round| {
        let mut tx = db.tenancy().begin(tenant).unwrap();
        backends.insert(tx.row::<i32, _>(BACKEND).unwrap());
        let names = tx.rows(NAMES).unwrap();
        match round % 5 {
            0 => tx.commit().unwrap(),
            1 => assert!(tx.row::<i32, _>(CRASH).is_err()),
            2 if round % 400 == 2 => panic_with(tx),
            // The request went away: nobody commits.
            _ => drop(tx),
        }
        names
    });
    assert_eq!(wrong, 0);
    assert!(backends.len() < 20, "the connection was used again and again: {}", backends.len());
}

/// The same, with a binding that outlives its transaction, as a session's `SET ROLE` does: the test must notice.
#[test]
fn the_same_test_fails_without_the_binding() {
    let db = Database::with_pool(1);
    let (a, b) = (db.tenant(), db.tenant());
    mark(&a);
    mark(&b);
    let mut unbound = db.superuser();
    unbound.batch_execute(&format!("SET search_path TO '{}'", a.tenant.schema())).unwrap();
    let tenants = [Arc::clone(&a.tenant), Arc::clone(&b.tenant)];
    let wrong = wrong_answers(100, &tenants, |_, _| unbound.rows(NAMES).unwrap());
    assert_eq!(wrong, 50);
}

fn panic_with(tx: TenantTx) {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _held = tx;
        std::panic::resume_unwind(Box::new("a handler panicked"));
    }));
    assert!(caught.is_err());
}

#[test]
fn another_tenants_table_is_permission_denied_by_name() {
    let db = Database::new();
    let (a, b) = (db.tenant(), db.tenant());
    for table in ["teams", "users", "tasks", "audit_events", "credentials"] {
        let mut tx = a.begin();
        let foreign = format!("SELECT count(*) FROM {}.{table}", b.tenant.schema());
        let error = tx.row::<i64, _>(diesel::dsl::sql::<BigInt>(&foreign)).unwrap_err();
        assert!(error.to_string().starts_with("permission denied for schema"), "{error}");
    }
}

#[test]
fn the_control_schema_is_not_to_be_seen_from_a_tenant() {
    let db = Database::new();
    let tenant = db.tenant();
    for table in ["tenants", "lanes", "signups", "counters", "keyring"] {
        let mut tx = tenant.begin();
        let query = format!("SELECT count(*) FROM public.{table}");
        let error = tx.row::<i64, _>(diesel::dsl::sql::<BigInt>(&query)).unwrap_err();
        assert!(error.to_string().starts_with("permission denied for schema public"), "{table}: {error}");
        let mut tx = tenant.begin();
        let query = format!("SELECT count(*) FROM {table}");
        let error = tx.row::<i64, _>(diesel::dsl::sql::<BigInt>(&query)).unwrap_err();
        assert!(error.to_string().contains("does not exist"), "{table}: {error}");
    }
}

#[test]
fn a_table_that_is_missing_is_an_error_and_never_public() {
    let db = Database::new();
    let tenant = db.tenant();
    let mut superuser = db.superuser();
    superuser
        .batch_execute(&format!(
            "GRANT USAGE ON SCHEMA public TO PUBLIC; CREATE TABLE public.teams (name text); GRANT SELECT ON public.teams TO PUBLIC;
             DROP TABLE \"{}\".team_members, \"{0}\".teams",
            tenant.tenant.schema()
        ))
        .unwrap();
    let error = tenant.begin().rows::<String, _>(NAMES).unwrap_err();
    assert_eq!(error.to_string(), "relation \"teams\" does not exist");
}

#[test]
fn injected_sql_does_not_get_to_another_tenant() {
    let db = Database::new();
    let (a, b) = (db.tenant(), db.tenant());
    mark(&b);
    assert_eq!(exposures(&mut db.control()).unwrap(), []);
    let foreign = b.tenant.schema();
    for attack in [
        format!("SELECT set_config('role', '{foreign}', false)"),
        format!("SELECT set_config('search_path', '{foreign}', false)"),
        format!("SELECT query_to_xml('SELECT name FROM {foreign}.teams', true, false, '')::text"),
        format!("SELECT table_to_xml('{foreign}.teams'::regclass, true, false, '')::text"),
        "SELECT lo_from_bytea(0, 'x')::text".to_owned(),
        format!("UPDATE pg_settings SET setting = '{foreign}' WHERE name = 'role'"),
        "UPDATE pg_settings SET setting = 'off' WHERE name = 'enable_sort'".to_owned(),
        format!(
            "SELECT ts_rewrite('a'::tsquery, 'SELECT name::tsquery, name::tsquery FROM {foreign}.teams')::text"
        ),
        format!("SELECT word FROM ts_stat('SELECT to_tsvector(name) FROM {foreign}.teams')"),
        "SELECT pg_advisory_lock(1)::text".to_owned(),
        "SELECT pg_try_advisory_xact_lock(1)::text".to_owned(),
        "SELECT pg_notify('x', 'y')::text".to_owned(),
        "SELECT pg_sleep(0)::text".to_owned(),
        "DO $$ BEGIN NULL; END $$".to_owned(),
        "SELECT passwd FROM pg_shadow".to_owned(),
        "SELECT rolpassword FROM pg_authid".to_owned(),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "CREATE TEMP TABLE teams (name text)".to_owned(),
        "CREATE TABLE mine (name text)".to_owned(),
        "DROP TABLE teams".to_owned(),
        "ALTER TABLE teams DISABLE TRIGGER ALL".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        "COPY teams TO PROGRAM 'cat'".to_owned(),
    ] {
        let mut tx = a.begin();
        let result = tx.rows::<String, _>(diesel::dsl::sql::<Text>(&attack));
        let error = result.map_err(|error| error.to_string()).unwrap_err();
        // Refused, and not merely wrong: an attack that fails for a reason of its own would prove nothing.
        let refusals =
            ["permission denied", "must be owner", "must be superuser", "cannot insert multiple commands"];
        assert!(refusals.iter().any(|refusal| error.contains(refusal)), "{attack}: {error}");
        drop(tx);
        assert!(a.begin().rows::<String, _>(NAMES).unwrap().is_empty(), "after {attack}");
    }
}

#[test]
fn the_login_of_a_lane_can_do_nothing_unbound() {
    let db = Database::new();
    let tenant = db.tenant();
    mark(&tenant);
    let schema = tenant.tenant.schema();
    // `RESET ROLE` is what an attacker with a whole statement would say: it leads to the lane's login.
    let mut tx = tenant.begin();
    tx.run(diesel::dsl::sql::<diesel::sql_types::Bool>("RESET ROLE")).unwrap();
    let error = tx
        .row::<i64, _>(diesel::dsl::sql::<BigInt>(&format!("SELECT count(*) FROM {schema}.teams")))
        .unwrap_err();
    assert!(error.to_string().starts_with("permission denied"), "{error}");
}

#[test]
fn a_suspended_tenant_cannot_be_bound_by_any_process() {
    let db = Database::new();
    let tenant = db.tenant();
    let elsewhere = db.second_process(PoolOptions::default());
    drop(elsewhere.begin(&tenant.tenant).unwrap());
    assert!(db.tenancy().suspend(tenant.tenant.id).unwrap());
    for tenancy in [db.tenancy(), &elsewhere] {
        assert!(matches!(tenancy.begin(&tenant.tenant), Err(BindError::Suspended)));
    }
    let mut tx = db.begin_control();
    assert!(tx.resume(tenant.tenant.id).unwrap());
    tx.commit().unwrap();
    drop(elsewhere.begin(&tenant.tenant).unwrap());

    let mut tx = db.begin_control();
    assert!(tx.delete(tenant.tenant.id).unwrap());
    tx.commit().unwrap();
    assert!(matches!(elsewhere.begin(&tenant.tenant), Err(BindError::Gone)));
}

#[test]
fn a_pool_that_is_used_up_says_so_and_recovers_from_dead_connections() {
    let db = Database::new();
    let tenant = db.tenant();
    let options =
        PoolOptions { size: 1, wait: std::time::Duration::from_millis(100), ..PoolOptions::default() };
    let tenancy = db.second_process(options);
    let held = tenancy.begin(&tenant.tenant).unwrap();
    assert!(matches!(tenancy.begin(&tenant.tenant), Err(BindError::Busy(_))));
    drop(held);
    let mut tx = tenancy.begin(&tenant.tenant).unwrap();
    let backend: i32 = tx.row(BACKEND).unwrap();
    drop(tx);
    let mut superuser = db.superuser();
    superuser.batch_execute(&format!("SELECT pg_terminate_backend({backend}, 5000)")).unwrap();
    let names: Vec<String> = tenancy.begin(&tenant.tenant).unwrap().rows(NAMES).unwrap();
    assert!(names.is_empty());
}

/// The binding ends with the transaction, not with the next one that is begun on the connection.
#[test]
fn between_transactions_a_connection_is_bound_to_nobody() {
    const WHO: Statement<Text> = Statement::new("SELECT current_user::text");
    let db = Database::with_pool(1);
    let (a, b) = (db.tenant(), db.tenant());
    a.begin().commit().unwrap();
    let mut tx = b.begin();
    assert_eq!(tx.row::<String, _>(WHO).unwrap(), b.tenant.schema().to_string());
    // Behind the back of whoever began it: what is left is what the connection is when nobody has it.
    tx.run(diesel::dsl::sql::<diesel::sql_types::Bool>("ROLLBACK")).unwrap();
    assert!(tx.row::<String, _>(WHO).unwrap().ends_with("_lane_0"));
}
