//! The workspace: what its people see of it and may change of it.

use belfort_tenancy::postgres::{Address, tenants};
use belfort_tenancy::{Host, Plan, Slug};
use serde_json::{Value, json};

use crate::harness::{Client, Server, settings};
use crate::input::{fields, pairs};
use crate::roles::role;
use crate::storage_view::at_once;

/// Somebody with a role of the workspace's own that has these permissions.
fn person(server: &Server, ada: &Client, name: &str, lines: &[&str]) -> Client {
    let id = ada.make("/roles", &role(name, lines));
    let person = server.person(ada, name, "guest");
    ada.patch(&format!("/users/{}", person.id()), &json!({ "role_id": id })).expect(200);
    person
}

#[test]
fn the_workspace_is_read_and_renamed() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    server.workspace("slagerij");
    let read = ada.get("/workspace");
    let tag = read.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("\"v1-"), "{tag}");
    let row = read.expect(200);
    let counts = json!({ "users": 1, "teams": 0, "roles": 4, "tasks": 0, "tags": 0 });
    let expected = json!({ "id": row["id"], "slug": "bakkerij", "name": "bakkerij", "plan": "free", "domains": [],
        "counts": counts, "created_at": "2026-01-01T09:00:00+01:00" });
    assert_eq!(row, expected);
    assert_eq!(server.schema("bakkerij"), format!("t_{}", row["id"].as_str().unwrap().replace('-', "")));
    assert_eq!(ada.send("GET", "/workspace", &[("If-None-Match", &tag)], None).status, 304);

    let body = json!({ "name": " De bakkerij " }).to_string();
    let renamed = ada.send("PATCH", "/workspace", &[("If-Match", &tag)], Some(&body));
    assert!(renamed.header("etag").unwrap().starts_with("\"v2-"));
    let renamed = renamed.expect(200);
    assert_eq!(renamed["name"], "De bakkerij");
    assert_eq!(ada.get("/workspace").expect(200), renamed);
    ada.send("PATCH", "/workspace", &[("If-Match", &tag)], Some(&body)).problem(412, "stale");
    let events = ada.all("/audit-events?resource=workspace&action=update");
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["resource_id"], &events[0]["actor"]["id"]), (&row["id"], &json!(ada.id())));
    assert_eq!(events[0]["changes"], json!([{ "field": "name", "from": "bakkerij", "to": "De bakkerij" }]));
    // What changes nothing is no change.
    for body in [json!({}), json!({ "name": "De bakkerij" })] {
        assert!(ada.patch("/workspace", &body).header("etag").unwrap().starts_with("\"v2-"));
    }
    assert_eq!(ada.all("/audit-events?resource=workspace&action=update"), events);
    let names = server.sql("SELECT name::text FROM public.tenants ORDER BY slug");
    assert_eq!(names, ["De bakkerij", "slagerij"]);
}

#[test]
fn nothing_but_the_name_is_the_workspaces_to_change() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let before = ada.get("/workspace").expect(200);
    for (field, value) in [
        ("slug", json!("slagerij")),
        ("plan", json!("business")),
        ("status", json!("active")),
        ("domains", json!(["x.example"])),
        ("counts", json!({})),
        ("id", before["id"].clone()),
        ("created_at", before["created_at"].clone()),
        ("version", json!(9)),
        ("lane", json!(1)),
    ] {
        let refused =
            ada.patch("/workspace", &json!({ "name": "Other", field: value })).problem(422, "unknown-field");
        assert_eq!(fields(&refused), pairs(&[(field, "unknown-field")]));
    }
    for (name, code) in [
        (json!(""), "too-short"),
        (json!("a\nb"), "forbidden-character"),
        (json!("é".repeat(201)), "too-long"),
        (json!(null), "invalid-type"),
    ] {
        let refused = ada.patch("/workspace", &json!({ "name": name })).problem(422, "invalid");
        assert_eq!(fields(&refused), pairs(&[("name", code)]));
    }
    assert_eq!(ada.get("/workspace").expect(200), before);
    ada.patch("/workspace", &json!({ "name": "é".repeat(200) })).expect(200);
    for method in ["POST", "PUT"] {
        ada.send(method, "/workspace", &[], Some("{}")).problem(405, "method-not-allowed");
    }
}

#[test]
fn a_new_name_is_read_at_once_on_every_server() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    for round in 0..5 {
        for (writer, reader) in [(&ada, &there), (&there, &ada)] {
            let name = format!("{round} {}", writer.address);
            writer.patch("/workspace", &json!({ "name": name })).expect(200);
            for caller in [writer, reader] {
                assert_eq!(caller.get("/workspace").expect(200)["name"], json!(name));
            }
        }
    }
    // What the operator changes, too.
    let tenancy = server.db.tenancy();
    let id = tenancy.find(&Address::Slug(Slug::parse("bakkerij").unwrap())).unwrap().unwrap().id;
    let tag = ada.get("/workspace").header("etag").unwrap().to_owned();
    tenants::set_plan(&mut server.db.control(), id, Plan::Business).unwrap();
    let mut tx = server.db.begin_control();
    tenants::add_domain(&mut tx, id, &Host::parse("taken.example").unwrap()).unwrap();
    tx.commit().unwrap();
    for caller in [&ada, &there] {
        let row = caller.get("/workspace").expect(200);
        assert_eq!((&row["plan"], &row["domains"]), (&json!("business"), &json!(["taken.example"])));
        caller
            .send("PATCH", "/workspace", &[("If-Match", &tag)], Some("{\"name\": \"x\"}"))
            .problem(412, "stale");
    }
}

#[test]
fn of_two_who_rename_it_at_once_the_one_who_goes_by_what_was_hears_of_it() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    for round in 0..15 {
        let tag = ada.get("/workspace").header("etag").unwrap().to_owned();
        let mut statuses = at_once(2, |i| {
            let body = json!({ "name": format!("{round} {i}") }).to_string();
            [&ada, &there][i].send("PATCH", "/workspace", &[("If-Match", &tag)], Some(&body)).status
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "round {round}");
    }
    assert_eq!(ada.all("/audit-events?resource=workspace&action=update").len(), 15);
}

#[test]
fn a_count_is_of_what_its_reader_can_list() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let all = ["users read", "teams read", "tasks read", "tags read"];
    let mut people = vec![ada.clone(), server.person(&ada, "mia", "manager")];
    for scope in ["own", "team", "all"] {
        let mut lines: Vec<String> = all.iter().map(|what| format!("{what} {scope}")).collect();
        lines.extend([
            "workspace read all".to_owned(),
            format!("tasks create {scope}"),
            format!("tags create {scope}"),
        ]);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        people.push(person(&server, &ada, &format!("scope-{scope}"), &lines));
    }
    let ids: Vec<String> = people.iter().map(Client::id).collect();
    ada.make("/teams", &json!({ "name": "One", "member_ids": [ids[3], bob.id()] }));
    ada.make("/teams", &json!({ "name": "Two", "member_ids": [ids[2]] }));
    ada.make("/teams", &json!({ "name": "Three" }));
    for (number, caller) in people.iter().chain([&bob]).enumerate() {
        for n in 0..=number {
            caller.task(&format!("{n}"));
        }
        caller.make("/tags", &json!({ "name": format!("{number}") }));
    }
    ada.make("/tasks", &json!({ "title": "Shown", "viewer_ids": [ids[2]], "assignee_ids": [ids[3]] }));
    let mut told = Vec::new();
    for caller in &people {
        let counts = caller.get("/workspace").expect(200)["counts"].clone();
        for (what, count) in counts.as_object().unwrap() {
            let list = caller.get(&format!("/{what}"));
            let expected =
                if list.status == 200 { json!(caller.all(&format!("/{what}")).len()) } else { json!(null) };
            assert_eq!(*count, expected, "{what}");
        }
        told.push(counts["tasks"].as_i64().unwrap());
    }
    // 22 in all. For oneself: one's three and the one that is shown. For the team: one's four, the one that is assigned, bob's six.
    assert_eq!(told, [22, 22, 4, 11, 22]);
    // Who may see nothing of it is told nothing of it, not even that there is none.
    let eve = person(&server, &ada, "eve", &["workspace read all"]);
    let counts = json!({ "users": null, "teams": null, "roles": null, "tasks": null, "tags": null });
    assert_eq!(eve.get("/workspace").expect(200)["counts"], counts);
    for role in ["member", "guest"] {
        server.person(&ada, role, role).get("/workspace").problem(403, "forbidden");
    }
}

/// With the tables out of the way, a count of them would be a 500.
#[test]
fn what_is_not_granted_is_not_counted() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let eve = person(&server, &ada, "eve", &["workspace read all", "teams read all"]);
    let schema = server.schema("bakkerij");
    for table in ["tasks", "tags"] {
        server.meddle(&format!("ALTER TABLE {schema}.{table} RENAME TO {table}_away"));
    }
    ada.get("/workspace").problem(500, "internal");
    assert_eq!(eve.get("/workspace").expect(200)["counts"]["teams"], 0);
}

/// The counts are in the bytes and so in the tag, but what is compared before a change is the version of the row.
#[test]
fn a_count_that_changed_is_in_the_tag_and_in_nobodys_way() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let tag = ada.get("/workspace").header("etag").unwrap().to_owned();
    ada.task("Bake");
    let now = ada.send("GET", "/workspace", &[("If-None-Match", &tag)], None);
    assert_eq!(now.status, 200);
    assert_ne!(now.header("etag"), Some(tag.as_str()));
    ada.send("PATCH", "/workspace", &[("If-Match", &tag)], Some("{\"name\": \"x\"}")).expect(200);
}

#[test]
fn the_workspace_is_nobodys_own() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let before: Value = ada.get("/workspace").expect(200)["name"].clone();
    for scope in ["own", "team"] {
        let lines = [format!("workspace read {scope}"), format!("workspace update {scope}")];
        let eve = server.person(&ada, scope, "guest");
        let id = server.custom_role("bakkerij", scope, &[&lines[0], &lines[1]]);
        ada.patch(&format!("/users/{}", eve.id()), &json!({ "role_id": id })).expect(200);
        eve.get("/workspace").problem(403, "forbidden");
        for body in [json!({ "name": "Mine" }), json!({})] {
            eve.patch("/workspace", &body).problem(403, "forbidden");
        }
    }
    assert_eq!(ada.get("/workspace").expect(200)["name"], before);
    let carl = person(&server, &ada, "carl", &["workspace update all"]);
    carl.get("/workspace").problem(403, "forbidden");
    assert_eq!(carl.patch("/workspace", &json!({ "name": "Ours" })).expect(200)["name"], "Ours");
}
