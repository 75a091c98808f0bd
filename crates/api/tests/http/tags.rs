//! Entity tags: which version a caller has, and which it may change.

use serde_json::{Value, json};

use crate::conventions::tag;
use crate::harness::Server;

#[test]
fn a_version_has_one_strong_tag_and_only_a_change_makes_another() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let role = ada.role("member");
    let rows = [
        ("/tasks", json!({ "title": "Bake" }), json!({ "title": "Bake" }), json!({ "title": "Bake bread" })),
        ("/tags", json!({ "name": "rye" }), json!({ "name": "rye" }), json!({ "name": "spelt" })),
        (
            "/teams",
            json!({ "name": "ovens" }),
            json!({ "name": "ovens" }),
            json!({ "member_ids": [bob.id()] }),
        ),
        (
            "/users",
            json!({ "email": "eve@y.example", "full_name": "Eve", "role_id": role }),
            json!({ "full_name": "Eve", "role_id": role, "is_active": true, "team_ids": [] }),
            json!({ "is_active": false }),
        ),
    ];
    for (list, new, same, other) in rows {
        let made = ada.post(list, &new);
        let first = tag(&made);
        assert!(first.starts_with('"') && first.ends_with('"'), "{first}");
        let path = format!("{list}/{}", made.expect(201)["id"].as_str().unwrap());
        assert_eq!(tag(&ada.get(&path)), first);
        for same in [&same, &json!({})] {
            let unchanged = ada.patch(&path, same);
            assert_eq!(tag(&unchanged), first, "{list}");
            assert_eq!(unchanged.expect(200), ada.get(&path).expect(200));
        }
        let changed = ada.patch(&path, &other);
        let second = tag(&changed);
        assert_ne!(second, first, "{list}");
        changed.expect(200);
        assert_eq!(tag(&ada.get(&path)), second);
    }
}

#[test]
fn the_same_tag_never_stands_for_other_bytes() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let bob_id = bob.id();
    let id = |list: &str, new: &Value| ada.post(list, new).expect(201)["id"].as_str().unwrap().to_owned();
    let task = id("/tasks", &json!({ "title": "Bake", "assignee_ids": [bob_id] }));
    let (rye, spelt) = (id("/tags", &json!({ "name": "rye" })), id("/tags", &json!({ "name": "spelt" })));
    let team = id("/teams", &json!({ "name": "ovens" }));
    let watched =
        [format!("/tasks/{task}"), format!("/teams/{team}"), format!("/users/{bob_id}"), "/me".into()];
    let mut seen = std::collections::BTreeMap::new();
    let mut look = || {
        for path in &watched {
            let answer = ada.get(path);
            if answer.status == 200 {
                let known = seen.entry((path.clone(), tag(&answer))).or_insert_with(|| answer.text.clone());
                assert_eq!(*known, answer.text, "{path}");
            }
        }
    };
    look();
    // Each changes a row from the side: through another row that is in its answer.
    ada.put(&format!("/tasks/{task}/tags/{rye}")).expect(204);
    look();
    ada.put(&format!("/tasks/{task}/viewers/{bob_id}")).expect(204);
    look();
    ada.patch(&format!("/teams/{team}"), &json!({ "member_ids": [bob_id, ada.id()] })).expect(200);
    look();
    ada.delete(&format!("/tags/{rye}")).expect(204);
    look();
    ada.patch(&format!("/users/{bob_id}"), &json!({ "team_ids": [] })).expect(200);
    look();
    ada.patch(&format!("/tasks/{task}"), &json!({ "tag_ids": [spelt] })).expect(200);
    look();
    ada.delete(&format!("/users/{bob_id}")).expect(204);
    look();
    ada.delete(&format!("/teams/{team}")).expect(204);
    look();
}

#[test]
fn if_match_lets_only_the_version_through_that_was_read() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.post("/tasks", &json!({ "title": "Bake" }));
    let first = tag(&task);
    let path = format!("/tasks/{}", task.body["id"].as_str().unwrap());
    let change = |condition: &[(&str, &str)], title: &str| {
        ada.send("PATCH", &path, condition, Some(&json!({ "title": title }).to_string()))
    };
    let second = tag(&change(&[("If-Match", &first)], "one"));
    let weak = format!("W/{second}");
    let bare = second.trim_matches('"').to_owned();
    let others = format!("\"v99\", {first}, {weak}");
    for none in [
        &*first,
        &weak,
        &bare,
        &others,
        "\"v99\", \"x\"",
        "v2",
        "\"\"",
        "",
        "\"v02\"",
        "\"v+2\"",
        "\"v2147483648\"",
        "\"v-1\"",
        "\"v0\"",
        "**",
    ] {
        change(&[("If-Match", none)], "never").problem(412, "stale");
        ada.send("DELETE", &path, &[("If-Match", none)], None).problem(412, "stale");
        // Also where nothing would change.
        ada.send("PATCH", &path, &[("If-Match", none)], Some("{}")).problem(412, "stale");
    }
    change(&[("If-Match", "\"v99\""), ("If-Match", "*")], "never").problem(412, "stale");
    let kept = ada.get(&path);
    assert_eq!((tag(&kept), kept.body["title"].as_str()), (second.clone(), Some("one")));
    assert_eq!(ada.get(&format!("{path}/history")).expect(200)["items"].as_array().unwrap().len(), 2);

    change(&[("If-Match", "*")], "two").expect(200);
    // Of a list one is enough, wherever it stands (RFC 9110, section 13.1.1).
    for (list, title) in
        [("\"v99\", \"v3\"", "three"), ("\"v4\",\"v99\", W/\"v4\"", "four"), ("\"x\", \"v5\"", "five")]
    {
        change(&[("If-Match", list)], title).expect(200);
        change(&[("If-Match", list)], "never").problem(412, "stale");
    }
    change(&[("If-Match", "\"v99\""), ("If-Match", "\"v6\"")], "six").expect(200);
    ada.send("DELETE", &path, &[("If-Match", "*")], None).expect(204);
    // There is nothing to compare with: it is gone before it is stale.
    ada.send("DELETE", &path, &[("If-Match", &first)], None).problem(404, "not-found");
}

#[test]
fn who_has_the_version_already_gets_no_body() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.post("/tasks", &json!({ "title": "Bake" }));
    let first = tag(&task);
    let path = format!("/tasks/{}", task.body["id"].as_str().unwrap());
    for known in [first.clone(), format!("W/{first}"), format!("\"v7\", {first}"), "*".to_owned()] {
        let same = ada.send("GET", &path, &[("If-None-Match", &known)], None);
        assert_eq!((same.status, same.text.as_str()), (304, ""), "{known}");
        assert_eq!(tag(&same), first);
    }
    for other in ["\"v7\"", "", "v1", "\"v1"] {
        ada.send("GET", &path, &[("If-None-Match", other)], None).expect(200);
    }
    ada.patch(&path, &json!({ "status": "done" })).expect(200);
    let other = ada.send("GET", &path, &[("If-None-Match", &first)], None);
    assert_ne!(tag(&other), first);
    assert_eq!(other.expect(200)["status"], "done");
    // Who may not read it is not told that it is unchanged.
    ada.with_token(None)
        .send("GET", &path, &[("If-None-Match", "*")], None)
        .problem(401, "not-authenticated");
}

#[test]
fn head_answers_what_get_does_without_the_body() {
    let server = Server::start();
    let ada = server.workspace("acme");
    let path = format!("/tasks/{}", ada.task("Bake"));
    let got = ada.get(&path);
    let head = ada.send("HEAD", &path, &[], None);
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    for name in ["etag", "content-type", "content-length"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    assert_eq!(ada.send("HEAD", "/users/nobody", &[], None).status, 404);
}
