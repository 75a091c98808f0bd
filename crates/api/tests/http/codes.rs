//! Every code that is published is provoked by a test, and these provoke what no other test does.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server};
use crate::storage_view::at_once;

const TASKS: &str = "/api/v1/tasks";

/// Every test of the API over HTTP, and those units that HTTP does not reach: `bad-request` and `session-required`.
const TESTS: [&str; 3] = ["tests/http", "src/middleware.rs", "src/context/gate/tests.rs"];

/// The codes of an enumeration in the document.
fn published(document: &Value, schema: &str) -> Vec<String> {
    let codes = document["components"]["schemas"][schema]["enum"].as_array().unwrap();
    codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

fn text_of(path: &std::path::Path) -> String {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap();
        return entries.map(|entry| text_of(&entry.unwrap().path())).collect();
    }
    let text = std::fs::read_to_string(path).unwrap();
    // Of a file of the product, the tests in it.
    let from = if path.ends_with("src/middleware.rs") { text.find("mod tests {") } else { Some(0) };
    from.map(|from| text[from..].to_owned()).unwrap_or_default()
}

#[test]
fn every_code_that_is_published_is_expected_by_a_test() {
    let server = Server::start();
    let document = server.anonymous("any").page("/api/schema/").expect(200);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests: String = TESTS.iter().map(|path| text_of(&root.join(path))).collect();
    let (problems, fields) = (published(&document, "ProblemCode"), published(&document, "FieldCode"));
    assert!(problems.len() > 40 && fields.len() > 10, "{problems:?} {fields:?}");
    for code in problems.iter().chain(&fields) {
        let expected = [format!("\"{code}\""), format!(" {code}\"")];
        assert!(expected.iter().any(|text| tests.contains(text)), "no test expects {code}");
    }
}

#[test]
fn a_body_that_ends_before_its_end_is_broken() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let mut stream = TcpStream::connect(ada.address).unwrap();
    let head = format!(
        "POST {TASKS} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n",
        ada.host,
        ada.token.as_deref().unwrap(),
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"{\"title\":").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("\"broken-body\""), "{answer}");
    assert_eq!(ada.all("/tasks").len(), 0);
}

#[test]
fn of_two_changes_of_a_password_at_once_one_is_told_of_the_other() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (mut current, mut told) = (PASSWORD.to_owned(), 0);
    for round in 0..40 {
        let new = |i: usize| format!("another password {round} {i}");
        let replies = at_once(2, |i| {
            let body = json!({ "current_password": current, "new_password": new(i) });
            ada.post("/auth/password", &body)
        });
        let changed: Vec<usize> = (0..2).filter(|i| replies[*i].status == 204).collect();
        assert_eq!(changed.len(), 1, "{replies:?}");
        // Whoever came later found the new password, or found out only at the end.
        if replies[1 - changed[0]].status == 409 {
            assert_eq!(replies[1 - changed[0]].body["code"], "changed-meanwhile");
            told += 1;
        }
        current = new(changed[0]);
        if told == 3 {
            return;
        }
    }
    panic!("in 40 rounds only {told} were told that the password was changed meanwhile");
}

#[test]
fn mail_that_cannot_be_sent_is_worth_another_try() {
    let server = Server::start();
    server.refuse_mail();
    let anybody = Client { address: server.address, host: "localhost".into(), token: None };
    let body = json!({ "email": "a@b.example", "password": PASSWORD, "full_name": "A", "workspace_name": "B", "slug": "bee" });
    let refused = anybody.post("/signup", &body);
    assert_eq!(refused.header("retry-after"), Some("60"));
    refused.clean_problem(503, "mail-unavailable", "/api/v1/signup");
}

#[test]
fn what_is_wrong_with_a_slug_a_password_and_a_code_is_told_apart() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let anybody = Client { address: server.address, host: "localhost".into(), token: None };
    let form = |slug: &str| json!({ "email": "a@b.example", "password": PASSWORD, "full_name": "A", "workspace_name": "B", "slug": slug });
    for (slug, code) in [("ab", "invalid-length"), ("www", "reserved"), ("Bee", "forbidden-character")] {
        let told = anybody.post("/signup", &form(slug)).problem(422, "invalid");
        assert_eq!(told["errors"][0]["code"], code, "{slug}");
    }
    let body = json!({ "current_password": "wrong", "new_password": "another long one" });
    assert_eq!(
        ada.post("/auth/password", &body).problem(422, "invalid")["errors"][0]["code"],
        "wrong-password"
    );
    let id = anybody.post("/signup", &form("bee")).expect(202)["signup_id"].clone();
    let wrong = if server.code_to("a@b.example") == "000000" { "000001" } else { "000000" };
    let path = format!("/signup/{}/confirm", id.as_str().unwrap());
    let told = anybody.post(&path, &json!({ "code": wrong })).problem(422, "invalid");
    assert_eq!(told["errors"][0]["code"], "wrong-code");
}
