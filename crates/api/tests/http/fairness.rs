//! One workspace, or one of its users, takes all it can get of the database: everybody else is served.

use belfort_db::{Conn, Queries, Statement};
use diesel::connection::SimpleConnection;

use crate::harness::{Client, Server, settings};
use crate::load::{Sent, holding_tasks};

/// What may be in the database at once in one process.
const TURNS: usize = 8;

/// The number of requests that wait for something that is locked.
fn waiting(pg: &mut Conn) -> usize {
    const WAITING: Statement = Statement::new(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    pg.run(WAITING).unwrap()
}

/// Comes back once this many requests wait.
fn until_waiting(server: &Server, count: usize) {
    let mut pg = server.db.superuser();
    while waiting(&mut pg) < count {
        std::thread::yield_now();
    }
}

#[test]
fn a_workspace_that_floods_two_processes_keeps_nobody_else_waiting() {
    let settings = belfort_api::Settings { db_connections: TURNS, ..settings() };
    let server = Server::with(settings.clone());
    let second = server.second_process(&settings);
    let (ada, eve) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    let bob = server.person(&ada, "bob", "member");
    let path = format!("/tasks/{}", ada.task("Bake"));
    let there = |client: &Client| Client { address: second, ..client.clone() };
    // Known in both processes.
    for client in [&ada, &bob, &eve] {
        client.get("/me").expect(200);
        there(client).get("/me").expect(200);
    }

    let other = holding_tasks(&server, "bakkerij");
    let flood: Vec<Sent> = (0..40)
        .flat_map(|_| [ada.clone(), there(&ada)])
        .map(|client| Sent::new(&client, "PATCH", &path, r#"{"title": "Bake bread"}"#))
        .collect();
    // A third of the turns of each process is what one user gets.
    until_waiting(&server, 2 * TURNS.div_ceil(3));
    for _ in 0..20 {
        for client in [&eve, &bob] {
            client.get("/me").expect(200);
            there(client).get("/me").expect(200);
        }
        eve.get("/tasks").expect(200);
        eve.get("/readyz").expect(200);
    }
    assert!(flood.iter().filter(|sent| sent.waits()).count() >= 2 * TURNS.div_ceil(3));
    drop(other);
    for sent in flood {
        let (status, text) = sent.answer();
        assert!(status == 200 || status == 503, "{text}");
    }
    ada.get(&path).expect(200);
}

/// A name that is made up is looked up in the database, and does not get a share for that.
#[test]
fn workspaces_that_are_not_there_have_one_share_together() {
    let server = Server::with(belfort_api::Settings { db_connections: TURNS, ..settings() });
    let ada = server.workspace("bakkerij");
    ada.get("/me").expect(200);
    let mut pg = server.db.superuser();
    pg.batch_execute("BEGIN; LOCK TABLE public.tenants").unwrap();
    let flood: Vec<Sent> =
        (0..40).map(|n| Sent::new(&server.anonymous(&format!("nobody-{n}")), "GET", "/me", "")).collect();
    until_waiting(&server, 2);
    for _ in 0..20 {
        ada.get("/me").expect(200);
    }
    pg.batch_execute("COMMIT").unwrap();
    for sent in flood {
        let (status, text) = sent.answer();
        assert!(status == 404 || status == 503, "{text}");
    }
}

/// Reports take a core each for as long as they last: few are done at once, and nothing else waits for them.
#[test]
fn reports_wait_for_each_other_and_nothing_else_does() {
    let server = Server::with(belfort_api::Settings { db_connections: 60, ..settings() });
    let (ada, eve) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    let report = "/reports/time?from=2026-01-01&to=2026-12-31";
    ada.get(report).expect(200);
    eve.get(report).expect(200);
    let mut pg = server.db.superuser();
    pg.batch_execute(&format!("BEGIN; LOCK TABLE {}.time_entries", server.schema("bakkerij"))).unwrap();
    let flood: Vec<Sent> = (0..30).map(|_| Sent::new(&ada, "GET", report, "")).collect();
    until_waiting(&server, 1);
    for _ in 0..20 {
        ada.get("/tasks").expect(200);
        eve.get("/tasks").expect(200);
        eve.get(report).expect(200);
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(waiting(&mut server.db.superuser()) <= cores.max(2).div_ceil(3));
    pg.batch_execute("COMMIT").unwrap();
    for sent in flood {
        assert_eq!(sent.answer().0, 200);
    }
}
