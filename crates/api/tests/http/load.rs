//! More than the server can do at once, and things that go wrong inside: what else is asked of it still answers.

use std::io::{Read, Write};
use std::net::TcpStream;

use belfort_auth::Limit;
use belfort_db::{Queries, Statement};
use belfort_tenancy::Slug;
use belfort_tenancy::postgres::{Address, TenantTx};
use serde_json::json;

use crate::harness::{Client, PASSWORD, Server, settings};

/// A server with one turn in the database.
pub(crate) fn narrow() -> Server {
    Server::with(belfort_api::Settings { db_connections: 1, ..settings() })
}

const HOLD: Statement = Statement::new("UPDATE tasks SET title = title");

/// Somebody else's transaction that holds every task of the workspace.
pub(crate) fn holding_tasks(server: &Server, slug: &str) -> TenantTx {
    let tenancy = server.db.tenancy();
    let tenant = tenancy.find(&Address::Slug(Slug::parse(slug).unwrap())).unwrap().unwrap();
    let mut tx = tenancy.begin(&tenant).unwrap();
    assert!(tx.run(HOLD).unwrap() > 0);
    tx
}

/// Returns whether a request waits for a row that is held.
pub(crate) fn one_waits(tx: &mut TenantTx) -> bool {
    const WAITING: Statement = Statement::new("SELECT pid FROM pg_locks WHERE NOT granted");
    tx.run(WAITING).unwrap() > 0
}

/// Comes back once one does.
pub(crate) fn until_one_waits(tx: &mut TenantTx) {
    while !one_waits(tx) {
        std::thread::yield_now();
    }
}

/// A request that is sent and not waited for.
pub(crate) struct Sent(pub(crate) TcpStream);

impl Sent {
    pub(crate) fn new(caller: &Client, method: &str, path: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(caller.address).unwrap();
        let token = caller.token.as_deref().unwrap_or_default();
        write!(
            stream,
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            caller.host,
            body.len()
        )
        .unwrap();
        Self(stream)
    }

    /// Whether no answer has begun.
    pub(crate) fn waits(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let nothing =
            self.0.peek(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        self.0.set_nonblocking(false).unwrap();
        nothing
    }

    pub(crate) fn answer(mut self) -> (u16, String) {
        let mut text = String::new();
        self.0.read_to_string(&mut text).unwrap();
        (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
    }
}

#[test]
fn when_the_database_has_no_turn_left_others_are_told_so_and_the_process_still_lives() {
    let server = narrow();
    let ada = server.workspace("bakkerij");
    let path = format!("/tasks/{}", ada.task("Bake"));
    let mut other = holding_tasks(&server, "bakkerij");
    let blocked = Sent::new(&ada, "PATCH", &path, r#"{"title": "Bake bread"}"#);
    until_one_waits(&mut other);
    // Many more than there are threads.
    let waiting: Vec<Sent> = (0..20).map(|_| Sent::new(&ada, "GET", "/tasks", "")).collect();
    for _ in 0..10 {
        assert_eq!(ada.get("/healthz").expect(200)["status"], "ok");
    }
    assert!(waiting.iter().all(Sent::waits), "the probe did not overtake");
    for sent in waiting {
        let (status, text) = sent.answer();
        assert_eq!(status, 503, "{text}");
    }
    let busy = ada.get("/me");
    assert_eq!(busy.header("retry-after"), Some("1"));
    busy.clean_problem(503, "busy", "/api/v1/me");
    // Who cannot reach the database is not ready, and lives.
    ada.get("/readyz").clean_problem(503, "busy", "/readyz");
    ada.get("/api/schema/").expect(200);
    assert!(blocked.waits());
    drop(other);
    let (status, text) = blocked.answer();
    assert_eq!(status, 200, "{text}");
    assert_eq!(ada.get(&path).expect(200)["title"], "Bake bread");
    ada.get("/readyz").expect(200);
}

#[test]
fn a_caller_who_hangs_up_gives_the_turn_back() {
    let server = narrow();
    let ada = server.workspace("bakkerij");
    let path = format!("/tasks/{}", ada.task("Bake"));
    for _ in 0..3 {
        let mut other = holding_tasks(&server, "bakkerij");
        let gone = Sent::new(&ada, "PATCH", &path, r#"{"title": "Bake bread"}"#);
        until_one_waits(&mut other);
        drop(gone);
        drop(other);
        ada.get(&path).expect(200);
    }
}

#[test]
fn who_sends_slowly_or_not_at_all_takes_nobodys_turn() {
    let server = narrow();
    let ada = server.workspace("bakkerij");
    let length = "Content-Type: application/json\r\nContent-Length: 100\r\n";
    let head = |line: &str| {
        format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
            ada.host,
            ada.token.clone().unwrap()
        )
    };
    let half = |text: String| {
        let mut stream = TcpStream::connect(ada.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        Sent(stream)
    };
    let slow: Vec<Sent> = (0..20)
        .flat_map(|_| {
            [
                half("GET /api".into()),
                half(head("GET /api/v1/me")),
                half(format!("{}{length}\r\n{{", head("POST /api/v1/tasks"))),
            ]
        })
        .collect();
    ada.get("/me").expect(200);
    ada.get("/healthz").expect(200);
    assert!(slow.iter().all(Sent::waits));
    drop(slow);
    ada.get("/me").expect(200);
    assert!(ada.all("/tasks").is_empty());
}

#[test]
fn a_storm_of_logins_does_not_keep_others_from_being_heard() {
    let login = Limit::new(10_000, chrono::Duration::minutes(15));
    let server = Server::with(belfort_api::Settings { login, ..settings() });
    let ada = server.workspace("bakkerij");
    let nobody = ada.with_token(None);
    let body = json!({ "email": "ada@bakkerij.example", "password": PASSWORD }).to_string();
    let storm: Vec<Sent> = (0..50).map(|_| Sent::new(&nobody, "POST", "/auth/login", &body)).collect();
    for _ in 0..3 {
        ada.get("/healthz").expect(200);
    }
    let queued = storm.iter().filter(|sent| sent.waits()).count();
    assert!(queued > 0, "the probe waited for every login");
    ada.get("/me").expect(200);
    for sent in storm {
        let (status, text) = sent.answer();
        assert!(status == 200 || status == 503, "{text}");
    }
    ada.log_in("ada@bakkerij.example").get("/me").expect(200);
}

/// A password is hashed for an invitation that exists, so who guesses tokens takes nobody's turn, nor waits for one.
#[test]
fn a_token_that_is_wrong_is_answered_before_anything_is_hashed() {
    let plenty = Limit::new(10_000, chrono::Duration::minutes(15));
    let once = Limit::new(1, chrono::Duration::minutes(15));
    let server = Server::with(belfort_api::Settings { login: plenty, accept_per_ip: once, ..settings() });
    let ada = server.workspace("bakkerij");
    let nobody = ada.with_token(None);
    let login = json!({ "email": "ada@bakkerij.example", "password": PASSWORD }).to_string();
    let storm: Vec<Sent> = (0..50).map(|_| Sent::new(&nobody, "POST", "/auth/login", &login)).collect();
    let accept = |token: &str| {
        let body = json!({ "token": token, "full_name": "Bob", "password": PASSWORD });
        nobody.post("/users/invitations/accept", &body)
    };
    let token = format!("bfi_{}", "A".repeat(43));
    for _ in 0..3 {
        accept(&token).problem(404, "invitation-over");
    }
    let queued = storm.iter().filter(|sent| sent.waits()).count();
    assert!(queued > 8, "{queued} logins are left: it waited for the others");
    for sent in storm {
        sent.answer();
    }
    // The wrong ones were not counted, the right ones are.
    server.person(&ada, "bob", "member");
    let role = ada.role("member");
    let body = json!({ "email": "eve@bakkerij.example", "role_id": role });
    ada.post("/users/invitations", &body).expect(201);
    let message = server.mail_to("eve@bakkerij.example").pop().unwrap();
    let token = message.split_whitespace().find(|word| word.starts_with("bfi_")).unwrap();
    accept(token).problem(429, "too-many-requests");
}

/// Nothing was found out by it, so it is no guess. A wrong password is one, whatever happens inside.
#[test]
fn a_login_that_fails_inside_is_not_counted() {
    let login = Limit::new(1, chrono::Duration::minutes(15));
    let server = Server::with(belfort_api::Settings { login, ..settings() });
    let ada = server.workspace("bakkerij");
    let sessions = format!("{}.sessions", server.schema("bakkerij"));
    let attempt = |password: &str| {
        let body = json!({ "email": "ada@bakkerij.example", "password": password });
        server.anonymous("bakkerij").post("/auth/login", &body)
    };
    server.meddle(&format!("ALTER TABLE {sessions} ADD CONSTRAINT broken CHECK (false) NOT VALID"));
    for _ in 0..3 {
        attempt(PASSWORD).problem(500, "internal");
    }
    server.meddle(&format!("ALTER TABLE {sessions} DROP CONSTRAINT broken"));
    attempt(PASSWORD).expect(200);
    ada.get("/me").expect(200);
    attempt("wrong").problem(401, "invalid-credentials");
    attempt(PASSWORD).problem(429, "too-many-requests");
}

/// Asks for the probe on a connection that stays open.
fn ask(stream: &mut TcpStream) {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
}

/// Reads one answer of the probe.
fn hear(stream: &mut TcpStream) {
    let mut text = Vec::new();
    while !text.ends_with(br#"{"status":"ok"}"#) {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&text));
        text.extend(byte);
    }
}

#[test]
fn a_connection_too_many_waits_until_another_ends() {
    let server = Server::with(belfort_api::Settings { max_connections: 2, workers: Some(1), ..settings() });
    let connect = || TcpStream::connect(server.address).unwrap();
    let (mut first, mut second, third) = (connect(), connect(), connect());
    for stream in [&mut first, &mut second] {
        ask(stream);
        hear(stream);
    }
    let mut third = Sent(third);
    ask(&mut third.0);
    for _ in 0..20 {
        ask(&mut first);
        hear(&mut first);
    }
    assert!(third.waits());
    drop(second);
    hear(&mut third.0);
}
