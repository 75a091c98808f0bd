//! Input that is wrong in every way, and what it must not do.

use serde_json::{Map, Value, json};

use crate::harness::{Client, Reply, Server};

pub(crate) fn fields(problem: &Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().unwrap();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let mut fields: Vec<_> = errors.iter().map(|error| (text(error, "field"), text(error, "code"))).collect();
    fields.sort_unstable();
    fields
}

pub(crate) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
}

/// A body as these bytes, with its length.
pub(crate) fn bytes(caller: &Client, line: &str, headers: &str, body: &[u8]) -> Reply {
    caller.raw(line, &format!("Content-Length: {}\r\n{headers}", body.len()), body)
}

const JSON: &str = "Content-Type: application/json\r\n";

const TASKS: &str = "POST /api/v1/tasks";

#[test]
fn what_is_no_json_is_unreadable() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (deep, deeper) = ("[".repeat(100_000), r#"{"a":"#.repeat(100_000));
    let closed = format!("{{\"title\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let texts = [
        "",
        " ",
        "\0",
        "{",
        "}",
        "{}}",
        "{} {}",
        "[1,2",
        "nul",
        "NaN",
        "'x'",
        "{title: 1}",
        "{\"title\": \"x\",}",
        "{\"title\" \"x\"}",
        "\u{feff}{\"title\": \"x\"}",
        "// no\n{}",
        r#"{"title": "\ud800"}"#,
        r#"{"title": "\x"}"#,
        "{\"title\": \"a\nb\"}",
        "{\"title\": \"a\0b\"}",
        r#"{"title": 1e999}"#,
        r#"{"title": 01}"#,
        r#"{"title": .5}"#,
        "title=x",
        "<title>x</title>",
        &deep,
        &deeper,
        &closed,
    ];
    let texts = texts.map(str::as_bytes);
    let garbled: [&[u8]; 6] = [
        b"\xff",
        b"{\"title\": \"\xff\"}",
        b"{\"\xc3\x28\": 1}",
        b"\xff\xfe{\x00}\x00",
        b"{\"title\": \"\xed\xa0\x80\"}",
        b"\x1f\x8b\x08",
    ];
    for body in texts.into_iter().chain(garbled) {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let reply = bytes(&ada, TASKS, JSON, body);
        assert_eq!(reply.status, 400, "{shown}: {}", reply.text);
        reply.clean_problem(400, "malformed-json", "/api/v1/tasks");
    }
    assert!(ada.all("/tasks").is_empty());
}

#[test]
fn what_is_no_object_is_told_to_be_none() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for body in [json!([]), json!([{ "title": "x" }]), json!("x"), json!(1), json!(null), json!(true)] {
        let refused = ada.post("/tasks", &body).clean_problem(422, "invalid", "/api/v1/tasks");
        assert_eq!(fields(&refused), pairs(&[("", "invalid-type")]));
    }
}

#[test]
fn everything_that_is_wrong_with_a_body_is_told_at_once() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({
        "title": 7, "description": null, "status": "lost", "priority": ["high"], "due_on": "2026-02-30",
        "assignee_ids": ["x"], "viewer_ids": {}, "tag_ids": [null], "colour": "red", "": 1,
    });
    let expected = pairs(&[
        ("", "unknown-field"),
        ("assignee_ids", "invalid"),
        ("colour", "unknown-field"),
        ("description", "invalid-type"),
        ("due_on", "invalid"),
        ("priority", "invalid-type"),
        ("status", "invalid-choice"),
        ("tag_ids", "invalid-type"),
        ("title", "invalid-type"),
        ("viewer_ids", "invalid-type"),
    ]);
    assert_eq!(fields(&ada.post("/tasks", &body).clean_problem(422, "invalid", "/api/v1/tasks")), expected);
    let path = format!("/tasks/{}", ada.task("Bake"));
    assert_eq!(fields(&ada.patch(&path, &body).problem(422, "invalid")), expected);

    let signup =
        server.anonymous("bakkerij").at("localhost").post("/signup", &json!({})).problem(422, "invalid");
    let missing =
        ["email", "full_name", "password", "slug", "workspace_name"].map(|field| (field, "required"));
    assert_eq!(fields(&signup), pairs(&missing));
}

#[test]
fn a_name_that_nobody_knows_is_refused_and_so_is_one_given_twice() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/tasks/{}", ada.task("Bake"));
    for name in ["colour", "Title", "title ", "__proto__", "id", "created_by_id", "version", "tit\0le", "é"]
    {
        let mut body = Map::from_iter([(name.to_owned(), json!(null))]);
        let refused = ada.patch(&path, &Value::Object(body.clone())).problem(422, "unknown-field");
        assert_eq!(fields(&refused), pairs(&[(name, "unknown-field")]));
        body.insert("title".into(), json!("x"));
        ada.post("/tasks", &Value::Object(body)).problem(422, "unknown-field");
    }
    for twice in [r#"{"title": "a", "title": "b"}"#, r#"{"title": "a", "\u0074itle": "a"}"#] {
        let refused = ada.send("POST", "/tasks", &[], Some(twice)).problem(422, "invalid");
        assert_eq!(fields(&refused), pairs(&[("title", "invalid")]));
    }
    assert_eq!(ada.all("/tasks").len(), 1);
}

#[test]
fn a_body_is_read_up_to_one_mebibyte_and_not_a_byte_further() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = |size: usize| format!(r#"{{"title":"{}"}}"#, "x".repeat(size - r#"{"title":""}"#.len()));
    let (fits, long) = (body(1024 * 1024), body(1024 * 1024 + 1));
    let chunked = |body: &str| {
        let parts = body.as_bytes().chunks(64 * 1024);
        let mut sent: Vec<u8> = parts
            .flat_map(|part| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat())
            .collect();
        sent.extend_from_slice(b"0\r\n\r\n");
        ada.raw(TASKS, &format!("{JSON}Transfer-Encoding: chunked\r\n"), &sent)
    };
    bytes(&ada, TASKS, JSON, fits.as_bytes()).problem(422, "invalid");
    chunked(&fits).problem(422, "invalid");
    bytes(&ada, TASKS, JSON, long.as_bytes()).clean_problem(413, "too-large", "/api/v1/tasks");
    chunked(&long).clean_problem(413, "too-large", "/api/v1/tasks");
    // Who announces too much need not send it.
    let announced = format!("{JSON}Content-Length: 1099511627776\r\n");
    ada.raw(TASKS, &announced, b"").clean_problem(413, "too-large", "/api/v1/tasks");
    // Who may not do it is told so, whatever they send.
    ada.with_token(None).raw(TASKS, &announced, b"").problem(401, "not-authenticated");
}

#[test]
fn only_json_is_read_and_only_as_it_is() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = br#"{"title": "x"}"#;
    for kind in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json ;x",
        "application/merge-patch+json",
    ] {
        bytes(&ada, TASKS, &format!("Content-Type: {kind}\r\n"), task).expect(201);
    }
    bytes(&ada, TASKS, &format!("{JSON}Content-Encoding: identity\r\n"), task).expect(201);
    let forms = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/jsonp",
        "application/jsonx",
        "json",
        "",
        "*/*",
        "text/plain, application/json",
        "text/plain;application/json",
        "\u{e9}",
    ];
    for kind in forms {
        let reply = bytes(&ada, TASKS, &format!("Content-Type: {kind}\r\n"), task);
        assert_eq!(reply.status, 415, "{kind}");
        reply.clean_problem(415, "not-json", "/api/v1/tasks");
    }
    bytes(&ada, TASKS, "", task).problem(415, "not-json");
    // {"title":"x"}, zipped. A few bytes could be a gigabyte.
    let zipped = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV*\xc9,\xc9IU\xb2R\xaaP\xaa\x05\x00\x1c\xd5\x1cU\x0d\x00\x00\x00";
    for encoding in ["gzip", "deflate", "br", "zstd", "x-gzip", "gzip, identity", "nonsense", ""] {
        for body in [&zipped[..], task] {
            let reply = bytes(&ada, TASKS, &format!("{JSON}Content-Encoding: {encoding}\r\n"), body);
            reply.clean_problem(415, "encoded-body", "/api/v1/tasks");
        }
    }
    assert_eq!(ada.all("/tasks").len(), 6);
}

#[test]
fn a_path_without_an_id_leads_nowhere() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let id = ada.task("Bake");
    let row = ada.get(&format!("/tasks/{id}")).expect(200);
    let (short, long, wrong) = (&id[1..], format!("{id}0"), id.replace('-', "_"));
    let encoded: String =
        id.chars().map(|letter| if letter == '-' { "%2D".to_owned() } else { letter.to_string() }).collect();
    let wrongs = [
        "x",
        "1",
        "-1",
        "%00",
        "%FF",
        "%C3%28",
        "%",
        "%zz",
        "..%2Fusers",
        "%2e%2e",
        "'",
        "%27%20OR%201=1--",
        "null",
        "*",
        "%F0%9F%A5%96",
        short,
        &long,
        &wrong,
        &format!("{id}%00"),
        &format!("{id}%20"),
        &format!("%20{id}"),
        &format!("{id};x"),
        &"0".repeat(5000),
    ];
    for wrong in wrongs {
        for (method, below) in [
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("GET", "/history"),
            ("GET", "/comments"),
            ("POST", "/comments"),
        ] {
            let path = format!("/api/v1/tasks/{wrong}{below}");
            let body: &[u8] = if below.is_empty() { b"{}" } else { br#"{"body": "x"}"# };
            let reply = bytes(&ada, &format!("{method} {path}"), JSON, body);
            assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text);
            reply.clean_problem(404, "not-found", &path);
        }
        let reply = ada.raw(&format!("PUT /api/v1/tasks/{id}/tags/{wrong}"), "", b"");
        assert_eq!(reply.status, 404, "{wrong}: {}", reply.text);
    }
    for nil in ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
        ada.get(&format!("/tasks/{nil}")).problem(404, "not-found");
    }
    // One row, however its id is written.
    for same in [id.to_uppercase(), encoded] {
        assert_eq!(ada.raw(&format!("GET /api/v1/tasks/{same}"), "", b"").expect(200), row, "{same}");
    }
    for odd in [id.replace('-', ""), format!("%7B{id}%7D"), format!("urn:uuid:{id}")] {
        let reply = ada.raw(&format!("GET /api/v1/tasks/{odd}"), "", b"");
        assert!(reply.status == 404 || reply.body == row, "{odd}: {}", reply.text);
    }
}

#[test]
fn a_query_that_is_no_text_is_refused_and_harms_nothing() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for field in ["resource", "resource_id", "actor_id", "action", "from", "to"] {
        for wrong in ["%00", "a%00b", &"x".repeat(5000)] {
            let refused = ada.get(&format!("/audit-events?{field}={wrong}")).clean_problem(
                422,
                "invalid",
                "/api/v1/audit-events",
            );
            assert_eq!(refused["errors"][0]["field"], field, "{wrong}");
        }
    }
    for wrong in ["%FF", "%C3%28", "%zz", "%", "'", "%27%3B%20DROP%20TABLE%20tasks--", "%F0%9F%A5%96"] {
        let found = ada.get(&format!("/api/v1/audit-events?resource={wrong}"));
        assert!(found.status == 422 || found.body["items"] == json!([]), "{wrong}: {}", found.text);
        ada.get(&format!("/api/v1/tasks?status={wrong}")).clean_problem(422, "invalid", "/api/v1/tasks");
        ada.get(&format!("/tasks?{wrong}=x")).clean_problem(422, "unknown-field", "/api/v1/tasks");
    }
}

#[test]
fn a_refused_request_changes_nothing() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "guest");
    let none = "01980000-0000-7000-8000-000000000000";
    let task = ada.post("/tasks", &json!({ "title": "Bake", "assignee_ids": [ada.id()] })).expect(201);
    let path = format!("/tasks/{}", task["id"].as_str().unwrap());
    let tag = ada.post("/tags", &json!({ "name": "rye" })).expect(201);
    let other = ada.post("/tags", &json!({ "name": "spelt" })).expect(201);
    let other = format!("/tags/{}", other["id"].as_str().unwrap());
    let look = || {
        let rows = ["/tasks", "/tags", "/users", "/users/invitations", "/teams", "/roles", "/audit-events"];
        (rows.map(|list| ada.all(list)), ada.get(&path).text, ada.get(&other).text)
    };
    let before = look();
    let refusals = [
        // The second half of each is what is refused: the first half must not stay.
        ada.patch(&path, &json!({ "title": "x", "assignee_ids": [none] })),
        ada.patch(&path, &json!({ "title": "x", "tag_ids": [tag["id"], none] })),
        ada.patch(&path, &json!({ "title": "x", "status": "lost" })),
        ada.patch(&path, &json!({ "title": "x", "colour": "red" })),
        ada.send("PATCH", &path, &[("If-Match", "\"v9\"")], Some(r#"{"title": "x"}"#)),
        ada.post("/tasks", &json!({ "title": "x", "viewer_ids": [none] })),
        ada.post("/tags", &json!({ "name": "rye" })),
        ada.patch(&other, &json!({ "name": "rye" })),
        ada.post("/teams", &json!({ "name": "ovens", "member_ids": [none] })),
        ada.post("/users", &json!({ "email": "x@y.example", "full_name": "X", "role_id": none })),
        ada.post("/users", &json!({ "email": "x@y.example", "full_name": "X", "role_id": ada.role("guest"), "team_ids": [none] })),
        ada.post("/users/invitations", &json!({ "email": "x@y.example", "role_id": ada.role("guest"), "team_ids": [none] })),
        ada.patch(&format!("/users/{}", ada.id()), &json!({ "full_name": "X", "is_active": false })),
        ada.delete(&format!("/users/{}", ada.id())),
        ada.send("DELETE", &path, &[("If-Match", "W/\"v1\"")], None),
        bob.patch(&path, &json!({ "title": "x" })),
        bob.delete(&path),
        bob.post("/tasks", &json!({ "title": "x" })),
        ada.with_token(None).delete(&path),
        ada.put(&format!("{path}/tags/{none}")),
        ada.put(&format!("{path}/assignees/{none}")),
    ];
    for (n, refusal) in refusals.iter().enumerate() {
        assert!((400..500).contains(&refusal.status), "{n}: {} {}", refusal.status, refusal.text);
    }
    assert_eq!(look(), before);
    assert!(server.mail_to("x@y.example").is_empty());
}

#[test]
fn who_says_no_host_is_in_no_workspace() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for host in [
        "",
        "bakkerij",
        ".localhost",
        "x.bakkerij.localhost",
        "bakkerij.localhost.",
        "bakkerij.localhost/x",
        "bak_kerij.localhost",
        "BAKKERIJ.LOCALHOST",
        "[::1]",
        "t_0123456789abcdef.localhost",
    ] {
        let reply = ada.at(host).raw("GET /api/v1/me", "", b"");
        match reply.status {
            200 => assert!(
                host.eq_ignore_ascii_case("bakkerij.localhost") || host == "bakkerij.localhost.",
                "{host}"
            ),
            // What the framework itself cannot read.
            400 => assert!(!reply.text.contains("panicked")),
            _ => {
                reply.clean_problem(404, "workspace-not-found", "/api/v1/me");
            }
        }
    }
    ada.raw_bytes(b"GET /api/v1/me HTTP/1.0\r\n\r\n").problem(404, "workspace-not-found");
}
