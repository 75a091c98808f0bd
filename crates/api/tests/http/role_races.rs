//! Roles that are changed, given and deleted at the same moment.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde_json::json;

use crate::harness::{Client, Server, settings};
use crate::roles::{clerk, permission, role};
use crate::storage_view::at_once;
use crate::users_teams_invitations::{acceptance, token_to};

/// Whoever comes second waits and then finds the role gone, or given.
#[test]
fn a_role_is_deleted_while_it_is_given() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let guest = ada.role("guest");
    let user = json!({ "email": "eve@x.example", "full_name": "Eve", "role_id": guest });
    let eve = format!("/users/{}", ada.make("/users", &user));
    let (mut given, mut gone) = (0, 0);
    for round in 0..60 {
        let id = ada.make("/roles", &role("baker", &["tasks read own"]));
        let path = format!("/roles/{id}");
        let invitee = json!({ "email": format!("ida{round}@x.example"), "role_id": id });
        let new = json!({ "email": format!("u{round}@x.example"), "full_name": "U", "role_id": id });
        let replies = at_once(2, |i| match (i, round % 3) {
            (0, _) => ada.delete(&path),
            (_, 0) => there.patch(&eve, &json!({ "role_id": id })),
            (_, 1) => there.post("/users/invitations", &invitee),
            _ => there.post("/users", &new),
        });
        match (replies[0].status, replies[1].status) {
            (204, 422) => gone += 1,
            (409, 200 | 201) => {
                given += 1;
                assert_eq!(replies[0].body["code"], "role-in-use");
                match round % 3 {
                    0 => ada.patch(&eve, &json!({ "role_id": guest })).expect(200),
                    1 => ada
                        .delete(&format!("/users/invitations/{}", replies[1].body["id"].as_str().unwrap()))
                        .expect(204),
                    _ => {
                        ada.delete(&format!("/users/{}", replies[1].body["id"].as_str().unwrap())).expect(204)
                    }
                };
                ada.delete(&path).expect(204);
            }
            _ => panic!("round {round}: {} {}", replies[0].text, replies[1].text),
        }
        ada.get(&path).problem(404, "not-found");
    }
    assert_eq!(given + gone, 60);
}

/// The invitation has the role until the user has it: at no moment nobody does.
#[test]
fn a_role_is_deleted_while_an_invitation_to_it_is_accepted() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..server.anonymous("bakkerij") };
    for round in 0..40 {
        let id = ada.make("/roles", &role(&format!("baker {round}"), &["tasks read own"]));
        let email = format!("ida{round}@x.example");
        ada.make("/users/invitations", &json!({ "email": email, "role_id": id }));
        let token = token_to(&server, &email);
        let joined = AtomicBool::new(false);
        at_once(3, |i| {
            if i == 0 {
                let reply = there.post("/users/invitations/accept", &acceptance(&token));
                joined.store(true, Relaxed);
                return reply.expect(201);
            }
            // A password is hashed first: once would be long before.
            while !joined.load(Relaxed) {
                ada.delete(&format!("/roles/{id}")).problem(409, "role-in-use");
            }
            json!(null)
        });
    }
}

#[test]
fn of_two_edits_at_once_none_is_lost() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    for round in 0..20 {
        let id = ada.make("/roles", &role(&format!("baker {round}"), &[]));
        let path = format!("/roles/{id}");
        let name = format!("miller {round}");
        at_once(2, |i| match i {
            0 => ada.patch(&path, &json!({ "name": name })).expect(200),
            _ => there.patch(&path, &json!({ "permissions": [permission("tasks read own")] })).expect(200),
        });
        let reply = ada.get(&path);
        assert_eq!(reply.header("etag"), Some("\"v3\""));
        let row = reply.expect(200);
        assert_eq!((&row["name"], row["permissions"].as_array().unwrap().len()), (&json!(name), 1));
        // Of two who both go by what they read, one hears that it is so no more.
        let mut statuses = at_once(2, |i| {
            let body = role(&format!("x {round} {i}"), &[]).to_string();
            [&ada, &there][i].send("PATCH", &path, &[("If-Match", "\"v3\"")], Some(&body)).status
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
}

/// Each time the role is above the clerk's by the time that the clerk's edit has its turn: whoever went by what it was before
/// would have taken part of it.
#[test]
fn a_role_that_grows_at_the_same_time_is_above_who_edits_it() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let carl = clerk(&server, &ada);
    let carl = Client { address: server.second_process(&settings()), ..carl };
    for round in 0..30 {
        let path = format!("/roles/{}", ada.make("/roles", &role(&format!("r{round}"), &["tasks read own"])));
        let replies = at_once(2, |i| match i {
            0 => ada.patch(&path, &role(&format!("grown{round}"), &["tasks read own", "users delete all"])),
            _ => carl.patch(&path, &json!({ "permissions": [permission("tags read own")] })),
        });
        assert_eq!(replies[0].status, 200, "{}", replies[0].text);
        assert!([200, 403].contains(&replies[1].status), "{}", replies[1].text);
        // Whoever was first, the one who holds it all has the last word.
        let row = ada.get(&path).expect(200);
        let lines = [permission("tasks read own"), permission("users delete all")];
        assert_eq!((&row["name"], &row["permissions"]), (&json!(format!("grown{round}")), &json!(lines)));
    }
}
