//! What a tenant's role can lock is that tenant's own: it stops neither the server nor anybody else.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

use belfort_db::{Queries, Statement};
use belfort_tenancy::TenantStatus;
use belfort_tenancy::postgres::{BindError, PoolOptions, TenantTx, tenants};
use belfort_testkit::{Database, MIGRATIONS, TestTenant};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;

const ADVISORY: [&str; 4] = [
    "SELECT pg_advisory_lock(hashtextextended('belfort control', 0))::text",
    "SELECT pg_advisory_lock(hashtextextended('belfort lanes', 0))::text",
    "SELECT pg_advisory_lock(28254597439714919)::text", // that of the keyring, once
    "SELECT pg_advisory_lock(hashtextextended(current_schema(), 1))::text",
];

/// A transaction that holds every lock that the tenant's role can take, and will hold them until it is ended. The database is
/// one that nobody hardened, as far as locks go.
fn holding_everything(db: &Database, tenant: &TestTenant, other: &TestTenant) -> TenantTx {
    db.superuser()
        .batch_execute("GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC; GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC")
        .unwrap();
    let mut tx = tenant.begin();
    let mut run = |sql: &str| tx.run(diesel::dsl::sql::<Text>(sql)).unwrap();
    for setting in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
        run(&format!("SET LOCAL {setting} TO 0"));
    }
    for lock in ADVISORY {
        run(lock);
    }
    let foreign = other.tenant.schema();
    run(&format!("SELECT pg_advisory_lock(hashtextextended('{foreign}', 1))::text"));
    run("SELECT workspace_lock()::text");
    // Its own tables, in the strongest mode; of the catalogs and of everybody else's tables, whatever is not refused.
    run("DO $$
         DECLARE
             relation regclass;
             mode text;
         BEGIN
             FOR relation IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'v') ORDER BY relnamespace, oid LOOP
                 FOREACH mode IN ARRAY ARRAY['ACCESS EXCLUSIVE', 'SHARE ROW EXCLUSIVE', 'SHARE', 'ROW EXCLUSIVE'] LOOP
                     BEGIN
                         EXECUTE format('LOCK TABLE %s IN %s MODE NOWAIT', relation, mode);
                     EXCEPTION WHEN insufficient_privilege OR wrong_object_type OR undefined_table THEN NULL;
                     END;
                 END LOOP;
             END LOOP;
         END $$");
    tx
}

#[test]
fn the_operator_and_other_tenants_go_on_while_a_tenant_holds_every_lock_it_can() {
    const MEMBERSHIP: Statement = Statement::new("SELECT FROM membership_lock FOR UPDATE");
    let db = Database::new();
    let (rogue, other) = (db.tenant(), db.tenant());
    let held = holding_everything(&db, &rogue, &other);

    // Who must not wait would wait for ever: the owner's lock timeout makes an error of it.
    assert_eq!(MIGRATIONS.run_control(&db.url()).unwrap(), 0);
    drop(db.second_process(PoolOptions::default()));
    assert_eq!(tenants::list(&mut db.control()).unwrap().len(), 2);
    assert!(MIGRATIONS.run_tenants(db.tenancy(), |_, _| {}).unwrap().is_empty());
    drop(db.tenant());
    let mut tx = other.begin();
    assert_eq!(tx.run(MEMBERSHIP).unwrap(), 1);
    tx.commit().unwrap();

    assert!(db.tenancy().suspend(rogue.tenant.id).unwrap());
    assert!(matches!(db.tenancy().begin(&rogue.tenant), Err(BindError::Suspended)));
    let status =
        |tenant: &TestTenant| tenants::get(&mut db.control(), tenant.tenant.id).unwrap().unwrap().status;
    assert_eq!([status(&rogue), status(&other)], [TenantStatus::Suspended, TenantStatus::Active]);
    // Its transaction was ended, with all that it held.
    let mut held = held;
    assert!(held.rows(Statement::<Text>::new("SELECT name FROM teams")).map(|_: Vec<String>| ()).is_err());
    drop(held);
    let mut tx = db.begin_control();
    assert!(tx.delete(rogue.tenant.id).unwrap());
    tx.commit().unwrap();
}

/// Who is in and holds nothing of anybody's goes at once too, and nobody else does.
#[test]
fn a_suspended_tenants_transactions_are_ended() {
    let db = Database::new();
    let (rogue, other) = (db.tenant(), db.tenant());
    let names = Statement::<Text>::new("SELECT name FROM teams");
    let (mut held, mut honest) = (rogue.begin(), other.begin());
    held.rows::<String, _>(names).unwrap();
    honest.rows::<String, _>(names).unwrap();
    assert!(db.tenancy().suspend(rogue.tenant.id).unwrap());
    assert!(held.rows::<String, _>(names).is_err());
    honest.rows::<String, _>(names).unwrap();
}

/// The row of the control schema alone is held, and nothing of the tenant's own was touched.
#[test]
fn a_tenant_that_only_holds_its_row_is_suspended_too() {
    let db = Database::new();
    let (rogue, other) = (db.tenant(), db.tenant());
    let mut held = rogue.begin();
    held.run(diesel::dsl::sql::<Text>("SELECT workspace_lock()::text")).unwrap();
    let mut honest = other.begin();
    let names = Statement::<Text>::new("SELECT name FROM teams");
    honest.rows::<String, _>(names).unwrap();
    assert!(db.tenancy().suspend(rogue.tenant.id).unwrap());
    assert!(held.rows::<String, _>(names).is_err());
    honest.rows::<String, _>(names).unwrap();
    honest.commit().unwrap();
}
