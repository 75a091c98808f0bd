//! People who are deleted while others do something with them.

use serde_json::json;

use crate::harness::{Client, Reply, Server, settings};
use crate::storage_view::at_once;

/// Somebody who has a task, deleted while somebody else does something with them. Whoever would wait for each other here would be
/// a 500 for one of them.
fn deleted_while(other: impl Fn(&Client, &str, &str) -> Reply + Sync) {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let role = ada.role("member");
    for round in 0..20 {
        let new = json!({ "email": format!("u{round}@x.example"), "full_name": "U", "role_id": role });
        let user = ada.make("/users", &new);
        let task = ada.make("/tasks", &json!({ "title": "Bake", "assignee_ids": [user] }));
        let replies = at_once(2, |i| match i {
            0 => ada.delete(&format!("/users/{user}")),
            _ => other(&there, &user, &task),
        });
        assert_eq!(replies[0].status, 204, "round {round}: {}", replies[0].text);
        assert!(replies[1].status < 500, "round {round}: {}", replies[1].text);
        assert_eq!(ada.get(&format!("/tasks/{task}")).expect(200)["assignee_ids"], json!([]));
    }
}

#[test]
fn a_user_is_deleted_while_they_are_changed() {
    deleted_while(|ada, user, _| {
        let email = format!("{user}@y.example");
        ada.patch(&format!("/users/{user}"), &json!({ "email": email, "team_ids": [] }))
    });
}

#[test]
fn a_user_is_deleted_while_they_get_a_team() {
    deleted_while(|ada, user, _| ada.post("/teams", &json!({ "name": user, "member_ids": [user] })));
}

#[test]
fn a_user_is_deleted_while_they_are_shown_their_task() {
    deleted_while(|ada, user, task| ada.put(&format!("/tasks/{task}/viewers/{user}")));
}
