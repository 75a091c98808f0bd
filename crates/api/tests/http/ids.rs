//! An id leads to one row of one kind, and nowhere else.

use serde_json::json;

use crate::harness::Server;

#[test]
fn an_id_is_good_for_its_own_kind_of_row_alone() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let comment = ada.make(&format!("/tasks/{task}/comments"), &json!({ "body": "x" }));
    let file = ada.attach(&task, "x", b"x");
    let tag = ada.make("/tags", &json!({ "name": "rye" }));
    let timer = ada.make("/time-entries/start", &json!({ "task_id": task }));
    for path in [
        format!("/attachments/{task}"),
        format!("/attachments/{comment}/content"),
        format!("/tasks/{file}/attachments"),
        format!("/comments/{file}"),
        format!("/tasks/{comment}"),
        format!("/tasks/{comment}/comments"),
        format!("/tasks/{tag}/history"),
        format!("/comments/{task}"),
        format!("/comments/{tag}/history"),
        format!("/tags/{task}"),
        format!("/tasks/{timer}"),
        format!("/time-entries/{task}"),
        format!("/time-entries/{comment}/history"),
        format!("/users/{task}"),
        format!("/teams/{}", ada.id()),
        format!("/roles/{}", ada.id()),
    ] {
        ada.get(&path).problem(404, "not-found");
    }
    ada.put(&format!("/tasks/{task}/tags/{task}")).problem(404, "not-found");
    ada.put(&format!("/tasks/{task}/viewers/{tag}")).problem(404, "not-found");
    ada.put(&format!("/tasks/{comment}/tags/{tag}")).problem(404, "not-found");
}
