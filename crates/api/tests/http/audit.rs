//! The history: exactly what happened, who did it, and who may look.

use serde_json::{Value, json};

use crate::harness::{Client, Server};
use crate::roles::role;

/// The events that a change adds, the oldest first.
fn events_of<T>(admin: &Client, change: impl FnOnce() -> T) -> (T, Vec<Value>) {
    let before = admin.all("/audit-events").len();
    let done = change();
    let mut all = admin.all("/audit-events");
    all.truncate(all.len() - before);
    all.reverse();
    (done, all)
}

/// What an event says, without what is each event's own.
fn gist(event: &Value) -> (String, Value) {
    let what = ["resource", "action"].map(|field| event[field].as_str().unwrap()).join(" ");
    (what, event["changes"].clone())
}

fn change(field: &str, from: impl Into<Value>, to: impl Into<Value>) -> Value {
    json!({ "field": field, "from": from.into(), "to": to.into() })
}

/// Does something as `who` with a request id; answers its body, having checked that exactly these events tell of it.
#[track_caller]
fn tells(
    admin: &Client,
    who: &Client,
    request: (&str, &str, Value),
    id: Option<&str>,
    expected: &[(&str, Value)],
) -> Value {
    let (method, path, body) = request;
    let request_id = format!("r-{}", expected.len());
    let me = who.get("/me").expect(200);
    let (reply, events) = events_of(admin, || {
        let body = (!body.is_null()).then(|| body.to_string());
        who.send(method, path, &[("X-Request-Id", &request_id)], body.as_deref())
    });
    assert!(reply.status < 300, "{method} {path}: {}", reply.text);
    let gists: Vec<_> = events.iter().map(gist).collect();
    let expected: Vec<_> =
        expected.iter().map(|(what, changes)| ((*what).to_owned(), changes.clone())).collect();
    assert_eq!(gists, expected, "{method} {path}");
    let id = id.map_or(reply.body["id"].clone(), Value::from);
    for event in &events {
        assert_eq!(event["actor"], json!({ "type": "user", "id": me["id"], "name": me["full_name"] }));
        assert_eq!((&event["request_id"], &event["ip"]), (&json!(request_id), &json!("127.0.0.1")));
        assert_eq!(event["at"], "2026-01-01T09:00:00+01:00");
        assert!(id.is_null() || event["resource_id"] == id, "{event}");
    }
    reply.body
}

#[test]
fn every_change_of_a_task_is_told_field_by_field() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let (me, other) = (bob.id(), ada.id());
    let tag = bob.make("/tags", &json!({ "name": "rye" }));
    let made = tells(
        &ada,
        &bob,
        (
            "POST",
            "/tasks",
            json!({ "title": "Bake", "due_on": "2026-02-01", "tag_ids": [tag], "viewer_ids": [other] }),
        ),
        None,
        &[
            (
                "tasks create",
                json!([
                    change("title", Value::Null, "Bake"),
                    change("description", Value::Null, ""),
                    change("status", Value::Null, "todo"),
                    change("priority", Value::Null, "normal"),
                    change("due_on", Value::Null, "2026-02-01"),
                    change("created_by_id", Value::Null, me.clone()),
                    change("assignee_ids", Value::Null, json!([])),
                    change("viewer_ids", Value::Null, json!([other])),
                    change("tag_ids", Value::Null, json!([tag])),
                ]),
            ),
            (
                "tasks tag_added",
                json!([change("tag_id", Value::Null, tag.clone()), change("tag", Value::Null, "rye")]),
            ),
            ("tasks viewer_added", json!([change("viewer_id", Value::Null, other.clone())])),
        ],
    );
    let id = made["id"].as_str().unwrap();
    let path = format!("/tasks/{id}");
    let run = |method: &str, path: &str, body: Value, expected: &[(&str, Value)]| {
        tells(&ada, &bob, (method, path, body), Some(id), expected)
    };
    run(
        "PATCH",
        &path,
        json!({ "title": "Bake bread", "status": "done", "priority": "normal", "due_on": null }),
        &[(
            "tasks update",
            json!([
                change("title", "Bake", "Bake bread"),
                change("status", "todo", "done"),
                change("due_on", "2026-02-01", Value::Null),
            ]),
        )],
    );
    run(
        "PATCH",
        &path,
        json!({ "description": "Rye.", "tag_ids": [], "viewer_ids": [] }),
        &[
            ("tasks update", json!([change("description", "", "Rye.")])),
            (
                "tasks tag_removed",
                json!([change("tag_id", tag.clone(), Value::Null), change("tag", "rye", Value::Null)]),
            ),
            ("tasks viewer_removed", json!([change("viewer_id", other.clone(), Value::Null)])),
        ],
    );
    let link = |what: &str| format!("{path}/{what}");
    let assigned = [("tasks update", json!([change("assignee_ids", json!([]), json!([other]))]))];
    let let_go = [("tasks update", json!([change("assignee_ids", json!([other]), json!([]))]))];
    for (method, what, expected) in [
        ("PUT", format!("assignees/{other}"), &assigned),
        ("DELETE", format!("assignees/{other}"), &let_go),
        (
            "PUT",
            format!("viewers/{other}"),
            &[("tasks viewer_added", json!([change("viewer_id", Value::Null, other.clone())]))],
        ),
        (
            "DELETE",
            format!("viewers/{other}"),
            &[("tasks viewer_removed", json!([change("viewer_id", other.clone(), Value::Null)]))],
        ),
        (
            "PUT",
            format!("tags/{tag}"),
            &[(
                "tasks tag_added",
                json!([change("tag_id", Value::Null, tag.clone()), change("tag", Value::Null, "rye")]),
            )],
        ),
    ] {
        run(method, &link(&what), Value::Null, expected);
        // The second time nothing happens, and nothing is told.
        run(method, &link(&what), Value::Null, &[]);
    }
    for nothing in [json!({}), json!({ "title": "Bake bread", "tag_ids": [tag, tag], "assignee_ids": [] })] {
        run("PATCH", &path, nothing, &[]);
    }
}

#[test]
fn a_task_that_is_deleted_tells_of_its_comments_too() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/tasks/{}", ada.task("Bake"));
    let comment = ada.make(&format!("{path}/comments"), &json!({ "body": "With spelt." }));
    let ((), events) = events_of(&ada, || drop(ada.delete(&path).expect(204)));
    let mut gists: Vec<String> = events.iter().map(|event| gist(event).0).collect();
    gists.sort();
    assert_eq!(gists, ["comments delete", "tasks delete"]);
    let of_comment = events.iter().find(|event| event["resource"] == "comments").unwrap();
    assert_eq!(of_comment["resource_id"], comment);
    assert!(of_comment["changes"].to_string().contains("With spelt."), "{of_comment}");
    assert_eq!(events[0]["request_id"], events[1]["request_id"]);
}

#[test]
fn every_change_of_a_comment_and_a_tag_is_told() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let task = bob.task("Bake");
    let comments = format!("/tasks/{task}/comments");
    let (reply, events) = events_of(&ada, || bob.post(&comments, &json!({ "body": "Rye" })).expect(201));
    let id = reply["id"].as_str().unwrap().to_owned();
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["action"], &events[0]["resource_id"]), (&json!("create"), &json!(id)));
    let path = format!("/comments/{id}");
    let update = [("comments update", json!([change("body", "Rye", "Spelt")]))];
    tells(&ada, &bob, ("PATCH", &path, json!({ "body": "Spelt" })), Some(&id), &update);
    tells(&ada, &bob, ("PATCH", &path, json!({ "body": "Spelt" })), Some(&id), &[]);
    let ((), events) = events_of(&ada, || drop(bob.delete(&path).expect(204)));
    assert_eq!(events.iter().map(|e| gist(e).0).collect::<Vec<_>>(), ["comments delete"]);

    let (tag, events) = events_of(&ada, || bob.make("/tags", &json!({ "name": "rye" })));
    assert_eq!(events.iter().map(|e| gist(e).0).collect::<Vec<_>>(), ["tags create"]);
    let path = format!("/tags/{tag}");
    let update = [("tags update", json!([change("name", "rye", "oats")]))];
    tells(&ada, &bob, ("PATCH", &path, json!({ "name": "oats" })), Some(&tag), &update);
    tells(&ada, &bob, ("PATCH", &path, json!({ "name": "oats" })), Some(&tag), &[]);
    bob.put(&format!("/tasks/{task}/tags/{tag}")).expect(204);
    let ((), events) = events_of(&ada, || drop(bob.delete(&path).expect(204)));
    let mut gists: Vec<String> = events.iter().map(|e| gist(e).0).collect();
    gists.sort();
    assert_eq!(gists, ["tags delete", "tasks tag_removed"]);
}

#[test]
fn every_change_of_a_user_and_a_team_is_told() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (member, guest) = (ada.role("member"), ada.role("guest"));
    let (id, events) = events_of(&ada, || server.person(&ada, "bob", "member").id());
    assert_eq!(events.iter().map(|e| gist(e).0).collect::<Vec<_>>(), ["users invited", "users create"]);
    assert_eq!((&events[0]["actor"]["id"], &events[1]["actor"]["id"]), (&json!(ada.id()), &json!(id)));
    assert!(
        events
            .iter()
            .all(|event| !event.to_string().contains("bfi_") && !event.to_string().contains("argon2"))
    );
    let path = format!("/users/{id}");
    let run = |body: Value, expected: &[(&str, Value)]| {
        drop(tells(&ada, &ada, ("PATCH", &path, body), Some(&id), expected));
    };
    run(
        json!({ "role_id": guest, "full_name": "Robert" }),
        &[(
            "users update",
            json!([change("full_name", "bob", "Robert"), change("role_id", member.clone(), guest.clone())]),
        )],
    );
    run(json!({ "is_active": false }), &[("users update", json!([change("is_active", true, false)]))]);
    run(json!({ "is_active": false, "role_id": guest }), &[]);
    let (team, events) = events_of(&ada, || ada.make("/teams", &json!({ "name": "One" })));
    assert_eq!(events.iter().map(|e| gist(e).0).collect::<Vec<_>>(), ["teams create"]);
    run(
        json!({ "team_ids": [team] }),
        &[("users update", json!([change("team_ids", json!([]), json!([team]))]))],
    );
    let ((), events) = events_of(&ada, || drop(ada.delete(&path).expect(204)));
    assert_eq!(events.iter().map(|e| gist(e).0).collect::<Vec<_>>(), ["users delete"]);
}

#[test]
fn what_fails_or_only_looks_is_not_told() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let task = format!("/tasks/{}", ada.task("Bake"));
    let tag = ada.make("/tags", &json!({ "name": "rye" }));
    let ((), events) = events_of(&ada, || {
        ada.get(&task).expect(200);
        ada.patch(&task, &json!({ "title": "" })).problem(422, "invalid");
        ada.patch(&task, &json!({ "title": "x", "assignee_ids": [tag] })).problem(422, "invalid");
        ada.send("PATCH", &task, &[("If-Match", "\"v9\"")], Some("{\"title\": \"x\"}")).problem(412, "stale");
        bob.patch(&task, &json!({ "title": "x" })).problem(404, "not-found");
        bob.delete(&task).problem(404, "not-found");
        ada.post("/tags", &json!({ "name": "rye" })).problem(409, "name-taken");
        ada.post("/users", &json!({})).problem(422, "invalid");
    });
    assert_eq!(events, Vec::<Value>::new());
}

#[test]
fn a_history_is_the_audit_events_of_the_row() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let comment = ada.make(&format!("/tasks/{task}/comments"), &json!({ "body": "Rye" }));
    let tag = ada.make("/tags", &json!({ "name": "rye" }));
    ada.put(&format!("/tasks/{task}/tags/{tag}")).expect(204);
    for title in ["Mill", "Sow"] {
        ada.patch(&format!("/tasks/{task}"), &json!({ "title": title })).expect(200);
    }
    ada.patch(&format!("/comments/{comment}"), &json!({ "body": "Oats" })).expect(200);
    ada.patch(&format!("/tags/{tag}"), &json!({ "name": "oats" })).expect(200);
    for (resource, id, count) in [("tasks", task, 4), ("comments", comment, 2), ("tags", tag, 2)] {
        let history = ada.all(&format!("/{resource}/{id}/history"));
        assert_eq!(history.len(), count, "{resource}");
        assert_eq!(history, ada.all(&format!("/audit-events?resource_id={id}")), "{resource}");
        assert_eq!(
            history,
            ada.all(&format!("/audit-events?resource_id={id}&resource={resource}")),
            "{resource}"
        );
        let pages = ada.get(&format!("/{resource}/{id}/history?limit=1")).expect(200);
        assert_eq!(pages["items"], json!([history[0]]));
        let next = pages["next_cursor"].as_str().unwrap();
        let second = ada.get(&format!("/{resource}/{id}/history?limit=1&cursor={next}")).expect(200);
        assert_eq!(second["items"], json!([history[1]]));
    }
}

#[test]
fn events_are_found_by_what_they_are_about() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let task = ada.task("Bake");
    server.clock.advance(chrono::Duration::hours(1));
    bob.task("Mill");
    ada.patch(&format!("/tasks/{task}"), &json!({ "title": "Sow" })).expect(200);
    let all = ada.all("/audit-events");
    let found = |filter: &str, keep: &dyn Fn(&Value) -> bool, least: usize| {
        let expected: Vec<Value> = all.iter().filter(|event| keep(event)).cloned().collect();
        assert!(expected.len() >= least && expected.len() < all.len(), "{filter}");
        assert_eq!(ada.all(&format!("/audit-events?{filter}")), expected, "{filter}");
    };
    let id = bob.id();
    found("resource=tasks", &|e| e["resource"] == "tasks", 3);
    found("action=update", &|e| e["action"] == "update", 1);
    found(&format!("actor_id={id}"), &|e| e["actor"]["id"] == id.as_str(), 2);
    found(&format!("resource_id={task}"), &|e| e["resource_id"] == task.as_str(), 2);
    let late = |e: &Value| e["at"] == "2026-01-01T10:00:00+01:00";
    found("from=2026-01-01T10:00:00%2B01:00", &late, 2);
    found("from=2026-01-01T09:00:00Z", &late, 2);
    found("from=2026-01-01T10:00:00", &late, 2);
    found("to=2026-01-01T10:00:00", &|e| !late(e), 3);
    found(
        &format!("resource=tasks&actor_id={id}&from=2026-01-01T10:00:00"),
        &|e| e["resource"] == "tasks" && late(e) && e["actor"]["id"] == id.as_str(),
        1,
    );
    let seqs: Vec<i64> = all.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] > pair[1]), "{seqs:?}");
    for bad in ["from=x", "actor_id=x", "resource_id=x", "when=now", "from=2026-03-29T02:30:00"] {
        assert_eq!(ada.get(&format!("/audit-events?{bad}")).status, 422, "{bad}");
    }
}

#[test]
fn guests_and_members_do_not_see_it_and_nobody_changes_it() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for role in ["guest", "member"] {
        server.person(&ada, role, role).get("/audit-events").problem(403, "forbidden");
    }
    let manager = server.person(&ada, "mia", "manager");
    assert_eq!(manager.all("/audit-events"), ada.all("/audit-events"));
    let id = ada.all("/audit-events")[0]["id"].as_str().unwrap().to_owned();
    for (method, path) in [("POST", "/audit-events".to_owned()), ("DELETE", "/audit-events".to_owned())] {
        ada.send(method, &path, &[], Some("{}")).problem(405, "method-not-allowed");
    }
    for method in ["GET", "PATCH", "DELETE"] {
        ada.send(method, &format!("/audit-events/{id}"), &[], Some("{}")).problem(404, "not-found");
    }
}

#[test]
fn the_history_goes_as_far_as_the_role() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let [own, team] = ["own", "team"].map(|scope| {
        let reader = role(scope, &[&format!("audit read {scope}"), "tasks create own"]);
        let id = ada.make("/roles", &reader);
        let person = server.person(&ada, scope, "guest");
        ada.patch(&format!("/users/{}", person.id()), &json!({ "role_id": id })).expect(200);
        person
    });
    let mate = server.person(&ada, "mate", "member");
    ada.make("/teams", &json!({ "name": "Ours", "member_ids": [team.id(), mate.id()] }));
    for somebody in [&ada, &own, &team, &mate] {
        somebody.task("Bake");
    }
    let all = ada.all("/audit-events");
    for (reader, people) in [(&own, vec![own.id()]), (&team, vec![team.id(), mate.id()])] {
        let in_reach = |event: &&Value| people.iter().any(|id| event["actor"]["id"] == id.as_str());
        let expected: Vec<Value> = all.iter().filter(in_reach).cloned().collect();
        assert!(expected.len() < all.len());
        assert_eq!(reader.all("/audit-events"), expected);
        let foreign = format!("/audit-events?actor_id={}", ada.id());
        assert_eq!(reader.all(&foreign), Vec::<Value>::new());
    }
}

#[test]
fn an_insane_request_id_is_replaced_and_the_new_one_told() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let long = "a".repeat(129);
    for id in ["", "a b", "a'b", "<x>", &long] {
        let reply = ada.send("POST", "/tasks", &[("X-Request-Id", id)], Some("{\"title\": \"x\"}"));
        let made = reply.header("x-request-id").unwrap().to_owned();
        assert!(made != id && made.len() == 36, "{made}");
        let task = reply.expect(201);
        let events = ada.all(&format!("/audit-events?resource_id={}", task["id"].as_str().unwrap()));
        assert_eq!(events[0]["request_id"], made);
    }
}
