//! The SECURITY DEFINER functions for a tenant's own row of the control schema, and what they do not give away.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may panic as the tests do")]

use belfort_db::{Queries, Statement};
use belfort_tenancy::postgres::{PoolOptions, tenants};
use belfort_tenancy::{Host, Plan};
use belfort_testkit::{Database, MIGRATIONS, TestTenant};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

type Seen = (String, String, String, Vec<String>, i32);

/// The tenant's row, as its role sees it.
fn seen(tenant: &TestTenant) -> Vec<Seen> {
    const SEE: Statement<(Text, Text, Text, Array<Text>, Integer)> =
        Statement::new("SELECT slug, name, plan, domains, version FROM workspace()");
    tenant.begin().rows(SEE).unwrap()
}

fn rename(tenant: &TestTenant, name: &str) {
    const RENAME: Statement = Statement::new("SELECT workspace_rename($1)");
    let mut tx = tenant.begin();
    tx.run(RENAME.bind::<Text, _>(name)).unwrap();
    tx.commit().unwrap();
}

fn refused(tenant: &TestTenant, sql: &str) -> String {
    let mut tx = tenant.begin();
    let result = tx.rows::<String, _>(diesel::dsl::sql::<Text>(sql));
    result.map(|rows| panic!("{sql}: {rows:?}")).unwrap_err().to_string()
}

#[test]
fn a_tenant_sees_and_renames_itself_alone() {
    let db = Database::new();
    let (a, b) = (db.tenant(), db.tenant());
    let (slug, other) = (a.tenant.slug.to_string(), seen(&b));
    assert_eq!(seen(&a), [(slug.clone(), "A tenant".to_owned(), "free".to_owned(), vec![], 1)]);
    rename(&a, "Another");
    assert_eq!(seen(&a), [(slug.clone(), "Another".to_owned(), "free".to_owned(), vec![], 2)]);
    // What the operator changes is seen at once, and counted.
    tenants::set_plan(&mut db.control(), a.tenant.id, Plan::Pro).unwrap();
    let mut tx = db.begin_control();
    for host in ["z.example", "a.example"] {
        tenants::add_domain(&mut tx, a.tenant.id, &Host::parse(host).unwrap()).unwrap();
    }
    tenants::add_domain(&mut tx, a.tenant.id, &Host::parse("b.example").unwrap()).unwrap();
    assert!(tenants::remove_domain(&mut tx, a.tenant.id, &Host::parse("b.example").unwrap()).unwrap());
    assert!(!tenants::remove_domain(&mut tx, b.tenant.id, &Host::parse("a.example").unwrap()).unwrap());
    tx.commit().unwrap();
    let domains = vec!["a.example".to_owned(), "z.example".to_owned()];
    assert_eq!(seen(&a), [(slug, "Another".to_owned(), "pro".to_owned(), domains, 7)]);
    assert_eq!(seen(&b), other);
}

#[test]
fn a_rename_that_is_given_up_did_not_happen() {
    const RENAME: Statement = Statement::new("SELECT workspace_rename($1)");
    let db = Database::new();
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    tx.run(RENAME.bind::<Text, _>("Another")).unwrap();
    drop(tx);
    assert_eq!((seen(&tenant)[0].1.as_str(), seen(&tenant)[0].4), ("A tenant", 1));
}

/// Injected SQL, as the tenant's role.
#[test]
fn nothing_else_is_to_be_had_from_the_functions() {
    let db = Database::new();
    let (a, b) = (db.tenant(), db.tenant());
    let foreign = b.tenant.schema();
    for (sql, why) in [
        (format!("SELECT name FROM {foreign}.workspace()"), "permission denied for schema"),
        (format!("SELECT {foreign}.workspace_rename('mine')::text"), "permission denied for schema"),
        (format!("SELECT {foreign}.workspace_lock()::text"), "permission denied for schema"),
        ("SELECT name FROM public.tenants".to_owned(), "permission denied"),
        ("UPDATE public.tenants SET plan = 'business' RETURNING name".to_owned(), "permission denied"),
        (
            format!("SELECT name FROM workspace('{}')", b.tenant.id),
            "function workspace(unknown) does not exist",
        ),
        (
            format!("SELECT workspace_rename('mine', '{}')::text", b.tenant.id),
            "function workspace_rename(unknown, unknown) does not exist",
        ),
        (
            "CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql AS 'SELECT 1'".to_owned(),
            "permission denied",
        ),
        ("ALTER FUNCTION workspace() RENAME TO mine".to_owned(), "must be owner"),
        ("DROP FUNCTION workspace_rename(text)".to_owned(), "must be owner"),
    ] {
        let error = refused(&a, &sql);
        assert!(error.starts_with(why), "{sql}: {error}");
    }
    // A text that would be SQL is a name.
    let text = "x', plan = 'business' WHERE true; --";
    rename(&a, text);
    let told = seen(&a);
    assert_eq!((told[0].1.as_str(), told[0].2.as_str()), (text, "free"));
    assert_eq!(seen(&b)[0].1, "A tenant");
}

/// A search path is the caller's to set. The body of a function was bound to its tables when it was made.
#[test]
fn a_search_path_of_the_callers_leads_a_function_nowhere_else() {
    let db = Database::new();
    let (a, b) = (db.tenant(), db.tenant());
    let own = a.tenant.schema();
    // A trap such as no tenant could lay: a table of the same name where a search would come first.
    db.superuser()
        .batch_execute(&format!(
            "CREATE SCHEMA trap; GRANT ALL ON SCHEMA trap TO PUBLIC;
             CREATE TABLE trap.tenants (LIKE public.tenants);
             CREATE TABLE trap.domains (LIKE public.domains);
             INSERT INTO trap.tenants SELECT * FROM public.tenants WHERE id = '{}';
             UPDATE trap.tenants SET id = '{}', name = 'trapped';
             GRANT ALL ON ALL TABLES IN SCHEMA trap TO PUBLIC;
             CREATE FUNCTION trap.eq(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true';
             CREATE OPERATOR trap.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = trap.eq)",
            b.tenant.id, a.tenant.id
        ))
        .unwrap();
    let mut tx = a.begin();
    tx.run(diesel::dsl::sql::<Text>("SET LOCAL search_path TO trap, pg_catalog, public")).unwrap();
    tx.run(diesel::dsl::sql::<Text>(&format!("SELECT {own}.workspace_rename('Another')"))).unwrap();
    let names: Vec<String> =
        tx.rows(diesel::dsl::sql::<Text>(&format!("SELECT name FROM {own}.workspace()"))).unwrap();
    assert_eq!(names, ["Another"]);
    tx.commit().unwrap();
    let name = |tenant: &TestTenant| tenants::get(&mut db.control(), tenant.tenant.id).unwrap().unwrap().name;
    assert_eq!([name(&a), name(&b)], ["Another", "A tenant"]);
}

/// The lock makes others wait that change the same row, and it ends with the transaction.
#[test]
fn who_holds_the_lock_is_not_overtaken() {
    const LOCK: Statement = Statement::new("SELECT workspace_lock()");
    let db = Database::new();
    let (a, b) = (db.tenant(), db.tenant());
    let mut held = a.begin();
    held.run(LOCK).unwrap();
    rename(&b, "Not in anybody's way");
    let mut operator = db.superuser();
    operator.batch_execute("SET lock_timeout TO '100ms'").unwrap();
    let update = format!("UPDATE public.tenants SET plan = 'pro' WHERE id = '{}'", a.tenant.id);
    let error = operator.batch_execute(&update).unwrap_err().to_string();
    assert!(error.contains("lock timeout"), "{error}");
    drop(held);
    operator.batch_execute(&update).unwrap();
}

/// Only the tenant's own role may use them: not the role of another, were it let into the schema, nor a lane's login.
#[test]
fn only_the_tenants_role_may_execute_the_functions() {
    let db = Database::new();
    let (a, b) = (db.tenant(), db.tenant());
    let (own, foreign) = (a.tenant.schema(), b.tenant.schema());
    db.superuser().batch_execute(&format!("GRANT USAGE ON SCHEMA \"{foreign}\" TO PUBLIC")).unwrap();
    for call in ["workspace()::text", "workspace_lock()::text", "workspace_rename('mine')::text"] {
        let error = refused(&a, &format!("SELECT {foreign}.{call}"));
        assert!(error.starts_with("permission denied for function"), "{call}: {error}");
    }
    assert_eq!(seen(&a)[0].0, a.tenant.slug.to_string(), "{own}");
}

/// Also what is not used any more has to be: an operator who goes back a version has nothing else.
#[test]
fn migrations_are_taken_back_and_made_again() {
    static CONTROL: EmbeddedMigrations = embed_migrations!("../../migrations/control");
    static TENANT: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");
    let db = Database::new();
    let tenant = db.tenant();
    let mut owner = db.superuser();
    let schema = tenant.tenant.schema();
    owner.batch_execute(&format!("SET ROLE belfort; SET search_path TO \"{schema}\"")).unwrap();
    owner.revert_all_migrations(lent(&TENANT)).unwrap();
    let left: Vec<String> = diesel::dsl::sql::<Text>(&format!(
        "SELECT relname::text FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relname NOT LIKE '%diesel%'
         UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace"
    ))
    .load(&mut owner)
    .unwrap();
    assert!(left.is_empty(), "{left:?}");
    // `belfort migrate` finds a tenant that is behind, and it is as a new one.
    owner.batch_execute("UPDATE public.tenants SET schema_version = ''").unwrap();
    let outcomes = MIGRATIONS.run_tenants(db.tenancy(), |_, _| {}).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()), "{outcomes:?}");
    assert_eq!(seen(&tenant)[0].1, "A tenant");
    rename(&tenant, "Another");

    let mut tx = db.begin_control();
    assert!(tx.delete(tenant.tenant.id).unwrap());
    tx.commit().unwrap();
    owner.batch_execute("SET search_path TO public").unwrap();
    owner.revert_all_migrations(lent(&CONTROL)).unwrap();
    MIGRATIONS.run_control(&db.url()).unwrap();
    drop(db.second_process(PoolOptions::default()));
    assert_eq!(seen(&db.tenant())[0].4, 1);
}

/// diesel wants a source by value.
fn lent(migrations: &'static EmbeddedMigrations) -> Lent {
    Lent(migrations)
}

struct Lent(&'static EmbeddedMigrations);

impl diesel::migration::MigrationSource<belfort_db::Backend> for Lent {
    fn migrations(
        &self,
    ) -> diesel::migration::Result<Vec<Box<dyn diesel::migration::Migration<belfort_db::Backend>>>> {
        self.0.migrations()
    }
}
