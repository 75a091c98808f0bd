//! Coming in, going out, and what a stolen, guessed or foreign token is worth.

use belfort_auth::Limit;
use chrono::Duration;
use serde_json::json;

use crate::harness::{Client, PASSWORD, Reply, Server, settings};
use crate::storage_view::at_once;

const ADA: &str = "ada@bakkerij.example";

fn try_in(at: &Client, email: &str, password: &str) -> Reply {
    at.post("/auth/login", &json!({ "email": email, "password": password }))
}

/// What a reply says, but for what is each request's own.
fn said(reply: &Reply) -> (u16, String, Vec<(String, String)>) {
    let own = ["date", "x-request-id"];
    let headers = reply.headers().into_iter().filter(|(name, _)| !own.contains(&name.as_str())).collect();
    (reply.status, reply.text.clone(), headers)
}

#[test]
fn a_login_answers_with_a_token_its_end_and_the_user() {
    let server = Server::start();
    server.workspace("bakkerij");
    let body = try_in(&server.anonymous("bakkerij"), &ADA.to_uppercase(), PASSWORD).expect(200);
    let mut fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["expires_at", "token", "user"]);
    assert!(body["token"].as_str().unwrap().starts_with("bft_"));
    assert_eq!(body["expires_at"], "2026-01-15T09:00:00+01:00");
    assert_eq!((&body["user"]["email"], &body["user"]["is_active"]), (&json!(ADA), &json!(true)));
    assert!(!body.to_string().contains("hash"), "{body}");
}

#[test]
fn whoever_cannot_come_in_is_told_the_same() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let role = ada.role("member");
    let bob = server.person(&ada, "bob", "member").id();
    ada.patch(&format!("/users/{bob}"), &json!({ "is_active": false })).expect(200);
    let invitee = json!({ "email": "ida@bakkerij.example", "role_id": role });
    ada.post("/users/invitations", &invitee).expect(201);
    let new = json!({ "email": "eve@bakkerij.example", "full_name": "Eve", "role_id": role });
    ada.post("/users", &new).expect(201);
    let door = server.anonymous("bakkerij");
    let wrong = try_in(&door, ADA, "wrong");
    assert_eq!(wrong.header("content-type"), Some("application/problem+json"));
    assert_eq!((wrong.status, wrong.body["code"].as_str()), (401, Some("invalid-credentials")));
    assert_eq!(wrong.header("set-cookie"), None);
    let passwords = [PASSWORD, "wrong", ""];
    for email in
        ["bob@bakkerij.example", "nobody@bakkerij.example", "ida@bakkerij.example", "eve@bakkerij.example"]
    {
        for password in passwords {
            assert_eq!(said(&try_in(&door, email, password)), said(&wrong), "{email}");
        }
    }
}

#[test]
fn a_token_is_stored_as_a_digest_only() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let token = ada.token.clone().unwrap();
    let schema = server.schema("bakkerij");
    let rows = server.sql(&format!("SELECT s::text || encode(digest, 'escape') FROM {schema}.sessions s"));
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].contains(&token) && !rows[0].contains(token.trim_start_matches("bft_")), "{}", rows[0]);
    let hashes = server.sql(&format!("SELECT password_hash FROM {schema}.credentials"));
    assert!(hashes[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashes:?}");
    // Nowhere else either.
    let everything =
        server.contents(&format!("relnamespace IN ('{schema}'::regnamespace, 'public'::regnamespace)"));
    assert!(everything.len() > 10 && !everything.iter().any(|t| t.contains(&token) || t.contains(PASSWORD)));
}

#[test]
fn a_logout_ends_the_session_and_no_other() {
    let server = Server::start();
    let here = server.workspace("bakkerij");
    let there = server.anonymous("bakkerij").log_in(ADA);
    let out = here.post("/auth/logout", &json!({}));
    let cookie = out.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("belfort_session=;") && cookie.contains("Max-Age=0"), "{cookie}");
    out.expect(204);
    here.get("/me").problem(401, "not-authenticated");
    here.post("/auth/logout", &json!({})).problem(401, "not-authenticated");
    there.get("/me").expect(200);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_or_all_but_this() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let others: Vec<Client> = (0..3).map(|_| server.anonymous("bakkerij").log_in(ADA)).collect();
    let listed = ada.get("/auth/sessions").expect(200)["items"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed.iter().filter(|s| s["is_current"] == true).count(), 1);
    assert!(listed.iter().all(|s| s["ip"] == "127.0.0.1" && s.get("token").is_none()));

    // Page by page, the newest first.
    let mut paged = Vec::new();
    let mut page = ada.get("/auth/sessions?limit=1").expect(200);
    while let Some(cursor) = page["next_cursor"].as_str().map(str::to_owned) {
        paged.extend(page["items"].as_array().unwrap().clone());
        bob.get(&format!("/auth/sessions?limit=1&cursor={cursor}")).problem(400, "bad-cursor");
        page = ada.get(&format!("/auth/sessions?limit=1&cursor={cursor}")).expect(200);
    }
    paged.extend(page["items"].as_array().unwrap().clone());
    assert_eq!(paged, listed);
    assert_eq!(listed[3]["is_current"], true, "the first login is the oldest");

    let current = |client: &Client| {
        let items = client.get("/auth/sessions").expect(200)["items"].as_array().unwrap().clone();
        items.iter().find(|s| s["is_current"] == true).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/auth/sessions/{}", current(&others[0]));
    // Nobody ends a session of somebody else's.
    bob.delete(&path).problem(404, "not-found");
    ada.delete(&path).expect(204);
    ada.delete(&path).problem(404, "not-found");
    others[0].get("/me").problem(401, "not-authenticated");
    others[1].get("/me").expect(200);

    ada.delete("/auth/sessions").expect(204);
    ada.get("/me").expect(200);
    others[1].get("/me").problem(401, "not-authenticated");
    others[2].get("/me").problem(401, "not-authenticated");
    bob.get("/me").expect(200);
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let other = server.anonymous("bakkerij").log_in(ADA);
    let change = |current: &str| {
        ada.post(
            "/auth/password",
            &json!({ "current_password": current, "new_password": "another long one" }),
        )
    };
    let wrong = change("not it").problem(422, "invalid");
    assert_eq!(wrong["errors"][0]["field"], "current_password");
    other.get("/me").expect(200);
    change(PASSWORD).expect(204);
    ada.get("/me").expect(200);
    other.get("/me").problem(401, "not-authenticated");
    let door = server.anonymous("bakkerij");
    try_in(&door, ADA, PASSWORD).problem(401, "invalid-credentials");
    try_in(&door, ADA, "another long one").expect(200);
}

#[test]
fn the_current_password_is_guessed_no_more_often_than_at_the_login() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({ "current_password": "guess", "new_password": "another long one" });
    for _ in 0..5 {
        ada.post("/auth/password", &body).problem(422, "invalid");
    }
    ada.post("/auth/password", &body).problem(429, "too-many-requests");
    try_in(&server.anonymous("bakkerij"), ADA, PASSWORD).problem(429, "too-many-requests");
}

#[test]
fn a_token_is_good_in_its_own_workspace_alone() {
    let server = Server::start();
    let (ada, eve) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    ada.at(&eve.host).get("/me").problem(401, "not-authenticated");
    eve.at(&ada.host).get("/me").problem(401, "not-authenticated");
    ada.get("/me").expect(200);
    for token in
        ["", "bft_", "x", &ada.token.clone().unwrap()[..20], &format!("{}x", ada.token.clone().unwrap())]
    {
        ada.with_token(Some(token)).get("/me").problem(401, "not-authenticated");
    }
    let token = ada.token.clone().unwrap();
    for value in
        [token.clone(), format!("Basic {token}"), format!("Bearer {token} {token}"), "Bearer".to_owned()]
    {
        let bare = ada.with_token(None);
        bare.send("GET", "/me", &[("Authorization", &value)], None).problem(401, "not-authenticated");
    }
    ada.with_token(None)
        .send("GET", "/me", &[("Authorization", &format!("bearer {token}"))], None)
        .expect(200);
}

pub(crate) fn cookie_of(server: &Server) -> String {
    let reply = try_in(&server.anonymous("bakkerij"), ADA, PASSWORD);
    reply.header("set-cookie").unwrap().to_owned()
}

#[test]
fn a_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let server = Server::start();
    server.workspace("bakkerij");
    let cookie = cookie_of(&server);
    let mut parts: Vec<&str> = cookie.split("; ").collect();
    let pair = parts.remove(0);
    parts.sort_unstable();
    assert!(pair.starts_with("belfort_session=bft_"), "{cookie}");
    assert_eq!(parts, ["HttpOnly", "Max-Age=1209600", "Path=/", "SameSite=Lax"]);

    let secure = Server::with(belfort_api::Settings { secure_cookies: true, ..settings() });
    secure.workspace("bakkerij");
    assert!(cookie_of(&secure).split("; ").any(|part| part == "Secure"));
}

#[test]
fn a_session_is_over_after_14_days() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    server.clock.advance(Duration::days(14) - Duration::seconds(1));
    ada.get("/me").expect(200);
    server.clock.advance(Duration::seconds(1));
    ada.get("/me").problem(401, "not-authenticated");
}

#[test]
fn after_five_failures_even_the_right_password_has_to_wait_at_every_process() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let here = server.anonymous("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..here.clone() };
    for n in 0..5 {
        try_in(if n % 2 == 0 { &here } else { &there }, ADA, "wrong").problem(401, "invalid-credentials");
    }
    for door in [&here, &there] {
        for password in [PASSWORD, "wrong"] {
            let refused = try_in(door, ADA, password);
            assert_eq!(refused.header("retry-after"), Some("901"));
            refused.problem(429, "too-many-requests");
        }
    }
    // Nobody else waits: not another user, not somebody of the same address elsewhere, not an open session.
    here.log_in("bob@bakkerij.example");
    ada.get("/me").expect(200);
    bob.get("/me").expect(200);
    server.clock.advance(Duration::minutes(15));
    try_in(&there, ADA, PASSWORD).expect(200);
}

#[test]
fn somebody_who_is_not_there_is_locked_out_like_anybody() {
    let server = Server::start();
    server.workspace("bakkerij");
    let door = server.anonymous("bakkerij");
    for _ in 0..5 {
        try_in(&door, "nobody@bakkerij.example", "x").problem(401, "invalid-credentials");
    }
    try_in(&door, "nobody@bakkerij.example", "x").problem(429, "too-many-requests");
    // Another spelling is the same address.
    try_in(&door, " NOBODY@bakkerij.example", "x").problem(429, "too-many-requests");
}

#[test]
fn a_login_that_succeeds_costs_nothing() {
    let server = Server::start();
    server.workspace("bakkerij");
    let door = server.anonymous("bakkerij");
    for _ in 0..4 {
        try_in(&door, ADA, "wrong").problem(401, "invalid-credentials");
    }
    for _ in 0..8 {
        try_in(&door, ADA, PASSWORD).expect(200);
    }
    try_in(&door, ADA, "wrong").problem(401, "invalid-credentials");
    try_in(&door, ADA, "wrong").problem(429, "too-many-requests");
}

#[test]
fn of_forty_guesses_at_once_five_are_checked() {
    let server = Server::start();
    server.workspace("bakkerij");
    let here = server.anonymous("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..here.clone() };
    let doors = [here, there];
    let mut statuses = at_once(40, |i| try_in(&doors[i % 2], ADA, "wrong").status);
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![401; 5], vec![429; 35]].concat());
}

#[test]
fn one_address_has_ten_times_as_many_failures() {
    let login = Limit::new(1, Duration::minutes(15));
    let server = Server::with(belfort_api::Settings { login, ..settings() });
    let ada = server.workspace("bakkerij");
    let door = server.anonymous("bakkerij");
    for n in 0..10 {
        // A lie about the address changes nothing.
        let body = json!({ "email": format!("user{n}@bakkerij.example"), "password": "x" }).to_string();
        let lie = format!("203.0.113.{n}");
        let headers =
            [("X-Forwarded-For", lie.as_str()), ("X-Real-IP", &lie), ("Forwarded", "for=203.0.113.9")];
        door.send("POST", "/auth/login", &headers, Some(&body)).problem(401, "invalid-credentials");
    }
    try_in(&door, ADA, PASSWORD).problem(429, "too-many-requests");
    ada.get("/me").expect(200);
}

#[test]
fn a_forwarded_address_is_believed_from_a_trusted_proxy_alone() {
    let ip = |server: &Server, forwarded: &str| {
        let body = json!({ "email": ADA, "password": PASSWORD }).to_string();
        let headers = [("X-Forwarded-For", forwarded)];
        let reply =
            server.anonymous("bakkerij").send("POST", "/auth/login", &headers, Some(&body)).expect(200);
        let client = server.anonymous("bakkerij").with_token(reply["token"].as_str());
        let items = client.get("/auth/sessions").expect(200)["items"].as_array().unwrap().clone();
        items.iter().find(|s| s["is_current"] == true).unwrap()["ip"].as_str().unwrap().to_owned()
    };
    let server = Server::start();
    server.workspace("bakkerij");
    assert_eq!(ip(&server, "203.0.113.7"), "127.0.0.1");
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    let server = Server::with(belfort_api::Settings { trusted_proxies, ..settings() });
    server.workspace("bakkerij");
    assert_eq!(ip(&server, "203.0.113.7"), "203.0.113.7");
    assert_eq!(ip(&server, "198.51.100.1, 203.0.113.7, 10.1.1.1"), "203.0.113.7");
    assert_eq!(ip(&server, "198.51.100.1, nonsense"), "127.0.0.1");
    assert_eq!(ip(&server, "2001:db8::7"), "2001:db8::7");
    // Some proxies add the port.
    assert_eq!(ip(&server, "203.0.113.7:5555, 10.1.1.1:80"), "203.0.113.7");
    assert_eq!(ip(&server, "[2001:db8::7]:443"), "2001:db8::7");
    assert_eq!(ip(&server, "[2001:db8::7]"), "2001:db8::7");
    assert_eq!(ip(&server, "203.0.113.7:99999"), "127.0.0.1");
}

#[test]
fn the_greatest_limit_that_can_be_set_lets_people_in() {
    let login = Limit::new(1_000_000, Duration::minutes(15));
    let server = Server::with(belfort_api::Settings { login, ..settings() });
    server.workspace("acme");
}

/// From an address that may try no more nobody's attempts are used up.
#[test]
fn an_address_that_is_locked_out_locks_nobody_else_out() {
    let login = Limit::new(1, Duration::minutes(15));
    let server = Server::with(belfort_api::Settings { login, ..settings() });
    server.workspace("acme");
    let anonymous = server.anonymous("acme");
    let wrong = |name: &str| {
        let body = json!({ "email": format!("{name}@acme.example"), "password": "wrong" });
        anonymous.post("/auth/login", &body).status
    };
    assert_eq!((0..10).map(|n| wrong(&format!("nobody{n}"))).collect::<Vec<_>>(), [401; 10]);
    let used = || server.sql("SELECT sum(hits)::text FROM public.counters");
    let before = used();
    assert_eq!(wrong("ada"), 429, "the address is locked out");
    assert_eq!(used(), before, "and Ada is not");
}
