//! Every operation that names a row, as every role, on a row in every relation to the caller: `docs/access-matrix.txt` says who
//! gets through, and this compares it with the server. When it fails it prints the table as the server has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::files::MULTIPART;
use crate::harness::{Client, Server};
use crate::time_entries::log;

const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
const MATRIX: &str = include_str!("../../../../docs/access-matrix.txt");
const HEAD: &str = "operation                                      admin   manager  member  guest\n";

const ROLES: [&str; 4] = ["admin", "manager", "member", "guest"];

/// Rows by resource, each with the letter of its relation to one caller.
type Rows = BTreeMap<&'static str, Vec<(char, String)>>;

/// One caller of each role, in one team with Cleo; Dirk is in none. What is shared by all.
struct Office {
    callers: Vec<Client>,
    ada: Client,
    cleo: Client,
    dirk: Client,
    teams: [String; 2],
    invitation: String,
    role: String,
    tag: String,
}

impl Office {
    fn open(server: &Server) -> Self {
        let ada = server.workspace("kantoor");
        let person = |name: &str| server.person(&ada, name, "member");
        let (cleo, dirk) = (person("cleo"), person("dirk"));
        let callers: Vec<Client> = ["abe", "mia", "bob", "gil"].into_iter().map(person).collect();
        let one: Vec<String> = callers.iter().map(Client::id).chain([cleo.id()]).collect();
        let teams = [("One", one), ("Two", vec![dirk.id()])]
            .map(|(name, ids)| ada.make("/teams", &json!({ "name": name, "member_ids": ids })));
        let guest = json!({ "email": "zoe@kantoor.example", "role_id": ada.role("guest") });
        let invitation = ada.make("/users/invitations", &guest);
        let tag = tag(&ada, "rye");
        let role = server.custom_role("kantoor", "clerk", &["tags read all"]);
        Self { callers, ada, cleo, dirk, teams, invitation, role, tag }
    }

    /// Rows in every relation to somebody who is a member still: a guest makes nothing, but may have.
    fn rows(&self, caller: &Client, role: &str) -> Rows {
        let Self { ada, cleo, dirk, .. } = self;
        let me = caller.id();
        let task = |by: &Client, field: &str, users: &[&str]| {
            by.make("/tasks", &json!({ "title": "A task", field: users }))
        };
        let tasks = [
            ('O', task(caller, "assignee_ids", &[])),
            ('A', task(dirk, "assignee_ids", &[&me])),
            ('V', task(dirk, "viewer_ids", &[&me])),
            ('T', task(cleo, "assignee_ids", &[])),
            ('X', task(dirk, "assignee_ids", &[])),
        ];
        let hidden = task(dirk, "assignee_ids", &[&me]);
        let [own, mine, shown, ours, _] = tasks.each_ref().map(|(_, id)| id.as_str());
        let places = [
            ('O', caller, own),
            ('M', ada, own),
            ('A', ada, mine),
            ('V', ada, shown),
            ('T', cleo, ours),
            ('X', ada, ours),
            ('H', caller, &hidden),
        ];
        let authors = [('O', caller), ('T', cleo), ('X', dirk)];
        let rows = BTreeMap::from([
            ("tasks", tasks.to_vec()),
            ("comments", places.map(|(letter, by, task)| (letter, comment(by, task))).to_vec()),
            ("attachments", places.map(|(letter, by, task)| (letter, by.attach(task, "x", b"x"))).to_vec()),
            ("time-entries", places.map(|(letter, by, task)| (letter, hour(by, task))).to_vec()),
            ("tags", authors.map(|(letter, by)| (letter, tag(by, &format!("{me} {letter}")))).to_vec()),
            ("users", authors.map(|(letter, user)| (letter, user.id())).to_vec()),
            ("teams", vec![('O', self.teams[0].clone()), ('X', self.teams[1].clone())]),
            ("roles", vec![('O', ada.role(role)), ('X', self.role.clone())]),
            ("invitations", vec![('X', self.invitation.clone())]),
        ]);
        ada.patch(&format!("/tasks/{hidden}"), &json!({ "assignee_ids": [] })).expect(200);
        rows
    }

    /// The letters, each where a caller gets through to the row in that relation, else a dash.
    fn reached(&self, caller: &Client, method: &str, path: &str, rows: &[(char, String)]) -> String {
        rows.iter()
            .map(|(letter, id)| if self.gets_through(caller, method, path, id) { *letter } else { '-' })
            .collect()
    }

    fn gets_through(&self, caller: &Client, method: &str, path: &str, id: &str) -> bool {
        let names_one = path.matches('{').count() == 1;
        let path =
            path.replace("{id}", id).replace("{user_id}", &self.ada.id()).replace("{tag_id}", &self.tag);
        let (headers, body): (&[_], _) = match method {
            // No row has this version: what could be deleted stays.
            "DELETE" if names_one => (&[("If-Match", "\"v999\"")], None),
            "PATCH" => (&[], Some("{}")),
            "POST" if path.ends_with("/attachments") => (&[MULTIPART], Some(FORM)),
            "POST" => (&[], Some("{\"body\": \"A word.\"}")),
            _ => (&[], None),
        };
        let reply = caller.send(method, &path, headers, body);
        match reply.status {
            200 | 201 | 204 | 409 | 412 => return true,
            403 => reply.problem(403, "forbidden"),
            404 => reply.problem(404, "not-found"),
            status => panic!("{method} {path}: {status} {}", reply.text),
        };
        false
    }
}

fn comment(by: &Client, task: &str) -> String {
    by.make(&format!("/tasks/{task}/comments"), &json!({ "body": "A word." }))
}

fn hour(by: &Client, task: &str) -> String {
    log(by, task, "2025-12-31T10:00", "2025-12-31T11:00")
}

fn tag(by: &Client, name: &str) -> String {
    by.make("/tags", &json!({ "name": name }))
}

/// What kind of row an operation's path names.
fn resource(path: &str) -> &str {
    if path.starts_with("/users/invitations/") {
        return "invitations";
    }
    path.split('/').nth(1).unwrap()
}

#[test]
fn every_operation_on_a_row_lets_through_whom_the_matrix_says() {
    let server = Server::start();
    let office = Office::open(&server);
    let rows: Vec<Rows> =
        office.callers.iter().zip(ROLES).map(|(caller, role)| office.rows(caller, role)).collect();
    for (caller, role) in office.callers.iter().zip(ROLES) {
        let role = office.ada.role(role);
        office.ada.patch(&format!("/users/{}", caller.id()), &json!({ "role_id": role })).expect(200);
    }
    let mut table = HEAD.to_owned();
    for (method, path) in belfort_api::document().unwrap().routes() {
        let Some(path) = path.strip_prefix("/api/v1").filter(|path| path.contains("{id}")) else { continue };
        let resource = resource(path);
        if ["auth", "signup"].contains(&resource) {
            continue;
        }
        let cells: Vec<String> = office
            .callers
            .iter()
            .zip(&rows)
            .map(|(caller, rows)| office.reached(caller, &method, path, &rows[resource]))
            .collect();
        let [admin, manager, member, guest] = &cells[..] else { unreachable!() };
        writeln!(table, "{method:<6} {path:<40}{admin:<8}{manager:<9}{member:<8}{guest}").unwrap();
    }
    let written = MATRIX.find(HEAD).map_or("", |at| &MATRIX[at..]);
    assert!(written == table, "docs/access-matrix.txt differs from the server, which has it so:\n\n{table}");
}
