//! What is left on a pooled connection by whoever had it, and when it is replaced.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

use belfort_db::{Queries, Statement};
use belfort_tenancy::postgres::{PoolOptions, TenantTx};
use belfort_testkit::{Database, TestTenant};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

const BACKEND: Statement<Integer> = Statement::new("SELECT pg_backend_pid()");
const PREPARED: Statement<BigInt> =
    Statement::new("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%count(*) FROM teams'");
const TEAMS: Statement<BigInt> = Statement::new("SELECT count(*) FROM teams");

fn say(tx: &mut TenantTx, statement: &str) {
    tx.run(diesel::dsl::sql::<Bool>(statement)).unwrap();
}

fn setting(tx: &mut TenantTx, name: &str) -> String {
    tx.row(diesel::dsl::sql::<Text>(&format!("SELECT current_setting('{name}')"))).unwrap()
}

const MOVED: [(&str, &str); 9] = [
    ("search_path", "public"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("default_transaction_read_only", "on"),
    ("default_transaction_isolation", "serializable"),
    ("TimeZone", "Asia/Tokyo"),
    ("plan_cache_mode", "force_custom_plan"),
    ("row_security", "off"),
];

/// What a statement sets for the session is gone with its transaction, however it ends.
#[test]
fn a_setting_does_not_outlive_its_transaction() {
    const ENDS: [fn(TenantTx); 3] = [
        |tx| tx.commit().unwrap(),
        drop,
        |mut tx| {
            say(&mut tx, "COMMIT");
            // Nobody is in a transaction now, and what is set lasts.
            for (name, value) in MOVED {
                say(&mut tx, &format!("SET SESSION {name} TO '{value}'"));
            }
        },
    ];
    let db = Database::with_pool(1);
    let (a, b) = (db.tenant(), db.tenant());
    for end in ENDS {
        let mut tx = a.begin();
        let before = MOVED.map(|(name, _)| setting(&mut tx, name));
        for (name, value) in MOVED {
            say(&mut tx, &format!("SET SESSION {name} TO '{value}'"));
            assert_eq!(setting(&mut tx, name), value, "{name} can be set");
        }
        end(tx);
        let mut tx = b.begin();
        assert_eq!(MOVED.map(|(name, _)| setting(&mut tx, name)), before);
    }
}

/// The role that the session is in between transactions.
#[test]
fn a_role_does_not_outlive_its_transaction() {
    const WHO: Statement<Text> = Statement::new("SELECT current_user::text");
    let db = Database::with_pool(1);
    let (a, b) = (db.tenant(), db.tenant());
    let mut tx = a.begin();
    say(&mut tx, &format!("SET SESSION ROLE \"{}\"", a.tenant.schema()));
    tx.commit().unwrap();
    let mut tx = b.begin();
    say(&mut tx, "ROLLBACK");
    assert!(tx.row::<String, _>(WHO).unwrap().ends_with("_lane_0"));
}

/// The limits of a lane's login, as they are inside a bound transaction, also the second of a connection.
#[test]
fn a_bound_transaction_has_limits() {
    let db = Database::with_pool(1);
    let tenant = db.tenant();
    for _ in 0..2 {
        let mut tx = tenant.begin();
        let limits = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
        assert_eq!(limits.map(|name| setting(&mut tx, name)), ["30s", "10s", "1min"]);
        assert_eq!(setting(&mut tx, "TimeZone"), "UTC");
        assert_eq!(setting(&mut tx, "client_encoding"), "UTF8");
        tx.commit().unwrap();
    }
}

/// Also after the first commit, which undoes what was set for the session.
#[test]
fn a_database_in_another_time_zone_does_not_move_a_transaction() {
    const ELSEWHERE: &str = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), 'Asia/Tokyo');
    END $$";
    let db = Database::new();
    let tenant = db.tenant();
    db.superuser().batch_execute(ELSEWHERE).unwrap();
    let tenancy = db.second_process(PoolOptions { size: 1, ..PoolOptions::default() });
    for _ in 0..2 {
        let mut tx = tenancy.begin(&tenant.tenant).unwrap();
        assert_eq!(setting(&mut tx, "TimeZone"), "UTC");
        tx.commit().unwrap();
    }
}

/// Control tables are named with their schema, and nothing else is found.
#[test]
fn a_transaction_on_the_control_schema_has_an_empty_search_path() {
    const PATH: Statement<Text> = Statement::new("SELECT current_setting('search_path')");
    let db = Database::new();
    assert_eq!(db.begin_control().row::<String, _>(PATH).unwrap(), "\"\"");
}

#[test]
fn each_tenant_has_statements_of_its_own() {
    let db = Database::with_pool(1);
    let (a, b) = (db.tenant(), db.tenant());
    for tenant in [&a, &b, &a] {
        tenant.begin().row::<i64, _>(TEAMS).unwrap();
    }
    assert_eq!(a.begin().row::<i64, _>(PREPARED).unwrap(), 2);
}

/// The memory of a backend that is its own, in megabytes. One that is just ending, after it was replaced, has none any more.
fn megabytes(backend: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{backend}/status")).unwrap_or_default();
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    own.map_or(0, |kilobytes| kilobytes.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024)
}

/// Asks the tenant's `n`th question, which no other has the text of, and tells who answered.
fn ask(tenant: &TestTenant, n: usize) -> i32 {
    let mut tx = tenant.begin();
    let question = format!(
        "SELECT count(*) FROM tasks t WHERE t.title LIKE '%{n}%' AND EXISTS (SELECT FROM task_people a JOIN users u ON u.id = a.user_id
             WHERE a.task_id = t.id AND u.email <> '{n}') AND NOT EXISTS (SELECT FROM task_tags g WHERE g.task_id = t.id)"
    );
    tx.row::<i64, _>(Statement::<BigInt>::new(question.leak())).unwrap();
    tx.row(BACKEND).unwrap()
}

#[test]
fn a_connection_is_replaced_before_its_statements_fill_the_memory() {
    let db = Database::with_pool(1);
    let tenants: Vec<TestTenant> = (0..50).map(|_| db.tenant()).collect();
    let mut backends = std::collections::BTreeSet::new();
    let mut most = 0;
    for n in 0..10_000 {
        let backend = ask(tenants.get(n % 50).unwrap(), n);
        if n % 100 == 99 {
            most = most.max(megabytes(backend));
        }
        backends.insert(backend);
    }
    assert!(most < 120, "{most} MB");
    assert!(most > 0 || !cfg!(target_os = "linux"), "nothing was measured");
    assert!((7..=12).contains(&backends.len()), "{} connections", backends.len());
}
