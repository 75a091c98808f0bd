//! Lists: how they are asked for, and what their pages are.

use chrono::Duration;
use serde_json::{Value, json};

use crate::conventions::texts;
use crate::harness::{Client, Server};

#[test]
fn a_list_says_what_is_wrong_with_how_it_is_asked() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let lists = [
        "/tasks".to_owned(),
        "/tags".to_owned(),
        "/users".to_owned(),
        "/users/invitations".to_owned(),
        "/teams".to_owned(),
        "/roles".to_owned(),
        "/audit-events".to_owned(),
        "/auth/sessions".to_owned(),
        format!("/tasks/{task}/comments"),
        format!("/tasks/{task}/history"),
    ];
    for list in &lists {
        let refused = |query: &str, field: &str, code: &str| {
            let reply = ada.get(&format!("{list}?{query}"));
            let whole = if code == "unknown-field" { code } else { "invalid" };
            let body = reply.clean_problem(422, whole, &format!("/api/v1{list}"));
            assert_eq!(
                (body["errors"][0]["field"].as_str(), body["errors"][0]["code"].as_str()),
                (Some(field), Some(code)),
                "{list}?{query}"
            );
        };
        for limit in ["0", "201", "-1", "99999999999999999999"] {
            let code = if limit == "0" || limit == "201" { "out-of-range" } else { "invalid-type" };
            refused(&format!("limit={limit}"), "limit", code);
        }
        for limit in ["abc", "", "%2B5", "5.0", "0x5", "5%00", "%FF", "%D9%A3", "%205", "1e1"] {
            refused(&format!("limit={limit}"), "limit", "invalid-type");
        }
        refused("limit", "limit", "invalid-type");
        refused("page=2", "page", "unknown-field");
        refused("Limit=2", "Limit", "unknown-field");
        refused("limit%00=2", "limit\0", "unknown-field");
        refused("limit=1&limit=1", "limit", "invalid");
        refused("limit=1&%6Cimit=2", "limit", "invalid");
        refused("cursor=a&cursor=b", "cursor", "invalid");
        for cursor in ["", "x", ".", "%00", "%FF", "a.b", "00000000.gAAAA", &"x".repeat(5000)] {
            let reply = ada.get(&format!("{list}?cursor={cursor}"));
            reply.clean_problem(400, "bad-cursor", &format!("/api/v1{list}"));
        }
        ada.get(&format!("{list}?limit=1")).expect(200);
        ada.get(&format!("{list}?limit=200")).expect(200);
        ada.get(&format!("{list}?")).expect(200);
        ada.get(&format!("{list}?&")).expect(200);
    }
    let many = ada
        .get("/tasks?limit=0&status=lost&due_from=x&assignee_id=y&more=1&order=up")
        .problem(422, "invalid");
    let mut fields = texts(many["errors"].as_array().unwrap(), "field");
    fields.sort_unstable();
    assert_eq!(fields, ["assignee_id", "due_from", "limit", "more", "order", "status"]);
}

#[test]
fn a_cursor_is_good_for_its_own_list_filter_user_and_workspace_alone() {
    let server = Server::start();
    let (ada, eve) = (server.workspace("bakkerij"), server.workspace("smederij"));
    let bob = server.person(&ada, "bob", "manager");
    for n in 0..3 {
        ada.post("/tasks", &json!({ "title": format!("{n}") })).expect(201);
        eve.post("/tasks", &json!({ "title": format!("{n}") })).expect(201);
        ada.post("/tags", &json!({ "name": format!("{n}") })).expect(201);
    }
    let page = ada.get("/tasks?status=todo&limit=1").expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    for other in [
        "/tags?",
        "/users?",
        "/roles?",
        "/audit-events?",
        "/tasks?",
        "/tasks?status=done&",
        "/tasks?status=todo&order=id&",
        "/tasks?status=todo&priority=normal&",
    ] {
        ada.get(&format!("{other}cursor={cursor}")).problem(400, "bad-cursor");
    }
    for other in [&bob, &eve] {
        other.get(&format!("/tasks?status=todo&cursor={cursor}")).problem(400, "bad-cursor");
    }
    // A letter more, less or other.
    let last = if cursor.ends_with('A') { "B" } else { "A" };
    for bad in [
        format!("{cursor}A"),
        cursor[..cursor.len() - 1].to_owned(),
        format!("{}{last}", &cursor[..cursor.len() - 1]),
    ] {
        let reply = ada.get(&format!("/tasks?status=todo&cursor={bad}"));
        assert!(reply.status == 400, "{bad}: {}", reply.text);
    }
    // It says nothing: neither an id nor how many there are.
    assert!(!cursor.contains(page["items"][0]["id"].as_str().unwrap()));
    // The size of the page and the order of the parameters are nobody's filter.
    ada.get(&format!("/tasks?cursor={cursor}&limit=2&status=todo")).expect(200);
}

#[test]
fn pages_are_every_row_once_though_others_are_added_and_deleted_meanwhile() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let made: Vec<String> = (0..7)
        .map(|n| {
            server.clock.advance(Duration::seconds(1));
            ada.task(&format!("task {n}"))
        })
        .collect();
    for order in ["-id", "id"] {
        let before: Vec<String> = texts(&ada.all(&format!("/tasks?order={order}")), "id");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ada.get(&format!("/tasks?order={order}&limit=3{cursor}")).expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 3);
            seen.extend(texts(items, "id"));
            server.clock.advance(Duration::seconds(1));
            if order == "-id" {
                ada.task("meanwhile");
            }
            // The row that the next page begins after.
            if seen.len() == 3 && order == "id" {
                ada.delete(&format!("/tasks/{}", seen[2])).expect(204);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert!(made.iter().all(|id| before.contains(id) || order == "id"));
        assert_eq!(seen, before, "{order}");
    }
    // A page that is just full is the last one.
    let all = ada.all("/tags").len();
    assert_eq!(all, 0);
    for n in 0..2 {
        ada.post("/tags", &json!({ "name": format!("{n}") })).expect(201);
    }
    let full = ada.get("/tags?limit=2").expect(200);
    assert_eq!((full["items"].as_array().unwrap().len(), &full["next_cursor"]), (2, &Value::Null));
    assert_eq!(ada.get("/users/invitations").expect(200), json!({ "items": [], "next_cursor": null }));
}

#[test]
fn every_list_is_partitioned_by_its_pages() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    for n in 0..5 {
        server.clock.advance(Duration::seconds(1));
        ada.post("/tags", &json!({ "name": format!("{n}") })).expect(201);
        ada.post("/teams", &json!({ "name": format!("{n}") })).expect(201);
        ada.post(&format!("/tasks/{task}/comments"), &json!({ "body": format!("{n}") })).expect(201);
        ada.patch(&format!("/tasks/{task}"), &json!({ "title": format!("{n}") })).expect(200);
        let role = ada.role("guest");
        let new = json!({ "email": format!("u{n}@y.example"), "full_name": "U", "role_id": role });
        ada.post("/users", &new).expect(201);
        let new = json!({ "email": format!("i{n}@y.example"), "role_id": role });
        ada.post("/users/invitations", &new).expect(201);
    }
    let lists = ["/tags", "/teams", "/users", "/roles", "/users/invitations", "/audit-events?resource=tags"];
    let of_task = [format!("/tasks/{task}/comments"), format!("/tasks/{task}/history")];
    for list in lists.into_iter().chain(of_task.iter().map(String::as_str)) {
        let whole: Vec<String> = texts(&ada.all(list), "id");
        let mut unique = whole.clone();
        unique.sort_unstable();
        unique.dedup();
        assert!(whole.len() >= 4, "{list}");
        assert_eq!(unique.len(), whole.len(), "{list}");
        for limit in [1, 2, 4] {
            assert_eq!(page_by_page(&ada, list, limit), whole, "{list} by {limit}");
        }
    }
}

fn page_by_page(caller: &Client, list: &str, limit: usize) -> Vec<String> {
    let joint = if list.contains('?') { '&' } else { '?' };
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("{list}{joint}limit={limit}{cursor}")).expect(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(texts(items, "id"));
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(items.len(), limit);
                cursor = format!("&cursor={next}");
            }
            None => return seen,
        }
    }
}
