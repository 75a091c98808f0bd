//! Requests that are sent again, with a key that says so.

use chrono::Duration;
use serde_json::{Value, json};

use crate::conventions::{NOBODY, tag};
use crate::harness::{Client, Reply, Server};

fn keyed(caller: &Client, path: &str, key: &str, body: &Value) -> Reply {
    caller.send("POST", path, &[("Idempotency-Key", key)], Some(&body.to_string()))
}

#[test]
fn a_request_that_is_sent_again_gets_its_answer_again_and_does_nothing() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let body = json!({ "title": "Bake" });
    let first = keyed(&ada, "/tasks", "k", &body);
    let id = first.body["id"].as_str().unwrap().to_owned();
    // The answer is the one that was given, whatever became of the row since.
    ada.patch(&format!("/tasks/{id}"), &json!({ "title": "Bake bread" })).expect(200);
    let events = ada.all("/audit-events").len();
    let again = keyed(&ada, "/tasks", "k", &body);
    assert_eq!((again.status, &again.text), (201, &first.text));
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!((ada.all("/tasks").len(), ada.all("/audit-events").len()), (1, events));

    let reused = keyed(&ada, "/tasks", "k", &json!({ "title": "Other" })).clean_problem(
        422,
        "idempotency-key-reused",
        "/api/v1/tasks",
    );
    let header = json!({ "field": "Idempotency-Key", "code": "invalid", "detail": "was already used for another request" });
    assert_eq!(reused["errors"], json!([header]));
    keyed(&ada, "/tags", "k", &json!({ "name": "rye" })).problem(422, "idempotency-key-reused");
    keyed(&ada, "/tasks", "k", &json!([])).problem(422, "idempotency-key-reused");
    assert_eq!(ada.all("/tasks").len(), 1);
    assert_eq!(ada.all("/tags").len(), 0);
    // A key belongs to who sends it.
    assert_ne!(keyed(&bob, "/tasks", "k", &body).expect(201)["id"], first.body["id"]);
    assert_eq!(ada.all("/tasks").len(), 2);
    // An invitation is sent once.
    let invitation = json!({ "email": "x@y.example", "role_id": ada.role("guest") });
    keyed(&ada, "/users/invitations", "i", &invitation).expect(201);
    keyed(&ada, "/users/invitations", "i", &invitation).expect(201);
    assert_eq!(server.mail_to("x@y.example").len(), 1);
}

#[test]
fn a_request_that_failed_may_be_put_right_under_its_key() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "guest");
    keyed(&ada, "/tasks", "k", &json!({ "title": "" })).problem(422, "invalid");
    keyed(&ada, "/tasks", "k", &json!({ "title": "x", "assignee_ids": [NOBODY] })).problem(422, "invalid");
    keyed(&ada, "/tasks", "k", &json!({ "title": "Bake" })).expect(201);
    ada.post("/tags", &json!({ "name": "rye" })).expect(201);
    keyed(&ada, "/tags", "t", &json!({ "name": "rye" })).problem(409, "name-taken");
    keyed(&ada, "/tags", "t", &json!({ "name": "spelt" })).expect(201);
    keyed(&bob, "/tasks", "k", &json!({ "title": "Bake" })).problem(403, "forbidden");
}

#[test]
fn a_key_is_over_after_a_day() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({ "title": "Bake" });
    let first = keyed(&ada, "/tasks", "k", &body).expect(201);
    server.clock.advance(Duration::hours(24) - Duration::seconds(1));
    let ada = server.anonymous("bakkerij").log_in("ada@bakkerij.example");
    assert_eq!(keyed(&ada, "/tasks", "k", &body).expect(201), first);
    server.clock.advance(Duration::seconds(1));
    assert_ne!(keyed(&ada, "/tasks", "k", &body).expect(201)["id"], first["id"]);
    assert_eq!(ada.all("/tasks").len(), 2);
}

#[test]
fn a_key_that_cannot_be_one_is_refused_and_not_passed_over() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let longest = "k".repeat(255);
    keyed(&ada, "/tasks", &longest, &json!({ "title": "Bake" })).expect(201);
    keyed(&ada, "/tasks", &longest, &json!({ "title": "Bake" })).expect(201);
    let body = br#"{"title": "Bake"}"#;
    let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let long = "k".repeat(256);
    for key in [
        format!("Idempotency-Key: {long}\r\n"),
        "Idempotency-Key: \r\n".into(),
        "Idempotency-Key: é\r\n".into(),
        "Idempotency-Key: a\r\nIdempotency-Key: b\r\n".into(),
    ] {
        let reply = ada.raw("POST /api/v1/tasks", &format!("{length}{key}"), body);
        reply.clean_problem(400, "bad-idempotency-key", "/api/v1/tasks");
    }
    assert_eq!(ada.all("/tasks").len(), 1);
}

#[test]
fn of_one_request_sent_twice_at_once_one_acts() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({ "title": "Bake" });
    let replies: Vec<Reply> = std::thread::scope(|threads| {
        let senders: Vec<_> = (0..6).map(|_| threads.spawn(|| keyed(&ada, "/tasks", "k", &body))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let first = replies[0].text.clone();
    for reply in replies {
        assert_eq!(reply.text, first);
        reply.expect(201);
    }
    assert_eq!(ada.all("/tasks").len(), 1);
    assert_eq!(ada.all("/audit-events?resource=tasks").len(), 1);
}

#[test]
fn an_invitation_is_sent_again_once_however_often_that_is_asked() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let id = ada.make("/users/invitations", &json!({ "email": "x@y.example", "role_id": ada.role("guest") }));
    let path = format!("/users/invitations/{id}/resend");
    let first = ada.send("POST", &path, &[("Idempotency-Key", "k")], None);
    let again = ada.send("POST", &path, &[("Idempotency-Key", "k")], None);
    assert_eq!((first.status, &first.text, tag(&first)), (200, &again.text, tag(&again)));
    assert_eq!(server.mail_to("x@y.example").len(), 2);
}
