//! Roles of the workspace's own: what they permit, whom they are given to, and who may change them.

use serde_json::{Value, json};

use crate::harness::{Client, Server, settings};
use crate::input::{fields, pairs};
use crate::storage_view::{NOWHERE, at_once};

/// A permission, from its words.
pub(crate) fn permission(line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    json!({ "resource": words[0], "action": words[1], "scope": words[2] })
}

/// A role to be made.
pub(crate) fn role(name: &str, lines: &[&str]) -> Value {
    json!({ "name": name, "permissions": lines.iter().map(|line| permission(line)).collect::<Vec<_>>() })
}

#[test]
fn a_role_is_made_read_changed_and_deleted() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let reply = ada.post("/roles", &role("Baker", &["tasks read all", "comments create own"]));
    let location = reply.header("location").unwrap().to_owned();
    assert_eq!(reply.header("etag"), Some("\"v1\""));
    let made = reply.expect(201);
    assert_eq!(location, format!("/api/v1/roles/{}", made["id"].as_str().unwrap()));
    assert_eq!((&made["name"], &made["is_builtin"]), (&json!("Baker"), &json!(false)));
    let lines = json!([permission("comments create own"), permission("tasks read all")]);
    assert_eq!(made["permissions"], lines);
    let path = location.trim_start_matches("/api/v1");
    assert_eq!(ada.get(path).expect(200), made);
    assert_eq!(ada.send("GET", path, &[("If-None-Match", "\"v1\"")], None).status, 304);

    let body = role("Miller", &[]).to_string();
    let changed = ada.send("PATCH", path, &[("If-Match", "\"v1\"")], Some(&body));
    assert_eq!(changed.header("etag"), Some("\"v2\""));
    assert_eq!(changed.expect(200)["permissions"], json!([]));
    for method in ["PATCH", "DELETE"] {
        ada.send(method, path, &[("If-Match", "\"v1\"")], Some("{}")).problem(412, "stale");
    }
    // What changes nothing is no change.
    let same = ada.patch(path, &json!({ "name": " Miller ", "permissions": [] }));
    assert_eq!(same.header("etag"), Some("\"v2\""));
    ada.delete(path).expect(204);
    ada.delete(path).problem(404, "not-found");
    ada.patch(path, &json!({})).problem(404, "not-found");

    let events =
        ada.all(&format!("/audit-events?resource=roles&resource_id={}", made["id"].as_str().unwrap()));
    let told: Vec<_> =
        events.iter().map(|event| (event["action"].clone(), event["changes"].clone())).collect();
    let lines = json!(["comments create own", "tasks read all"]);
    let change = |field: &str, from: Value, to: Value| json!({ "field": field, "from": from, "to": to });
    assert_eq!(
        told,
        [
            (
                json!("delete"),
                json!([
                    change("name", json!("Miller"), json!(null)),
                    change("permissions", json!([]), json!(null))
                ])
            ),
            (
                json!("update"),
                json!([
                    change("name", json!("Baker"), json!("Miller")),
                    change("permissions", lines.clone(), json!([]))
                ])
            ),
            (
                json!("create"),
                json!([
                    change("name", json!(null), json!("Baker")),
                    change("permissions", json!(null), lines)
                ])
            ),
        ]
    );
}

#[test]
fn a_role_that_is_sent_twice_under_one_key_is_made_once() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = role("Baker", &["tasks read all"]).to_string();
    let send = |body: &str| ada.send("POST", "/roles", &[("Idempotency-Key", "k")], Some(body));
    let replies = at_once(4, |_| send(&body));
    let first = replies[0].body.clone();
    assert!(replies.iter().all(|reply| reply.status == 201 && reply.body == first));
    send(&role("Miller", &[]).to_string()).problem(422, "idempotency-key-reused");
    assert_eq!(ada.all("/roles").len(), 5);
}

#[test]
fn the_admin_role_is_neither_edited_nor_deleted() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    // Also not by somebody who holds all of it without being one, nor by one who holds less.
    let all = belfort_policy::BuiltIn::Admin.permissions().lines();
    let mut people = vec![ada.clone()];
    for (name, lines) in [
        ("twin", all.iter().map(String::as_str).collect()),
        ("clerk", vec!["roles update all", "roles delete all"]),
    ] {
        let role = ada.make("/roles", &role(name, &lines));
        let person = server.person(&ada, name, "guest");
        ada.patch(&format!("/users/{}", person.id()), &json!({ "role_id": role })).expect(200);
        people.push(person);
    }
    let path = format!("/roles/{}", ada.role("admin"));
    let (before, events) = (ada.get(&path).expect(200), ada.all("/audit-events"));
    for person in &people {
        for body in [
            json!({ "name": "boss" }),
            json!({ "name": "Admin" }),
            json!({ "permissions": [] }),
            json!({ "name": "admin", "permissions": [permission("tasks read all")] }),
        ] {
            person.patch(&path, &body).problem(409, "last-admin");
        }
        person.delete(&path).problem(409, "last-admin");
    }
    assert_eq!(ada.patch(&path, &json!({ "name": "admin" })).expect(200), before);
    assert_eq!(ada.get(&path).expect(200), before);
    assert_eq!(ada.all("/audit-events"), events);
}

#[test]
fn the_other_built_in_roles_are_roles_like_others() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "manager");
    let [manager, member, guest] =
        ["manager", "member", "guest"].map(|name| format!("/roles/{}", ada.role(name)));
    let changed = ada.patch(&manager, &role("lead", &["tasks read own"])).expect(200);
    assert_eq!((&changed["name"], &changed["is_builtin"]), (&json!("lead"), &json!(true)));
    bob.get("/users").problem(403, "forbidden");
    ada.delete(&manager).problem(409, "role-in-use");
    for path in [member, guest] {
        ada.delete(&path).expect(204);
    }
    // A name that is free again makes nothing built-in of whoever takes it.
    assert_eq!(ada.post("/roles", &role("manager", &[])).expect(201)["is_builtin"], json!(false));
}

#[test]
fn no_two_roles_are_called_the_same_in_any_capitals() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let baker = format!("/roles/{}", ada.make("/roles", &role("Bäcker", &[])));
    for name in ["admin", "Admin", "ADMIN", " aDmin ", "bäcker", "BÄCKER", "Guest"] {
        ada.post("/roles", &role(name, &[])).problem(409, "name-taken");
    }
    for name in ["Admin", "MANAGER"] {
        ada.patch(&baker, &json!({ "name": name })).problem(409, "name-taken");
        ada.patch(&format!("/roles/{}", ada.role("member")), &json!({ "name": name }))
            .problem(409, "name-taken");
    }
    // One's own name in other capitals is one's own.
    ada.patch(&baker, &json!({ "name": "BÄCKER" })).expect(200);
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let mut statuses = at_once(6, |i| {
        let who = if i % 2 == 0 { &ada } else { &there };
        who.post("/roles", &role(if i < 3 { "Miller" } else { "MILLER" }, &[])).status
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    for (name, code) in [
        ("", "too-short"),
        (" \t", "too-short"),
        ("a\nb", "forbidden-character"),
        (&"é".repeat(51), "too-long"),
    ] {
        let refused = ada.post("/roles", &role(name, &[])).problem(422, "invalid");
        assert_eq!(fields(&refused), pairs(&[("name", code)]));
    }
    assert_eq!(ada.make("/roles", &role(&"é".repeat(50), &[])).len(), 36);
}

#[test]
fn what_is_wrong_with_a_permission_is_told() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/roles/{}", ada.make("/roles", &role("Baker", &["tasks read own"])));
    let before = ada.get(&path).expect(200);
    for (lines, code) in [
        (vec!["castles read all"], "invalid-choice"),
        (vec!["tasks export all"], "invalid-choice"),
        (vec!["tasks read none"], "invalid-choice"),
        (vec!["tasks read own", "tags read own", "tasks read all"], "invalid"),
    ] {
        for reply in [ada.post("/roles", &role("x", &lines)), ada.patch(&path, &role("x", &lines))] {
            assert_eq!(fields(&reply.problem(422, "invalid")), pairs(&[("permissions", code)]), "{lines:?}");
        }
    }
    let mut more = permission("tasks read own");
    more["is_admin"] = json!(true);
    let unknown =
        ada.post("/roles", &json!({ "name": "x", "permissions": [more] })).problem(422, "unknown-field");
    assert_eq!(fields(&unknown), pairs(&[("permissions", "unknown-field")]));
    let twice = "{\"name\": \"x\", \"permissions\": [{\"resource\": \"tasks\", \"action\": \"read\", \"scope\": \"own\", \"scope\": \"all\"}]}";
    let told = ada.send("POST", "/roles", &[], Some(twice)).problem(422, "invalid");
    assert_eq!(fields(&told), pairs(&[("permissions", "invalid")]));
    // All at once.
    let body = json!({ "name": "", "permissions": [7], "is_builtin": true });
    let told = ada.post("/roles", &body).problem(422, "invalid");
    let mut told = fields(&told);
    told.sort();
    let expected = [("is_builtin", "unknown-field"), ("name", "too-short"), ("permissions", "invalid-type")];
    assert_eq!(told, pairs(&expected));
    assert_eq!(ada.get(&path).expect(200), before);
    assert_eq!(ada.all("/roles").len(), 5);
}

/// Somebody who runs the roles and holds little else.
pub(crate) fn clerk(server: &Server, ada: &Client) -> Client {
    let lines = ["roles create all", "roles read all", "roles update all", "roles delete all"];
    let id =
        ada.make("/roles", &role("clerk", &[&lines[..], &["tasks read team", "tags read own"]].concat()));
    let person = server.person(ada, "clerk", "guest");
    ada.patch(&format!("/users/{}", person.id()), &json!({ "role_id": id })).expect(200);
    person
}

#[test]
fn nobody_makes_or_edits_a_role_above_their_own() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let carl = clerk(&server, &ada);
    let own = format!("/roles/{}", carl.role("clerk"));
    let little = format!("/roles/{}", carl.make("/roles", &role("little", &["tasks read own"])));
    let before = ada.all("/roles");
    for lines in [
        vec!["tasks read all"],
        vec!["tags read team"],
        vec!["tasks create own"],
        vec!["tasks read own", "users update own"],
        vec!["workspace delete all"],
    ] {
        carl.post("/roles", &role("more", &lines)).problem(403, "escalation");
        carl.patch(&own, &role("clerk", &lines)).problem(403, "escalation");
        carl.patch(&little, &role("little", &lines)).problem(403, "escalation");
    }
    // Nor is a role touched that permits more: who has it would lose what the clerk cannot give.
    for path in ["manager", "member", "guest"].map(|name| format!("/roles/{}", carl.role(name))) {
        for body in [json!({ "name": "x" }), json!({ "permissions": [] }), json!({})] {
            carl.patch(&path, &body).problem(403, "escalation");
        }
        carl.delete(&path).problem(403, "escalation");
    }
    assert_eq!(ada.all("/roles"), before);
    // What they hold, as far as it goes, they give and take.
    carl.patch(&little, &role("little", &["tasks read team", "roles update all"])).expect(200);
    carl.delete(&little).expect(204);
    carl.patch(&own, &role("clerk", &["roles update all"])).expect(200);
    carl.patch(&own, &role("clerk", &["roles update all", "tasks read own"])).problem(403, "escalation");
}

#[test]
fn a_role_is_nobodys_own() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/roles/{}", ada.make("/roles", &role("little", &[])));
    for scope in ["own", "team"] {
        // From the time before such a scope was refused: it never permitted a change of anything.
        let lines = ["create", "read", "update", "delete"].map(|action| format!("roles {action} {scope}"));
        let id = server.custom_role(
            "bakkerij",
            scope,
            &[&lines[0], &lines[1], &lines[2], &lines[3], "tasks read own"],
        );
        let carl = server.person(&ada, scope, "guest");
        ada.patch(&format!("/users/{}", carl.id()), &json!({ "role_id": id })).expect(200);
        carl.get("/tasks").expect(200);
        carl.get("/roles").problem(403, "forbidden");
        carl.post("/roles", &role("x", &[])).problem(403, "forbidden");
        let own = format!("/roles/{id}");
        for path in [&path, &own, &format!("/roles/{NOWHERE}")] {
            carl.patch(path, &json!({ "permissions": [] })).problem(403, "forbidden");
            carl.delete(path).problem(403, "forbidden");
        }
        // What is read of it can be sent back.
        let read = ada.get(&own).expect(200);
        assert_eq!(read["permissions"], json!([permission("tasks read own")]));
        ada.patch(&own, &json!({ "permissions": read["permissions"] })).expect(200);
    }
}

#[test]
fn a_scope_that_means_nothing_for_its_resource_is_refused() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/roles/{}", ada.make("/roles", &role("little", &[])));
    for line in ["roles read own", "roles update team", "workspace read team", "workspace delete own"] {
        let body = role("x", &["tasks read own", line]);
        for reply in [ada.post("/roles", &body), ada.patch(&path, &body)] {
            let told = reply.problem(422, "invalid");
            assert_eq!(fields(&told), pairs(&[("permissions", "invalid-choice")]), "{line}");
            let detail = told["errors"][0]["detail"].as_str().unwrap();
            assert_eq!(detail, "[1] scope must be all, because nobody owns this resource");
        }
    }
    assert_eq!(ada.get(&path).expect(200)["permissions"], json!([]));
    ada.patch(&path, &role("x", &["roles read all", "workspace read all", "audit read own"])).expect(200);
}

#[test]
fn a_role_that_somebody_has_or_is_invited_to_stays() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let id = ada.make("/roles", &role("baker", &["tasks read own"]));
    let path = format!("/roles/{id}");
    let invitee = json!({ "email": "ida@x.example", "role_id": id });
    let invitation = format!("/users/invitations/{}", ada.make("/users/invitations", &invitee));
    ada.delete(&path).problem(409, "role-in-use");
    ada.delete(&invitation).expect(204);
    // Also of somebody who cannot come in.
    let user = json!({ "email": "eve@x.example", "full_name": "Eve", "role_id": id, "is_active": false });
    let eve = format!("/users/{}", ada.make("/users", &user));
    ada.delete(&path).problem(409, "role-in-use");
    ada.patch(&eve, &json!({ "role_id": ada.role("guest") })).expect(200);
    ada.delete(&path).expect(204);
    for reply in [ada.patch(&eve, &json!({ "role_id": id })), ada.post("/users/invitations", &invitee)] {
        assert_eq!(fields(&reply.problem(422, "invalid")), pairs(&[("role_id", "unknown-id")]));
    }
}

#[test]
fn a_changed_role_counts_from_the_next_request_on_every_server() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = server.second_process(&settings());
    let id = ada.make("/roles", &role("baker", &["tasks read own"]));
    let other = ada.make("/roles", &role("miller", &["tasks read own", "tasks create own"]));
    let bob = server.person(&ada, "bob", "guest");
    let user = format!("/users/{}", bob.id());
    ada.patch(&user, &json!({ "role_id": id })).expect(200);
    let bobs = [bob.clone(), Client { address: there, ..bob }];
    let adas = [ada.clone(), Client { address: there, ..ada.clone() }];
    let may = |create: bool| {
        for bob in &bobs {
            bob.get("/tasks").expect(200);
            assert_eq!(bob.post("/tasks", &json!({ "title": "x" })).status, if create { 201 } else { 403 });
            let has = bob.get("/me/permissions").expect(200)["permissions"].as_array().unwrap().len();
            assert_eq!(has, if create { 2 } else { 1 });
        }
    };
    may(false);
    for ada in &adas {
        // By an edit of the role.
        let path = format!("/roles/{id}");
        ada.patch(&path, &role("baker", &["tasks read own", "tasks create own"])).expect(200);
        may(true);
        ada.patch(&path, &role("baker", &["tasks read own"])).expect(200);
        may(false);
        // By another role.
        ada.patch(&user, &json!({ "role_id": other })).expect(200);
        may(true);
        ada.patch(&user, &json!({ "role_id": id })).expect(200);
        may(false);
    }
    adas[1].patch(&user, &json!({ "is_active": false })).expect(200);
    for bob in &bobs {
        bob.get("/me").problem(401, "not-authenticated");
    }
}
