//! A page of a list among a million tasks: what it costs, and how the database finds it.
//!
//! Two teams of ten: one made 30 % of all tasks, the other the two thousand oldest and none since. The plan
//! of a page is printed as Postgres carried it out; one that goes through a whole table stops the benchmark.

#![expect(missing_docs, reason = "criterion's macro makes a public function")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it prints, and stops when it cannot be set up"
)]

use belfort_db::Conn;
use belfort_db::{Queries, Statement};
use belfort_ids::{TaskId, UserId};
use belfort_policy::{BuiltIn, Tasks};
use belfort_rbac::{Grant, Principal, Read};
use belfort_tenancy::postgres::TenantTx;
use belfort_testkit::Database;
use belfort_work::Status;
use belfort_work::tasks::{TaskFilter, TaskOrder, get, list};
use criterion::{Criterion, criterion_group, criterion_main};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Text};

/// Ids are in the order in which the rows were made.
const SEED: &str = "
    CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
        $$ SELECT (kind || lpad(to_hex(n >> 16), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
    INSERT INTO users (id, email, full_name, created_at, updated_at)
        SELECT pg_temp.id('01800000-', n), n || '@example.org', 'Somebody', now(), now() FROM generate_series(1, 1000) n;
    INSERT INTO tasks (id, title, description, status, priority, created_by_id, created_at, updated_at)
        SELECT pg_temp.id('01900000-', n), 'Task ' || n, 'A description of the usual length, which is a line or two of text.',
               (ARRAY['todo', 'in_progress', 'done', 'cancelled'])[1 + n / 100 % 4], 'normal',
               pg_temp.id('01800000-', CASE WHEN n <= 2000 THEN 1 + n % 10 WHEN n % 10 < 3 THEN 11 + n / 10 % 10 ELSE 100 + n % 900 END),
               now(), now()
        FROM generate_series(1, 1000000) n;
    INSERT INTO task_people (task_id, user_id, relation) SELECT id, created_by_id, 'creator' FROM tasks;
    INSERT INTO task_people (task_id, user_id, relation)
        SELECT pg_temp.id('01900000-', n), pg_temp.id('01800000-', 100 + n * 7 % 900), 'assignee' FROM generate_series(1, 1000000) n;
    INSERT INTO task_people (task_id, user_id, relation)
        SELECT pg_temp.id('01900000-', n), pg_temp.id('01800000-', 100 + n * 11 % 900), 'viewer' FROM generate_series(1, 1000000, 4) n;
    INSERT INTO tags (id, name, created_by_id, created_at, updated_at)
        SELECT pg_temp.id('01700000-', n), 'Tag ' || n, pg_temp.id('01800000-', 1), now(), now() FROM generate_series(1, 51) n;
    INSERT INTO task_tags (task_id, tag_id)
        SELECT pg_temp.id('01900000-', n), pg_temp.id('01700000-', 1 + n % 50) FROM generate_series(1, 1000000) n";

fn user(n: u32) -> UserId {
    format!("01800000-0000-7000-8000-{n:012x}").parse().unwrap()
}

fn task(n: u32) -> TaskId {
    format!("01900000-{:04x}-7000-8000-{n:012x}", n >> 16).parse().unwrap()
}

/// The member of this number, in a team with the nine after.
fn member(first: u32) -> Grant<Tasks, Read> {
    let mates = (first..first + 10).map(user);
    Principal::new(user(first), BuiltIn::Member.permissions(), mates).grant().unwrap()
}

/// How many tasks a page of fifty has; one more is asked for, to tell whether there is another page.
fn page(tx: &mut TenantTx, grant: &Grant<Tasks, Read>, filter: &TaskFilter, after: Option<TaskId>) -> usize {
    list(tx, grant, filter, TaskOrder::Newest, after, 51).unwrap().len()
}

/// Carries the statement of a page out once more, the first one or one from after a task, and prints how.
fn explain(tx: &mut TenantTx, db: &mut Conn, what: &str, ties: &str, after: Option<TaskId>) {
    const PREPARED: Statement<Text> = Statement::new(
        "SELECT statement FROM pg_prepared_statements
         WHERE statement LIKE '%FROM \"tasks\"%CROSS JOIN LATERAL%' AND (statement LIKE '%link.task_id < %') = $1
           AND statement NOT LIKE '%JOIN tasks t%' AND statement NOT LIKE '%pg_prepared%'",
    );
    let sql: String = tx.row(PREPARED.bind::<Bool, _>(after.is_some())).unwrap();
    let (also, and) = after.map_or_else(Default::default, |after| ("uuid, ", format!("'{after}', ")));
    let prepare = format!("PREPARE page (uuid[], text[], {also}bigint, bigint, bigint) AS {sql}");
    db.batch_execute(&format!("SET plan_cache_mode = force_generic_plan; {prepare}")).unwrap();
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE page ({ties}, {and}51, 51, 51)");
    #[expect(clippy::disallowed_methods, reason = "EXPLAIN is no DML, and diesel has no word for it")]
    let plan: Vec<Line> = diesel::sql_query(explain).load(db).unwrap();
    db.batch_execute("DEALLOCATE page").unwrap();
    println!("\n{what}");
    for line in &plan {
        println!("  {}", line.text);
    }
    let whole = plan.iter().any(|line| line.text.contains("Seq Scan"));
    assert!(!whole, "a page is read by going through a whole table");
}

/// One line of a plan.
#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

/// The values of the ties of [`member`], as SQL.
fn ties(first: u32) -> String {
    let people: Vec<String> = (first..first + 10).map(|n| format!("'{}'", user(n))).collect();
    let (people, me) = (people.join(", "), user(first));
    let relations =
        "array_fill('creator'::text, '{10}') || array_fill('assignee'::text, '{10}') || 'viewer'::text";
    format!("ARRAY[{people}, {people}, '{me}']::uuid[], {relations}")
}

fn million_tasks(c: &mut Criterion) {
    let db = Database::new();
    let tenant = db.tenant();
    let mut superuser = db.superuser();
    superuser.batch_execute(&format!("SET search_path = {}; {SEED}", tenant.tenant.schema())).unwrap();
    superuser.batch_execute("VACUUM ANALYZE").unwrap();
    let mut tx = tenant.begin();
    let (all, late) = (TaskFilter::default(), Some(task(3_000)));
    let done = TaskFilter { status: Some(Status::Done), ..all };
    for (name, first) in [("30 % of the tasks", 11), ("the 2,000 oldest tasks", 1)] {
        let (grant, ties) = (member(first), ties(first));
        let what = format!("team, {name}: the first page");
        assert_eq!(page(&mut tx, &grant, &all, None), 51);
        explain(&mut tx, &mut superuser, &what, &ties, None);
        c.bench_function(&what, |b| b.iter(|| page(&mut tx, &grant, &all, None)));
        let what = format!("team, {name}: the last pages");
        assert_eq!(page(&mut tx, &grant, &all, late), 51);
        explain(&mut tx, &mut superuser, &what, &ties, late);
        c.bench_function(&what, |b| b.iter(|| page(&mut tx, &grant, &all, late)));
        c.bench_function(&format!("team, {name}: those that are done"), |b| {
            b.iter(|| page(&mut tx, &grant, &done, None));
        });
        c.bench_function(&format!("team, {name}: one task"), |b| {
            b.iter(|| get(&mut tx, &grant, task(10)).is_ok_and(|task| task.is_some()));
        });
    }
    let admin: Grant<Tasks, Read> =
        Principal::new(user(1), BuiltIn::Admin.permissions(), []).grant().unwrap();
    let idle = TaskFilter { assignee_id: Some(user(1)), ..all };
    for (what, filter, after) in [
        ("all: the first page", all, None),
        ("all: the last pages", all, late),
        ("all: what is assigned to somebody who has nothing to do", idle, None),
    ] {
        c.bench_function(what, |b| b.iter(|| page(&mut tx, &admin, &filter, after)));
    }
}

criterion_group!(benches, million_tasks);
criterion_main!(benches);
