//! Files behind the server's back, and people who lose sight of them: no byte is served that should not be.

use std::io::Read;

use serde_json::json;

use crate::files::{CHUNK_SIZE, form, noise};
use crate::harness::{Client, Server};
use crate::storage_view::NOWHERE;

const MARKER: &[u8] = b"Nobody but who may see it reads this line. ";

#[test]
fn the_database_has_nothing_of_a_file_in_the_clear() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let content = MARKER.repeat(2 * CHUNK_SIZE / MARKER.len());
    let task = ada.task("Bake");
    let id = ada.attach(&task, "x", &content);
    let schema = server.schema("bakkerij");
    let everything =
        server.contents(&format!("relnamespace IN ('{schema}'::regnamespace, 'public'::regnamespace)"));
    assert!(everything.iter().any(|table| table.contains(&id)), "the dump has nothing in it");
    let clear = String::from_utf8_lossy(&MARKER[..16]).into_owned();
    // bytea is shown in hexadecimal digits; and each of the three ways in which the marker can stand in base64.
    let digits = MARKER[..16].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let base64 = |skip: usize| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(&MARKER[skip..skip + 12])
    };
    for text in [clear, digits, base64(0), base64(1), base64(2)] {
        assert!(!everything.iter().any(|table| table.contains(&text)), "{text} is there");
    }
    // As tokens of 256 KiB each, all different although the content repeats.
    let sealed = server.sql(&format!(
        "SELECT octet_length(sealed)::text FROM {schema}.attachment_pieces WHERE get_byte(sealed, 0) = 128 ORDER BY number"
    ));
    assert_eq!(sealed.len(), 2);
    assert!(
        sealed
            .iter()
            .all(|len| (CHUNK_SIZE - 100..CHUNK_SIZE + 200).contains(&len.parse::<usize>().unwrap())),
        "{sealed:?}"
    );
    assert!(ada.fetch(&id, &[]).bytes == content);
}

#[test]
fn chunks_that_were_meddled_with_are_never_served() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (task, content) = (ada.task("Bake"), noise(2 * CHUNK_SIZE + 100, 1));
    let other = ada.attach(&task, "other", &noise(2 * CHUNK_SIZE + 100, 2));
    let schema = server.schema("bakkerij");
    let theirs = server.workspace("slagerij");
    let foreign = theirs.attach(&theirs.task("Cut"), "x", &content);
    let elsewhere = server.schema("slagerij");
    for (what, statements, good) in [
        (
            "the first two swapped",
            "UPDATE P SET number = 1 - number + 100 WHERE I AND number < 2;
          UPDATE P SET number = number - 100 WHERE I AND number >= 100",
            0,
        ),
        (
            "the second repeated",
            "DELETE FROM P WHERE I AND number = 0;
          INSERT INTO P SELECT attachment_id, 0, key_id, sealed FROM P WHERE I AND number = 1",
            0,
        ),
        (
            "the second of another file",
            "UPDATE P p SET sealed = o.sealed FROM P o WHERE p.attachment_id = 'ID'
          AND p.number = 1 AND o.attachment_id = 'OTHER' AND o.number = 1",
            1,
        ),
        (
            "the second of another workspace",
            "UPDATE P p SET sealed = o.sealed, key_id = o.key_id FROM FOREIGN.attachment_pieces o
          WHERE p.attachment_id = 'ID' AND p.number = 1 AND o.number = 1",
            1,
        ),
        ("the last gone", "DELETE FROM P WHERE I AND number = 2", 2),
        (
            "the last gone and the file said to be shorter",
            "DELETE FROM P WHERE I AND number = 2;
          UPDATE A SET size = 524288 WHERE id = 'ID'",
            1,
        ),
        (
            "said to be empty",
            "DELETE FROM P WHERE I AND number > 0; UPDATE A SET size = 0 WHERE id = 'ID'",
            0,
        ),
        ("said to be longer", "UPDATE A SET size = size + 1 WHERE id = 'ID'", 2),
        ("said to be a little shorter", "UPDATE A SET size = size - 1 WHERE id = 'ID'", 2),
        (
            "a byte changed",
            "UPDATE P SET sealed = set_byte(sealed, 1000, 255 - get_byte(sealed, 1000)) WHERE I AND number = 1",
            1,
        ),
        ("cut", "UPDATE P SET sealed = substring(sealed for 1000) WHERE I AND number = 1", 1),
        ("empty", "UPDATE P SET sealed = '' WHERE I AND number = 0", 0),
        ("another key", "UPDATE P SET key_id = '00000000' WHERE I AND number = 0", 0),
    ] {
        let id = ada.attach(&task, "x", &content);
        let statements =
            statements.replace("FOREIGN", &elsewhere).replace("OTHER", &other).replace("ID", &id);
        let statements = statements.replace(" I ", &format!(" attachment_id = '{id}' "));
        let statements = statements
            .replace("P ", &format!("{schema}.attachment_pieces "))
            .replace("A SET", &format!("{schema}.attachments SET"));
        server.meddle(&statements);
        if good == 0 {
            ada.fetch(&id, &[]).clean_problem(500, "internal", &format!("/api/v1/attachments/{id}/content"));
            // Of what is said to be empty there is no range; of the others there is none that opens.
            let range = ada.fetch(&id, &[("Range", "bytes=0-0")]);
            assert_eq!(range.status, if what == "said to be empty" { 416 } else { 500 }, "{what}");
        } else {
            let (status, bytes, whole) = ada.fetch_raw(&id);
            assert_eq!((status, whole), (200, false), "{what}");
            assert!(bytes.len() <= good * CHUNK_SIZE && bytes == content[..bytes.len()], "{what}");
        }
    }
    assert!(theirs.fetch(&foreign, &[]).bytes == content);
}

#[test]
fn who_loses_sight_of_a_file_gets_no_more_of_it() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let gus = server.person(&ada, "gus", "guest");
    let task = ada.make("/tasks", &json!({ "title": "x", "viewer_ids": [gus.id()] }));
    // More than all the buffers between the two ends hold.
    let content = noise(24 * 1024 * 1024, 1);
    let id = ada.attach(&task, "x", &content);
    let lose: [&dyn Fn(&Client); 3] = [
        &|gus| drop(ada.delete(&format!("/tasks/{task}/viewers/{}", gus.id())).expect(204)),
        &|gus| drop(gus.post("/auth/logout", &json!({})).expect(204)),
        &|_| drop(ada.delete(&format!("/attachments/{id}")).expect(204)),
    ];
    for lose in lose {
        let gus = server.anonymous("bakkerij").log_in("gus@bakkerij.example");
        ada.put(&format!("/tasks/{task}/viewers/{}", gus.id())).expect(204);
        let mut stream = gus.begin(&format!("GET /api/v1/attachments/{id}/content"), "", b"");
        let mut got = vec![0; CHUNK_SIZE];
        stream.read_exact(&mut got).unwrap();
        // While it is read slowly, others are answered: no connection is held.
        ada.get("/me").expect(200);
        lose(&gus);
        let _ = stream.read_to_end(&mut got);
        let begin = got.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let body = &got[begin..];
        assert!(got.starts_with(b"HTTP/1.1 200 ") && body.len() < content.len(), "{}", body.len());
        assert!(*body == content[..body.len()]);
    }
}

#[test]
fn a_file_is_where_its_task_is() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let [gus, bob, dirk] = [("gus", "guest"), ("bob", "member"), ("dirk", "member")]
        .map(|(name, role)| server.person(&ada, name, role));
    let links = json!({ "title": "x", "viewer_ids": [gus.id(), bob.id()] });
    let task = ada.make("/tasks", &links);
    let id = ada.attach(&task, "x", b"bread");
    let (list, row) = (format!("/tasks/{task}/attachments"), format!("/attachments/{id}"));
    for viewer in [&gus, &bob] {
        assert_eq!(viewer.all(&list).len(), 1);
        viewer.get(&row).expect(200);
        assert_eq!(viewer.fetch(&id, &[]).text, "bread");
        viewer.get(&format!("{row}/history")).expect(200);
    }
    gus.upload(&task, "x", b"x").problem(403, "forbidden");
    gus.delete(&row).problem(403, "forbidden");
    // Who sees the task may add to it; what others added is theirs.
    let own = bob.attach(&task, "y", b"butter");
    bob.delete(&row).problem(404, "not-found");
    bob.delete(&format!("/attachments/{own}")).expect(204);

    let other = server.workspace("slagerij");
    for stranger in [&dirk, &other] {
        let upload = |task: &str| {
            let path = format!("/tasks/{task}/attachments");
            stranger.send_bytes("POST", &path, &[crate::files::MULTIPART], Some(&form("x", b"x")))
        };
        let pairs = [
            (stranger.get(&row), stranger.get(&format!("/attachments/{NOWHERE}"))),
            (stranger.fetch(&id, &[]), stranger.fetch(NOWHERE, &[])),
            (
                stranger.fetch(&id, &[("Range", "bytes=9-")]),
                stranger.fetch(NOWHERE, &[("Range", "bytes=9-")]),
            ),
            (
                stranger.get(&format!("{row}/history")),
                stranger.get(&format!("/attachments/{NOWHERE}/history")),
            ),
            (stranger.delete(&row), stranger.delete(&format!("/attachments/{NOWHERE}"))),
            (stranger.get(&list), stranger.get(&format!("/tasks/{NOWHERE}/attachments"))),
            (upload(&task), upload(NOWHERE)),
        ];
        for (there, absent) in pairs {
            let blind = |text: &str| text.replace(&id, NOWHERE).replace(&task, NOWHERE);
            assert_eq!((there.status, blind(&there.text)), (404, absent.text.clone()));
            assert_eq!(absent.status, 404);
        }
    }
    assert_eq!(ada.fetch(&id, &[]).text, "bread");
    assert_eq!(server.stored("slagerij"), (0, 0, 0));
}
