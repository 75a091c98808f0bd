//! Who may do what: every role at every operation, and who reaches which row.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Client, Server};
use crate::storage_view::{NOWHERE, ids};

const MATRIX: &str = include_str!("../../../../docs/access-matrix.txt");
const ROLES: [&str; 4] = ["admin", "manager", "member", "guest"];

/// What the matrix says: scopes by resource and action, one for each role; and what each operation needs.
struct Matrix {
    scopes: BTreeMap<(String, String), [String; 4]>,
    needs: BTreeMap<(String, String), String>,
}

impl Matrix {
    fn read() -> Self {
        let (mut scopes, mut needs) = (BTreeMap::new(), BTreeMap::new());
        // After that, matrix.rs reads on.
        let head = MATRIX.split("Which rows.").next().unwrap_or_default();
        for line in head.lines() {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let verb = words.first().is_some_and(|word| word.chars().all(char::is_uppercase));
            match words.as_slice() {
                [method, path, rest @ ..] if verb && path.starts_with('/') => {
                    needs.insert((method.clone(), format!("/api/v1{path}")), rest.join(" "));
                }
                [resource, action, a, b, c, d] if ["all", "team", "own", "-"].contains(&a.as_str()) => {
                    let of_roles = [a.clone(), b.clone(), c.clone(), d.clone()];
                    scopes.insert((resource.clone(), action.clone()), of_roles);
                }
                _ => {}
            }
        }
        Self { scopes, needs }
    }

    /// Whether somebody with this role may.
    fn allows(&self, role: usize, needs: &str) -> bool {
        match needs.split_once(' ') {
            None => true,
            Some((resource, action)) => self.scopes[&(resource.to_owned(), action.to_owned())][role] != "-",
        }
    }
}

/// A member who reads and changes nothing in vain: everybody of a workspace, in the order of `ROLES`.
fn everybody(server: &Server, slug: &str) -> Vec<(Client, String)> {
    let admin = server.workspace(slug);
    let mut people = vec![(admin.clone(), format!("ada@{slug}.example"))];
    for role in &ROLES[1..] {
        people.push((server.person(&admin, role, role), format!("{role}@{slug}.example")));
    }
    people
}

fn at(path: &str, id: &str) -> String {
    path.replace("{id}", id).replace("{user_id}", id).replace("{tag_id}", id)
}

#[test]
fn the_matrix_knows_every_operation_and_what_it_needs() {
    let (matrix, document) = (Matrix::read(), belfort_api::document().unwrap());
    let documented: BTreeMap<(String, String), String> = document
        .routes()
        .into_iter()
        .map(|(method, path)| {
            let operation = &document.json()["paths"][&path][method.to_lowercase()];
            let permission = &operation["x-permission"];
            let needs = match (permission["resource"].as_str(), permission["action"].as_str()) {
                (Some(resource), Some(action)) => format!("{resource} {action}"),
                _ if operation["security"].as_array().unwrap().is_empty() => "anybody".to_owned(),
                _ => "signed".to_owned(),
            };
            ((method, path), needs)
        })
        .collect();
    assert_eq!(documented, matrix.needs);
}

#[test]
fn the_built_in_roles_are_as_in_the_matrix() {
    let (server, matrix) = (Server::start(), Matrix::read());
    let roles = server.workspace("bakkerij").all("/roles");
    assert_eq!(roles.len(), 4);
    for (number, name) in ROLES.iter().enumerate() {
        let role = roles.iter().find(|role| role["name"] == *name).unwrap();
        let has: BTreeSet<String> = role["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| [&p["resource"], &p["action"], &p["scope"]].map(|w| w.as_str().unwrap()).join(" "))
            .collect();
        let expected: BTreeSet<String> = matrix
            .scopes
            .iter()
            .filter(|(_, scopes)| scopes[number] != "-")
            .map(|((resource, action), scopes)| format!("{resource} {action} {}", scopes[number]))
            .collect();
        assert_eq!(has, expected, "{name}");
    }
}

/// Garbage is sent on purpose: who may not do it is told that, and nothing about the garbage.
#[test]
fn every_role_is_told_at_every_operation_what_the_matrix_says() {
    let (server, matrix) = (Server::start(), Matrix::read());
    let mut people = everybody(&server, "bakkerij");
    let anonymous = server.anonymous("bakkerij");
    for ((method, path), needs) in &matrix.needs {
        let path = at(path, NOWHERE);
        let send = |who: &Client| who.send(method, &path, &[], (method != "GET").then_some("{\"x\": 1, "));
        let nobody = send(&anonymous);
        if needs == "anybody" {
            assert!(![401, 403].contains(&nobody.status), "{method} {path}: {}", nobody.text);
        } else {
            nobody.problem(401, "not-authenticated");
            anonymous
                .with_token(Some("bft_x"))
                .send(method, &path, &[], Some("["))
                .problem(401, "not-authenticated");
        }
        for (number, (client, email)) in people.iter_mut().enumerate() {
            let reply = send(client);
            if matrix.allows(number, needs) {
                let told = (reply.status, ROLES[number]);
                assert!(
                    ![401, 403].contains(&told.0) && told.0 < 500,
                    "{method} {path} {told:?}: {}",
                    reply.text
                );
            } else {
                reply.problem(403, "forbidden");
                // Whatever else is wrong with it.
                for body in ["", "[]", "\u{feff}{}", "{\"title\": \"x\"}"] {
                    let headers =
                        [("Content-Type", "text/plain"), ("If-Match", "x"), ("Idempotency-Key", "k")];
                    client.send(method, &path, &headers, Some(body)).problem(403, "forbidden");
                }
                client
                    .send(method, &format!("{path}?limit=0&cursor=x&y"), &[], None)
                    .problem(403, "forbidden");
            }
            if path.starts_with("/api/v1/auth") {
                *client = anonymous.log_in(email);
            }
        }
    }
}

/// With the tables out of the way, a statement on them would be a 500.
#[test]
fn who_may_not_causes_no_query_on_the_resource() {
    let (server, matrix) = (Server::start(), Matrix::read());
    let people = everybody(&server, "bakkerij");
    let schema = server.schema("bakkerij");
    let tables = "tasks task_people task_tags comments attachments attachment_pieces attachment_uploads time_entries tags \
                  teams invitations audit_events";
    for table in tables.split_whitespace() {
        server.meddle(&format!("ALTER TABLE {schema}.{table} RENAME TO {table}_away"));
    }
    people[0].0.get("/tasks").problem(500, "internal");
    let mut told = 0;
    for ((method, path), needs) in &matrix.needs {
        for (number, (client, _)) in people.iter().enumerate().filter(|(n, _)| !matrix.allows(*n, needs)) {
            let reply = client.send(method, &at(path, NOWHERE), &[], (method != "GET").then_some("{}"));
            assert_eq!(reply.status, 403, "{method} {path} {}: {}", ROLES[number], reply.text);
            told += 1;
        }
    }
    assert!(told > 50, "{told}");
}

/// People, and tasks in every relation to them.
struct Office {
    people: BTreeMap<&'static str, Client>,
    tasks: BTreeMap<&'static str, String>,
}

impl Office {
    fn open(server: &Server) -> Self {
        let ada = server.workspace("kantoor");
        let mut people = BTreeMap::from([("ada", ada.clone())]);
        for (name, role) in
            [("mia", "manager"), ("bob", "member"), ("cleo", "member"), ("dirk", "member"), ("gil", "guest")]
        {
            people.insert(name, server.person(&ada, name, role));
        }
        let id = |name: &str| people[name].id();
        ada.make("/teams", &json!({ "name": "One", "member_ids": [id("mia"), id("bob"), id("cleo")] }));
        let mut tasks = BTreeMap::new();
        let mut task = |name, by: &str, links: Value| {
            let mut body = json!({ "title": name });
            body.as_object_mut().unwrap().extend(links.as_object().unwrap().clone());
            tasks.insert(name, people[by].make("/tasks", &body));
        };
        task("ada's", "ada", json!({}));
        task("bob's", "bob", json!({}));
        task("cleo's", "cleo", json!({}));
        task("dirk's", "dirk", json!({}));
        task("mia's", "mia", json!({}));
        task("for bob", "ada", json!({ "assignee_ids": [id("bob")] }));
        task("for cleo", "ada", json!({ "assignee_ids": [id("cleo")] }));
        task("shown to bob", "ada", json!({ "viewer_ids": [id("bob")] }));
        task("shown to cleo", "ada", json!({ "viewer_ids": [id("cleo")] }));
        task("shown to gil", "ada", json!({ "viewer_ids": [id("gil")] }));
        Self { people, tasks }
    }
}

/// Who reads what and, after the bar, who changes what.
const REACH: [(&str, &str, &str); 5] = [
    (
        "mia",
        "ada's, bob's, cleo's, dirk's, for bob, for cleo, mia's, shown to bob, shown to cleo, shown to gil",
        "bob's, cleo's, for bob, for cleo, mia's",
    ),
    ("bob", "bob's, cleo's, for bob, for cleo, mia's, shown to bob", "bob's, for bob"),
    ("cleo", "bob's, cleo's, for bob, for cleo, mia's, shown to cleo", "cleo's, for cleo"),
    ("dirk", "dirk's", "dirk's"),
    ("gil", "shown to gil", ""),
];

#[test]
fn a_task_is_listed_read_and_changed_by_those_whom_it_concerns() {
    let server = Server::start();
    let Office { people, tasks } = Office::open(&server);
    for (name, reads, changes) in REACH {
        let caller = &people[name];
        let listed = ids(&caller.all("/tasks"));
        let mut expected: Vec<String> = reads.split(", ").map(|title| tasks[title].clone()).collect();
        expected.sort();
        assert_eq!(listed, expected, "{name}");
        assert_eq!(ids(&caller.all("/tasks?order=id")), expected, "{name}");
        for (title, id) in &tasks {
            let path = format!("/tasks/{id}");
            let (read, change) =
                (reads.split(", ").any(|t| t == *title), changes.split(", ").any(|t| t == *title));
            let status = if read { 200 } else { 404 };
            for path in [path.clone(), format!("{path}/history"), format!("{path}/comments")] {
                assert_eq!(caller.get(&path).status, status, "{name} {path} {title}");
            }
            let (changing, deleting, linking) = match (name, change) {
                ("gil", _) => (403, 403, 403),
                (_, true) => (200, 412, 204),
                (_, false) => (404, 404, 404),
            };
            assert_eq!(caller.patch(&path, &json!({})).status, changing, "{name} changes {title}");
            // With a version that it has not: what is in reach stays all the same.
            let deleted = caller.send("DELETE", &path, &[("If-Match", "\"v999\"")], None);
            assert_eq!(deleted.status, deleting, "{name} deletes {title}");
            let linked = caller.put(&format!("{path}/viewers/{}", people["ada"].id()));
            assert_eq!(linked.status, linking, "{name} links {title}");
        }
    }
    people["gil"].post("/tasks", &json!({ "title": "Mine" })).problem(403, "forbidden");
}

#[test]
fn a_viewer_lets_nobody_else_look() {
    let server = Server::start();
    let Office { people, tasks } = Office::open(&server);
    let (bob, dirk) = (&people["bob"], people["dirk"].id());
    let path = format!("/tasks/{}", tasks["shown to bob"]);
    bob.put(&format!("{path}/viewers/{dirk}")).problem(404, "not-found");
    bob.patch(&path, &json!({ "viewer_ids": [dirk] })).problem(404, "not-found");
    bob.put(&format!("{path}/assignees/{}", bob.id())).problem(404, "not-found");
    people["dirk"].get(&path).problem(404, "not-found");
}

#[test]
fn a_comment_is_read_where_its_task_is_and_changed_by_its_author() {
    let server = Server::start();
    let Office { people, tasks } = Office::open(&server);
    let mut comments = Vec::new();
    for (title, task) in &tasks {
        for (name, author) in &people {
            let reads =
                *name == "ada" || REACH.iter().any(|r| r.0 == *name && r.1.split(", ").any(|t| t == *title));
            let said = author.post(&format!("/tasks/{task}/comments"), &json!({ "body": "A word." }));
            assert_eq!(said.status, if reads { 201 } else { 404 }, "{name} on {title}: {}", said.text);
            if reads {
                comments.push((*title, *name, said.body["id"].as_str().unwrap().to_owned()));
            }
        }
    }
    let team = ["mia", "bob", "cleo"];
    for (name, reads, _) in REACH {
        let caller = &people[name];
        for (title, task) in tasks.iter().filter(|(title, _)| reads.split(", ").any(|t| t == **title)) {
            let listed: BTreeSet<String> =
                ids(&caller.all(&format!("/tasks/{task}/comments"))).into_iter().collect();
            for (_, author, id) in comments.iter().filter(|(t, ..)| t == title) {
                let mine = *author == name;
                let ours = mine || team.contains(&name) && team.contains(author);
                let concerned = [format!("{name}'s"), format!("for {name}"), format!("shown to {name}")];
                let (read, change) = match name {
                    "mia" => (true, ours),
                    _ => (ours || concerned.iter().any(|concerns| concerns == title), mine),
                };
                let what = format!("{name} and {author}'s comment on {title}");
                assert_eq!(listed.contains(id), read, "{what}");
                let path = format!("/comments/{id}");
                assert_eq!(caller.get(&path).status, if read { 200 } else { 404 }, "{what}");
                let status = match (name, change) {
                    ("gil", _) => 403,
                    (_, true) => 200,
                    (_, false) => 404,
                };
                assert_eq!(caller.patch(&path, &json!({})).status, status, "{what}");
            }
        }
        for (title, author, id) in
            comments.iter().filter(|(t, ..)| !reads.split(", ").any(|title| title == *t))
        {
            caller.get(&format!("/comments/{id}")).problem(404, "not-found");
            let changed = caller.patch(&format!("/comments/{id}"), &json!({})).status;
            assert_eq!(changed, if name == "gil" { 403 } else { 404 }, "{name}: {author} on {title}");
        }
    }
}

/// Everything that is told, but what names the request, the time, and whether the connection was read to its end.
fn told(reply: &crate::harness::Reply, id: &str) -> (u16, String, Vec<(String, String)>) {
    let mut headers = reply.headers();
    headers.retain(|(name, _)| !["x-request-id", "date", "connection"].contains(&name.as_str()));
    (reply.status, reply.text.replace(id, "{id}"), headers)
}

#[test]
fn a_row_of_others_is_not_told_apart_from_none() {
    let server = Server::start();
    let Office { people, tasks } = Office::open(&server);
    let (ada, dirk) = (&people["ada"], &people["dirk"]);
    let task = &tasks["ada's"];
    let comment = ada.make(&format!("/tasks/{task}/comments"), &json!({ "body": "x" }));
    let file = ada.attach(task, "x", b"x");
    let tag = ada.make("/tags", &json!({ "name": "rye" }));
    let team = ada.make("/teams", &json!({ "name": "Two" }));
    let timer = ada.make("/time-entries/start", &json!({ "task_id": task }));
    let rows = [
        ("tasks", task),
        ("comments", &comment),
        ("attachments", &file),
        ("time-entries", &timer),
        ("tags", &tag),
        ("teams", &team),
        ("users", &ada.id()),
    ];
    let mut compared = 0;
    for ((method, path), needs) in &Matrix::read().needs {
        let resource = path.trim_start_matches("/api/v1/").split('/').next().unwrap();
        let Some((_, id)) = rows.iter().find(|(name, _)| *name == resource) else { continue };
        if !path.contains("{id}") || path.contains("invitations") || !Matrix::read().allows(2, needs) {
            continue;
        }
        let path = path.replace("{user_id}", &dirk.id()).replace("{tag_id}", &tag);
        let ask = |id: &str, headers: &[(&str, &str)], body| {
            dirk.send(method, &path.replace("{id}", id), headers, body)
        };
        let body =
            if method == "POST" { Some("{\"body\": \"x\"}") } else { (method == "PATCH").then_some("{}") };
        // As it is right, and wrong in every way there is.
        for headers in [&[][..], &[("If-Match", "\"v1\"")], &[("If-Match", "x")], &[("If-None-Match", "*")]] {
            let (foreign, absent) = (ask(id, headers, body), ask(NOWHERE, headers, body));
            assert_eq!(foreign.status, 404, "{method} {path}: {}", foreign.text);
            assert_eq!(told(&foreign, id), told(&absent, NOWHERE), "{method} {path} {headers:?}");
        }
        for wrong in ["", "[", "{\"x\": 1}", "{\"title\": 7, \"body\": 7, \"name\": \"\", \"note\": null}"] {
            for headers in [&[][..], &[("Idempotency-Key", wrong)], &[("Content-Type", "text/plain")]] {
                let (foreign, absent) = (ask(id, headers, Some(wrong)), ask(NOWHERE, headers, Some(wrong)));
                assert_eq!(told(&foreign, id), told(&absent, NOWHERE), "{method} {path} {headers:?} {wrong}");
            }
        }
        assert_eq!(ask("x", &[], body).status, 404, "{method} {path}");
        compared += 1;
    }
    assert!(compared > 15, "{compared}");
}
