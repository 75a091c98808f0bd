//! A workspace from its sign-up to the logout of its admin.

use serde_json::json;

use crate::harness::Server;

#[test]
fn a_workspace_is_signed_up_and_worked_in() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let me = ada.get("/me").expect(200);
    assert_eq!((me["email"].as_str(), me["role"].as_str()), (Some("ada@bakkerij.example"), Some("admin")));
    assert_eq!(ada.get("/me/permissions").expect(200)["permissions"].as_array().unwrap().len(), 43);

    let created = ada.send("POST", "/tasks", &[("X-Request-Id", "req-1")], Some(r#"{"title": "Bake"}"#));
    let (tag, location) =
        (created.header("etag").unwrap().to_owned(), created.header("location").unwrap().to_owned());
    assert_eq!(created.header("x-request-id"), Some("req-1"));
    let task = created.expect(201);
    assert_eq!(task["created_at"], "2026-01-01T09:00:00+01:00");
    assert_eq!(ada.get(&location).expect(200), task);
    let path = format!("/tasks/{}", task["id"].as_str().unwrap());
    let changed =
        ada.send("PATCH", &path, &[("If-Match", &tag)], Some(r#"{"title": "Bake bread"}"#)).expect(200);
    assert_eq!(changed["title"], "Bake bread");
    ada.send("PATCH", &path, &[("If-Match", &tag)], Some(r#"{"title": "x"}"#)).problem(412, "stale");

    let comment = ada.post(&format!("{path}/comments"), &json!({ "body": "With rye." })).expect(201);
    let comment = format!("/comments/{}", comment["id"].as_str().unwrap());
    ada.patch(&comment, &json!({ "body": "With spelt." })).expect(200);

    let history = ada.get(&format!("{path}/history")).expect(200);
    let actions: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["update", "create"]);
    let update = &history["items"][0]["changes"];
    assert_eq!(*update, json!([{ "field": "title", "from": "Bake", "to": "Bake bread" }]));

    ada.delete(&path).expect(204);
    ada.get(&path).problem(404, "not-found");
    let events = ada.get("/audit-events?resource=comments").expect(200);
    let actions: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["delete", "update", "create"]);

    ada.post("/auth/logout", &json!({})).expect(204);
    ada.get("/me").problem(401, "not-authenticated");
}
