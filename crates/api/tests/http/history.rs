//! The history of a row: what whoever may read the row is told of it, and what only readers of the audit history are.

use serde_json::{Value, json};

use crate::harness::{Client, Server};
use crate::roles::role;
use crate::time_entries::log;

/// Fields that tell of the request and of the workspace, not of the row.
const AUDITED: [&str; 3] = ["seq", "request_id", "ip"];

fn blanked(mut event: Value) -> Value {
    for field in AUDITED {
        event[field] = Value::Null;
    }
    event
}

/// One row of each kind that has a history, made by `bob`; the path of each.
fn rows(bob: &Client) -> [String; 5] {
    let task = bob.task("Bake");
    let tag = bob.make("/tags", &json!({ "name": "rye" }));
    let comment = bob.make(&format!("/tasks/{task}/comments"), &json!({ "body": "Rye" }));
    let entry = log(bob, &task, "2025-12-31T10:00", "2025-12-31T11:00");
    let file = bob.attach(&task, "x", b"x");
    [
        format!("/tasks/{task}"),
        format!("/comments/{comment}"),
        format!("/attachments/{file}"),
        format!("/tags/{tag}"),
        format!("/time-entries/{entry}"),
    ]
}

#[test]
fn the_request_behind_a_change_is_told_to_readers_of_the_audit_history_alone() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let gus = server.person(&ada, "gus", "guest");
    let paths = rows(&bob);
    ada.put(&format!("{}/viewers/{}", paths[0], gus.id())).expect(204);
    for path in &paths {
        let id = path.rsplit('/').next().unwrap();
        let audited = ada.all(&format!("/audit-events?resource_id={id}"));
        let whole = ada.all(&format!("{path}/history"));
        assert_eq!(whole, audited, "{path}");
        assert!(AUDITED.iter().all(|field| whole.iter().all(|event| !event[field].is_null())), "{path}");
        let told: Vec<Value> = whole.into_iter().map(blanked).collect();
        assert_eq!(bob.all(&format!("{path}/history")), told, "{path}");
        if !path.starts_with("/time-entries") && !path.starts_with("/tags") {
            assert_eq!(gus.all(&format!("{path}/history")), told, "{path}");
        }
    }
}

#[test]
fn who_reads_some_of_the_audit_history_is_told_of_the_requests_in_it() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let id = ada.make("/roles", &role("Clerk", &["audit read own", "tasks read all", "tasks update all"]));
    let own = server.person(&ada, "own", "guest");
    ada.patch(&format!("/users/{}", own.id()), &json!({ "role_id": id })).expect(200);
    let path = format!("/tasks/{}", ada.task("Bake"));
    own.patch(&path, &json!({ "title": "Mill" })).expect(200);
    let whole = ada.all(&format!("{path}/history"));
    let told = own.all(&format!("{path}/history"));
    assert_eq!(told, [whole[0].clone(), blanked(whole[1].clone())]);
}

/// The history belongs to the row: it is not another one for each reader.
#[test]
fn who_may_see_a_task_sees_what_it_was_before() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let gus = server.person(&ada, "gus", "guest");
    let task = ada.task("Bake");
    ada.patch(&format!("/tasks/{task}"), &json!({ "title": "Mill" })).expect(200);
    let history = format!("/tasks/{task}/history");
    gus.get(&history).problem(404, "not-found");
    ada.put(&format!("/tasks/{task}/viewers/{}", gus.id())).expect(204);
    let told: Vec<Value> = gus.all(&history).iter().map(|event| event["action"].clone()).collect();
    assert_eq!(told, ["viewer_added", "update", "create"]);
}
