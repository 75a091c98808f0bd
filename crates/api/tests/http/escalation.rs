//! Nobody gets more than they have: not by a role, not by a user, not by a field.

use serde_json::json;

use crate::harness::{Client, Server, settings};
use crate::roles::role;
use crate::storage_view::{at_once, ids};
use crate::users_teams_invitations::{acceptance, token_to};

/// Somebody who runs the people's office and holds nothing else.
fn officer(server: &Server, ada: &Client, scope: &str) -> Client {
    let lines: Vec<String> =
        ["create", "read", "update", "delete"].map(|a| format!("users {a} {scope}")).to_vec();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.push("roles read all");
    let role = server.custom_role("bakkerij", &format!("officer-{scope}"), &lines);
    let name = format!("olga-{scope}");
    let olga = server.person(ada, &name, "guest");
    ada.patch(&format!("/users/{}", olga.id()), &json!({ "role_id": role })).expect(200);
    olga
}

#[test]
fn nobody_gives_what_they_do_not_hold() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member").id();
    let olga = officer(&server, &ada, "all");
    let clerk = server.custom_role("bakkerij", "clerk", &["users read own"]);
    let (own, roles) = (format!("/users/{}", olga.id()), ["admin", "manager", "member"]);
    let dump = || (ada.all("/users"), ada.all("/users/invitations"));
    let before = dump();
    for role in roles.map(|name| ada.role(name)) {
        olga.patch(&own, &json!({ "role_id": role })).problem(403, "escalation");
        let invitee = json!({ "email": "x@x.example", "role_id": role });
        olga.post("/users/invitations", &invitee).problem(403, "escalation");
        let new = json!({ "email": "x@x.example", "full_name": "X", "role_id": role });
        olga.post("/users", &new).problem(403, "escalation");
    }
    // Nor is anybody touched who holds more: with their address comes their password.
    for id in [ada.id(), bob] {
        let path = format!("/users/{id}");
        for body in [
            json!({ "is_active": false }),
            json!({ "role_id": clerk }),
            json!({ "email": "olga@x.example" }),
            json!({ "full_name": "Nobody" }),
            json!({ "team_ids": [] }),
        ] {
            olga.patch(&path, &body).problem(403, "escalation");
        }
        olga.delete(&path).problem(403, "escalation");
    }
    assert_eq!(dump(), before);
    assert!(server.mail_to("x@x.example").is_empty());
    // What they hold, they give.
    let user = json!({ "email": "x@x.example", "full_name": "X", "role_id": clerk });
    let made = olga.make("/users", &user);
    olga.delete(&format!("/users/{made}")).expect(204);
}

#[test]
fn an_invitation_to_more_than_one_holds_is_left_alone() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let olga = officer(&server, &ada, "all");
    let body = json!({ "email": "ida@x.example", "role_id": ada.role("admin") });
    let path = format!("/users/invitations/{}", ada.make("/users/invitations", &body));
    olga.post(&format!("{path}/resend"), &json!({})).problem(403, "escalation");
    olga.delete(&path).problem(403, "escalation");
    assert_eq!(server.mail_to("ida@x.example").len(), 1);
    server
        .anonymous("bakkerij")
        .post("/users/invitations/accept", &acceptance(&token_to(&server, "ida@x.example")))
        .expect(201);
}

#[test]
fn who_reaches_only_themselves_changes_nobody_else() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let olga = officer(&server, &ada, "own");
    assert_eq!(ids(&olga.all("/users")), [olga.id()]);
    let path = format!("/users/{}", ada.id());
    olga.get(&path).problem(404, "not-found");
    olga.patch(&path, &json!({ "is_active": false })).problem(404, "not-found");
    olga.delete(&path).problem(404, "not-found");
    let own = format!("/users/{}", olga.id());
    olga.patch(&own, &json!({ "role_id": ada.role("admin") })).problem(403, "escalation");
    // Into a team they are not in nobody puts themselves: it would widen what `team` means.
    let team = ada.make("/teams", &json!({ "name": "One", "member_ids": [ada.id()] }));
    olga.patch(&own, &json!({ "team_ids": [team] })).problem(422, "invalid");
}

/// Who runs the teams of the workspace and sees their own team's tasks does not see everybody's by joining every team.
#[test]
fn nobody_widens_their_reach_by_joining_a_team() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let lines = [
        "teams create all",
        "teams read all",
        "teams update all",
        "users read all",
        "users update all",
        "tasks read team",
    ];
    let cleo = server.person(&ada, "cleo", "guest");
    let clerk = server.custom_role("bakkerij", "clerk", &lines);
    ada.patch(&format!("/users/{}", cleo.id()), &json!({ "role_id": clerk })).expect(200);
    let team = ada.make("/teams", &json!({ "name": "One", "member_ids": [ada.id()] }));
    ada.task("Secret");
    let (path, both) = (format!("/teams/{team}"), json!([ada.id(), cleo.id()]));
    let told = cleo.patch(&path, &json!({ "member_ids": both })).problem(403, "escalation");
    assert!(told["detail"].as_str().unwrap().contains("team"), "{told}");
    cleo.post("/teams", &json!({ "name": "Two", "member_ids": both })).problem(403, "escalation");
    let own = format!("/users/{}", cleo.id());
    cleo.patch(&own, &json!({ "team_ids": [team] })).problem(403, "escalation");
    assert_eq!(cleo.all("/tasks").len(), 0);
    assert_eq!(ada.get(&path).expect(200)["member_ids"], json!([ada.id()]));
    ada.patch(&path, &json!({ "member_ids": both })).expect(200);
    assert_eq!(cleo.all("/tasks").len(), 1);
}

/// Fields that the server sets, and fields of somebody else's business.
#[test]
fn no_field_lets_in_what_is_not_offered() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let task = bob.task("Bake");
    let comment = bob.make(&format!("/tasks/{task}/comments"), &json!({ "body": "x" }));
    let tag = bob.make("/tags", &json!({ "name": "rye" }));
    let common =
        ["id", "version", "created_at", "updated_at", "tenant_id", "plan", "is_admin", "permissions"];
    let cases = [
        (
            "POST",
            "/tasks".to_owned(),
            json!({ "title": "x" }),
            vec!["created_by_id", "author_id", "comments"],
        ),
        ("PATCH", format!("/tasks/{task}"), json!({}), vec!["created_by_id", "creator_id"]),
        ("POST", format!("/tasks/{task}/comments"), json!({ "body": "x" }), vec!["author_id", "task_id"]),
        ("PATCH", format!("/comments/{comment}"), json!({}), vec!["author_id", "task_id"]),
        ("POST", "/tags".to_owned(), json!({ "name": "oats" }), vec!["created_by_id"]),
        ("PATCH", format!("/tags/{tag}"), json!({}), vec!["created_by_id"]),
        (
            "PATCH",
            "/me".to_owned(),
            json!({}),
            vec!["email", "role_id", "role", "is_active", "team_ids", "password"],
        ),
    ];
    for (method, path, body, fields) in cases {
        for field in fields.into_iter().chain(common) {
            let mut body = body.clone();
            body[field] = json!(ada.id());
            let reply = bob.send(method, &path, &[], Some(&body.to_string()));
            assert_eq!(reply.status, 422, "{method} {path} {field}: {}", reply.text);
            assert_eq!(reply.problem(422, "unknown-field")["errors"][0]["field"], field);
        }
    }
    let role = ada.role("guest");
    let invitee = json!({ "email": "x@x.example", "role_id": role });
    let user = json!({ "email": "x@x.example", "role_id": role, "full_name": "X" });
    for (path, body, fields) in [
        (
            "/users/invitations",
            invitee,
            vec!["is_active", "password", "invited_by_id", "expires_at", "token"],
        ),
        ("/users", user, vec!["password", "password_hash", "has_joined", "joined_at"]),
        ("/teams", json!({ "name": "One" }), vec!["permissions"]),
        ("/auth/login", json!({ "email": "x@x.example", "password": "x" }), vec!["remember", "role_id"]),
        ("/users/invitations/accept", acceptance("x"), vec!["role_id", "email", "team_ids", "is_active"]),
    ] {
        for field in fields.into_iter().chain(["id", "plan", "tenant_id"]) {
            let mut body = body.clone();
            body[field] = json!(role);
            ada.post(path, &body).problem(422, "unknown-field");
        }
    }
}

/// What counts is the role as it is when the request is looked at: the caller's own, and the one that is given.
#[test]
fn a_role_that_is_edited_under_ones_feet_gives_what_it_permits_now() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let olga = officer(&server, &ada, "all");
    let own = format!("/roles/{}", ada.role("officer-all"));
    let baker = ada.make("/roles", &role("baker", &["users read own"]));
    let bob = server.person(&ada, "bob", "guest");
    let path = format!("/users/{}", bob.id());
    ada.patch(&path, &json!({ "role_id": baker })).expect(200);
    // Bob's role grows above hers: from then on she neither touches him nor gives it to anybody.
    olga.patch(&path, &json!({ "full_name": "Robert" })).expect(200);
    ada.patch(&format!("/roles/{baker}"), &role("baker", &["users read own", "tasks delete own"]))
        .expect(200);
    for body in
        [json!({ "full_name": "B" }), json!({ "is_active": false }), json!({ "email": "o@x.example" })]
    {
        olga.patch(&path, &body).problem(403, "escalation");
    }
    olga.delete(&path).problem(403, "escalation");
    olga.patch(&format!("/users/{}", olga.id()), &json!({ "role_id": baker })).problem(403, "escalation");
    let new = json!({ "email": "x@x.example", "full_name": "X", "role_id": baker });
    olga.post("/users", &new).problem(403, "escalation");
    // Hers shrinks below what she gave before, and then to nothing.
    ada.patch(&format!("/roles/{baker}"), &role("baker", &["users read own"])).expect(200);
    olga.patch(&path, &json!({ "full_name": "B" })).expect(200);
    ada.patch(&own, &role("officer-all", &["users update all"])).expect(200);
    olga.patch(&path, &json!({ "full_name": "C" })).problem(403, "escalation");
    ada.patch(&own, &role("officer-all", &[])).expect(200);
    olga.patch(&path, &json!({ "full_name": "C" })).problem(403, "forbidden");
    olga.patch(&own, &role("officer-all", &["users update all"])).problem(403, "forbidden");
}

/// Whichever comes first, she holds it when she gives it.
#[test]
fn a_role_is_given_while_it_grows_above_who_gives_it() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let olga = officer(&server, &ada, "all");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let guest = ada.make("/roles", &role("nothing", &[]));
    let user = json!({ "email": "x@x.example", "full_name": "X", "role_id": guest });
    let path = format!("/users/{}", ada.make("/users", &user));
    let small = role("baker", &["users read own"]);
    let baker = ada.make("/roles", &small);
    for round in 0..20 {
        let grown = role("baker", &["users read own", "workspace delete all"]);
        let replies = at_once(2, |i| match i {
            0 => there.patch(&format!("/roles/{baker}"), &grown),
            _ => olga.patch(&path, &json!({ "role_id": baker })),
        });
        assert_eq!(replies[0].status, 200, "round {round}: {}", replies[0].text);
        assert!([200, 403].contains(&replies[1].status), "round {round}: {}", replies[1].text);
        // Once it is above her, he is too.
        let has = ada.get(&path).expect(200)["role_id"] == json!(baker);
        assert_eq!(has, replies[1].status == 200, "round {round}");
        let taken = olga.patch(&path, &json!({ "role_id": guest })).status;
        assert_eq!(taken, if has { 403 } else { 200 }, "round {round}");
        ada.patch(&path, &json!({ "role_id": guest })).expect(200);
        ada.patch(&format!("/roles/{baker}"), &small).expect(200);
    }
}
