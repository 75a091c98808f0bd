//! Uploads that are too much, too slow, broken or hostile: they take nobody's turn, and nothing of them stays.

use std::io::{Read, Write};

use belfort_api::Settings;
use chrono::Duration;
use serde_json::json;

use crate::files::{CHUNK_SIZE, MULTIPART, TAIL, answer, form, head, noise};
use crate::harness::{Client, Reply, Server, settings};

const NOTHING: (usize, usize, usize) = (0, 0, 0);

fn with_limit(attachment_limit: u64) -> Server {
    Server::with(Settings { attachment_limit, ..settings() })
}

/// A form, sent by a client that stops writing when the server stops reading.
fn send(ada: &Client, task: &str, body: &[u8], headers: &str) -> Reply {
    let headers = format!("{}: {}\r\n{headers}", MULTIPART.0, MULTIPART.1);
    ada.raw(&format!("POST /api/v1/tasks/{task}/attachments"), &headers, body)
}

fn with_length(ada: &Client, task: &str, body: &[u8]) -> Reply {
    send(ada, task, body, &format!("Content-Length: {}\r\n", body.len()))
}

#[test]
fn a_file_is_taken_up_to_the_limit_and_not_a_byte_further() {
    let limit = 2 * CHUNK_SIZE + 10;
    let server = with_limit(u64::try_from(limit).unwrap());
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let path = format!("/api/v1/tasks/{task}/attachments");
    let over = form("x", &noise(limit + 1, 1));
    with_length(&ada, &task, &over).clean_problem(413, "too-large", &path);
    // Without a length it is found out on the way, after chunks were stored.
    let chunked = [format!("{:x}\r\n", over.len()).as_bytes(), &over, b"\r\n0\r\n\r\n"].concat();
    send(&ada, &task, &chunked, "Transfer-Encoding: chunked\r\n").clean_problem(413, "too-large", &path);
    // With one that says it, nothing is waited for: not a byte of this body was sent.
    send(&ada, &task, b"", "Content-Length: 26214400\r\n").clean_problem(413, "too-large", &path);
    assert_eq!(server.stored("bakkerij"), NOTHING);
    assert!(ada.all("/audit-events?resource=attachments").is_empty());
    let exact = noise(limit, 1);
    let id = ada.attach(&task, "x", &exact);
    assert!(ada.fetch(&id, &[]).bytes == exact);
    // Other bodies are as small as ever.
    let large = json!({ "title": "x".repeat(1024 * 1024) });
    ada.post("/tasks", &large).problem(413, "too-large");
}

#[test]
fn uploads_that_stall_take_nobodys_turn() {
    let server = Server::with(Settings { db_connections: 1, ..settings() });
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let content = noise(2 * CHUNK_SIZE, 1);
    let (begin, end) = content.split_at(CHUNK_SIZE + 1);
    let slow: Vec<_> = (0..12).map(|_| ada.begin_upload(&task, "slow.bin", begin, content.len())).collect();
    // Each has stored its first chunk and waits for the next one.
    server.until_stored("bakkerij", (0, 12, 12));
    for _ in 0..10 {
        ada.get("/me").expect(200);
    }
    ada.attach(&task, "quick.bin", b"x");
    assert_eq!(ada.all(&format!("/tasks/{task}/attachments")).len(), 1);
    for mut stream in slow {
        stream.write_all(end).unwrap();
        stream.write_all(TAIL.as_bytes()).unwrap();
        let (status, text) = answer(stream);
        assert_eq!(status, 201, "{text}");
    }
    assert_eq!(server.stored("bakkerij"), (13, 25, 0));
}

/// To this something is answered at once. Who goes without reading it does not end the connection but breaks it: the server does
/// not come to the end of the body, it is torn away from it.
const EXPECT: &str = "Expect: 100-continue\r\n";

#[test]
fn a_sender_who_hangs_up_leaves_nothing() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    for (begin, more) in [
        (CHUNK_SIZE + 1, ""),
        (2 * CHUNK_SIZE + 1, ""),
        (CHUNK_SIZE + 1, EXPECT),
        (2 * CHUNK_SIZE + 1, EXPECT),
    ] {
        let stream = ada.begin_upload_with(more, &task, "x", &noise(begin, 1), 5 * CHUNK_SIZE);
        server.until_stored("bakkerij", (0, begin / CHUNK_SIZE, 1));
        drop(stream);
        server.until_stored("bakkerij", NOTHING);
    }
    assert!(ada.all("/audit-events?resource=attachments").is_empty());
}

#[test]
fn what_a_crash_left_is_swept_when_somebody_sends_a_file() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let whole = noise(3 * CHUNK_SIZE, 1);
    let begin = |by: &Client| by.begin_upload(&task, "x", &whole[..=CHUNK_SIZE], whole.len());
    let mut old = begin(&ada);
    server.until_stored("bakkerij", (0, 1, 1));
    server.clock.advance(Duration::minutes(59));
    let mut young = begin(&ada);
    server.until_stored("bakkerij", (0, 2, 2));
    ada.attach(&task, "y", b"");
    assert_eq!(server.stored("bakkerij"), (1, 3, 2), "nobody is an hour old yet");
    server.clock.advance(Duration::minutes(1));
    ada.attach(&task, "z", b"");
    assert_eq!(server.stored("bakkerij"), (2, 3, 1));
    // Whose upload was swept is told so, and leaves nothing more behind.
    old.write_all(&whole[CHUNK_SIZE + 1..]).unwrap();
    old.write_all(TAIL.as_bytes()).unwrap();
    let (status, text) = answer(old);
    assert!(status == 409 && text.contains("upload-over"), "{text}");
    young.write_all(&whole[CHUNK_SIZE + 1..]).unwrap();
    young.write_all(TAIL.as_bytes()).unwrap();
    assert_eq!(answer(young).0, 201);
    assert_eq!(server.stored("bakkerij"), (3, 5, 0));
}

/// What is lost, what is told then, and how it is lost.
type Loss<'l> = (&'static str, u16, &'l dyn Fn(&str));

#[test]
fn who_loses_their_right_on_the_way_attaches_nothing() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member").id();
    let (guest, member) = (ada.role("guest"), ada.role("member"));
    let user = |change| drop(ada.patch(&format!("/users/{bob}"), &change).expect(200));
    let content = noise(2 * CHUNK_SIZE, 1);
    let losses: [Loss<'_>; 4] = [
        ("the task", 404, &|task| drop(ada.delete(&format!("/tasks/{task}")).expect(204))),
        ("the reach", 404, &|task| drop(ada.delete(&format!("/tasks/{task}/assignees/{bob}")).expect(204))),
        ("the grant", 403, &|_| user(json!({ "role_id": guest }))),
        ("the account", 401, &|_| user(json!({ "is_active": false }))),
    ];
    for (what, status, lose) in losses {
        user(json!({ "role_id": member, "is_active": true }));
        let caller = server.anonymous("bakkerij").log_in("bob@bakkerij.example");
        let task = ada.make("/tasks", &json!({ "title": "x", "assignee_ids": [bob] }));
        let mut stream = caller.begin_upload(&task, "x", &content[..=CHUNK_SIZE], content.len());
        server.until_stored("bakkerij", (0, 1, 1));
        lose(&task);
        stream.write_all(&content[CHUNK_SIZE + 1..]).unwrap();
        stream.write_all(TAIL.as_bytes()).unwrap();
        let (told, text) = answer(stream);
        assert_eq!(told, status, "{what}: {text}");
        assert_eq!(server.stored("bakkerij"), NOTHING, "{what}");
    }
    assert!(ada.all("/audit-events?resource=attachments").is_empty());
}

#[test]
fn a_form_is_one_file_and_nothing_else() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let file = format!("{}x", head("name=\"file\"; filename=\"x\""));
    let part = |name: &str| format!("{}y", head(&format!("name=\"{name}\"")));
    for (body, field, code) in [
        ("--b--\r\n".to_owned(), "file", "required"),
        (format!("{}{TAIL}", part("title")), "title", "unknown-field"),
        (format!("{file}\r\n{}{TAIL}", part("title")), "title", "unknown-field"),
        (format!("{}\r\n{file}{TAIL}", part("File")), "File", "unknown-field"),
        (format!("{file}\r\n{file}{TAIL}"), "file", "invalid"),
        (
            format!("{file}\r\n{}{TAIL}", format!("{}\r\n", part("many")).repeat(10_000)),
            "many",
            "unknown-field",
        ),
    ] {
        let reply = with_length(&ada, &task, body.as_bytes());
        assert_eq!(reply.status, 422, "{field} {code}: {}", reply.text);
        let errors = reply.body["errors"].as_array().unwrap().clone();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!((&errors[0]["field"], &errors[0]["code"]), (&json!(field), &json!(code)));
    }
    assert_eq!(server.stored("bakkerij"), NOTHING);
}

#[test]
fn a_form_that_is_broken_is_unreadable_and_leaves_nothing() {
    let server = with_limit(300_000);
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let start = head("name=\"file\"; filename=\"x\"");
    let long = "x".repeat(100_000);
    for (what, body) in [
        ("nothing", String::new()),
        ("no boundary", "hello".into()),
        ("another boundary", start.replace("--b", "--c") + "x\r\n--c--\r\n"),
        ("ends in the content", format!("{start}xyz")),
        ("ends in the head", "--b\r\nContent-Disposition: form".into()),
        ("ends in the last boundary", format!("{start}x\r\n--b")),
        ("ends after a boundary", format!("{start}x\r\n--b\r\n")),
        ("no disposition", "--b\r\n\r\nx\r\n--b--\r\n".into()),
        ("no name", format!("--b\r\nContent-Disposition: form-data\r\n\r\nx{TAIL}")),
        (
            "another disposition",
            format!("--b\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nx{TAIL}"),
        ),
        (
            "a broken disposition",
            format!("--b\r\nContent-Disposition: form-data; name=\"file\r\n\r\nx{TAIL}"),
        ),
        (
            "a huge head",
            format!("--b\r\nX-Long: {long}\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx{TAIL}"),
        ),
        (
            "many heads",
            format!(
                "--b\r\n{}Content-Disposition: form-data; name=\"file\"\r\n\r\nx{TAIL}",
                "a: b\r\n".repeat(100)
            ),
        ),
        (
            "a length of its own behind a preamble",
            format!("hello\r\n\r\n{}x{TAIL}", start.replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n")),
        ),
        ("a boundary after half a line end", format!("{start}x\r--b{TAIL}")),
        ("a boundary in the content", format!("{start}x\r\n--bread\r\ny{TAIL}")),
    ] {
        let reply = with_length(&ada, &task, body.as_bytes());
        assert_eq!(reply.status, 400, "{what}: {}", reply.text);
        let code = reply.body["code"].as_str().unwrap().to_owned();
        assert!(["malformed-multipart", "broken-body"].contains(&&*code), "{what}: {code}");
        reply.clean_problem(400, &code, &format!("/api/v1/tasks/{task}/attachments"));
    }
    // A length of its own is what some clients write, right or wrong: where the file ends is told by the boundary.
    for length in ["Content-Length: 3", "content-length:0", "CONTENT-LENGTH: 1\r\nX-More: 1"] {
        let body = format!("{}abc{TAIL}", start.replace("\r\n\r\n", &format!("\r\n{length}\r\n\r\n")));
        let made = with_length(&ada, &task, body.as_bytes()).expect(201);
        assert_eq!(made["size"], 3, "{length}");
        ada.delete(&format!("/attachments/{}", made["id"].as_str().unwrap())).expect(204);
    }
    // Whoever talks on and on before the file is not listened to for ever.
    let preamble = "hello\r\n".repeat(40_000);
    let chunks = format!("{:x}\r\n{preamble}\r\n", preamble.len()).repeat(2) + "0\r\n\r\n";
    let told = send(&ada, &task, chunks.as_bytes(), "Transfer-Encoding: chunked\r\n");
    told.problem(400, "malformed-multipart");
    // Near a boundary is not one, wherever the content is cut.
    for content in [
        "\r\n--",
        "\r\n--a",
        "\r",
        "\r\n",
        "--b",
        "--b--",
        "\r\n-b--\r\n",
        "x\r\n\r\n--c--\r\n",
        "\r\r\n\n--b",
    ] {
        let id = ada.attach(&task, "x", content.as_bytes());
        assert_eq!(ada.fetch(&id, &[]).text, content, "{content:?}");
    }
}

#[test]
fn only_a_form_is_taken_and_only_as_it_is() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let path = format!("/tasks/{}/attachments", ada.task("Bake"));
    let body = form("x", b"x");
    for kind in [
        "application/json",
        "multipart/mixed; boundary=b",
        "text/plain",
        "application/x-www-form-urlencoded",
        "x",
    ] {
        let refused = ada.send_bytes("POST", &path, &[("Content-Type", kind)], Some(&body));
        refused.clean_problem(415, "not-multipart", &format!("/api/v1{path}"));
    }
    ada.send_bytes("POST", &path, &[MULTIPART, ("Content-Encoding", "gzip")], Some(&body))
        .problem(415, "encoded-body");
    for kind in
        ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\""]
    {
        let refused = ada.send_bytes("POST", &path, &[("Content-Type", kind)], Some(&body));
        refused.problem(400, "malformed-multipart");
    }
    assert_eq!(server.stored("bakkerij"), NOTHING);
    ada.send_bytes(
        "POST",
        &path,
        &[("Content-Type", "Multipart/Form-Data; charset=utf-8; boundary=\"b\"")],
        Some(&body),
    )
    .expect(201);
}

#[test]
fn who_may_not_send_a_file_is_told_before_a_byte_of_it_is_read() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let guest = server.person(&ada, "gus", "guest");
    let bob = server.person(&ada, "bob", "member");
    let task = ada.make("/tasks", &json!({ "title": "x", "viewer_ids": [guest.id()] }));
    let refusals = [
        (guest, &*task, 403, "forbidden"),
        (ada.with_token(None), &*task, 401, "not-authenticated"),
        (bob, &*task, 404, "not-found"),
        (ada.clone(), "x", 404, "not-found"),
        (ada.at("elsewhere.localhost"), &*task, 404, "workspace-not-found"),
    ];
    for (who, task, status, code) in refusals {
        // A head and no body, which is waited for by nobody.
        let line = format!("POST /api/v1/tasks/{task}/attachments");
        let headers = format!("{}: {}\r\nContent-Length: 1000\r\n", MULTIPART.0, MULTIPART.1);
        let mut stream = who.begin(&line, &headers, b"");
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(first, format!("HTTP/1.1 {status}").as_bytes(), "{code}");
        with_length(&who, task, &form("x", b"x")).problem(status, code);
    }
    assert_eq!(server.stored("bakkerij"), NOTHING);
}
