//! Limits on the mail that invitations are: how often, to whom, and what may stand in it.

use belfort_api::Settings;
use belfort_auth::Limit;
use belfort_workspace::invitations::InvitationLimits;
use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Reply, Server, settings};
use crate::input::{fields, pairs};
use crate::storage_view::at_once;

const INVITATIONS: &str = "/users/invitations";
const IDA: &str = "ida@x.example";

fn limited(change: impl FnOnce(&mut InvitationLimits)) -> Settings {
    let mut settings = settings();
    change(&mut settings.invitations);
    settings
}

fn per_hour(max: u32) -> Limit {
    Limit::new(max, Duration::hours(1))
}

fn invitation(ada: &Client, email: &str) -> Value {
    json!({ "email": email, "role_id": ada.role("guest") })
}

fn invite(ada: &Client, email: &str) -> Reply {
    ada.post(INVITATIONS, &invitation(ada, email))
}

fn refused(reply: Reply, seconds: &str) {
    assert_eq!(reply.header("retry-after"), Some(seconds), "{}", reply.text);
    reply.problem(429, "too-many-requests");
}

#[test]
fn one_invitation_is_sent_again_every_five_minutes_at_most() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let [ida, joe] = [IDA, "joe@x.example"].map(|email| ada.make(INVITATIONS, &invitation(&ada, email)));
    let path = |id: &str| format!("{INVITATIONS}/{id}/resend");
    let resend = || there.send("POST", &path(&ida), &[("Idempotency-Key", "k")], None);
    let sent = resend().expect(200);
    for client in [&ada, &there] {
        refused(client.post(&path(&ida), &json!({})), "301");
    }
    // The same request again sends nothing.
    assert_eq!(resend().expect(200), sent);
    assert_eq!(server.mail_to(IDA).len(), 2);
    ada.post(&path(&joe), &json!({})).expect(200);
    server.clock.advance(Duration::minutes(5));
    ada.post(&path(&ida), &json!({})).expect(200);
    assert_eq!(server.mail_to(IDA).len(), 3);
}

#[test]
fn one_address_is_written_to_so_often_by_all_workspaces_together() {
    let limits = limited(|limits| limits.per_recipient = per_hour(3));
    let server = Server::with(limits.clone());
    let [ada, eve] = ["bakkerij", "slagerij"].map(|slug| server.workspace(slug));
    let there = Client { address: server.second_process(&limits), ..eve.clone() };
    let id = ada.make(INVITATIONS, &invitation(&ada, IDA));
    invite(&eve, IDA).expect(201);
    // What sends nothing costs nothing.
    for _ in 0..3 {
        invite(&eve, IDA).problem(409, "email-taken");
    }
    ada.post(&format!("{INVITATIONS}/{id}/resend"), &json!({})).expect(200);
    ada.delete(&format!("{INVITATIONS}/{id}")).expect(204);
    for client in [&ada, &there] {
        refused(invite(client, IDA), "3601");
        refused(invite(client, " IDA@x.example "), "3601");
        invite(client, &format!("joe@{}", client.address.port())).problem(422, "invalid");
        invite(client, "joe@x.example").expect(201);
    }
    assert_eq!(server.mail_to(IDA).len(), 3);
    server.clock.advance(Duration::hours(1));
    invite(&ada, IDA).expect(201);
}

#[test]
fn one_user_and_one_workspace_send_so_many() {
    let server = Server::with(limited(|limits| {
        limits.per_user = per_hour(3);
        limits.per_workspace = per_hour(5);
    }));
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "admin");
    for n in 0..2 {
        invite(&ada, &format!("a{n}@x.example")).expect(201);
    }
    refused(invite(&ada, IDA), "3601");
    for n in 0..2 {
        invite(&bob, &format!("b{n}@x.example")).expect(201);
    }
    refused(invite(&bob, IDA), "3601");
    // Nobody else's are used up.
    let eve = server.workspace("slagerij");
    invite(&eve, IDA).expect(201);
    assert_eq!(server.mail_to(IDA).len(), 1);
}

#[test]
fn of_thirty_invitations_at_once_as_many_are_sent_as_the_limit_says() {
    let limits = limited(|limits| limits.per_user = per_hour(4));
    let server = Server::with(limits.clone());
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&limits), ..ada.clone() };
    let body = |n: usize| invitation(&ada, &format!("ida{n}@x.example"));
    let bodies: Vec<_> = (0..30).map(body).collect();
    let mut statuses = at_once(30, |n| [&ada, &there][n % 2].post(INVITATIONS, &bodies[n]).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201; 4], vec![429; 26]].concat());
    let letters: usize = (0..30).map(|n| server.mail_to(&format!("ida{n}@x.example")).len()).sum();
    assert_eq!(letters, 4);
}

/// Who may not invite is told so, whatever was sent before.
#[test]
fn nobody_is_counted_who_may_not_invite() {
    let server = Server::with(limited(|limits| limits.per_workspace = per_hour(2)));
    let ada = server.workspace("bakkerij");
    let gil = server.person(&ada, "gil", "guest");
    let body = invitation(&ada, IDA);
    for _ in 0..3 {
        gil.post(INVITATIONS, &body).problem(403, "forbidden");
        let nowhere = format!("{INVITATIONS}/{}/resend", crate::storage_view::NOWHERE);
        ada.post(&nowhere, &json!({})).problem(404, "not-found");
    }
    invite(&ada, IDA).expect(201);
    refused(invite(&ada, "joe@x.example"), "3601");
}

#[test]
fn the_name_of_a_workspace_leads_nobody_anywhere() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let anywhere = Client { host: "localhost".into(), ..ada.with_token(None) };
    for (name, code) in [
        ("Your parcel waits: https://evil.example/track?id=1 (pay 2.99 EUR)", "invalid"),
        ("See www.evil.example", "invalid"),
        ("Pay at evil.example/track", "invalid"),
        ("pay@evil.example", "invalid"),
        ("Bakkerij\u{202e}", "forbidden-character"),
        ("Bakkerij\nPay now", "forbidden-character"),
    ] {
        let told = ada.patch("/workspace", &json!({ "name": name })).problem(422, "invalid");
        assert_eq!(fields(&told), pairs(&[("name", code)]), "{name}");
        let form = json!({ "email": "eve@x.example", "password": PASSWORD, "full_name": "Eve", "workspace_name": name,
            "slug": "slagerij" });
        let told = anywhere.post("/signup", &form).problem(422, "invalid");
        assert_eq!(fields(&told), pairs(&[("workspace_name", code)]), "{name}");
    }
    invite(&ada, IDA).expect(201);
    let letter = server.mail_to(IDA).concat();
    assert!(letter.contains("the workspace “bakkerij”."), "{letter}");
    ada.patch("/workspace", &json!({ "name": "Booking.com" })).expect(200);
}
