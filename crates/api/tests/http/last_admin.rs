//! There is always an admin who could come in, by whichever path another one leaves.

use std::collections::BTreeMap;

use belfort_auth::SessionToken;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Reply, Server, settings};
use crate::roles::role;
use crate::storage_view::at_once;
use crate::users_teams_invitations::{acceptance, token_to};

/// The ways in which one admin removes another.
const WAYS: [&str; 3] = ["delete", "demote", "deactivate"];

fn remove(caller: &Client, way: &str, user: &str, guest: &str) -> Reply {
    let path = format!("/users/{user}");
    match way {
        "delete" => caller.delete(&path),
        "demote" => caller.patch(&path, &json!({ "role_id": guest })),
        _ => caller.patch(&path, &json!({ "is_active": false })),
    }
}

/// Fails to log in as somebody until they are locked out.
fn lock_out(server: &Server, email: &str) {
    let door = server.anonymous("bakkerij");
    let wrong = json!({ "email": email, "password": "something else" });
    for _ in 0..5 {
        door.post("/auth/login", &wrong).problem(401, "invalid-credentials");
    }
    door.post("/auth/login", &json!({ "email": email, "password": PASSWORD }))
        .problem(429, "too-many-requests");
}

/// Everybody who is made to be removed: an id and a session each.
fn crowd(server: &Server, size: usize) -> Vec<(String, String)> {
    let schema = server.schema("bakkerij");
    let people: Vec<_> = (0..size).map(|_| SessionToken::generate()).collect();
    let row = |(n, token): (usize, &SessionToken)| {
        format!(
            "(gen_random_uuid(), gen_random_uuid(), 'u{n}@x.example', sha256('{}'::bytea))",
            token.reveal()
        )
    };
    let rows: Vec<String> = people.iter().enumerate().map(row).collect();
    server.meddle(&format!(
        "CREATE TEMP TABLE crowd (id, session, email, digest) AS VALUES {};
         INSERT INTO {schema}.users (id, email, full_name, created_at, updated_at) SELECT id, email, email, now(), now() FROM crowd;
         INSERT INTO {schema}.members (user_id, role_id, is_active, joined_at)
             SELECT c.id, r.id, true, now() FROM crowd c JOIN {schema}.roles r ON r.name = 'guest';
         INSERT INTO {schema}.sessions (id, user_id, digest, created_at, expires_at)
             SELECT session, id, digest, now(), '2099-01-01' FROM crowd",
        rows.join(",")
    ));
    let ids = server.sql(&format!("SELECT id::text FROM {schema}.users WHERE email LIKE 'u%' ORDER BY substr(email, 2, strpos(email, '@') - 2)::int"));
    ids.into_iter().zip(people.iter().map(|token| token.reveal().to_owned())).collect()
}

/// Each on a server of their own. Whoever is second finds that nobody would be left; or, if the first was done before they
/// were so much as asked who they are, that they are nobody, or no admin, any more.
#[test]
fn two_admins_who_remove_each_other_a_thousand_times_leave_one_each_time() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = server.second_process(&settings());
    let (schema, guest) = (server.schema("bakkerij"), ada.role("guest"));
    let crowd = crowd(&server, 2_000);
    let mut behind = server.db.superuser();
    let mut told: BTreeMap<(u16, String), usize> = BTreeMap::new();
    for (round, pair) in crowd.chunks(2).enumerate() {
        let ways = [WAYS[round % 3], WAYS[round / 3 % 3]];
        behind
            .batch_execute(&format!(
                "UPDATE {schema}.members m SET role_id = r.id FROM {schema}.roles r
                 WHERE r.name = CASE WHEN m.user_id IN ('{}', '{}') THEN 'admin' ELSE 'guest' END AND m.role_id <> r.id",
                pair[0].0, pair[1].0
            ))
            .unwrap();
        let callers =
            [ada.with_token(Some(&pair[0].1)), Client { address: there, ..ada.with_token(Some(&pair[1].1)) }];
        let replies = at_once(2, |i| remove(&callers[i], ways[i], &pair[1 - i].0, &guest));
        let at = format!(
            "round {round}, {ways:?}: {} {}, {} {}",
            replies[0].status, replies[0].text, replies[1].status, replies[1].text
        );
        let winners: Vec<usize> = (0..2).filter(|i| [200, 204].contains(&replies[*i].status)).collect();
        assert_eq!(winners.len(), 1, "{at}");
        let (winner, other) = (winners[0], 1 - winners[0]);
        let left: Vec<String> = diesel::dsl::sql::<Text>(&format!(
            "SELECT user_id::text FROM {schema}.members m JOIN {schema}.roles r ON r.id = m.role_id
             WHERE r.name = 'admin' AND is_active AND joined_at IS NOT NULL"
        ))
        .load(&mut behind)
        .unwrap();
        assert_eq!(left, [pair[winner].0.clone()], "{at}");
        let answer = (replies[other].status, replies[other].body["code"].as_str().unwrap().to_owned());
        let too_late = if ways[winner] == "demote" { (403, "forbidden") } else { (401, "not-authenticated") };
        let expected = [(409, "last-admin"), too_late];
        assert!(expected.contains(&(answer.0, answer.1.as_str())), "{at}");
        *told.entry(answer).or_default() += 1;
    }
    assert_eq!(told.values().sum::<usize>(), 1_000);
    // Else they did not meet.
    assert!(told[&(409, "last-admin".to_owned())] > 100, "{told:?}");
}

/// Whom a stranger locks out has no part in who may be removed: neither is the honest admin kept from removing the dishonest
/// one, nor is it easier for the dishonest one. Each way, on both servers, with the session of `acting` from before.
fn admins_remove_each_other_while_one_is_locked_out(is_acting_locked_out: bool) {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = server.second_process(&settings());
    let (admin, guest) = (ada.role("admin"), ada.role("guest"));
    for (n, (way, address)) in WAYS.into_iter().flat_map(|way| [(way, ada.address), (way, there)]).enumerate()
    {
        let bob = server.person(&ada, &format!("bob{n}"), "admin");
        let locked_out = if is_acting_locked_out { "ada".to_owned() } else { format!("bob{n}") };
        lock_out(&server, &format!("{locked_out}@bakkerij.example"));
        let caller = Client { address, ..ada.clone() };
        let reply = remove(&caller, way, &bob.id(), &guest);
        assert!([200, 204].contains(&reply.status), "{way}: {} {}", reply.status, reply.text);
        assert_eq!(server.admins("bakkerij"), [ada.id()]);
        // Nobody else could come in, so the one who is left stays.
        for way in WAYS {
            remove(&caller, way, &ada.id(), &guest).problem(409, "last-admin");
        }
        let harmless = json!({ "full_name": "A", "is_active": true, "role_id": admin });
        caller.patch(&format!("/users/{}", ada.id()), &harmless).expect(200);
        server.clock.advance(chrono::Duration::minutes(15));
    }
}

#[test]
fn an_admin_who_is_locked_out_removes_another() {
    admins_remove_each_other_while_one_is_locked_out(true);
}

#[test]
fn an_admin_removes_another_who_is_locked_out() {
    admins_remove_each_other_while_one_is_locked_out(false);
}

/// Who is locked out can be the one who remains: it is over in minutes, and nobody outside can make it last.
#[test]
fn an_admin_who_is_locked_out_may_be_the_one_who_remains() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "admin");
    lock_out(&server, "bob@bakkerij.example");
    ada.patch(&format!("/users/{}", ada.id()), &json!({ "is_active": false })).expect(200);
    assert_eq!(server.admins("bakkerij"), [bob.id()]);
    server.clock.advance(chrono::Duration::minutes(15));
    server.anonymous("bakkerij").log_in("bob@bakkerij.example");
}

/// Somebody who holds everything without being an admin cannot take the last one either, be they locked out or not.
#[test]
fn the_last_admin_who_is_locked_out_stays() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let all = belfort_policy::BuiltIn::Admin.permissions().lines();
    let twin = ada.make("/roles", &role("twin", &all.iter().map(String::as_str).collect::<Vec<_>>()));
    let bob = server.person(&ada, "bob", "guest");
    ada.patch(&format!("/users/{}", bob.id()), &json!({ "role_id": twin })).expect(200);
    lock_out(&server, "ada@bakkerij.example");
    for way in WAYS {
        remove(&bob, way, &ada.id(), &twin).problem(409, "last-admin");
    }
    // Nor by way of the role.
    let path = format!("/roles/{}", ada.role("admin"));
    bob.patch(&path, &json!({ "permissions": [] })).problem(409, "last-admin");
    bob.patch(&path, &json!({ "name": "x" })).problem(409, "last-admin");
    bob.delete(&path).problem(409, "last-admin");
    assert_eq!(server.admins("bakkerij"), [ada.id()]);
}

#[test]
fn an_invitation_makes_nobody_twice_and_nobody_else() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let admin = ada.role("admin");
    // Whoever is there is not invited, least of all by themselves, in whatever capitals.
    for email in ["ada@bakkerij.example", "ADA@Bakkerij.example", "bob@bakkerij.example"] {
        let invitee = json!({ "email": email, "role_id": admin });
        ada.post("/users/invitations", &invitee).problem(409, "email-taken");
    }
    let invitee = json!({ "email": "ida@x.example", "role_id": admin });
    ada.make("/users/invitations", &invitee);
    ada.patch(&format!("/users/{}", bob.id()), &json!({ "email": "ida@x.example" }))
        .problem(409, "email-taken");
    // Who is invited is no admin yet.
    for way in WAYS {
        remove(&ada, way, &ada.id(), &ada.role("guest")).problem(409, "last-admin");
    }
    // The token says who, and as what: nothing that is sent along does.
    let door = server.anonymous("bakkerij");
    let mut more = acceptance(&token_to(&server, "ida@x.example"));
    more["email"] = json!("ada@bakkerij.example");
    door.post("/users/invitations/accept", &more).problem(422, "unknown-field");
    let ida =
        door.post("/users/invitations/accept", &acceptance(&token_to(&server, "ida@x.example"))).expect(201);
    ada.patch(&format!("/users/{}", ada.id()), &json!({ "is_active": false })).expect(200);
    assert_eq!(server.admins("bakkerij"), [ida["id"].as_str().unwrap()]);
}

/// An invitation is to a role, not to what the role was: whoever edits the role confers what it is by the time that somebody joins.
#[test]
fn who_joins_has_the_role_as_it_is_then() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let officer =
        ada.make("/roles", &role("officer", &["users create all", "users delete all", "tasks read own"]));
    let baker = ada.make("/roles", &role("baker", &["tasks read own"]));
    let olga = server.person(&ada, "olga", "guest");
    ada.patch(&format!("/users/{}", olga.id()), &json!({ "role_id": officer })).expect(200);
    let invitee = json!({ "email": "ida@x.example", "role_id": baker });
    let path = format!("/users/invitations/{}", olga.make("/users/invitations", &invitee));
    ada.patch(&format!("/roles/{baker}"), &role("baker", &["tasks read all"])).expect(200);
    // It is above who invited now: they neither send it again nor take it back.
    olga.post(&format!("{path}/resend"), &json!({})).problem(403, "escalation");
    olga.delete(&path).problem(403, "escalation");
    olga.post("/users/invitations", &json!({ "email": "eve@x.example", "role_id": baker }))
        .problem(403, "escalation");
    ada.delete(&format!("/roles/{baker}")).problem(409, "role-in-use");
    ada.patch(&format!("/roles/{baker}"), &role("baker", &[])).expect(200);
    let door = server.anonymous("bakkerij");
    door.post("/users/invitations/accept", &acceptance(&token_to(&server, "ida@x.example"))).expect(201);
    let ida = door.log_in("ida@x.example");
    assert_eq!(ida.get("/me/permissions").expect(200)["permissions"], json!([]));
    ida.get("/tasks").problem(403, "forbidden");
}

/// Of accepting and of what ends the token that is accepted, one happens.
#[test]
fn an_invitation_is_accepted_while_it_is_revoked_or_sent_again() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let (door, guest) = (server.anonymous("bakkerij"), ada.role("guest"));
    for round in 0..24 {
        let email = format!("ida{round}@x.example");
        let path = format!(
            "/users/invitations/{}",
            ada.make("/users/invitations", &json!({ "email": email, "role_id": guest }))
        );
        let token = token_to(&server, &email);
        let replies = at_once(2, |i| match (i, round % 2) {
            (0, _) => door.post("/users/invitations/accept", &acceptance(&token)),
            (_, 0) => there.delete(&path),
            _ => there.post(&format!("{path}/resend"), &json!({})),
        });
        let users: Vec<Value> =
            ada.all("/users").into_iter().filter(|user| user["email"] == json!(email)).collect();
        let done = if round % 2 == 0 { 204 } else { 200 };
        match (replies[0].status, replies[1].status) {
            (201, 404) => assert_eq!(users.len(), 1),
            (404, status) if status == done => assert!(users.is_empty()),
            _ => panic!("round {round}: {} {}", replies[0].text, replies[1].text),
        }
    }
}

#[test]
fn an_address_is_given_once_also_by_three_at_once() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let bob = format!("/users/{}", server.person(&ada, "bob", "member").id());
    let guest = ada.role("guest");
    for round in 0..12 {
        let email = format!("x{round}@x.example");
        let mut statuses = at_once(3, |i| match i {
            0 => ada.post("/users/invitations", &json!({ "email": email, "role_id": guest })).status,
            1 => there.post("/users", &json!({ "email": email, "full_name": "X", "role_id": guest })).status,
            _ => ada.patch(&bob, &json!({ "email": email })).status,
        });
        statuses.retain(|status| *status != 409);
        assert!([vec![200], vec![201]].contains(&statuses), "round {round}: {statuses:?}");
    }
}
