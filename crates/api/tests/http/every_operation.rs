//! Rules that hold for every operation of the document, none left out.

use serde_json::Value;

use crate::harness::{Client, Reply, Server};

/// Operations that make something and take no `Idempotency-Key`: what they answer is a secret or empty, and none of it is kept.
const NEVER_KEPT: [&str; 3] = ["/auth/login", "/auth/logout", "/auth/password"];

/// Every operation of the document: its method, its path under `/api/v1` with `id` in place of each id, and what is documented.
fn operations(caller: &Client, id: &str) -> Vec<(String, String, Value)> {
    let document = caller.page("/api/schema/").expect(200);
    let mut found = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        let part = |part: &str| if part.starts_with('{') { id.to_owned() } else { part.to_owned() };
        let path = template.split('/').map(part).collect::<Vec<_>>().join("/");
        let path = path.strip_prefix("/api/v1").unwrap().to_owned();
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    assert!(found.len() > 70, "{}", found.len());
    found
}

fn takes_header(operation: &Value, name: &str) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.into_iter().any(|parameter| parameter["in"] == "header" && parameter["name"] == name)
}

fn send(caller: &Client, method: &str, path: &str, operation: &Value, headers: &[(&str, &str)]) -> Reply {
    let body = operation["requestBody"].is_object().then_some("{}");
    caller.send(method, path, headers, body)
}

#[test]
fn every_operation_refuses_query_parameters_that_it_does_not_know() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let id = ada.task("Bake");
    let guest = server.person(&ada, "gus", "guest");
    for (method, path, operation) in operations(&ada, &id) {
        let reply = send(&ada, &method, &format!("{path}?colour=red"), &operation, &[]);
        assert_eq!(reply.status, 422, "{method} {path}: {}", reply.text);
        let errors = reply.body["errors"].as_array().unwrap();
        let told = errors.iter().any(|e| e["field"] == "colour" && e["code"] == "unknown-field");
        assert!(told, "{method} {path}: {}", reply.text);
        assert!(operation["responses"]["422"].is_object(), "{method} {path}: 422 is not documented");
        if operation["security"].as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        // Who may not do it hears nothing of what else is wrong.
        let stranger = ada.with_token(None);
        send(&stranger, &method, &format!("{path}?colour=red"), &operation, &[])
            .problem(401, "not-authenticated");
        if operation["x-permission"]["resource"] == "users" {
            send(&guest, &method, &format!("{path}?colour=red"), &operation, &[]).problem(403, "forbidden");
        }
    }
    // None of it was done.
    ada.get("/me").expect(200);
    ada.get(&format!("/tasks/{id}")).expect(200);
}

/// Not by its announced length alone: of what they send nothing is waited for.
#[test]
fn no_operation_waits_for_the_body_of_a_stranger() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let stranger = ada.with_token(None);
    let mut waited_for = 0;
    for (method, path, operation) in operations(&ada, &ada.task("Bake")) {
        let content = operation["requestBody"]["content"].as_object();
        let Some((kind, _)) = content.and_then(|content| content.iter().next()) else { continue };
        let is_public = operation["security"].as_array().is_some_and(Vec::is_empty);
        assert!(operation["responses"]["408"].is_object(), "{method} {path}: 408 is not documented");
        for (length, sent) in [(300, "{"), (20_000, "{"), (1_000_000, &*" ".repeat(900_000))] {
            if is_public && length < 4096 {
                continue;
            }
            let headers = format!("Content-Type: {kind}; boundary=b\r\nContent-Length: {length}\r\n");
            let line = format!("{method} /api/v1{path}");
            let (status, code) = if is_public { (413, "too-large") } else { (401, "not-authenticated") };
            stranger.raw(&line, &headers, sent.as_bytes()).problem(status, code);
            waited_for += 1;
        }
    }
    assert!(waited_for > 60, "{waited_for}");
}

#[test]
fn an_idempotency_key_is_offered_exactly_where_it_is_claimed() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let id = ada.task("Bake");
    for (method, path, operation) in operations(&ada, &id) {
        let offered = takes_header(&operation, "Idempotency-Key");
        let makes = method == "POST" && !NEVER_KEPT.contains(&path.as_str());
        assert_eq!(offered, makes, "{method} {path}");
        if method != "POST" || path == "/auth/logout" {
            continue;
        }
        // A key that cannot be kept is refused by whoever would keep it, before the rest of the request is looked at.
        let reply = send(&ada, &method, &path, &operation, &[("Idempotency-Key", "")]);
        let claimed = reply.status == 400 && reply.body["code"] == "bad-idempotency-key";
        assert_eq!(claimed, offered, "{method} {path}: {}", reply.text);
    }
}
