//! The development server: it starts from nothing, serves, stops, and comes back after a crash.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::support::{Sandbox, stderr, stdout};

#[test]
fn it_starts_from_nothing_serves_and_stops() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve();
    assert_eq!((server.get("/healthz"), server.get("/readyz")), (200, 200));
    let said = server.startup_lines.join("\n");
    for part in [
        &format!("http://{}/api/schema/swagger-ui/", server.address),
        ".belfort/postgres",
        ".belfort/keys",
        ".belfort/outbox",
        "belfort demo",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    let mode = |name| sandbox.data(name).metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("keys"), mode("outbox"), mode("start.lock")), (0o600, 0o700, 0o600));
    // Nobody else may list it. Root's Postgres runs as another user, who has to get through.
    let through = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
    assert_eq!(mode(""), through);
    assert_eq!(std::fs::read_to_string(sandbox.data(".gitignore")).unwrap(), "*\n", "keys are not committed");
    assert!(sandbox.postgres_runs());

    assert_eq!(server.stop().code(), Some(0));
    assert!(!sandbox.postgres_runs(), "its Postgres is gone with it");
}

/// Half a request is there when it is asked to stop; the other half comes when nobody new is let in any more.
#[test]
fn what_is_under_way_is_finished_before_it_stops() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve();
    let mut stream = TcpStream::connect(server.address).unwrap();
    let body = r#"{"email": "nobody@acme.example", "password": "none"}"#;
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: nobody.localhost\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // It says so when it has read the head, and is waiting for the rest.
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100"), "{go_on:?}");
    server.ask_to_stop();
    while TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
    // It does not hang up on what it waits for.
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.set_read_timeout(None).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("workspace-not-found"), "{answer}");
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn commands_work_beside_a_running_server() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve();
    assert!(sandbox.ok(&["tenant", "list"]).contains("no tenants"));
    assert!(sandbox.ok(&["migrate", "--jobs", "2"]).contains("up to date"));
    assert!(sandbox.ok(&["keys", "status"]).contains("seals and opens"));
    assert!(sandbox.ok(&["harden"]).contains("is hardened"), "the private Postgres always is");
    assert!(sandbox.ok(&["unlock", "--ip", "192.0.2.1"]).contains("192.0.2.1"));
    let error = sandbox.fails(&["unlock", "nobody", "an@example.be"], &[]);
    assert!(error.contains("there is no tenant"), "{error}");
    assert_eq!(server.get("/readyz"), 200, "its Postgres is still there");
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn the_operator_makes_changes_and_deletes_a_tenant() {
    let sandbox = Sandbox::new();
    // Nobody asks it anything: it keeps the Postgres from starting and stopping with each command.
    let server = sandbox.serve();
    let made = sandbox.ok(&["tenant", "create", "acme", "--name", "Acme", "--email", "an@acme.example"]);
    assert!(made.contains("an@acme.example") && made.contains("password"), "{made}");
    let error = sandbox.fails(&["tenant", "create", "acme", "--email", "an@acme.example"], &[]);
    assert!(error.contains("taken"), "{error}");
    let list = || sandbox.ok(&["tenant", "list"]);
    assert!(list().contains("acme") && list().contains("free") && list().contains("active"));
    sandbox.ok(&["tenant", "set-plan", "acme", "business"]);
    sandbox.ok(&["tenant", "suspend", "acme"]);
    assert!(list().contains("business") && list().contains("suspended"));
    sandbox.ok(&["tenant", "suspend", "acme"]);
    sandbox.ok(&["tenant", "resume", "acme"]);
    assert!(sandbox.ok(&["tenant", "show", "acme"]).contains("active"));
    assert!(sandbox.ok(&["unlock", "acme", "An@acme.example"]).contains("an@acme.example"));

    let error = sandbox.fails(&["tenant", "delete", "acme"], &[]);
    assert!(error.contains("--yes"), "{error}");
    assert!(list().contains("acme"));
    sandbox.ok(&["tenant", "delete", "acme", "--yes"]);
    assert!(list().contains("no tenants"));
    assert!(sandbox.fails(&["tenant", "show", "acme"], &[]).contains("no tenant"));
    assert_eq!(server.stop().code(), Some(0));
}

/// Five wrong passwords lock an account out, for the right one too. The command lets it in again.
#[test]
fn unlock_lets_a_locked_out_user_in_again() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve();
    let demo = sandbox.ok(&["demo", "--password", "correct horse"]);
    let email =
        demo.lines().find(|line| line.ends_with("admin")).and_then(|line| line.split_whitespace().next());
    let email = email.unwrap();
    let login = |password: &str| {
        let body = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
        server.post("/api/v1/auth/login", "demo", &body)
    };
    assert_eq!(login("correct horse"), 200);
    for _ in 0..5 {
        assert_eq!(login("wrong password"), 401);
    }
    assert_eq!(login("correct horse"), 429);
    sandbox.ok(&["unlock", "demo", email]);
    assert_eq!(login("correct horse"), 200);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn everybody_of_the_demo_can_log_in() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve();
    let first = sandbox.ok(&["demo", "--password", "correct horse"]);
    assert!(first.contains("Created the workspace demo with") && first.contains("curl"), "{first}");
    for role in ["admin", "manager", "member", "guest"] {
        let row = first.lines().find(|line| line.ends_with(role)).unwrap_or_default();
        let email = row.split_whitespace().next().unwrap_or_default();
        let login = format!(r#"{{"email":"{email}","password":"correct horse"}}"#);
        assert_eq!(server.post("/api/v1/auth/login", "demo", &login), 200, "{role} in\n{first}");
    }
    let second = sandbox.ok(&["demo"]);
    assert!(
        second.contains("Created the workspace demo-2 with") && !second.contains("correct horse"),
        "{second}"
    );
    assert!(sandbox.fails(&["demo", "--slug", "demo"], &[]).contains("taken"));
    assert_eq!(server.stop().code(), Some(0));
}

/// What does not speak HTTP is told so by the parser, before anything of ours. It must not fill the log.
#[test]
fn what_is_not_http_is_refused_without_a_line_in_the_log() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve();
    for garbage in ["\0\r\n\r\n", "GET / HTTP/1.1\r\nA b\r\n\r\n", "GET /\u{7f} HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert_eq!(server.get(&format!("/{}", "y".repeat(60_000))), 404);
    assert_eq!(server.stop().code(), Some(0));
    let log = sandbox.log();
    assert!(!log.contains("ERROR") && !log.contains("stream error"), "{log}");
    let path = log.lines().find(|line| line.contains("/yyy")).unwrap();
    assert!(path.len() < 600, "{}", path.len());
}

#[test]
fn cookies_are_secure_everywhere_but_on_localhost() {
    let sandbox = Sandbox::new();
    for (base, secure) in [("localhost", false), ("belfort.example", true)] {
        let server = sandbox.serve_with(&[("BELFORT_BASE_DOMAIN", base)]);
        let slug = if secure { "secure" } else { "plain" };
        let demo = sandbox.ok(&["demo", "--password", "correct horse", "--slug", slug]);
        let email =
            demo.lines().find(|line| line.ends_with("admin")).and_then(|line| line.split_whitespace().next());
        let body = format!(r#"{{"email":"{}","password":"correct horse"}}"#, email.unwrap());
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: {slug}.{base}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let cookie = answer.lines().find(|line| line.starts_with("set-cookie: belfort_session=bft_"));
        assert_eq!(cookie.unwrap().contains("; Secure"), secure, "{answer}");
        assert_eq!(server.stop().code(), Some(0));
    }
}

#[test]
fn after_a_kill_it_starts_again() {
    let sandbox = Sandbox::new();
    sandbox.serve().kill();
    let server = sandbox.serve();
    assert_eq!(server.get("/readyz"), 200);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn two_first_starts_at_once_make_one_database_and_one_key() {
    let sandbox = Sandbox::new();
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| sandbox.serve());
        (sandbox.serve(), other.join().unwrap())
    });
    assert_eq!((one.get("/readyz"), other.get("/readyz")), (200, 200));
    assert_eq!(one.stop().code(), Some(0));
    assert_eq!(other.get("/readyz"), 200, "the Postgres stays for the other one");
    assert_eq!(other.stop().code(), Some(0));
}

#[test]
fn keys_that_do_not_open_what_is_there_do_not_start() {
    let sandbox = Sandbox::new();
    let status = sandbox.ok(&["keys", "status"]);
    let right = id(&status);
    let key = sandbox.ok(&["keys", "generate"]);
    let error = sandbox.does_not_start(&[("BELFORT_KEYS", key.trim())]);
    assert!(error.contains(right) && error.contains("BELFORT_KEYS"), "{error}");
    assert!(!error.contains(key.trim()), "{error}");
    assert_eq!(id(&sandbox.ok(&["keys", "status"])), right, "the right keys still do");

    // A lost file is the same: a new one is made, and refused.
    std::fs::remove_file(sandbox.data("keys")).unwrap();
    let error = sandbox.fails(&["keys", "status"], &[]);
    assert!(error.contains(right), "{error}");
}

/// The lane's password opens, being sealed under the old key still. What was sealed since would not.
#[test]
fn it_does_not_start_without_the_key_that_was_the_newest() {
    let sandbox = Sandbox::new();
    let (old, new) = (sandbox.ok(&["keys", "generate"]), sandbox.ok(&["keys", "generate"]));
    let both = format!("{},{}", new.trim(), old.trim());
    let status = |keys: &str| {
        let output = sandbox.run(&["keys", "status"], &[("BELFORT_KEYS", keys)]);
        assert!(output.status.success(), "{}", stderr(&output));
        id(&stdout(&output)).to_owned()
    };
    let first = status(old.trim());
    let newest = status(&both);
    assert_ne!(first, newest);
    let error = sandbox.does_not_start(&[("BELFORT_KEYS", old.trim())]);
    assert!(error.contains(&newest) && error.contains("BELFORT_KEYS"), "{error}");
    assert_eq!(status(&both), newest);
}

/// The id of the key that seals, as `keys status` prints it.
#[expect(clippy::panic, reason = "the helpers of tests may panic as the tests do")]
fn id(status: &str) -> &str {
    let line = status.lines().find(|line| line.ends_with("seals and opens"));
    line.and_then(|line| line.split_whitespace().next()).unwrap_or_else(|| panic!("no key in {status}"))
}
