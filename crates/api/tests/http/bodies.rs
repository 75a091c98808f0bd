//! Bodies that take their time, and how many of them the server waits for.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use belfort_api::MinimumRate;
use serde_json::json;

use crate::files::{MULTIPART, head};
use crate::harness::{Client, PASSWORD, Server, settings};
use crate::input::bytes;
use crate::load::Sent;

const JSON: &str = "Content-Type: application/json\r\n";

/// A request of which not all is sent.
fn begin(caller: &Client, line: &str, headers: &str, body: &[u8]) -> Sent {
    let mut stream = TcpStream::connect(caller.address).unwrap();
    let token = caller.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
    let token = token.unwrap_or_default();
    let head =
        format!("{line} HTTP/1.1\r\nHost: {}\r\n{token}Connection: close\r\n{headers}\r\n", caller.host);
    stream.write_all(head.as_bytes()).unwrap();
    // A server that has heard enough may stop listening.
    let _ = stream.write_all(body);
    Sent(stream)
}

fn task(size: usize) -> String {
    let padding = " ".repeat(size);
    format!(r#"{{"title": "Bake"{padding}}}"#)
}

#[test]
fn a_body_that_arrives_in_parts_is_waited_for() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for size in [0, 5_000, 20_000, 900_000] {
        let body = task(size);
        let headers = format!("{JSON}Content-Length: {}\r\n", body.len());
        let (first, rest) = body.as_bytes().split_at(8);
        let mut sent = begin(&ada, "POST /api/v1/tasks", &headers, first);
        sent.0.write_all(rest).unwrap();
        let (status, text) = sent.answer();
        assert_eq!(status, 201, "{size}: {text}");
    }
}

#[test]
fn a_body_has_a_time_limit() {
    let server =
        Server::with(belfort_api::Settings { body_timeout: Duration::from_millis(200), ..settings() });
    let ada = server.workspace("bakkerij");
    let stalled = |caller: &Client, path: &str, length: usize, body: &[u8]| {
        let headers = format!("{JSON}Content-Length: {length}\r\n");
        begin(caller, &format!("POST /api/v1{path}"), &headers, body).answer()
    };
    let is_late = |(status, text): (u16, String)| {
        let code = "request-timeout";
        assert!(status == 408 && text.contains(&format!("\"code\":\"{code}\"")), "{text}");
        assert!(text.contains("application/problem+json"), "{text}");
    };
    is_late(stalled(&ada, "/tasks", 100, b"{"));
    is_late(stalled(&ada, "/tasks", 900_000, &vec![b' '; 100_000]));
    is_late(stalled(&ada, "/auth/password", 100, b""));
    is_late(stalled(&ada.with_token(None), "/auth/login", 100, b"{"));
    is_late(stalled(&ada.with_token(None), "/signup", 4_000, &[b' '; 3_999]));
    // An upload has more time in all, but goes on.
    let path = format!("POST /api/v1/tasks/{}/attachments", ada.task("Bake"));
    let headers = format!("{}: {}\r\nContent-Length: 100000\r\n", MULTIPART.0, MULTIPART.1);
    let form = head("name=\"file\"; filename=\"x\"");
    is_late(begin(&ada, &path, &headers, form.as_bytes()).answer());
    is_late(begin(&ada, &path, &headers, b"--b").answer());
    assert_eq!(server.stored("bakkerij"), (0, 0, 0));
}

/// The time limit of an upload is for the next bytes: with one now and then it would go on for an hour.
#[test]
fn a_body_has_a_minimum_rate() {
    let server = Server::with(belfort_api::Settings {
        body_timeout: Duration::from_hours(1),
        body_rate: MinimumRate { grace: Duration::from_millis(200), bytes_per_second: 1 << 30 },
        ..settings()
    });
    let ada = server.workspace("bakkerij");
    let slow = |caller: &Client, line: &str, headers: &str, body: &[u8]| {
        let sent = begin(caller, line, headers, body);
        // Without the limit no response would come for an hour.
        sent.0.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let (status, text) = sent.answer();
        assert!(status == 408 && text.contains("\"code\":\"request-timeout\""), "{text}");
    };
    let json = format!("{JSON}Content-Length: 900000\r\n");
    slow(&ada, "POST /api/v1/tasks", &json, &vec![b' '; 100_000]);
    let json = format!("{JSON}Content-Length: 100\r\n");
    slow(&ada, "POST /api/v1/tasks", &json, b"{");
    slow(&ada.with_token(None), "POST /api/v1/auth/login", &json, b"{");
    let path = format!("POST /api/v1/tasks/{}/attachments", ada.task("Bake"));
    let headers = format!("{}: {}\r\nContent-Length: 1000000\r\n", MULTIPART.0, MULTIPART.1);
    slow(
        &ada,
        &path,
        &headers,
        format!("{}{}", head("name=\"file\"; filename=\"x\""), "x".repeat(500_000)).as_bytes(),
    );
    assert_eq!(server.stored("bakkerij"), (0, 0, 0));
}

#[test]
fn what_anybody_may_send_is_small() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let nobody = ada.with_token(None);
    let login = |size: usize| {
        let body = json!({ "email": "ada@bakkerij.example", "password": PASSWORD }).to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    let with_length = |body: &str| {
        let headers = format!("{JSON}Content-Length: {}\r\n", body.len());
        nobody.raw("POST /api/v1/auth/login", &headers, body.as_bytes())
    };
    let chunked = |body: &str| {
        let body = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let headers = format!("{JSON}Transfer-Encoding: chunked\r\n");
        nobody.raw("POST /api/v1/auth/login", &headers, body.as_bytes())
    };
    with_length(&login(4096)).expect(200);
    chunked(&login(4096)).expect(200);
    with_length(&login(4097)).clean_problem(413, "too-large", "/api/v1/auth/login");
    chunked(&login(4097)).clean_problem(413, "too-large", "/api/v1/auth/login");
}

#[test]
fn large_bodies_share_the_memory_that_is_set_aside_for_them() {
    let server = Server::with(belfort_api::Settings { body_memory: 1024 * 1024, ..settings() });
    let ada = server.workspace("bakkerij");
    let large = || {
        let headers = format!("{JSON}Content-Length: 1048576\r\n");
        begin(&ada, "POST /api/v1/tasks", &headers, &vec![b' '; 100_000])
    };
    let both = [large(), large()];
    // One has the memory and is waited for, the other one is told to come back.
    let refused = loop {
        if let Some(told) = both.iter().position(|sent| !sent.waits()) {
            break told;
        }
        std::thread::yield_now();
    };
    let [first, second] = both;
    let (refused, holds) = if refused == 0 { (first, second) } else { (second, first) };
    let (status, text) = refused.answer();
    assert!(status == 503 && text.contains("\"busy\""), "{text}");
    assert!(holds.waits());
    // Small ones need none of it.
    ada.task("Bake");
    drop(holds);
    let body = task(900_000);
    let headers = format!("{JSON}Content-Length: {}\r\n", body.len());
    ada.raw("POST /api/v1/tasks", &headers, body.as_bytes()).expect(201);
}

/// All that is wrong is counted, and not all of it repeated: the answer to a mebibyte would have ten.
#[test]
fn of_very_many_errors_some_are_told_and_the_number_of_the_others() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let unknown = |count: usize| {
        let names: Vec<String> = (0..count).map(|i| format!("\"{i:05}\":0")).collect();
        format!("{{{}}}", names.join(","))
    };
    let told = |body: &str| {
        let reply = bytes(&ada, "POST /api/v1/tasks", JSON, body.as_bytes());
        assert!(reply.text.len() < 8_000, "{}", reply.text.len());
        let problem = reply.clean_problem(422, "invalid", "/api/v1/tasks");
        problem["errors"].as_array().unwrap().clone()
    };
    // The title is missing, too.
    assert_eq!(told(&unknown(49)).len(), 50);
    let most = told(&unknown(100_000));
    assert_eq!(most.len(), 51);
    assert_eq!((&most[50]["field"], &most[50]["code"]), (&json!(""), &json!("more-errors")));
    assert_eq!(most[50]["detail"], "99951 more errors are not listed");
    // The same of names that are given twice, and of a query.
    let twice: Vec<String> = (0..100).map(|i| format!("\"{i}\":0,\"{i}\":0")).collect();
    assert_eq!(told(&format!("{{{}}}", twice.join(","))).len(), 51);
    let query: Vec<String> = (0..100).map(|i| format!("q{i}=1")).collect();
    let problem = ada.get(&format!("/me?{}", query.join("&"))).problem(422, "unknown-field");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 51);
}
