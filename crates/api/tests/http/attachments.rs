//! Files on tasks: what was sent is what is got, by those who may, and nothing of it can be read behind their backs.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::files::{CHUNK_SIZE, MULTIPART, TAIL, form, head, noise};
use crate::harness::{Client, Reply, Server};

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[test]
fn what_was_sent_is_got_again_whatever_its_size() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let sizes = [0, 1, 1000, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE, 5 * CHUNK_SIZE + 77];
    let mut made = Vec::new();
    for (seed, size) in (0..).zip(sizes) {
        let content = noise(size, seed);
        let reply = ada.upload(&task, "bread.bin", &content);
        assert_eq!(reply.header("etag"), Some("\"v1\""));
        let location = reply.header("location").unwrap().to_owned();
        let row = reply.expect(201);
        let id = row["id"].as_str().unwrap();
        assert_eq!(location, format!("/api/v1/attachments/{id}"));
        assert_eq!(row["size"], size, "{row}");
        assert_eq!(row["sha256"], sha256(&content));
        assert_eq!((&row["task_id"], &row["author_id"]), (&json!(task), &json!(ada.id())));
        assert_eq!(row["created_at"], "2026-01-01T09:00:00+01:00");
        assert_eq!(ada.get(&location).expect(200), row);
        let got = ada.fetch(id, &[]);
        assert_eq!((got.status, got.header("content-length")), (200, Some(&*size.to_string())));
        assert!(got.bytes == content, "{size} bytes came back as others");
        made.push(row);
    }
    assert_eq!(ada.all(&format!("/tasks/{task}/attachments")), made);
    let page = ada.get(&format!("/tasks/{task}/attachments?limit=3")).expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let second = ada.get(&format!("/tasks/{task}/attachments?limit=3&cursor={next}")).expect(200);
    assert_eq!([&page["items"], &second["items"]], [&json!(made[..3]), &json!(made[3..6])]);
    let chunks: usize = sizes.iter().map(|size| size.div_ceil(CHUNK_SIZE).max(1)).sum();
    assert_eq!(server.stored("bakkerij"), (sizes.len(), chunks, 0));
}

#[test]
fn a_range_is_that_slice_of_the_whole() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let content = noise(3 * CHUNK_SIZE + 1234, 1);
    let size = content.len();
    let id = ada.attach(&ada.task("Bake"), "bread.bin", &content);
    let slice = |range: &str, first: usize, last: usize| {
        let got = ada.fetch(&id, &[("Range", range)]);
        assert_eq!(got.status, 206, "{range}: {}", got.text);
        assert_eq!(got.header("content-range"), Some(&*format!("bytes {first}-{last}/{size}")), "{range}");
        assert_eq!(got.header("content-length"), Some(&*(last - first + 1).to_string()), "{range}");
        assert!(got.bytes == content[first..=last], "{range}");
    };
    let edges = [
        0,
        1,
        CHUNK_SIZE - 1,
        CHUNK_SIZE,
        CHUNK_SIZE + 1,
        2 * CHUNK_SIZE - 1,
        2 * CHUNK_SIZE,
        3 * CHUNK_SIZE,
        size - 1,
    ];
    for first in edges {
        for last in edges.into_iter().filter(|last| *last >= first) {
            slice(&format!("bytes={first}-{last}"), first, last);
        }
        slice(&format!("bytes={first}-"), first, size - 1);
        slice(&format!("bytes=-{}", size - first), first, size - 1);
    }
    let mut random = noise(64 * 8, 2).into_iter();
    for _ in 0..64 {
        let mut number = || {
            let bytes: Vec<u8> = random.by_ref().take(4).collect();
            usize::try_from(u32::from_le_bytes(bytes.try_into().unwrap())).unwrap() % size
        };
        let (a, b) = (number(), number());
        slice(&format!("bytes={}-{}", a.min(b), a.max(b)), a.min(b), a.max(b));
    }
    slice(&format!("bytes=7-{}", u64::MAX), 7, size - 1);
    slice("bytes=-99999999", 0, size - 1);

    for range in [format!("bytes={size}-"), "bytes=-0".into(), "bytes=99999999999999999999-".into()] {
        let path = format!("/api/v1/attachments/{id}/content");
        let got = ada.fetch(&id, &[("Range", &range)]);
        assert_eq!(got.header("content-range"), Some(&*format!("bytes */{size}")), "{range}");
        got.clean_problem(416, "out-of-range", &path);
    }
    for range in ["bytes=0-1,5-6", "bytes=5-1", "lines=1-2", "bytes", "", "bytes=x-", "0-1"] {
        let got = ada.fetch(&id, &[("Range", range)]);
        assert_eq!((got.status, got.header("content-range")), (200, None), "{range}");
        assert!(got.bytes == content, "{range}");
    }
    let empty = ada.attach(&ada.task("Nothing"), "nothing", b"");
    ada.fetch(&empty, &[("Range", "bytes=0-")]).problem(416, "out-of-range");
}

#[test]
fn a_part_is_sent_only_of_what_the_caller_has_a_part_of() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let content = noise(1000, 1);
    let id = ada.attach(&ada.task("Bake"), "bread.bin", &content);
    let tag = format!("\"{}\"", sha256(&content));
    assert_eq!(ada.fetch(&id, &[]).header("etag"), Some(&*tag));
    let range = ("Range", "bytes=0-9");
    assert_eq!(ada.fetch(&id, &[range, ("If-Range", &tag)]).status, 206);
    let weak = format!("W/{tag}");
    for other in ["\"v1\"", "\"x\"", &*weak, "Thu, 01 Jan 2026 08:00:00 GMT"] {
        let whole = ada.fetch(&id, &[range, ("If-Range", other)]);
        assert_eq!((whole.status, whole.bytes.len()), (200, 1000), "{other}");
    }
    for known in [tag.clone(), weak, "*".into(), format!("\"x\", {tag}")] {
        let got = ada.fetch(&id, &[("If-None-Match", &known), range]);
        assert_eq!((got.status, got.text.as_str(), got.header("etag")), (304, "", Some(&*tag)), "{known}");
    }
    assert_eq!(ada.fetch(&id, &[("If-None-Match", "\"v1\"")]).status, 200);
    // The tag of the row is another one, and is what a change asks for.
    let row = format!("/attachments/{id}");
    assert_eq!(ada.send("GET", &row, &[("If-None-Match", "\"v1\"")], None).status, 304);
    ada.send("DELETE", &row, &[("If-Match", &tag)], None).problem(412, "stale");
    ada.send("DELETE", &row, &[("If-Match", "\"v2\"")], None).problem(412, "stale");
    ada.send("DELETE", &row, &[("If-Match", "\"v1\"")], None).expect(204);
    ada.fetch(&id, &[("If-None-Match", &tag)]).problem(404, "not-found");
}

#[test]
fn a_head_is_the_answer_without_the_content() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let id = ada.attach(&ada.task("Bake"), "bread.bin", &noise(CHUNK_SIZE + 5, 1));
    let line = format!("/api/v1/attachments/{id}/content");
    let (got, head) = (ada.raw(&format!("GET {line}"), "", b""), ada.raw(&format!("HEAD {line}"), "", b""));
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    let but = |reply: &Reply| {
        let varies = ["x-request-id", "date"];
        reply.headers().into_iter().filter(|(name, _)| !varies.contains(&name.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(but(&head), but(&got));
    assert_eq!(head.header("content-length"), Some(&*(CHUNK_SIZE + 5).to_string()));
}

#[test]
fn a_browser_saves_a_file_and_runs_nothing_of_it() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let page = b"<!DOCTYPE html><script>alert(document.cookie)</script>";
    for (name, content, kind) in [
        ("photo.png", &page[..], "text/plain; charset=utf-8"),
        ("page.html", page, "text/plain; charset=utf-8"),
        (
            "drawing.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "text/plain; charset=utf-8",
        ),
        ("really.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        ("bill", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
        ("noise.txt", b"\0\x01\x02\x03", "application/octet-stream"),
    ] {
        // Every one says that it is an image: see `head`.
        let row = ada.upload(&task, name, content).expect(201);
        assert_eq!(row["content_type"], kind, "{name}");
        let got = ada.fetch(row["id"].as_str().unwrap(), &[]);
        for (header, value) in [
            ("content-type", kind),
            ("content-disposition", &*format!("attachment; filename=\"{name}\"")),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "private, no-cache"),
            ("accept-ranges", "bytes"),
            ("last-modified", "Thu, 01 Jan 2026 08:00:00 GMT"),
        ] {
            assert_eq!(got.header(header), Some(value), "{name}");
        }
    }
}

#[test]
fn a_name_is_the_last_of_a_path_and_nothing_that_harms() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let long = format!("{}.pdf", "x".repeat(1000));
    let cut = format!("{}.pdf", "x".repeat(251));
    let emoji = "%F0%9F%A5%96%20%22x%22.txt";
    for (parameters, name, disposition) in [
        ("filename=\"bread.txt\"", "bread.txt", "attachment; filename=\"bread.txt\""),
        ("filename=\"../../etc/passwd\"", "passwd", "attachment; filename=\"passwd\""),
        ("filename=\"C:\\\\x\\\\y.txt\"", "y.txt", "attachment; filename=\"y.txt\""),
        ("filename=\"\"", "file", "attachment; filename=\"file\""),
        ("filename=\"..\"", "file", "attachment; filename=\"file\""),
        ("filename=x", "x", "attachment; filename=\"x\""),
        ("x=y", "file", "attachment; filename=\"file\""),
        (
            "filename=\"say \\\"cheese\\\".png\"",
            "say \"cheese\".png",
            "attachment; filename=\"say _cheese_.png\"; filename*=UTF-8''say%20%22cheese%22.png",
        ),
        (
            "filename=\"brød.txt\"",
            "brød.txt",
            "attachment; filename=\"br_d.txt\"; filename*=UTF-8''br%C3%B8d.txt",
        ),
        ("filename=\"\u{202e}gpj.exe\"", "gpj.exe", "attachment; filename=\"gpj.exe\""),
        (
            "filename=\"plain.txt\"; filename*=UTF-8''..%2Fbr%C3%B8d.txt",
            "brød.txt",
            "attachment; filename=\"br_d.txt\"; filename*=UTF-8''br%C3%B8d.txt",
        ),
        (
            "filename*=UTF-8''a%0D%0ASet-Cookie:%20x=y",
            "aSet-Cookie: x=y",
            "attachment; filename=\"aSet-Cookie: x=y\"",
        ),
        ("filename*=UTF-8''%ff%fe", "file", "attachment; filename=\"file\""),
        (
            &*format!("filename*=UTF-8''{emoji}"),
            "🥖 \"x\".txt",
            &*format!("attachment; filename=\"_ _x_.txt\"; filename*=UTF-8''{emoji}"),
        ),
        (&*format!("filename=\"{long}\""), &*cut, &*format!("attachment; filename=\"{cut}\"")),
    ] {
        let body = [head(&format!("name=\"file\"; {parameters}")).as_bytes(), b"x", TAIL.as_bytes()].concat();
        let row = ada.send_form(&task, &body).expect(201);
        assert_eq!(row["name"], name, "{parameters}");
        let got = ada.fetch(row["id"].as_str().unwrap(), &[]);
        assert_eq!(got.header("content-disposition"), Some(disposition), "{parameters}");
        assert_eq!(got.header("set-cookie"), None);
    }
}

#[test]
fn a_file_that_is_sent_again_under_its_key_is_there_once() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (task, other) = (ada.task("Bake"), ada.task("Other"));
    let keyed = |task: &str, name: &str, content: &[u8]| {
        let headers = [MULTIPART, ("Idempotency-Key", "k")];
        ada.send_bytes("POST", &format!("/tasks/{task}/attachments"), &headers, Some(&form(name, content)))
    };
    let content = noise(CHUNK_SIZE + 1, 1);
    let first = keyed(&task, "bread.bin", &content);
    assert_eq!(first.status, 201, "{}", first.text);
    let again = keyed(&task, "bread.bin", &content);
    assert_eq!((again.status, &again.text), (201, &first.text));
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    for (task, name, content) in [
        (&task, "bread.txt", &content[..]),
        (&task, "bread.bin", &content[1..]),
        (&other, "bread.bin", &content),
    ] {
        keyed(task, name, content).problem(422, "idempotency-key-reused");
    }
    assert_eq!(server.stored("bakkerij"), (1, 2, 0));
    assert_eq!(ada.all("/audit-events?resource=attachments").len(), 1);
    assert!(ada.fetch(first.body["id"].as_str().unwrap(), &[]).bytes == content);
    let long = "k".repeat(256);
    let headers = [MULTIPART, ("Idempotency-Key", &*long)];
    let path = format!("/tasks/{task}/attachments");
    let refused = ada.send_bytes("POST", &path, &headers, Some(&form("x", b"x")));
    refused.problem(400, "bad-idempotency-key");
    assert_eq!(server.stored("bakkerij"), (1, 2, 0));
}

#[test]
fn of_one_file_sent_many_times_at_once_under_its_key_one_is_kept() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let headers = [MULTIPART, ("Idempotency-Key", "k")];
    let (path, body) = (format!("/tasks/{task}/attachments"), form("x", &noise(CHUNK_SIZE + 1, 1)));
    let replies =
        crate::storage_view::at_once(5, |_| ada.send_bytes("POST", &path, &headers, Some(&body)).expect(201));
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    assert_eq!(server.stored("bakkerij"), (1, 2, 0));
}

fn told(ada: &Client, id: &str) -> Vec<Value> {
    let events = ada.get(&format!("/attachments/{id}/history")).expect(200);
    let event = |event: &Value| json!([event["action"], event["changes"]]);
    events["items"].as_array().unwrap().iter().map(event).collect()
}

#[test]
fn what_becomes_of_an_attachment_is_in_its_history_and_nothing_of_it_stays() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let content = noise(2 * CHUNK_SIZE, 1);
    let ids = [ada.attach(&task, "a.bin", &content), ada.attach(&task, "b.bin", b"")];
    let fields = |name: &str, kind: &str, content: &[u8]| {
        json!([
            ["task_id", task],
            ["author_id", ada.id()],
            ["name", name],
            ["content_type", kind],
            ["size", content.len()],
            ["sha256", sha256(content)]
        ])
    };
    let changes = |fields: &Value, gone: bool| -> Value {
        let (nothing, of) = (Value::Null, |pair: &Value| pair[1].clone());
        let change = |pair: &Value| {
            let (from, to) = if gone { (of(pair), nothing.clone()) } else { (nothing.clone(), of(pair)) };
            json!({ "field": pair[0], "from": from, "to": to })
        };
        fields.as_array().unwrap().iter().map(change).collect()
    };
    let a = fields("a.bin", "application/octet-stream", &content);
    let b = fields("b.bin", "text/plain; charset=utf-8", b"");
    assert_eq!(told(&ada, &ids[0]), [json!(["create", changes(&a, false)])]);
    ada.delete(&format!("/attachments/{}", ids[0])).expect(204);
    ada.delete(&format!("/attachments/{}", ids[0])).problem(404, "not-found");
    ada.get(&format!("/attachments/{}", ids[0])).problem(404, "not-found");
    assert_eq!(
        told(&ada, &ids[0]),
        [json!(["delete", changes(&a, true)]), json!(["create", changes(&a, false)])]
    );
    assert_eq!(server.stored("bakkerij"), (1, 1, 0));
    // With their task they go as well, and it is told of each.
    let third = ada.attach(&task, "c.bin", &content);
    ada.delete(&format!("/tasks/{task}")).expect(204);
    assert_eq!(
        told(&ada, &ids[1]),
        [json!(["delete", changes(&b, true)]), json!(["create", changes(&b, false)])]
    );
    assert_eq!(told(&ada, &third).len(), 2);
    assert_eq!(server.stored("bakkerij"), (0, 0, 0));
    ada.get(&format!("/tasks/{task}/attachments")).problem(404, "not-found");
}
