//! Passwords that are guessed first, and what somebody hears whose address is changed.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server};
use crate::input::{fields, pairs};
use crate::users_teams_invitations::token_to;

const IDA: &str = "ida.peeters@x.example";

fn is_refused(reply: crate::harness::Reply, field: &str) {
    let told = reply.problem(422, "invalid");
    assert_eq!(fields(&told), pairs(&[(field, "easy-to-guess")]), "{told}");
}

#[test]
fn whoever_signs_up_cannot_take_a_password_that_is_guessed_first() {
    let server = Server::start();
    let anywhere = Client { host: "localhost".into(), ..server.anonymous("any") };
    let form = |password: &str| {
        json!({ "email": "ada.lovelace@x.example", "password": password, "full_name": "Ada Lovelace",
            "workspace_name": "Bakkerij De Ruyter", "slug": "ruyter-nv" })
    };
    for password in [
        "12345678",
        "Password1",
        "ada.lovelace@x.example",
        "AdaLovelace",
        "lovelace1815",
        "BakkerijDeRuyter",
        "ruyter-nv",
    ] {
        is_refused(anywhere.post("/signup", &form(password)), "password");
    }
    assert!(server.mail_to("ada.lovelace@x.example").is_empty());
    anywhere.post("/signup", &form("Ada bakes at De Ruyter")).expect(202);
}

#[test]
fn whoever_accepts_an_invitation_cannot_take_one_either() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    ada.make("/users/invitations", &json!({ "email": IDA, "role_id": ada.role("member") }));
    let (token, door) = (token_to(&server, IDA), server.anonymous("bakkerij"));
    let accept = |password: &str| {
        let body = json!({ "token": token, "full_name": "Ida Claes", "password": password });
        door.post("/users/invitations/accept", &body)
    };
    for password in ["12345678", IDA, "ida.peeters", "Peeters2026", "idaclaes", "Bakkerij!"] {
        is_refused(accept(password), "password");
    }
    accept(PASSWORD).expect(201);
}

#[test]
fn nobody_changes_their_password_to_one_either() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let change =
        |new: &str| ada.post("/auth/password", &json!({ "current_password": PASSWORD, "new_password": new }));
    for password in ["12345678", "ada@bakkerij.example", "bakkerij", "BAKKERIJ-2026"] {
        is_refused(change(password), "new_password");
    }
    change("another long one").expect(204);
}

/// It is their login name: whoever has the other address can become them.
#[test]
fn whose_address_is_changed_hears_of_it_at_the_one_they_had() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/users/{}", server.person(&ada, "bob", "member").id());
    let before = server.mail_to("bob@bakkerij.example").len();
    let rename = |path: &str, patch: &Value| ada.patch(path, patch).expect(200);
    rename(&path, &json!({ "full_name": "Robert", "email": "BOB@bakkerij.example" }));
    assert_eq!(server.mail_to("bob@bakkerij.example").len(), before, "it is the same address");
    ada.patch(&path, &json!({ "email": "ada@bakkerij.example" })).problem(409, "email-taken");
    assert_eq!(server.mail_to("bob@bakkerij.example").len(), before, "nothing was changed");

    rename(&path, &json!({ "email": "robert@bakkerij.example" }));
    let told = server.mail_to("bob@bakkerij.example").split_off(before);
    assert!(told.len() == 1 && told[0].contains("“bakkerij” was changed"), "{told:?}");
    assert!(!told[0].contains("robert"), "{told:?}");
    assert!(server.mail_to("robert@bakkerij.example").is_empty());

    // Who never joined has no account to lose.
    let eve = json!({ "email": "eve@x.example", "full_name": "Eve", "role_id": ada.role("guest") });
    let eve = ada.make("/users", &eve);
    rename(&format!("/users/{eve}"), &json!({ "email": "eve@y.example" }));
    assert!(server.mail_to("eve@x.example").is_empty());

    // The change lasts, whatever becomes of the message.
    server.refuse_mail();
    rename(&path, &json!({ "email": "rob@bakkerij.example" }));
    server.mend_mail();
    assert_eq!(ada.get(&path).expect(200)["email"], "rob@bakkerij.example");
}

#[test]
fn nobody_is_flooded_by_changes_to_an_account_that_has_their_address() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/users/{}", server.person(&ada, "bob", "member").id());
    let flip = || {
        for email in ["victim@x.example", "bob@bakkerij.example"] {
            ada.patch(&path, &json!({ "email": email })).expect(200);
        }
    };
    (0..8).for_each(|_| flip());
    assert_eq!(server.mail_to("victim@x.example").len(), 5);
    server.clock.advance(Duration::hours(1));
    flip();
    assert_eq!(server.mail_to("victim@x.example").len(), 6);
}
