//! Time entries: who sees whose, which overlap, lists, and their history.

use chrono::Duration;
use serde_json::json;

use crate::conventions::tag;
use crate::harness::{Client, Reply, Server};
use crate::input::{fields, pairs};
use crate::storage_view::{NOWHERE, ids};
use crate::time_entries::log;

#[test]
fn a_task_that_is_not_there_is_not_told_from_one_that_is_not_seen() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let (hidden, mine) = (ada.task("Hidden"), bob.task("Mine"));
    let entry = bob.make("/time-entries/start", &json!({ "task_id": mine }));
    let path = format!("/time-entries/{entry}");
    let told = |send: &dyn Fn(&str) -> Reply, code: &str| {
        let (foreign, absent) = (send(&hidden), send(NOWHERE));
        assert_eq!((foreign.status, &foreign.text), (absent.status, &absent.text));
        assert_eq!(fields(&foreign.problem(422, "invalid")), pairs(&[("task_id", code)]));
    };
    // Also while a timer runs: that it does is not asked before.
    told(&|task| bob.post("/time-entries/start", &json!({ "task_id": task })), "unknown-id");
    told(
        &|task| bob.post("/time-entries", &json!({ "task_id": task, "started_at": "2025-01-01T10:00" })),
        "unknown-id",
    );
    told(&|task| bob.patch(&path, &json!({ "task_id": task })), "unknown-id");
    for filter in [&hidden, NOWHERE] {
        assert_eq!(
            bob.get(&format!("/time-entries?task_id={filter}")).text,
            r#"{"items":[],"next_cursor":null}"#
        );
    }
}

#[test]
fn hours_are_seen_by_those_whom_they_concern() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let [mia, bob, cleo, dirk, gil] =
        [("mia", "manager"), ("bob", "member"), ("cleo", "member"), ("dirk", "member"), ("gil", "guest")]
            .map(|(name, role)| server.person(&ada, name, role));
    ada.make("/teams", &json!({ "name": "One", "member_ids": [mia.id(), bob.id(), cleo.id()] }));
    let viewers = json!([bob.id(), cleo.id(), dirk.id(), gil.id()]);
    let shown = ada.make("/tasks", &json!({ "title": "Shown", "viewer_ids": viewers }));
    let (bobs, adas) =
        (bob.task("Bob's"), ada.make("/tasks", &json!({ "title": "Ada's", "viewer_ids": [cleo.id()] })));
    let hour = |by: &Client, task: &str| log(by, task, "2026-01-02T10:00", "2026-01-02T11:00");
    let entries = [
        ("ada", hour(&ada, &shown)),
        ("bob", hour(&bob, &shown)),
        ("cleo", hour(&cleo, &shown)),
        ("dirk", hour(&dirk, &shown)),
        ("bob on his", hour(&bob, &bobs)),
        ("cleo elsewhere", hour(&cleo, &adas)),
    ];
    for (name, who, reads, changes) in [
        (
            "ada",
            &ada,
            vec!["ada", "bob", "cleo", "dirk", "bob on his", "cleo elsewhere"],
            vec!["ada", "bob", "cleo", "dirk", "bob on his", "cleo elsewhere"],
        ),
        (
            "mia",
            &mia,
            vec!["ada", "bob", "cleo", "dirk", "bob on his", "cleo elsewhere"],
            vec!["bob", "cleo", "bob on his", "cleo elsewhere"],
        ),
        // A mate's hours where their task is seen; nobody's for looking at the task.
        ("bob", &bob, vec!["bob", "cleo", "bob on his"], vec!["bob", "bob on his"]),
        ("cleo", &cleo, vec!["bob", "cleo", "bob on his", "cleo elsewhere"], vec!["cleo", "cleo elsewhere"]),
        ("dirk", &dirk, vec!["dirk"], vec!["dirk"]),
    ] {
        let mut expected: Vec<String> =
            entries.iter().filter(|(e, _)| reads.contains(e)).map(|(_, id)| id.clone()).collect();
        expected.sort();
        assert_eq!(ids(&who.all("/time-entries")), expected, "{name}");
        for (entry, id) in &entries {
            let path = format!("/time-entries/{id}");
            for path in [path.clone(), format!("{path}/history")] {
                let there = if reads.contains(entry) { 200 } else { 404 };
                assert_eq!(who.get(&path).status, there, "{name} reads {entry}");
            }
            let change = changes.contains(entry);
            assert_eq!(who.patch(&path, &json!({})).status, if change { 200 } else { 404 }, "{name} {entry}");
            let deleted = who.send("DELETE", &path, &[("If-Match", "\"v999\"")], None).status;
            assert_eq!(deleted, if change { 412 } else { 404 }, "{name} deletes {entry}");
            let stopped = who.send("POST", &format!("{path}/stop"), &[], None).status;
            assert_eq!(stopped, if change { 409 } else { 404 }, "{name} stops {entry}");
        }
        let total = who.get("/reports/time?from=2026-01-01&to=2026-01-31").expect(200);
        assert_eq!(total["total"]["hours"], format!("{}.00", reads.len()), "{name}");
    }
    gil.get("/time-entries").problem(403, "forbidden");
    gil.get("/reports/time?from=2026-01-01&to=2026-01-31").problem(403, "forbidden");
}

#[test]
fn time_that_is_written_down_twice_is_allowed_and_told() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let first = log(&ada, &task, "2026-01-01T07:00", "2026-01-01T08:00");
    let path = format!("/time-entries/{first}");
    let before = ada.get(&path);
    log(&ada, &task, "2026-01-01T08:00", "2026-01-01T08:30");
    assert_eq!(tag(&ada.get(&path)), tag(&before));
    let second = ada
        .post(
            "/time-entries",
            &json!({ "task_id": task, "started_at": "2026-01-01T07:59", "ended_at": "2026-01-01T08:00" }),
        )
        .expect(201);
    assert_eq!(second["overlap_ids"], json!([first]));
    // The row is the same version, and something in it is not: another tag, and the one that was read still lets change it.
    let after = ada.get(&path);
    assert_ne!(tag(&after), tag(&before));
    assert_eq!(after.body["overlap_ids"], json!([second["id"]]));
    assert_eq!(ada.send("GET", &path, &[("If-None-Match", &tag(&after))], None).status, 304);
    assert_eq!(ada.send("GET", &path, &[("If-None-Match", &tag(&before))], None).status, 200);
    let listed = ada.all("/time-entries?order=started_at");
    let overlaps: Vec<usize> =
        listed.iter().map(|row| row["overlap_ids"].as_array().unwrap().len()).collect();
    assert_eq!(overlaps, [1, 1, 0]);
    let changed =
        ada.send("PATCH", &path, &[("If-Match", &tag(&before))], Some(r#"{"ended_at": "2026-01-01T07:59"}"#));
    assert_eq!(changed.expect(200)["overlap_ids"], json!([]));
    ada.send("PATCH", &path, &[("If-Match", &tag(&after))], Some("{}")).problem(412, "stale");
    ada.send("DELETE", &path, &[("If-Match", &tag(&after))], None).problem(412, "stale");
    // A running timer lasts up to now.
    let timer = ada.make("/time-entries/start", &json!({ "task_id": task }));
    let planned = log(&ada, &task, "2026-01-01T10:00", "2026-01-01T11:00");
    assert_eq!(ada.get(&format!("/time-entries/{planned}")).expect(200)["overlap_ids"], json!([]));
    server.clock.advance(Duration::hours(1));
    assert_eq!(ada.get(&format!("/time-entries/{planned}")).expect(200)["overlap_ids"], json!([timer]));
}

#[test]
fn a_list_is_filtered_ordered_and_read_page_by_page() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let [bake, sell] = ["Bake", "Sell"].map(|title| ada.task(title));
    let made: Vec<String> = (0..5)
        .map(|n| {
            log(
                &ada,
                if n % 2 == 0 { &bake } else { &sell },
                &format!("2026-01-0{}T10:00", n / 2 + 1),
                "2026-01-09T10:00",
            )
        })
        .collect();
    let read = |query: &str| -> Vec<String> {
        let rows = ada.all(&format!("/time-entries?{query}"));
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let backwards: Vec<String> = made.iter().rev().cloned().collect();
    assert_eq!(
        (read("order=started_at"), read(""), read("order=-started_at")),
        (made.clone(), backwards.clone(), backwards.clone())
    );
    assert_eq!(read(&format!("task_id={sell}&order=started_at")), [made[1].clone(), made[3].clone()]);
    assert_eq!(read(&format!("user_id={NOWHERE}")).len(), 0);
    assert_eq!(read("to=2026-01-02T10:00&order=started_at"), made[..2]);
    assert_eq!(read("from=2026-01-09T09:59:59.999999").len(), 5);
    assert_eq!(read("from=2026-01-09T10:00").len(), 0);
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ada.get(&format!("/time-entries?limit=2{cursor}")).expect(200);
        pages.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        // What comes before the page does not move it.
        log(&ada, &bake, "2026-02-01T10:00", "2026-02-01T11:00");
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, backwards);
    ada.get(&format!("/time-entries?order=started_at{cursor}")).problem(400, "bad-cursor");
    let refused =
        ada.get("/time-entries?order=id&running=1&from=x&to=2026-03-29T02:30&billable=maybe&page=2");
    let expected = [
        ("billable", "invalid-type"),
        ("from", "invalid"),
        ("order", "invalid-choice"),
        ("page", "unknown-field"),
        ("running", "invalid-type"),
        ("to", "invalid"),
    ];
    assert_eq!(fields(&refused.problem(422, "invalid")), pairs(&expected));
}

#[test]
fn every_change_is_in_the_history_also_with_a_deleted_task_and_a_deleted_user() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let (bob_id, task) =
        (bob.id(), ada.make("/tasks", &json!({ "title": "Bake", "assignee_ids": [bob.id()] })));
    let id = bob.make("/time-entries/start", &json!({ "task_id": task, "hourly_rate": "10" }));
    server.clock.advance(Duration::minutes(1));
    ada.delete(&format!("/users/{bob_id}")).expect(204);
    let kept = ada.get(&format!("/time-entries/{id}")).expect(200);
    assert_eq!((&kept["user_id"], &kept["duration_seconds"]), (&json!(bob_id), &json!(60)));
    ada.patch(&format!("/time-entries/{id}"), &json!({ "ended_at": null })).problem(422, "invalid");
    let report = ada.get("/reports/time?from=2026-01-01&to=2026-01-01&group_by=user").expect(200);
    assert_eq!(
        (&report["lines"][0]["user_id"], &report["lines"][0]["user_name"]),
        (&json!(bob_id), &json!(null))
    );
    ada.delete(&format!("/tasks/{task}")).expect(204);
    ada.get(&format!("/time-entries/{id}")).problem(404, "not-found");
    let told = ada.get(&format!("/time-entries/{id}/history")).expect(200)["items"].clone();
    let told: Vec<_> = told.as_array().unwrap().iter().map(|e| (&e["action"], &e["actor"]["name"])).collect();
    let (delete, update, create) = (json!("delete"), json!("update"), json!("create"));
    assert_eq!(told, [(&delete, &json!("Ada")), (&update, &json!("Ada")), (&create, &json!("bob"))]);
}
