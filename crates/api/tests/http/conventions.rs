//! What holds for every answer: problems, headers, request ids, times.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::harness::{Reply, Server};

/// An id that no row has.
pub(crate) const NOBODY: &str = "01980000-0000-7000-8000-000000000000";

pub(crate) fn tag(reply: &Reply) -> String {
    reply.header("etag").unwrap().to_owned()
}

pub(crate) fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn at(moment: &str) -> DateTime<Utc> {
    moment.parse().unwrap()
}

#[test]
fn every_refusal_is_a_problem_that_tells_nothing_of_the_inside() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let nobody = server.anonymous("bakkerij");
    ada.post("/tags", &json!({ "name": "rye" })).expect(201);
    let task = ada.task("Bake");
    let path = format!("/tasks/{task}");
    let full = format!("/api/v1{path}");
    let tasks = "/api/v1/tasks";
    let invitation = json!({ "email": "x@y.example", "role_id": NOBODY });

    for unknown in [
        "/api/v1/nowhere",
        "/api/v1/",
        "/api/v1",
        "/api/v1/tasks/",
        "/api/v1//tasks",
        "/api",
        "/",
        "/nowhere",
        "/metrics",
    ] {
        for method in ["GET", "POST", "BREW"] {
            ada.raw(&format!("{method} {unknown}?q=1"), "", b"").clean_problem(404, "not-found", unknown);
        }
    }
    ada.put("/tasks").clean_problem(405, "method-not-allowed", tasks);
    ada.raw(&format!("POST {tasks}"), "Content-Type: application/json\r\nContent-Length: 1\r\n", b"{")
        .clean_problem(400, "malformed-json", tasks);
    ada.get("/tasks?cursor=x").clean_problem(400, "bad-cursor", tasks);
    nobody.get(&path).clean_problem(401, "not-authenticated", &full);
    nobody.with_token(Some("bft_nonsense")).get(&path).clean_problem(401, "not-authenticated", &full);
    let login = json!({ "email": "ada@bakkerij.example", "password": "something else" });
    nobody.post("/auth/login", &login).clean_problem(401, "invalid-credentials", "/api/v1/auth/login");
    bob.post("/users/invitations", &invitation).clean_problem(403, "forbidden", "/api/v1/users/invitations");
    ada.get(&format!("/tasks/{NOBODY}")).clean_problem(404, "not-found", &format!("/api/v1/tasks/{NOBODY}"));
    server.anonymous("elsewhere").get(&path).clean_problem(404, "workspace-not-found", &full);
    ada.post("/tags", &json!({ "name": "rye" })).clean_problem(409, "name-taken", "/api/v1/tags");
    ada.send("DELETE", &path, &[("If-Match", "\"v9\"")], None).clean_problem(412, "stale", &full);
    let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(1024 * 1024));
    ada.send("POST", "/tasks", &[], Some(&long)).clean_problem(413, "too-large", tasks);
    ada.send("POST", "/tasks", &[("Content-Type", "text/plain")], Some("{}"))
        .clean_problem(415, "not-json", tasks);
    ada.post("/tasks", &json!({})).clean_problem(422, "invalid", tasks);
    ada.post("/users/invitations", &invitation).clean_problem(422, "invalid", "/api/v1/users/invitations");
}

#[test]
fn what_cannot_be_done_here_is_told_together_with_what_can() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for (path, allowed) in [
        ("/api/v1/tasks", vec!["GET", "POST"]),
        ("/api/v1/auth/login", vec!["POST"]),
        ("/api/v1/tasks/01980000-0000-7000-8000-000000000000", vec!["DELETE", "GET", "PATCH"]),
        ("/healthz", vec!["GET", "HEAD"]),
        ("/readyz", vec!["GET", "HEAD"]),
        ("/api/schema/", vec!["GET", "HEAD"]),
        ("/api/schema", vec!["GET", "HEAD"]),
        ("/api/schema/swagger-ui/", vec!["GET", "HEAD"]),
        ("/api/schema/redoc/redoc.js", vec!["GET", "HEAD"]),
    ] {
        for method in ["PUT", "OPTIONS", "TRACE", "BREW"] {
            let refused = ada.raw(&format!("{method} {path}"), "", b"");
            let mut told: Vec<_> = refused.header("allow").unwrap_or_default().split(", ").collect();
            told.sort_unstable();
            assert_eq!(told, allowed, "{method} {path}");
            refused.clean_problem(405, "method-not-allowed", path);
        }
    }
}

#[test]
fn no_answer_is_sniffed_and_none_about_people_is_kept() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.post("/tasks", &json!({ "title": "Bake" }));
    let tag = tag(&task);
    let path = format!("/tasks/{}", task.body["id"].as_str().unwrap());
    let answers = [
        task,
        ada.get(&path),
        ada.send("GET", &path, &[("If-None-Match", &tag)], None),
        ada.get("/me"),
        ada.get("/users"),
        ada.get("/users/invitations"),
        ada.get("/auth/sessions"),
        ada.get("/audit-events"),
        ada.get("/nowhere"),
        ada.delete(&path),
        ada.with_token(None).get("/me"),
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.text);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.text);
    }
    for page in ["/healthz", "/api/schema/", "/api/schema/swagger-ui/", "/nowhere"] {
        assert_eq!(ada.page(page).header("x-content-type-options"), Some("nosniff"), "{page}");
    }
}

#[test]
fn a_sane_request_id_goes_through_and_any_other_is_replaced() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let longest = "r".repeat(128);
    let logged = |id: &str| {
        let events = ada.get("/audit-events?resource=tags&limit=1").expect(200);
        assert_eq!(events["items"][0]["request_id"], id);
    };
    for (n, sane) in ["req-1", "A.b_c-9", &longest].into_iter().enumerate() {
        let body = json!({ "name": format!("sane {n}") }).to_string();
        let made = ada.send("POST", "/tags", &[("X-Request-Id", sane)], Some(&body));
        assert_eq!((made.status, made.header("x-request-id")), (201, Some(sane)));
        logged(sane);
    }
    let long = "r".repeat(129);
    for (n, strange) in [
        &*long,
        "belfort-command",
        "Belfort-x",
        "",
        "a b",
        "a\tb",
        "a;b",
        "a\"b",
        "<script>",
        "%0d%0a",
        "a/b",
        "é",
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "name": format!("strange {n}") }).to_string();
        let made = ada.send("POST", "/tags", &[("X-Request-Id", strange)], Some(&body));
        let id = made.header("x-request-id").unwrap().to_owned();
        assert_eq!(made.status, 201, "{}", made.text);
        assert!(uuid(&id), "{strange:?} became {id:?}");
        logged(&id);
    }
    let (one, two) = (ada.get("/me"), ada.get("/me"));
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    assert_eq!(
        ada.send("GET", "/nowhere", &[("X-Request-Id", "r-9")], None).header("x-request-id"),
        Some("r-9")
    );
}

fn uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[test]
fn times_are_those_of_brussels_in_winter_and_in_summer() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for (moment, written) in [
        ("2026-01-15T11:00:00Z", "2026-01-15T12:00:00+01:00"),
        ("2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
        ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
        ("2026-07-01T22:30:00.5Z", "2026-07-02T00:30:00.500+02:00"),
        ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00"),
    ] {
        server.clock.set(at(moment));
        // Sessions do not last from winter to summer.
        let ada = server.anonymous("bakkerij").log_in("ada@bakkerij.example");
        let made = ada.post("/tags", &json!({ "name": moment })).expect(201);
        assert_eq!((&made["created_at"], &made["updated_at"]), (&json!(written), &json!(written)));
        let path = format!("/tags/{}/history", made["id"].as_str().unwrap());
        assert_eq!(ada.get(&path).expect(200)["items"][0]["at"], written);
    }
    drop(ada);
}

#[test]
fn the_history_is_asked_from_and_to_a_moment_in_any_offset_or_in_brussels_time() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    server.clock.set(at("2026-01-02T10:00:00Z"));
    ada.post("/tags", &json!({ "name": "ten" })).expect(201);
    server.clock.set(at("2026-01-02T11:00:00Z"));
    ada.post("/tags", &json!({ "name": "eleven" })).expect(201);
    let found = |query: &str| {
        let events = ada.get(&format!("/audit-events?resource=tags&{query}")).expect(200);
        let names =
            events["items"].as_array().unwrap().iter().map(|e| e["at"].as_str().unwrap()[11..13].to_owned());
        names.collect::<Vec<_>>()
    };
    // What is at `from` is in, what is at `to` is not.
    for (query, hours) in [
        ("from=2026-01-02T11:00:00Z", vec!["12"]),
        ("from=2026-01-02T12:00:00%2B01:00", vec!["12"]),
        ("from=2026-01-02T12:00:00", vec!["12"]),
        ("from=2026-01-02T12:00", vec!["12"]),
        ("from=2026-01-02T06:00:00-05:00", vec!["12"]),
        ("to=2026-01-02T11:00:00Z", vec!["11"]),
        ("to=2026-01-02T12:00:00", vec!["11"]),
        ("from=2026-01-02T11:00:00&to=2026-01-02T12:00:00.000001", vec!["12", "11"]),
        ("from=2026-01-03T00:00:00&to=2026-01-01T00:00:00", vec![]),
        ("from=0001-01-02T00:00:00Z&to=9999-12-31T00:00:00Z", vec!["12", "11"]),
        // The hour that occurs twice is the earlier one.
        ("from=2026-10-25T02:30:00", vec![]),
    ] {
        assert_eq!(found(query), hours, "{query}");
    }
    for wrong in [
        "2026-03-29T02:30:00",
        "2026-02-30T00:00:00Z",
        "2026-01-02",
        "2026-01-02T25:00:00Z",
        "2026-01-02T12:00:60Z",
        "2026-01-02T12:00:00%2B25:00",
        // A plus that was not encoded is a space.
        "2026-01-02T12:00:00+01:00",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "yesterday",
        "",
        "1767254400",
        "%00",
        "%FF",
        "2026-01-02T12:00:00%C2%A0",
    ] {
        for field in ["from", "to"] {
            let refused = ada.get(&format!("/audit-events?{field}={wrong}")).problem(422, "invalid");
            assert_eq!(refused["errors"][0]["field"], field, "{wrong}");
            assert_eq!(refused["errors"].as_array().unwrap().len(), 1);
        }
    }
}
