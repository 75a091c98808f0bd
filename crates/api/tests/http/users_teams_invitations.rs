//! Users, invitations, teams and roles: what a change of them means at the very next request.

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server, settings};
use crate::storage_view::{NOWHERE, at_once, ids};

/// The token in the last message to somebody who is invited.
pub(crate) fn token_to(server: &Server, email: &str) -> String {
    let message = server.mail_to(email).pop().unwrap();
    message.split_whitespace().find(|word| word.starts_with("bfi_")).unwrap().to_owned()
}

pub(crate) fn acceptance(token: &str) -> Value {
    json!({ "token": token, "full_name": "Ida", "password": PASSWORD })
}

#[test]
fn a_user_is_made_read_changed_and_deleted() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (member, guest) = (ada.role("member"), ada.role("guest"));
    let team = ada.make("/teams", &json!({ "name": "One" }));
    let new =
        json!({ "email": "BOB@bakkerij.example", "full_name": "Bob", "role_id": member, "team_ids": [team] });
    let made = ada.post("/users", &new).expect(201);
    assert_eq!((&made["email"], &made["has_joined"]), (&json!("bob@bakkerij.example"), &json!(false)));
    let path = format!("/users/{}", made["id"].as_str().unwrap());
    assert_eq!(ada.get(&path).expect(200), made);
    assert_eq!(ada.get(&format!("/teams/{team}")).expect(200)["member_ids"], json!([made["id"]]));
    let changed =
        ada.patch(&path, &json!({ "full_name": "Robert", "role_id": guest, "team_ids": [] })).expect(200);
    assert_eq!((&changed["full_name"], &changed["role_id"]), (&json!("Robert"), &json!(guest)));
    assert_eq!(ada.get(&path).expect(200), changed);
    ada.post("/users", &new).problem(409, "email-taken");
    ada.patch(&path, &json!({ "email": "ada@bakkerij.example" })).problem(409, "email-taken");
    for (field, value) in [("role_id", json!(NOWHERE)), ("team_ids", json!([NOWHERE]))] {
        let problem = ada.patch(&path, &json!({ field: value })).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    ada.delete(&path).expect(204);
    ada.delete(&path).problem(404, "not-found");
    assert_eq!(ids(&ada.all("/users")), [ada.id()]);
    ada.post("/users", &new).expect(201);
}

#[test]
fn an_invitation_is_accepted_once() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let team = ada.make("/teams", &json!({ "name": "One" }));
    let body = json!({ "email": "ida@bakkerij.example", "role_id": ada.role("member"), "team_ids": [team] });
    let made = ada.post("/users/invitations", &body).expect(201);
    assert!(!made.to_string().contains("bfi_"), "{made}");
    assert_eq!(ada.all("/users/invitations"), std::slice::from_ref(&made));
    let token = token_to(&server, "ida@bakkerij.example");
    let door = server.anonymous("bakkerij");
    let user = door.post("/users/invitations/accept", &acceptance(&token)).expect(201);
    assert_eq!((&user["role_id"], &user["team_ids"]), (&made["role_id"], &json!([team])));
    door.post("/users/invitations/accept", &acceptance(&token)).problem(404, "invitation-over");
    assert_eq!(door.log_in("ida@bakkerij.example").id(), user["id"].as_str().unwrap());
    assert!(ada.all("/users/invitations").is_empty());
    ada.post("/users/invitations", &body).problem(409, "email-taken");
}

#[test]
fn of_eight_who_accept_one_invitation_at_once_one_joins() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    ada.make(
        "/users/invitations",
        &json!({ "email": "ida@bakkerij.example", "role_id": ada.role("member") }),
    );
    let (token, door) = (token_to(&server, "ida@bakkerij.example"), server.anonymous("bakkerij"));
    let mut statuses = at_once(8, |_| door.post("/users/invitations/accept", &acceptance(&token)).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404, 404, 404, 404, 404, 404, 404]);
    assert_eq!(ada.all("/users").len(), 2);
}

#[test]
fn an_invitation_that_is_sent_again_revoked_or_too_old_is_not_accepted() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({ "email": "ida@bakkerij.example", "role_id": ada.role("member") });
    let path = format!("/users/invitations/{}", ada.make("/users/invitations", &body));
    let door = server.anonymous("bakkerij");
    let accept = |token: &str| door.post("/users/invitations/accept", &acceptance(token));
    ada.post("/users/invitations", &body).problem(409, "email-taken");

    let first = token_to(&server, "ida@bakkerij.example");
    ada.post(&format!("{path}/resend"), &json!({})).expect(200);
    accept(&first).problem(404, "invitation-over");
    let second = token_to(&server, "ida@bakkerij.example");
    assert_ne!(first, second);
    ada.delete(&path).expect(204);
    ada.delete(&path).problem(404, "not-found");
    ada.post(&format!("{path}/resend"), &json!({})).problem(404, "not-found");
    accept(&second).problem(404, "invitation-over");

    ada.make("/users/invitations", &body);
    let third = token_to(&server, "ida@bakkerij.example");
    let elsewhere = server.workspace("slagerij").with_token(None);
    elsewhere.post("/users/invitations/accept", &acceptance(&third)).problem(404, "invitation-over");
    server.clock.advance(chrono::Duration::days(7));
    accept(&third).problem(404, "invitation-over");
    for token in ["", "bfi_", "x", &third[..10]] {
        accept(token).problem(404, "invitation-over");
    }
    // What is too old is in nobody's way.
    let ada = door.log_in("ada@bakkerij.example");
    ada.make("/users/invitations", &body);
    accept(&token_to(&server, "ida@bakkerij.example")).expect(201);
}

#[test]
fn a_team_is_made_read_changed_and_deleted() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member").id();
    let made = ada.post("/teams", &json!({ "name": "One", "member_ids": [bob] })).expect(201);
    let path = format!("/teams/{}", made["id"].as_str().unwrap());
    assert_eq!(ada.get(&path).expect(200), made);
    ada.post("/teams", &json!({ "name": "One" })).problem(409, "name-taken");
    ada.post("/teams", &json!({ "name": "Two", "member_ids": [NOWHERE] })).problem(422, "invalid");
    let changed = ada.patch(&path, &json!({ "name": "Two", "member_ids": [] })).expect(200);
    assert_eq!((&changed["name"], &changed["member_ids"]), (&json!("Two"), &json!([])));
    ada.delete(&path).expect(204);
    ada.get(&path).problem(404, "not-found");
    assert_eq!(ada.get(&format!("/users/{bob}")).expect(200)["team_ids"], json!([]));
}

#[test]
fn who_is_in_a_team_counts_from_the_next_request_on() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let [bob, cleo] = ["bob", "cleo"].map(|name| server.person(&ada, name, "member"));
    let there = Client { address: server.second_process(&settings()), ..cleo.clone() };
    let path = format!("/tasks/{}", bob.task("Bake"));
    let seen = |status: u16| {
        for cleo in [&cleo, &there] {
            assert_eq!(cleo.get(&path).status, status);
            assert_eq!(cleo.all("/tasks").len(), usize::from(status == 200));
        }
    };
    seen(404);
    let team = ada.make("/teams", &json!({ "name": "One", "member_ids": [bob.id(), cleo.id()] }));
    seen(200);
    ada.patch(&format!("/teams/{team}"), &json!({ "member_ids": [bob.id()] })).expect(200);
    seen(404);
    ada.patch(&format!("/users/{}", cleo.id()), &json!({ "team_ids": [team] })).expect(200);
    seen(200);
    ada.delete(&format!("/teams/{team}")).expect(204);
    seen(404);
}

#[test]
fn who_is_deactivated_is_out_at_the_next_request_and_stays_out() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let there = Client { address: server.second_process(&settings()), ..bob.clone() };
    there.get("/me").expect(200);
    let path = format!("/users/{}", bob.id());
    ada.patch(&path, &json!({ "is_active": false })).expect(200);
    for bob in [&bob, &there] {
        bob.get("/me").problem(401, "not-authenticated");
        bob.post("/tasks", &json!({ "title": "x" })).problem(401, "not-authenticated");
    }
    let login = json!({ "email": "bob@bakkerij.example", "password": PASSWORD });
    let door = server.anonymous("bakkerij");
    door.post("/auth/login", &login).problem(401, "invalid-credentials");
    ada.patch(&path, &json!({ "is_active": true })).expect(200);
    // The sessions of before are over for good.
    bob.get("/me").problem(401, "not-authenticated");
    door.post("/auth/login", &login).expect(200);
}

#[test]
fn a_role_counts_from_the_next_request_of_an_open_session_on() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let there = Client { address: server.second_process(&settings()), ..bob.clone() };
    let path = format!("/users/{}", bob.id());
    for (role, tasks, users, audit) in [
        ("guest", 403, 403, 403),
        ("manager", 201, 403, 200),
        ("admin", 201, 201, 200),
        ("member", 201, 403, 403),
    ] {
        ada.patch(&path, &json!({ "role_id": ada.role(role) })).expect(200);
        for bob in [&bob, &there] {
            assert_eq!(bob.get("/me").expect(200)["role"], role);
            assert_eq!(bob.get("/me/permissions").expect(200)["role"], role);
            assert_eq!(bob.post("/tasks", &json!({ "title": "x" })).status, tasks, "{role}");
            let user = json!({ "email": format!("{role}{}@x.example", bob.address.port()), "full_name": "X",
                "role_id": ada.role("guest") });
            assert_eq!(bob.post("/users", &user).status, users, "{role}");
            assert_eq!(bob.get("/audit-events").status, audit, "{role}");
        }
    }
}

#[test]
fn who_is_deleted_is_out_and_leaves_their_work() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let [bob, cleo] = ["bob", "cleo"].map(|name| server.person(&ada, name, "member"));
    let (id, other) = (bob.id(), cleo.id());
    let own = bob.task("Bake");
    let said = bob.make(&format!("/tasks/{own}/comments"), &json!({ "body": "With rye." }));
    let links = json!({ "title": "Mill", "assignee_ids": [id, other], "viewer_ids": [id] });
    let shared = ada.make("/tasks", &links);
    ada.make("/teams", &json!({ "name": "One", "member_ids": [id] }));
    ada.delete(&format!("/users/{id}")).expect(204);

    bob.get("/me").problem(401, "not-authenticated");
    let login = json!({ "email": "bob@bakkerij.example", "password": PASSWORD });
    server.anonymous("bakkerij").post("/auth/login", &login).problem(401, "invalid-credentials");
    assert_eq!(ada.get(&format!("/tasks/{own}")).expect(200)["created_by_id"], id);
    assert_eq!(ada.get(&format!("/comments/{said}")).expect(200)["author_id"], id);
    let task = ada.get(&format!("/tasks/{shared}")).expect(200);
    assert_eq!((&task["assignee_ids"], &task["viewer_ids"]), (&json!([other]), &json!([])));
    let history = ada.all(&format!("/tasks/{shared}/history"));
    let mut told: Vec<_> =
        history.iter().take(2).map(|e| (e["action"].clone(), e["changes"].clone())).collect();
    told.sort_by_key(|(action, _)| action.to_string());
    let mut both = [id.clone(), other.clone()];
    both.sort();
    assert_eq!(
        told,
        [
            (json!("update"), json!([{ "field": "assignee_ids", "from": both, "to": [other] }])),
            (json!("viewer_removed"), json!([{ "field": "viewer_id", "from": id, "to": null }])),
        ]
    );
    assert!(history[..2].iter().all(|event| event["actor"]["id"] == ada.id()));
    assert_eq!(ada.all("/teams")[0]["member_ids"], json!([]));
}

#[test]
fn nobody_is_deleted_for_a_request_that_fails() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.make("/tasks", &json!({ "title": "Bake", "assignee_ids": [ada.id()] }));
    let before = ada.get(&format!("/tasks/{task}")).expect(200);
    let events = ada.all("/audit-events");
    ada.delete(&format!("/users/{}", ada.id())).problem(409, "last-admin");
    ada.send("DELETE", &format!("/users/{}", ada.id()), &[("If-Match", "\"v9\"")], None)
        .problem(412, "stale");
    assert_eq!(ada.get(&format!("/tasks/{task}")).expect(200), before);
    assert_eq!(ada.all("/audit-events"), events);
}

#[test]
fn the_last_active_admin_stays_one() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (member, admin) = (ada.role("member"), ada.role("admin"));
    let bob = server.person(&ada, "bob", "admin").id();
    // None of these can come in, so none of them counts.
    ada.patch(&format!("/users/{bob}"), &json!({ "is_active": false })).expect(200);
    ada.make("/users/invitations", &json!({ "email": "ida@x.example", "role_id": admin }));
    ada.make("/users", &json!({ "email": "eve@x.example", "full_name": "Eve", "role_id": admin }));
    let path = format!("/users/{}", ada.id());
    let (before, events) = (ada.get(&path).expect(200), ada.all("/audit-events"));
    for body in [
        json!({ "is_active": false }),
        json!({ "role_id": member }),
        json!({ "role_id": member, "full_name": "Other" }),
        json!({ "role_id": member, "is_active": false, "team_ids": [] }),
    ] {
        ada.patch(&path, &body).problem(409, "last-admin");
    }
    ada.delete(&path).problem(409, "last-admin");
    assert_eq!(ada.get(&path).expect(200), before);
    assert_eq!(ada.all("/audit-events"), events);
    // By somebody else who holds all that an admin holds, without being one.
    let all: Vec<String> = belfort_policy::BuiltIn::Admin.permissions().lines();
    let lines: Vec<&str> = all.iter().map(String::as_str).collect();
    let twin = server.custom_role("bakkerij", "twin", &lines);
    ada.patch(&format!("/users/{bob}"), &json!({ "is_active": true, "role_id": twin })).expect(200);
    let bob = server.anonymous("bakkerij").log_in("bob@bakkerij.example");
    bob.patch(&path, &json!({ "is_active": false })).problem(409, "last-admin");
    bob.patch(&path, &json!({ "role_id": twin })).problem(409, "last-admin");
    bob.delete(&path).problem(409, "last-admin");
    assert_eq!(server.admins("bakkerij"), [ada.id()]);
    // With a second one, the first may go.
    bob.patch(&format!("/users/{}", bob.id()), &json!({ "role_id": admin })).expect(200);
    bob.delete(&path).expect(204);
    assert_eq!(server.admins("bakkerij"), [bob.id()]);
}

#[test]
fn two_admins_who_remove_each_other_at_once_leave_one() {
    let server = Server::start();
    let second = server.second_process(&settings());
    let mut left = server.workspace("bakkerij");
    let (admin, member) = (left.role("admin"), left.role("member"));
    let mut right = server.person(&left, "bob", "admin");
    let mut refused = 0;
    for round in 0..100 {
        let there = Client { address: second, ..right.clone() };
        let pair = [(&left, right.id()), (&there, left.id())];
        let replies = at_once(2, |i| {
            let (caller, target) = &pair[i];
            let path = format!("/users/{target}");
            match round % 10 {
                0 => caller.delete(&path),
                n if n % 2 == 0 => caller.patch(&path, &json!({ "is_active": false })),
                _ => caller.patch(&path, &json!({ "role_id": member })),
            }
        });
        let statuses = [replies[0].status, replies[1].status];
        let winner = statuses.iter().position(|status| [200, 204].contains(status));
        let winner = winner.unwrap_or_else(|| panic!("round {round}: {statuses:?}"));
        let loser = statuses[1 - winner];
        assert!(
            [409, 401, 403, 404].contains(&loser),
            "round {round}: {statuses:?} {}",
            replies[1 - winner].text
        );
        refused += usize::from(loser == 409);
        let stays = if winner == 0 { left.clone() } else { right.clone() };
        let (gone, id) = if winner == 0 { (&right, pair[0].1.clone()) } else { (&left, pair[1].1.clone()) };
        assert_eq!(server.admins("bakkerij"), [stays.id()], "round {round}: {statuses:?}");
        let back = match round % 10 {
            0 => server.person(&stays, &format!("bob{round}"), "admin"),
            n => {
                let email =
                    stays.get(&format!("/users/{id}")).expect(200)["email"].as_str().unwrap().to_owned();
                stays
                    .patch(&format!("/users/{id}"), &json!({ "is_active": true, "role_id": admin }))
                    .expect(200);
                if n % 2 == 0 { server.anonymous("bakkerij").log_in(&email) } else { gone.clone() }
            }
        };
        (left, right) = (stays, back);
    }
    assert!(refused <= 100);
}

#[test]
fn everybody_changes_their_own_name() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let gil = server.person(&ada, "gil", "guest");
    assert_eq!(gil.patch("/me", &json!({ "full_name": "Gilles" })).expect(200)["full_name"], "Gilles");
    assert_eq!(ada.get(&format!("/users/{}", gil.id())).expect(200)["full_name"], "Gilles");
    gil.send("PATCH", "/me", &[("If-Match", "\"v1\"")], Some("{\"full_name\": \"G\"}")).problem(412, "stale");
}
