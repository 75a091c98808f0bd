//! Mail that is slow, lost or broken, and what else is asked of the server meanwhile.

use serde_json::{Value, json};

use crate::harness::{Client, Server};
use crate::load::{Sent, narrow};

const INVITATIONS: &str = "/users/invitations";

fn invitation(ada: &Client, who: &str) -> String {
    json!({ "email": format!("{who}@x.example"), "role_id": ada.role("guest") }).to_string()
}

/// Comes back with what `find` finds, once it does.
fn until<T>(mut find: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = find() {
            return found;
        }
        std::thread::yield_now();
    }
}

/// There is one turn in the database, and every invitation takes a lock that belongs to the whole workspace.
#[test]
fn nobody_waits_for_the_relay() {
    let server = narrow();
    let ada = server.workspace("bakkerij");
    let body = invitation(&ada, "ida");
    let held = server.hold_mail();
    let create = Sent::new(&ada, "POST", INVITATIONS, &body);
    let id = until(|| Some(ada.all(INVITATIONS).pop()?["id"].as_str()?.to_owned()));
    ada.make("/teams", &json!({ "name": "One" }));
    ada.get("/me").expect(200);
    let path = format!("{INVITATIONS}/{id}");
    let resend = Sent::new(&ada, "POST", &format!("{path}/resend"), "{}");
    until(|| ada.all("/audit-events?action=invitation_resent").pop());
    ada.delete(&path).expect(204);
    assert!(create.waits() && resend.waits(), "neither is answered before its message is sent");
    drop(held);
    assert_eq!((create.answer().0, resend.answer().0), (201, 200));
    assert_eq!(server.mail_to("ida@x.example").len(), 2);
}

#[test]
fn an_invitation_whose_message_is_lost_is_there_and_is_sent_again() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = invitation(&ada, "ida");
    let post = |path: &str, body: &str| ada.send("POST", path, &[("Idempotency-Key", "k")], Some(body));
    server.refuse_mail();
    let lost = post(INVITATIONS, &body);
    assert_eq!(lost.header("retry-after"), Some("60"));
    assert!(lost.text.contains("was saved"), "{}", lost.text);
    lost.clean_problem(503, "mail-unavailable", "/api/v1/users/invitations");
    let [invited] = ada.all(INVITATIONS).try_into().unwrap();
    // The key is used up: the answer is that of the change.
    assert_eq!(post(INVITATIONS, &body).expect(201), invited);
    let path = format!("{INVITATIONS}/{}/resend", invited["id"].as_str().unwrap());
    ada.post(&path, &json!({})).problem(503, "mail-unavailable");
    assert_eq!(server.mail_to("ida@x.example"), Vec::<String>::new());
    server.mend_mail();
    ada.post(&path, &json!({})).expect(200);
    assert_eq!(server.mail_to("ida@x.example").len(), 1);
}

#[test]
fn a_sign_up_whose_message_is_lost_can_be_made_again() {
    let server = Server::start();
    let anywhere = Client { host: "localhost".into(), ..server.anonymous("bakkerij") };
    let body = json!({
        "email": "ada@bakkerij.example",
        "password": crate::harness::PASSWORD,
        "full_name": "Ada",
        "workspace_name": "Bakkerij",
        "slug": "bakkerij",
    });
    server.refuse_mail();
    anywhere.post("/signup", &body).problem(503, "mail-unavailable");
    server.mend_mail();
    server.workspace("bakkerij");
}

#[test]
fn a_mailer_that_panics_fails_alone() {
    let server = narrow();
    let ada = server.workspace("bakkerij");
    server.break_mail();
    for who in ["ida", "eve", "joe"] {
        let failed = ada.send("POST", INVITATIONS, &[], Some(&invitation(&ada, who)));
        failed.clean_problem(500, "internal", "/api/v1/users/invitations");
    }
    server.mend_mail();
    let invited: Vec<Value> = ada.all(INVITATIONS);
    assert_eq!(invited.len(), 3);
    for invitation in invited {
        let path = format!("{INVITATIONS}/{}/resend", invitation["id"].as_str().unwrap());
        ada.post(&path, &json!({})).expect(200);
        assert_eq!(server.mail_to(invitation["email"].as_str().unwrap()).len(), 1);
    }
}
