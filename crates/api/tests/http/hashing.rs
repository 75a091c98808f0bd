//! Hashing of passwords: how much of it a login is, how much there is at once, and who waits for whom.

use belfort_api::Settings;
use belfort_auth::Limit;
use serde_json::json;

use crate::harness::{Client, PASSWORD, Server, settings};
use crate::load::Sent;
use crate::storage_view::at_once;
use crate::users_teams_invitations::{acceptance, token_to};

fn server() -> Server {
    let login = Limit::new(10_000, chrono::Duration::minutes(15));
    Server::with(Settings { login, ..settings() })
}

fn try_in(door: &Client, email: &str, password: &str) -> u16 {
    door.post("/auth/login", &json!({ "email": email, "password": password })).status
}

/// Who guesses addresses learns nothing from the time that a login takes.
#[test]
fn a_login_takes_one_hash_whoever_it_is_for() {
    let server = server();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member").id();
    ada.patch(&format!("/users/{bob}"), &json!({ "is_active": false })).expect(200);
    let eve = json!({ "email": "eve@bakkerij.example", "full_name": "Eve", "role_id": ada.role("guest") });
    ada.make("/users", &eve);
    let door = server.anonymous("bakkerij");
    for (name, password, status) in [
        ("ada", PASSWORD, 200),
        ("ada", "wrong", 401),
        ("bob", PASSWORD, 401),
        ("eve", PASSWORD, 401),
        ("nobody", PASSWORD, 401),
    ] {
        let before = server.hasher.load().computed;
        assert_eq!(try_in(&door, &format!("{name}@bakkerij.example"), password), status, "{name}");
        assert_eq!(server.hasher.load().computed, before + 1, "{name}");
    }
}

/// Each takes 19 MiB. Those for people who are not there take their turns like the others.
#[test]
fn no_more_passwords_are_hashed_at_once_than_there_are_cores() {
    let server = server();
    server.workspace("bakkerij");
    let cores = std::thread::available_parallelism().unwrap().get();
    let logins = 10 * cores;
    let (door, before) = (server.anonymous("bakkerij"), server.hasher.load().computed);
    let statuses = at_once(logins, |n| {
        let name = if n % 2 == 0 { "ada".to_owned() } else { format!("nobody{n}") };
        try_in(&door, &format!("{name}@bakkerij.example"), "wrong")
    });
    let load = server.hasher.load();
    let refused = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(load.computed - before, u64::try_from(refused).unwrap(), "{statuses:?}");
    assert!(refused > cores, "{statuses:?}");
    assert!((1..=cores).contains(&load.most_at_once), "{load:?}");
}

#[test]
fn who_is_known_does_not_queue_behind_a_storm_of_logins() {
    let server = server();
    let ada = server.workspace("bakkerij");
    ada.make("/users/invitations", &json!({ "email": "ida@x.example", "role_id": ada.role("member") }));
    let (token, door) = (token_to(&server, "ida@x.example"), server.anonymous("bakkerij"));
    let body = json!({ "email": "nobody@bakkerij.example", "password": PASSWORD }).to_string();
    let storm: Vec<Sent> = (0..60).map(|_| Sent::new(&door, "POST", "/auth/login", &body)).collect();
    let new = json!({ "current_password": PASSWORD, "new_password": "another long one" });
    ada.post("/auth/password", &new).expect(204);
    door.post("/users/invitations/accept", &acceptance(&token)).expect(201);
    let queued = storm.iter().filter(|sent| sent.waits()).count();
    assert!(queued > 8, "{queued} logins are left: somebody who is known waited for the others");
    for sent in storm {
        let (status, text) = sent.answer();
        assert!(status == 401 || status == 503, "{text}");
    }
}
