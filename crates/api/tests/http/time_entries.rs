//! Time entries: timers, spans, money, and whose they are.

use chrono::Duration;
use serde_json::{Value, json};

use crate::conventions::tag;
use crate::harness::{Client, Reply, Server, settings};
use crate::input::{fields, pairs};
use crate::storage_view::{NOWHERE, at_once, ids};

/// An entry on a task from one Brussels time to another; its id.
pub(crate) fn log(by: &Client, task: &str, from: &str, to: &str) -> String {
    by.make("/time-entries", &json!({ "task_id": task, "started_at": from, "ended_at": to }))
}

#[test]
fn an_entry_shows_what_was_worked_and_when_in_brussels() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let body = json!({
        "task_id": task,
        "started_at": "2026-03-29T01:30",
        "ended_at": "2026-03-29T01:30:01.999Z",
        "note": "rye\nbread",
        "billable": false,
        "hourly_rate": "62.5",
    });
    let made = ada.post("/time-entries", &body);
    let path = format!("/time-entries/{}", made.body["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(&*format!("/api/v1{path}")));
    let got = ada.get(&path);
    assert_eq!((tag(&made), &made.text), (tag(&got), &got.text));
    assert!(tag(&got).starts_with("\"v1-"), "{}", tag(&got));
    let (made, now) = (made.expect(201), "2026-01-01T09:00:00+01:00");
    assert_eq!(
        made,
        json!({
            "id": made["id"],
            "task_id": task,
            "user_id": ada.id(),
            "started_at": "2026-03-29T01:30:00+01:00",
            "ended_at": "2026-03-29T03:30:01.999+02:00",
            "note": "rye\nbread",
            "billable": false,
            "hourly_rate": "62.50",
            "currency": "EUR",
            "duration_seconds": 3601,
            "overlap_ids": [],
            "created_at": now,
            "updated_at": now,
        })
    );
    let plain = ada.post("/time-entries/start", &json!({ "task_id": task })).expect(201);
    for (field, value) in [
        ("note", json!("")),
        ("billable", json!(true)),
        ("hourly_rate", json!(null)),
        ("ended_at", json!(null)),
        ("duration_seconds", json!(null)),
        ("started_at", json!(now)),
    ] {
        assert_eq!(plain[field], value, "{field}");
    }
}

#[test]
fn a_local_time_that_brussels_skipped_is_refused_and_one_that_came_twice_is_the_earlier() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let skipped =
        json!({ "task_id": task, "started_at": "2026-03-29T02:30", "ended_at": "2026-03-29T02:59:59" });
    let refused = ada.post("/time-entries", &skipped).problem(422, "invalid");
    assert_eq!(fields(&refused), pairs(&[("ended_at", "invalid"), ("started_at", "invalid")]));
    let twice = json!({ "task_id": task, "started_at": "2026-10-25T02:30", "ended_at": "2026-10-25T03:30" });
    let made = ada.post("/time-entries", &twice).expect(201);
    assert_eq!(
        (&made["started_at"], &made["duration_seconds"]),
        (&json!("2026-10-25T02:30:00+02:00"), &json!(7200))
    );
    let day = log(&ada, &task, "2026-10-25T00:00", "2026-10-26T00:00");
    assert_eq!(ada.get(&format!("/time-entries/{day}")).expect(200)["duration_seconds"], 25 * 3600);
}

#[test]
fn every_invalid_field_is_told_and_money_is_never_a_number() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let body = json!({
        "task_id": 7,
        "started_at": "yesterday",
        "ended_at": true,
        "note": "bell\u{7}",
        "billable": "yes",
        "hourly_rate": 62.5,
        "user_id": ada.id(),
    });
    let refused = ada.post("/time-entries", &body).problem(422, "invalid");
    let expected = [
        ("billable", "invalid-type"),
        ("ended_at", "invalid-type"),
        ("hourly_rate", "invalid-type"),
        ("note", "forbidden-character"),
        ("started_at", "invalid"),
        ("task_id", "invalid-type"),
        ("user_id", "unknown-field"),
    ];
    assert_eq!(fields(&refused), pairs(&expected));
    let missing = ada.post("/time-entries", &json!({})).problem(422, "invalid");
    assert_eq!(fields(&missing), pairs(&[("started_at", "required"), ("task_id", "required")]));
    let id = ada.make("/time-entries/start", &json!({ "task_id": task }));
    let path = format!("/time-entries/{id}");
    for (rate, code) in [
        (json!(62), "invalid-type"),
        (json!(62.5), "invalid-type"),
        (json!(0), "invalid-type"),
        (json!(["62.50"]), "invalid-type"),
        (json!("62.505"), "invalid"),
        (json!("6e1"), "invalid"),
        (json!("62,50"), "invalid"),
        (json!("€ 62"), "invalid"),
        (json!(""), "invalid"),
        (json!("NaN"), "invalid"),
        (json!("-0.01"), "out-of-range"),
        (json!("1000000.01"), "out-of-range"),
    ] {
        let rated = json!({ "task_id": task, "started_at": "2025-01-01T10:00", "hourly_rate": rate });
        for refused in [ada.post("/time-entries", &rated), ada.patch(&path, &json!({ "hourly_rate": rate }))]
        {
            assert_eq!(fields(&refused.problem(422, "invalid")), pairs(&[("hourly_rate", code)]), "{rate}");
        }
    }
    for (rate, shown) in
        [(json!("0"), json!("0.00")), (json!("1000000"), json!("1000000.00")), (json!(null), json!(null))]
    {
        assert_eq!(ada.patch(&path, &json!({ "hourly_rate": rate })).expect(200)["hourly_rate"], shown);
    }
    let unknown = ada.post(
        "/time-entries",
        &json!({ "task_id": task, "started_at": "2025-01-01T10:00", "user_id": ada.id() }),
    );
    unknown.problem(422, "unknown-field");
    ada.patch(&path, &json!({ "user_id": ada.id() })).problem(422, "unknown-field");
}

#[test]
fn what_cannot_have_been_worked_is_told_at_its_field() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let post = |started_at: &str, ended_at: Value| {
        ada.post("/time-entries", &json!({ "task_id": task, "started_at": started_at, "ended_at": ended_at }))
    };
    let told = |reply: Reply| fields(&reply.problem(422, "invalid"));
    // In autumn the later local time may be the earlier moment.
    let backwards = pairs(&[("ended_at", "invalid")]);
    assert_eq!(told(post("2026-01-02T10:00", json!("2026-01-02T09:59:59.999999"))), backwards);
    assert_eq!(told(post("2026-10-25T02:10+01:00", json!("2026-10-25T02:50"))), backwards);
    assert_eq!(told(post("2026-01-01T09:00:00.000001", json!(null))), pairs(&[("started_at", "invalid")]));
    let id = log(&ada, &task, "2026-01-02T10:00", "2026-01-02T10:00");
    let path = format!("/time-entries/{id}");
    assert_eq!(told(ada.patch(&path, &json!({ "started_at": "2026-01-02T11:00" }))), backwards);
    assert_eq!(told(ada.patch(&path, &json!({ "ended_at": null }))), pairs(&[("started_at", "invalid")]));
    assert_eq!(
        told(ada.patch(&path, &json!({ "started_at": null }))),
        pairs(&[("started_at", "invalid-type")])
    );
    assert_eq!(tag(&ada.get(&path))[..4], *"\"v1-");
}

#[test]
fn a_timer_starts_stops_and_runs_again() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let id = ada.make("/time-entries/start", &json!({ "task_id": task, "note": "x", "hourly_rate": "1" }));
    let path = format!("/time-entries/{id}");
    for second in [
        ada.post("/time-entries/start", &json!({ "task_id": task })),
        ada.post("/time-entries", &json!({ "task_id": task, "started_at": "2025-01-01T10:00" })),
    ] {
        second.problem(409, "timer-running");
    }
    server.clock.advance(Duration::minutes(90));
    let stopped = ada.send("POST", &format!("{path}/stop"), &[], None);
    assert_eq!(tag(&stopped), tag(&ada.get(&path)));
    let stopped = stopped.expect(200);
    assert_eq!(
        (&stopped["duration_seconds"], &stopped["ended_at"]),
        (&json!(5400), &json!("2026-01-01T10:30:00+01:00"))
    );
    ada.send("POST", &format!("{path}/stop"), &[], None).problem(409, "timer-not-running");
    ada.send("POST", &format!("/time-entries/{NOWHERE}/stop"), &[], None).problem(404, "not-found");
    let other = ada.make("/time-entries/start", &json!({ "task_id": task }));
    ada.patch(&path, &json!({ "ended_at": null })).problem(409, "timer-running");
    ada.delete(&format!("/time-entries/{other}")).expect(204);
    assert_eq!(ada.patch(&path, &json!({ "ended_at": null })).expect(200)["duration_seconds"], json!(null));
    assert_eq!(ids(&ada.all("/time-entries?running=true")), [id]);
}

#[test]
fn of_many_who_start_a_timer_at_once_on_two_servers_one_does() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let there = Client { address: server.second_process(&settings()), ..ada.clone() };
    let task = ada.task("Bake");
    for round in 0..5 {
        let replies = at_once(8, |i| {
            let who = if i % 2 == 0 { &ada } else { &there };
            who.post("/time-entries/start", &json!({ "task_id": task }))
        });
        let (made, refused): (Vec<Reply>, Vec<Reply>) =
            replies.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 7), "round {round}");
        for reply in refused {
            reply.problem(409, "timer-running");
        }
        let id = made[0].body["id"].as_str().unwrap();
        assert_eq!(ids(&ada.all("/time-entries?running=true")), [id]);
        // Of many who stop it, one does as well.
        let replies = at_once(6, |i| {
            let who = if i % 2 == 0 { &ada } else { &there };
            who.send("POST", &format!("/time-entries/{id}/stop"), &[], None)
        });
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "round {round}");
        for reply in replies.into_iter().filter(|reply| reply.status != 200) {
            reply.problem(409, "timer-not-running");
        }
    }
    assert_eq!(ada.all("/audit-events?resource=time_entries").len(), 10);
}

#[test]
fn a_start_and_a_stop_that_are_sent_again_happen_once() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let body = json!({ "task_id": ada.task("Bake") }).to_string();
    let send =
        |path: &str, key: &str, body: Option<&str>| ada.send("POST", path, &[("Idempotency-Key", key)], body);
    let started = send("/time-entries/start", "a", Some(&body));
    let path = format!("/time-entries/{}/stop", started.body["id"].as_str().unwrap());
    server.clock.advance(Duration::minutes(1));
    let stopped = send(&path, "b", None);
    server.clock.advance(Duration::minutes(1));
    let events = ada.all("/audit-events").len();
    for (again, first) in
        [(send("/time-entries/start", "a", Some(&body)), &started), (send(&path, "b", None), &stopped)]
    {
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        for header in ["location", "etag", "content-type"] {
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
    }
    assert_eq!(
        (started.status, stopped.status, stopped.body["duration_seconds"].as_i64()),
        (201, 200, Some(60))
    );
    assert_eq!(ada.all("/audit-events").len(), events);
    send(&path, "a", None).problem(422, "idempotency-key-reused");
    send(&path, "", None).problem(400, "bad-idempotency-key");
    // A refusal is not kept.
    send(&path, "c", None).problem(409, "timer-not-running");
    ada.patch(path.trim_end_matches("/stop"), &json!({ "ended_at": null })).expect(200);
    send(&path, "c", None).expect(200);
}

#[test]
fn an_entry_is_neither_longer_than_31_days_nor_of_another_time() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    let id = log(&ada, &task, "2026-01-01T00:00", "2026-02-01T00:00");
    for (from, to, field) in [
        ("2026-01-01T00:00", "2026-02-01T00:00:01", "ended_at"),
        ("1969-12-31T23:59", "1970-01-01T00:00", "started_at"),
        ("2028-01-01T00:00", "2028-01-01T01:00", "started_at"),
        ("0001-01-02T00:00", "9999-12-30T00:00", "ended_at"),
    ] {
        let body = json!({ "task_id": task, "started_at": from, "ended_at": to });
        let refused = ada.post("/time-entries", &body).problem(422, "invalid");
        assert_eq!(fields(&refused), pairs(&[(field, "out-of-range")]), "{from} {to}");
        let body = json!({ "started_at": from, "ended_at": to });
        let refused = ada.patch(&format!("/time-entries/{id}"), &body).problem(422, "invalid");
        assert_eq!(fields(&refused), pairs(&[(field, "out-of-range")]), "{from} {to}");
    }
    let forgotten = json!({ "task_id": task, "started_at": "2025-11-01T00:00Z" });
    let id = ada.make("/time-entries", &forgotten);
    let stopped = ada.post(&format!("/time-entries/{id}/stop"), &json!({})).expect(200);
    assert_eq!(stopped["ended_at"], "2025-12-02T01:00:00+01:00");
}
