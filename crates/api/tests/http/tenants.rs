//! One workspace and another, and everything that is no workspace.

use std::io::{Read, Write};
use std::net::TcpStream;

use belfort_ids::TenantId;
use serde_json::json;

use crate::harness::{Client, Server, settings};
use crate::storage_view::{NOWHERE, ids};

/// A workspace with one of everything.
struct Filled {
    admin: Client,
    ids: Vec<(&'static str, String)>,
}

impl Filled {
    fn new(server: &Server, slug: &str) -> Self {
        let admin = server.workspace(slug);
        let task = admin.task("Bake");
        let comment = admin.make(&format!("/tasks/{task}/comments"), &json!({ "body": "x" }));
        let file = admin.attach(&task, "x", b"x");
        let timer = admin.make("/time-entries/start", &json!({ "task_id": task }));
        let invitee = json!({ "email": format!("ida@{slug}.example"), "role_id": admin.role("member") });
        let session = admin.get("/auth/sessions").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
        let ids = vec![
            ("tasks", task),
            ("comments", comment),
            ("attachments", file),
            ("time-entries", timer),
            ("tags", admin.make("/tags", &json!({ "name": "rye" }))),
            ("teams", admin.make("/teams", &json!({ "name": "One" }))),
            ("invitations", admin.make("/users/invitations", &invitee)),
            ("users", admin.id()),
            ("roles", admin.role("member")),
            ("sessions", session),
        ];
        Self { admin, ids }
    }

    fn id(&self, kind: &str) -> &str {
        &self.ids.iter().find(|(name, _)| *name == kind).unwrap().1
    }

    /// The path with this workspace's ids in it.
    fn path(&self, template: &str) -> Option<String> {
        let before = template.split("/{id}").next()?;
        let kind = before.rsplit('/').next()?;
        let id = &self.ids.iter().find(|(name, _)| *name == kind)?.1;
        let path = template.replace("{id}", id);
        Some(path.replace("{user_id}", self.id("users")).replace("{tag_id}", self.id("tags")))
    }
}

#[test]
fn the_ids_of_one_workspace_are_nothing_in_another() {
    let server = Server::start();
    let (a, b) = (Filled::new(&server, "bakkerij"), Filled::new(&server, "slagerij"));
    let schema = server.schema("slagerij");
    let dump = || server.contents(&format!("relnamespace = '{schema}'::regnamespace"));
    let before = dump();
    let mut tried = 0;
    for (method, template) in belfort_api::document().unwrap().routes() {
        if !template.contains('{') || template.contains("/signup/") {
            continue;
        }
        let path = b.path(&template).unwrap_or_else(|| panic!("what is {template} about?"));
        let body = match method.as_str() {
            "POST" => Some("{\"body\": \"x\"}"),
            "PATCH" => Some("{}"),
            _ => None,
        };
        a.admin.send(&method, &path, &[], body).problem(404, "not-found");
        // B's token is nothing at A's host, nor A's at B's.
        b.admin.at(&a.admin.host).send(&method, &path, &[], body).problem(401, "not-authenticated");
        a.admin.at(&b.admin.host).send(&method, &path, &[], body).problem(401, "not-authenticated");
        // Not even with both names in one request.
        a.admin.send(&method, &path, &[("X-Workspace", "slagerij")], body).problem(404, "not-found");
        tried += 1;
    }
    assert!(tried >= 30, "{tried}");
    assert_eq!(dump(), before);
}

#[test]
fn ids_of_another_workspace_in_a_body_path_or_filter_name_nothing() {
    let server = Server::start();
    let (a, b) = (Filled::new(&server, "bakkerij"), Filled::new(&server, "slagerij"));
    let (user, tag) = (b.id("users"), b.id("tags"));
    let task = format!("/tasks/{}", a.id("tasks"));
    for (field, id) in [("assignee_ids", user), ("viewer_ids", user), ("tag_ids", tag)] {
        for absent in [id, NOWHERE] {
            let body = json!({ field: [absent] });
            let problem = a.admin.patch(&task, &body).problem(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], field);
        }
    }
    // In a path it is no field that is wrong.
    for (link, id) in [("viewers", user), ("assignees", user), ("tags", tag)] {
        for absent in [id, NOWHERE] {
            a.admin.put(&format!("{task}/{link}/{absent}")).problem(404, "not-found");
        }
    }
    let hour =
        json!({ "task_id": b.id("tasks"), "started_at": "2025-01-01T10:00", "ended_at": "2025-01-01T11:00" });
    a.admin.post("/time-entries", &hour).problem(422, "invalid");
    let moved = json!({ "task_id": b.id("tasks") });
    a.admin.patch(&format!("/time-entries/{}", a.id("time-entries")), &moved).problem(422, "invalid");
    a.admin.post("/teams", &json!({ "name": "Two", "member_ids": [user] })).problem(422, "invalid");
    let role = json!({ "role_id": b.id("roles") });
    a.admin.patch(&format!("/users/{}", a.id("users")), &role).problem(422, "invalid");
    let invitee = json!({ "email": "x@x.example", "role_id": b.id("roles") });
    a.admin.post("/users/invitations", &invitee).problem(422, "invalid");
    for filter in [
        format!("/time-entries?task_id={}", b.id("tasks")),
        format!("/time-entries?user_id={user}"),
        format!("/tasks?created_by_id={user}"),
        format!("/tasks?assignee_id={user}"),
        format!("/tasks?tag_id={tag}"),
        format!("/audit-events?actor_id={user}"),
        format!("/audit-events?resource_id={}", b.id("tasks")),
    ] {
        assert!(a.admin.all(&filter).is_empty(), "{filter}");
    }
}

#[test]
fn a_cursor_of_another_workspace_leads_nowhere() {
    let server = Server::start();
    let (a, b) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    for title in ["One", "Two"] {
        a.task(title);
        b.task(title);
    }
    let cursor = b.get("/tasks?limit=1").expect(200)["next_cursor"].as_str().unwrap().to_owned();
    b.get(&format!("/tasks?limit=1&cursor={cursor}")).expect(200);
    a.get(&format!("/tasks?limit=1&cursor={cursor}")).problem(400, "bad-cursor");
}

/// A request as it stands on the wire, with whatever stands for a host; the answer.
fn raw(server: &Server, headers: &[u8], token: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let mut request = b"GET /api/v1/me HTTP/1.1\r\n".to_vec();
    request.extend_from_slice(headers);
    request
        .extend_from_slice(format!("Authorization: Bearer {token}\r\nConnection: close\r\n\r\n").as_bytes());
    stream.write_all(&request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    (text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), text)
}

#[test]
fn a_host_that_is_no_workspace_is_404() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let token = ada.token.clone().unwrap();
    let long = format!("{}.localhost", "a".repeat(300));
    for host in [
        "localhost",
        "localhost:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:80",
        "nothere.localhost",
        "bakkerij.nothere.localhost",
        "x.bakkerij.localhost",
        "bakkerij",
        "bakkerij.elsewhere.example",
        "bakkerij.localhost.elsewhere.example",
        "bakkerijlocalhost",
        ".localhost",
        "-.localhost",
        "public.localhost",
        "pg_catalog.localhost",
        "elsewhere.example",
        "%62akkerij.localhost",
        "xn--bkkerij-cua.localhost",
        &long,
        "a'; DROP SCHEMA public; --.localhost",
        "bakkerij..localhost",
        "bakkerij_.localhost",
    ] {
        let (status, text) = raw(&server, format!("Host: {host}\r\n").as_bytes(), &token);
        // What cannot stand in a host name at all is refused by the HTTP library before it is ours.
        assert!(status == 404 && text.contains("workspace-not-found") || status == 400, "{host}: {text}");
    }
    for headers in [
        "",
        "Host:\r\n",
        "Host: \u{431}akkerij.localhost\r\n",
        "Host: \r\nHost: bakkerij.localhost\r\n",
        "Host: bakkerij.localhost\r\nHost: bakkerij.localhost\r\n",
    ] {
        let (status, text) = raw(&server, headers.as_bytes(), &token);
        assert!([404, 400].contains(&status), "{headers}: {text}");
    }
    let (status, text) = raw(&server, b"Host: \xff\xfe.localhost\r\n", &token);
    assert!([404, 400].contains(&status), "{text}");
    for host in
        ["BAKKERIJ.localhost", "bakkerij.localhost:9", "bakkerij.localhost.", "bakkerij.LOCALHOST.:80"]
    {
        assert_eq!(raw(&server, format!("Host: {host}\r\n").as_bytes(), &token).0, 200, "{host}");
    }
}

#[test]
fn the_header_names_a_workspace_on_the_base_domain_alone() {
    let server = Server::start();
    let (ada, eve) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    let base = ada.at("localhost");
    let me = |client: &Client, slug: &str| client.send("GET", "/me", &[("X-Workspace", slug)], None);
    assert_eq!(me(&base, "bakkerij").expect(200)["id"], ada.id());
    me(&base, "slagerij").problem(401, "not-authenticated");
    base.get("/me").problem(404, "workspace-not-found");
    for slug in [
        "",
        "x",
        "nothere",
        "public",
        "BAKKERIJ",
        "bakkerij ;",
        "bakkerij,slagerij",
        "'",
        "../bakkerij",
        "bakkerij.localhost",
        "%62akkerij",
        &"a".repeat(5000),
    ] {
        me(&base, slug).problem(404, "workspace-not-found");
    }
    let twice = [("X-Workspace", "bakkerij"), ("X-Workspace", "slagerij")];
    base.send("GET", "/me", &twice, None).problem(404, "workspace-not-found");
    // At a workspace's own host it says nothing.
    assert_eq!(me(&ada, "slagerij").expect(200)["id"], ada.id());
    me(&eve.at(&ada.host), "slagerij").problem(401, "not-authenticated");
    me(&ada.at("elsewhere.example"), "bakkerij").problem(404, "workspace-not-found");
}

#[test]
fn no_other_header_names_a_workspace() {
    let server = Server::start();
    let (ada, _) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    let lies = [
        ("X-Forwarded-Host", "slagerij.localhost"),
        ("Forwarded", "host=slagerij.localhost"),
        ("X-Host", "slagerij.localhost"),
    ];
    assert_eq!(ada.send("GET", "/me", &lies, None).expect(200)["id"], ada.id());
}

fn tenant(server: &Server, slug: &str) -> TenantId {
    let query = format!("SELECT id::text FROM public.tenants WHERE slug = '{slug}'");
    server.sql(&query).pop().unwrap().parse().unwrap()
}

#[test]
fn a_suspended_workspace_is_closed_at_once_at_every_process() {
    let server = Server::start();
    let (ada, eve) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    for client in [&ada, &there] {
        client.get("/tasks").expect(200);
    }
    let tenant = tenant(&server, "bakkerij");
    let set = |suspended: bool| {
        if suspended {
            return assert!(server.db.tenancy().suspend(tenant).unwrap());
        }
        let mut tx = server.db.begin_control();
        assert!(tx.resume(tenant).unwrap());
        tx.commit().unwrap();
    };
    set(true);
    for client in [&ada, &there] {
        for path in ["/tasks", "/me", "/audit-events"] {
            client.get(path).problem(403, "workspace-suspended");
        }
        client.with_token(None).get("/me").problem(403, "workspace-suspended");
        let login = json!({ "email": "ada@bakkerij.example", "password": "x" });
        client.post("/auth/login", &login).problem(403, "workspace-suspended");
        client.post("/tasks", &json!({ "title": "x" })).problem(403, "workspace-suspended");
    }
    eve.get("/tasks").expect(200);
    set(false);
    for client in [&ada, &there] {
        client.get("/tasks").expect(200);
    }
}

#[test]
fn a_removed_workspace_never_was() {
    let server = Server::start();
    let (ada, eve) = (server.workspace("bakkerij"), server.workspace("slagerij"));
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    there.get("/me").expect(200);
    let tenant = tenant(&server, "bakkerij");
    let mut tx = server.db.begin_control();
    assert!(tx.delete(tenant).unwrap());
    tx.commit().unwrap();
    for client in [&ada, &there] {
        client.get("/me").problem(404, "workspace-not-found");
    }
    eve.get("/me").expect(200);
    // The name is free again, and nothing of before is in it.
    let new = server.workspace("bakkerij");
    assert_eq!(ids(&new.all("/users")), [new.id()]);
    for client in [&ada, &there] {
        client.get("/me").problem(401, "not-authenticated");
    }
}
