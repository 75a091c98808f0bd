//! Requests of people without an account that are sent again: sign-ups, their confirmations, accepted invitations.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Reply, Server};
use crate::storage_view::at_once;

const ADA: &str = "ada@bakkerij.example";

fn untenanted(server: &Server) -> Client {
    Client { address: server.address, host: "localhost".into(), token: None }
}

fn form(email: &str, slug: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "full_name": "Ada", "workspace_name": "Bakkerij", "slug": slug })
}

fn keyed(caller: &Client, path: &str, key: &str, body: &Value) -> Reply {
    caller.send("POST", path, &[("Idempotency-Key", key)], Some(&body.to_string()))
}

#[test]
fn a_sign_up_that_is_sent_again_sends_no_second_mail() {
    let server = Server::start();
    let (anybody, body) = (untenanted(&server), form(ADA, "bakkerij"));
    let first = keyed(&anybody, "/signup", "k", &body);
    let again = keyed(&anybody, "/signup", "k", &body);
    assert_eq!((first.status, again.status, &first.text), (202, 202, &again.text));
    assert_eq!(server.mail_to(ADA).len(), 1);
    assert_eq!(server.sql("SELECT count(*)::text FROM public.signups"), ["1"]);
    keyed(&anybody, "/signup", "k", &form(ADA, "patisserie")).clean_problem(
        422,
        "idempotency-key-reused",
        "/api/v1/signup",
    );
    // Strangers who choose the same key do not meet.
    let other = keyed(&anybody, "/signup", "k", &form("eve@other.example", "other")).expect(202);
    assert_ne!(other["signup_id"], first.body["signup_id"]);
    // After a day the key is free.
    server.clock.advance(Duration::hours(24));
    assert_ne!(keyed(&anybody, "/signup", "k", &body).expect(202)["signup_id"], first.body["signup_id"]);
}

#[test]
fn of_one_sign_up_sent_many_times_at_once_one_acts() {
    let server = Server::start();
    let second = untenanted(&server);
    let second = Client { address: server.second_process(&crate::harness::settings()), ..second };
    let processes = [untenanted(&server), second];
    let body = form(ADA, "bakkerij");
    let replies = at_once(8, |i| keyed(&processes[i % 2], "/signup", "k", &body));
    for reply in &replies {
        assert_eq!((reply.status, &reply.text), (202, &replies[0].text));
    }
    assert_eq!(server.mail_to(ADA).len(), 1);
    assert_eq!(server.sql("SELECT count(*)::text FROM public.signups"), ["1"]);
}

#[test]
fn a_sign_up_whose_mail_was_not_sent_can_be_sent_again() {
    let server = Server::start();
    let (anybody, body) = (untenanted(&server), form(ADA, "bakkerij"));
    server.break_mail();
    assert!(keyed(&anybody, "/signup", "k", &body).status >= 500);
    server.mend_mail();
    let made = keyed(&anybody, "/signup", "k", &body).expect(202);
    assert_eq!(server.mail_to(ADA).len(), 1);
    let path = format!("/signup/{}/confirm", made["signup_id"].as_str().unwrap());
    anybody.post(&path, &json!({ "code": server.code_to(ADA) })).expect(201);
}

#[test]
fn a_sign_up_whose_server_died_before_the_mail_is_made_again() {
    let server = Server::start();
    let (anybody, body) = (untenanted(&server), form(ADA, "bakkerij"));
    let first = keyed(&anybody, "/signup", "k", &body).expect(202);
    // As a process leaves it that dies between the commit and the mail.
    server.meddle("UPDATE public.idempotency_keys SET completed = false");
    assert_eq!(keyed(&anybody, "/signup", "k", &body).expect(202), first, "it may still be at work");
    server.clock.advance(Duration::minutes(1));
    let made = keyed(&anybody, "/signup", "k", &body).expect(202);
    assert_ne!(made["signup_id"], first["signup_id"]);
    assert_eq!(server.mail_to(ADA).len(), 2);
}

#[test]
fn a_confirmation_that_is_sent_again_gets_its_answer_again() {
    let server = Server::start();
    let anybody = untenanted(&server);
    let id = anybody.post("/signup", &form(ADA, "bakkerij")).expect(202)["signup_id"].clone();
    let path = format!("/signup/{}/confirm", id.as_str().unwrap());
    let body = json!({ "code": server.code_to(ADA) });
    let replies = at_once(6, |_| keyed(&anybody, &path, "k", &body));
    for reply in &replies {
        assert_eq!((reply.status, &reply.text), (201, &replies[0].text));
    }
    assert_eq!(keyed(&anybody, &path, "k", &body).expect(201), replies[0].body);
    keyed(&anybody, &path, "k", &json!({ "code": "000000" })).problem(422, "idempotency-key-reused");
    keyed(&anybody, &path, "another", &body).problem(404, "signup-over");
    assert_eq!(server.admins("bakkerij").len(), 1);
}

#[test]
fn an_invitation_that_is_accepted_again_gets_its_answer_again() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let guest = ada.role("guest");
    ada.post("/users/invitations", &json!({ "email": "x@y.example", "role_id": guest })).expect(201);
    let mail = server.mail_to("x@y.example").pop().unwrap();
    let token = mail.split_whitespace().find(|word| word.starts_with("bfi_")).unwrap().to_owned();
    let body = json!({ "token": token, "full_name": "Xi", "password": PASSWORD });
    let (anybody, path) = (server.anonymous("bakkerij"), "/users/invitations/accept");
    let replies = at_once(4, |_| keyed(&anybody, path, "k", &body));
    for reply in &replies {
        assert_eq!((reply.status, &reply.text), (201, &replies[0].text));
    }
    let again = keyed(&anybody, path, "k", &body);
    for header in ["location", "etag"] {
        assert_eq!(again.header(header), replies[0].header(header), "{header}");
    }
    keyed(&anybody, path, "k", &json!({ "token": token, "full_name": "Eve", "password": PASSWORD }))
        .problem(422, "idempotency-key-reused");
    anybody.post(path, &body).problem(404, "invitation-over");
    // The answers go with whom they are about.
    let id = replies[0].body["id"].as_str().unwrap();
    let xi = anybody.log_in("x@y.example");
    xi.send("POST", "/tags", &[("Idempotency-Key", "t")], Some("{}")).problem(403, "forbidden");
    ada.delete(&format!("/users/{id}")).expect(204);
    let kept = format!(
        "SELECT count(*)::text FROM {}.idempotency_keys WHERE user_id = '{id}'",
        server.schema("bakkerij")
    );
    assert_eq!(server.sql(&kept), ["0"]);
}

#[test]
fn nothing_of_a_sign_up_is_kept_in_the_clear() {
    let server = Server::start();
    let anybody = untenanted(&server);
    let body = form(ADA, "bakkerij");
    let id = keyed(&anybody, "/signup", "k", &body).expect(202)["signup_id"].clone();
    let path = format!("/signup/{}/confirm", id.as_str().unwrap());
    keyed(&anybody, &path, "k", &json!({ "code": server.code_to(ADA) })).expect(201);
    let rows = server.sql("SELECT keys::text FROM public.idempotency_keys keys");
    assert_eq!(rows.len(), 2);
    for row in rows {
        for secret in [ADA, r#""Ada""#, "akkerij", PASSWORD, id.as_str().unwrap()] {
            assert!(!row.contains(secret), "{secret} in {row}");
        }
    }
}
