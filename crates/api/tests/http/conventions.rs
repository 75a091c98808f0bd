//! What holds for every answer: problems, entity tags, pages, request ids, times, repeated requests.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::harness::{Client, Reply, Server};

/// An id that no row has.
const NOBODY: &str = "01980000-0000-7000-8000-000000000000";

fn tag(reply: &Reply) -> String {
    reply.header("etag").unwrap().to_owned()
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

fn at(moment: &str) -> DateTime<Utc> {
    moment.parse().unwrap()
}

#[test]
fn every_refusal_is_a_problem_that_tells_nothing_of_the_inside() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let nobody = server.anonymous("bakkerij");
    ada.post("/tags", &json!({ "name": "rye" })).expect(201);
    let task = ada.task("Bake");
    let path = format!("/tasks/{task}");
    let full = format!("/api/v1{path}");
    let tasks = "/api/v1/tasks";
    let invitation = json!({ "email": "x@y.example", "role_id": NOBODY });

    for unknown in [
        "/api/v1/nowhere",
        "/api/v1/",
        "/api/v1",
        "/api/v1/tasks/",
        "/api/v1//tasks",
        "/api",
        "/",
        "/nowhere",
        "/metrics",
    ] {
        for method in ["GET", "POST", "BREW"] {
            ada.raw(&format!("{method} {unknown}?q=1"), "", b"").clean_problem(404, "not-found", unknown);
        }
    }
    ada.put("/tasks").clean_problem(405, "method-not-allowed", tasks);
    ada.raw(&format!("POST {tasks}"), "Content-Type: application/json\r\nContent-Length: 1\r\n", b"{")
        .clean_problem(400, "malformed-json", tasks);
    ada.get("/tasks?cursor=x").clean_problem(400, "bad-cursor", tasks);
    nobody.get(&path).clean_problem(401, "not-authenticated", &full);
    nobody.with_token(Some("bft_nonsense")).get(&path).clean_problem(401, "not-authenticated", &full);
    let login = json!({ "email": "ada@bakkerij.example", "password": "something else" });
    nobody.post("/auth/login", &login).clean_problem(401, "invalid-credentials", "/api/v1/auth/login");
    bob.post("/users/invitations", &invitation).clean_problem(403, "forbidden", "/api/v1/users/invitations");
    ada.get(&format!("/tasks/{NOBODY}")).clean_problem(404, "not-found", &format!("/api/v1/tasks/{NOBODY}"));
    server.anonymous("elsewhere").get(&path).clean_problem(404, "workspace-not-found", &full);
    ada.post("/tags", &json!({ "name": "rye" })).clean_problem(409, "name-taken", "/api/v1/tags");
    ada.send("DELETE", &path, &[("If-Match", "\"v9\"")], None).clean_problem(412, "stale", &full);
    let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(1024 * 1024));
    ada.send("POST", "/tasks", &[], Some(&long)).clean_problem(413, "too-large", tasks);
    ada.send("POST", "/tasks", &[("Content-Type", "text/plain")], Some("{}"))
        .clean_problem(415, "not-json", tasks);
    ada.post("/tasks", &json!({})).clean_problem(422, "invalid", tasks);
    ada.post("/users/invitations", &invitation).clean_problem(422, "invalid", "/api/v1/users/invitations");
}

#[test]
fn what_cannot_be_done_here_is_told_together_with_what_can() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for (path, allowed) in [
        ("/api/v1/tasks", vec!["GET", "POST"]),
        ("/api/v1/auth/login", vec!["POST"]),
        ("/api/v1/tasks/01980000-0000-7000-8000-000000000000", vec!["DELETE", "GET", "PATCH"]),
        ("/healthz", vec!["GET", "HEAD"]),
        ("/readyz", vec!["GET", "HEAD"]),
        ("/api/schema/", vec!["GET", "HEAD"]),
        ("/api/schema", vec!["GET", "HEAD"]),
        ("/api/schema/swagger-ui/", vec!["GET", "HEAD"]),
        ("/api/schema/redoc/redoc.js", vec!["GET", "HEAD"]),
    ] {
        for method in ["PUT", "OPTIONS", "TRACE", "BREW"] {
            let refused = ada.raw(&format!("{method} {path}"), "", b"");
            let mut told: Vec<_> = refused.header("allow").unwrap_or_default().split(", ").collect();
            told.sort_unstable();
            assert_eq!(told, allowed, "{method} {path}");
            refused.clean_problem(405, "method-not-allowed", path);
        }
    }
}

#[test]
fn no_answer_is_sniffed_and_none_about_people_is_kept() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.post("/tasks", &json!({ "title": "Bake" }));
    let tag = tag(&task);
    let path = format!("/tasks/{}", task.body["id"].as_str().unwrap());
    let answers = [
        task,
        ada.get(&path),
        ada.send("GET", &path, &[("If-None-Match", &tag)], None),
        ada.get("/me"),
        ada.get("/users"),
        ada.get("/users/invitations"),
        ada.get("/auth/sessions"),
        ada.get("/audit-events"),
        ada.get("/nowhere"),
        ada.delete(&path),
        ada.with_token(None).get("/me"),
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.text);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.text);
    }
    for page in ["/healthz", "/api/schema/", "/api/schema/swagger-ui/", "/nowhere"] {
        assert_eq!(ada.page(page).header("x-content-type-options"), Some("nosniff"), "{page}");
    }
}

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
    // A list is refused: who changes a row has read one version of it.
    let list = format!("\"v99\", {second}");
    for none in [
        &*first,
        &weak,
        &bare,
        &list,
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
fn a_sane_request_id_goes_through_and_any_other_is_replaced() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let longest = "r".repeat(128);
    let logged = |id: &str| {
        let events = ada.get("/audit-events?resource=tags&limit=1").expect(200);
        assert_eq!(events["items"][0]["request_id"], id);
    };
    for (n, sane) in ["req-1", "A.b_c-9", &longest].into_iter().enumerate() {
        let body = json!({ "name": format!("sane {n}") }).to_string();
        let made = ada.send("POST", "/tags", &[("X-Request-Id", sane)], Some(&body));
        assert_eq!((made.status, made.header("x-request-id")), (201, Some(sane)));
        logged(sane);
    }
    let long = "r".repeat(129);
    for (n, strange) in
        [&*long, "", "a b", "a\tb", "a;b", "a\"b", "<script>", "%0d%0a", "a/b", "é"].into_iter().enumerate()
    {
        let body = json!({ "name": format!("strange {n}") }).to_string();
        let made = ada.send("POST", "/tags", &[("X-Request-Id", strange)], Some(&body));
        let id = made.header("x-request-id").unwrap().to_owned();
        assert_eq!(made.status, 201, "{}", made.text);
        assert!(uuid(&id), "{strange:?} became {id:?}");
        logged(&id);
    }
    let (one, two) = (ada.get("/me"), ada.get("/me"));
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    assert_eq!(
        ada.send("GET", "/nowhere", &[("X-Request-Id", "r-9")], None).header("x-request-id"),
        Some("r-9")
    );
}

fn uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[test]
fn times_are_those_of_brussels_in_winter_and_in_summer() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for (moment, written) in [
        ("2026-01-15T11:00:00Z", "2026-01-15T12:00:00+01:00"),
        ("2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
        ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
        ("2026-07-01T22:30:00.5Z", "2026-07-02T00:30:00.500+02:00"),
        ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00"),
    ] {
        server.clock.set(at(moment));
        // Sessions do not last from winter to summer.
        let ada = server.anonymous("bakkerij").log_in("ada@bakkerij.example");
        let made = ada.post("/tags", &json!({ "name": moment })).expect(201);
        assert_eq!((&made["created_at"], &made["updated_at"]), (&json!(written), &json!(written)));
        let path = format!("/tags/{}/history", made["id"].as_str().unwrap());
        assert_eq!(ada.get(&path).expect(200)["items"][0]["at"], written);
    }
    drop(ada);
}

#[test]
fn the_history_is_asked_from_and_to_a_moment_in_any_offset_or_in_brussels_time() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    server.clock.set(at("2026-01-02T10:00:00Z"));
    ada.post("/tags", &json!({ "name": "ten" })).expect(201);
    server.clock.set(at("2026-01-02T11:00:00Z"));
    ada.post("/tags", &json!({ "name": "eleven" })).expect(201);
    let found = |query: &str| {
        let events = ada.get(&format!("/audit-events?resource=tags&{query}")).expect(200);
        let names =
            events["items"].as_array().unwrap().iter().map(|e| e["at"].as_str().unwrap()[11..13].to_owned());
        names.collect::<Vec<_>>()
    };
    // What is at `from` is in, what is at `to` is not.
    for (query, hours) in [
        ("from=2026-01-02T11:00:00Z", vec!["12"]),
        ("from=2026-01-02T12:00:00%2B01:00", vec!["12"]),
        ("from=2026-01-02T12:00:00", vec!["12"]),
        ("from=2026-01-02T12:00", vec!["12"]),
        ("from=2026-01-02T06:00:00-05:00", vec!["12"]),
        ("to=2026-01-02T11:00:00Z", vec!["11"]),
        ("to=2026-01-02T12:00:00", vec!["11"]),
        ("from=2026-01-02T11:00:00&to=2026-01-02T12:00:00.000001", vec!["12", "11"]),
        ("from=2026-01-03T00:00:00&to=2026-01-01T00:00:00", vec![]),
        ("from=0001-01-02T00:00:00Z&to=9999-12-31T00:00:00Z", vec!["12", "11"]),
        // The hour that occurs twice is the earlier one.
        ("from=2026-10-25T02:30:00", vec![]),
    ] {
        assert_eq!(found(query), hours, "{query}");
    }
    for wrong in [
        "2026-03-29T02:30:00",
        "2026-02-30T00:00:00Z",
        "2026-01-02",
        "2026-01-02T25:00:00Z",
        "2026-01-02T12:00:60Z",
        "2026-01-02T12:00:00%2B25:00",
        // A plus that was not encoded is a space.
        "2026-01-02T12:00:00+01:00",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "yesterday",
        "",
        "1767254400",
        "%00",
        "%FF",
        "2026-01-02T12:00:00%C2%A0",
    ] {
        for field in ["from", "to"] {
            let refused = ada.get(&format!("/audit-events?{field}={wrong}")).problem(422, "invalid");
            assert_eq!(refused["errors"][0]["field"], field, "{wrong}");
            assert_eq!(refused["errors"].as_array().unwrap().len(), 1);
        }
    }
}

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

fn keyed(caller: &Client, path: &str, key: &str, body: &Value) -> Reply {
    caller.send("POST", path, &[("Idempotency-Key", key)], Some(&body.to_string()))
}

#[test]
fn a_request_that_is_sent_again_gets_its_answer_again_and_does_nothing() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let body = json!({ "title": "Bake" });
    let first = keyed(&ada, "/tasks", "k", &body);
    let id = first.body["id"].as_str().unwrap().to_owned();
    // The answer is the one that was given, whatever became of the row since.
    ada.patch(&format!("/tasks/{id}"), &json!({ "title": "Bake bread" })).expect(200);
    let events = ada.all("/audit-events").len();
    let again = keyed(&ada, "/tasks", "k", &body);
    assert_eq!((again.status, &again.text), (201, &first.text));
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!((ada.all("/tasks").len(), ada.all("/audit-events").len()), (1, events));

    keyed(&ada, "/tasks", "k", &json!({ "title": "Other" })).clean_problem(
        422,
        "idempotency-key-reused",
        "/api/v1/tasks",
    );
    keyed(&ada, "/tags", "k", &json!({ "name": "rye" })).problem(422, "idempotency-key-reused");
    keyed(&ada, "/tasks", "k", &json!([])).problem(422, "idempotency-key-reused");
    assert_eq!(ada.all("/tasks").len(), 1);
    assert_eq!(ada.all("/tags").len(), 0);
    // A key belongs to who sends it.
    assert_ne!(keyed(&bob, "/tasks", "k", &body).expect(201)["id"], first.body["id"]);
    assert_eq!(ada.all("/tasks").len(), 2);
    // An invitation is sent once.
    let invitation = json!({ "email": "x@y.example", "role_id": ada.role("guest") });
    keyed(&ada, "/users/invitations", "i", &invitation).expect(201);
    keyed(&ada, "/users/invitations", "i", &invitation).expect(201);
    assert_eq!(server.letters_to("x@y.example").len(), 1);
}

#[test]
fn a_request_that_failed_may_be_put_right_under_its_key() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "guest");
    keyed(&ada, "/tasks", "k", &json!({ "title": "" })).problem(422, "invalid");
    keyed(&ada, "/tasks", "k", &json!({ "title": "x", "assignee_ids": [NOBODY] })).problem(422, "invalid");
    keyed(&ada, "/tasks", "k", &json!({ "title": "Bake" })).expect(201);
    ada.post("/tags", &json!({ "name": "rye" })).expect(201);
    keyed(&ada, "/tags", "t", &json!({ "name": "rye" })).problem(409, "name-taken");
    keyed(&ada, "/tags", "t", &json!({ "name": "spelt" })).expect(201);
    keyed(&bob, "/tasks", "k", &json!({ "title": "Bake" })).problem(403, "forbidden");
}

#[test]
fn a_key_is_over_after_a_day() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({ "title": "Bake" });
    let first = keyed(&ada, "/tasks", "k", &body).expect(201);
    server.clock.advance(Duration::hours(24) - Duration::seconds(1));
    let ada = server.anonymous("bakkerij").log_in("ada@bakkerij.example");
    assert_eq!(keyed(&ada, "/tasks", "k", &body).expect(201), first);
    server.clock.advance(Duration::seconds(1));
    assert_ne!(keyed(&ada, "/tasks", "k", &body).expect(201)["id"], first["id"]);
    assert_eq!(ada.all("/tasks").len(), 2);
}

#[test]
fn a_key_that_cannot_be_one_is_refused_and_not_passed_over() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let longest = "k".repeat(255);
    keyed(&ada, "/tasks", &longest, &json!({ "title": "Bake" })).expect(201);
    keyed(&ada, "/tasks", &longest, &json!({ "title": "Bake" })).expect(201);
    let body = br#"{"title": "Bake"}"#;
    let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let long = "k".repeat(256);
    for key in [
        format!("Idempotency-Key: {long}\r\n"),
        "Idempotency-Key: \r\n".into(),
        "Idempotency-Key: é\r\n".into(),
        "Idempotency-Key: a\r\nIdempotency-Key: b\r\n".into(),
    ] {
        let reply = ada.raw("POST /api/v1/tasks", &format!("{length}{key}"), body);
        reply.clean_problem(400, "bad-idempotency-key", "/api/v1/tasks");
    }
    assert_eq!(ada.all("/tasks").len(), 1);
}

#[test]
fn of_one_request_sent_twice_at_once_one_acts() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({ "title": "Bake" });
    let replies: Vec<Reply> = std::thread::scope(|threads| {
        let senders: Vec<_> = (0..6).map(|_| threads.spawn(|| keyed(&ada, "/tasks", "k", &body))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let first = replies[0].text.clone();
    for reply in replies {
        assert_eq!(reply.text, first);
        reply.expect(201);
    }
    assert_eq!(ada.all("/tasks").len(), 1);
    assert_eq!(ada.all("/audit-events?resource=tasks").len(), 1);
}
