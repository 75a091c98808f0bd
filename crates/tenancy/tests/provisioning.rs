//! A tenant is made whole or not at all.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

use belfort_db::{Queries, Statement};
use belfort_ids::TenantId;
use belfort_tenancy::postgres::{Migrations, NewTenant, PoolOptions, ProvisionError, tenants};
use belfort_tenancy::{Plan, SchemaName, Slug};
use belfort_testkit::{Database, MIGRATIONS, now};
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

const LEFT: Statement<BigInt> = Statement::new(
    "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = a.name) + (SELECT count(*) FROM pg_roles WHERE rolname = a.name)
     FROM (SELECT $1 AS name) a",
);

fn new(slug: &str) -> NewTenant {
    let slug = Slug::parse(slug).unwrap();
    NewTenant { id: TenantId::new(now()), slug, name: "Acme".into(), plan: Plan::Free, created_at: now() }
}

fn left_of(db: &Database, id: TenantId) -> i64 {
    db.control().row(LEFT.bind::<Text, _>(SchemaName::of(id).to_string())).unwrap()
}

#[test]
fn a_migration_that_fails_leaves_nothing() {
    static BROKEN: EmbeddedMigrations = embed_migrations!("tests/broken");
    static NONE: EmbeddedMigrations = EmbeddedMigrations::new(&[]);
    let db = Database::new();
    let new = new("acme");
    let mut tx = db.begin_control();
    let result = tx.provision(&new, &Migrations::new(&NONE, &BROKEN));
    assert!(matches!(result, Err(ProvisionError::Migration(_))));
    drop(result);
    drop(tx);
    assert_eq!(left_of(&db, new.id), 0);
    assert!(tenants::get(&mut db.control(), new.id).unwrap().is_none());
}

#[test]
fn a_caller_that_gives_up_leaves_nothing() {
    let db = Database::new();
    let new = new("acme");
    let mut tx = db.begin_control();
    drop(tx.provision(&new, &MIGRATIONS).unwrap());
    drop(tx);
    assert_eq!(left_of(&db, new.id), 0);
}

#[test]
fn a_slug_is_taken_once_also_by_two_at_once() {
    let db = Database::new();
    let made = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut tx = db.begin_control();
                    match tx.provision(&new("acme"), &MIGRATIONS) {
                        Ok(newborn) => drop(newborn),
                        Err(ProvisionError::SlugTaken) => return false,
                        Err(other) => panic!("{other:?}"),
                    }
                    tx.commit().unwrap();
                    true
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!(made, 1);
}

#[test]
fn a_removed_tenant_leaves_nothing() {
    let db = Database::new();
    let id = db.tenant().tenant.id;
    assert_eq!(left_of(&db, id), 2);
    let mut tx = db.begin_control();
    assert!(tx.delete(id).unwrap());
    tx.commit().unwrap();
    assert_eq!(left_of(&db, id), 0);
}

#[test]
fn migrations_run_for_those_who_are_behind_and_a_broken_tenant_stops_nobody() {
    static MORE: EmbeddedMigrations = embed_migrations!("tests/more");
    static NONE: EmbeddedMigrations = EmbeddedMigrations::new(&[]);
    const BREAK: Statement = Statement::new(
        "INSERT INTO teams (id, name, created_at, updated_at) SELECT gen_random_uuid(), $1, now(), now()",
    );
    let db = Database::new();
    let (fine, broken) = (db.tenant(), db.tenant());
    let mut tx = broken.begin();
    tx.run(BREAK.bind::<Text, _>("too long for the new check")).unwrap();
    tx.commit().unwrap();
    let migrations = Migrations::new(&NONE, &MORE);
    let outcomes = migrations.run_tenants(db.tenancy(), |total, _| assert_eq!(total, 2)).unwrap();
    let failed: Vec<_> = outcomes.iter().filter(|o| o.result.is_err()).map(|o| o.slug.clone()).collect();
    assert_eq!(failed, [broken.tenant.slug.to_string()]);
    let rows: Vec<String> = broken.begin().rows(Statement::<Text>::new("SELECT name FROM teams")).unwrap();
    assert_eq!(rows.len(), 1, "the broken tenant is as it was");
    let again = migrations.run_tenants(db.tenancy(), |total, _| assert_eq!(total, 1)).unwrap();
    assert_eq!(again.len(), 1, "who is done is not done again: {}", fine.tenant.slug);
}

#[test]
fn a_login_that_a_dropped_database_left_is_taken_over() {
    let db = Database::new();
    let tenant = db.tenant();
    db.superuser().run(Statement::<()>::new("DELETE FROM public.lanes")).unwrap();
    let again = db.second_process(PoolOptions::default());
    drop(again.begin(&tenant.tenant).unwrap());
}
