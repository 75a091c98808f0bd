//! The report on hours and euros.

use serde_json::{Value, json};

use crate::harness::{Client, Reply, Server};
use crate::input::{fields, pairs};
use crate::storage_view::NOWHERE;
use crate::time_entries::log;

const MARCH: &str = "/reports/time?from=2026-03-01&to=2026-03-31";

fn rated(by: &Client, task: &str, from: &str, to: &str, rate: &str) -> String {
    by.make(
        "/time-entries",
        &json!({ "task_id": task, "started_at": from, "ended_at": to, "hourly_rate": rate }),
    )
}

fn csv(caller: &Client, path: &str) -> Reply {
    caller.send("GET", path, &[("Accept", "text/csv")], None)
}

#[test]
fn hours_and_euros_by_brussels_day() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let task = ada.task("Bake");
    rated(&ada, &task, "2026-03-29T01:30", "2026-03-29T03:30", "60");
    // Over a midnight: half an hour here, a quarter there.
    rated(&ada, &task, "2026-03-30T23:30", "2026-03-31T00:15", "0.01");
    rated(&ada, &task, "2026-02-28T23:00", "2026-03-01T01:00", "10");
    ada.post("/time-entries/start", &json!({ "task_id": task, "hourly_rate": "10" })).expect(201);
    let line = |day: &str, seconds: &str, hours: &str, amount: &str| json!({ "day": day, "seconds": seconds, "hours": hours, "amount": amount, "currency": "EUR" });
    assert_eq!(
        ada.get(MARCH).expect(200),
        json!({
            "from": "2026-03-01",
            "to": "2026-03-31",
            "group_by": ["day"],
            "lines": [
                line("2026-03-01", "3600", "1.00", "10.00"),
                line("2026-03-29", "3600", "1.00", "60.00"),
                line("2026-03-30", "1800", "0.50", "0.00"),
                line("2026-03-31", "900", "0.25", "0.00"),
            ],
            "total": { "seconds": "9900", "hours": "2.75", "amount": "70.00", "currency": "EUR" },
        })
    );
    for (from, day, to, hours) in [
        ("2026-03-10T00:00", "2026-03-29", "2026-04-09T00:00", "23.00"),
        ("2026-10-10T00:00", "2026-10-25", "2026-11-09T00:00", "25.00"),
        ("2026-06-20T00:00", "2026-07-01", "2026-07-20T00:00", "24.00"),
    ] {
        let other = ada.task("Long");
        log(&ada, &other, from, to);
        let report = ada.get(&format!("/reports/time?from={day}&to={day}&task_id={other}")).expect(200);
        assert_eq!((&report["lines"][0]["hours"], &report["total"]["hours"]), (&json!(hours), &json!(hours)));
    }
}

#[test]
fn a_line_has_what_it_was_grouped_by_and_nothing_else() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let bob = server.person(&ada, "bob", "member");
    let [rye, oven] = ["rye", "oven"].map(|name| ada.make("/tags", &json!({ "name": name })));
    let tagged =
        ada.make("/tasks", &json!({ "title": "Bake", "tag_ids": [oven, rye], "assignee_ids": [bob.id()] }));
    let plain = ada.task("Sell");
    rated(&ada, &tagged, "2026-03-02T10:00", "2026-03-02T11:00", "10");
    rated(&bob, &tagged, "2026-03-02T10:00", "2026-03-02T12:00", "10");
    rated(&ada, &plain, "2026-03-03T10:00", "2026-03-03T13:00", "10");
    let both = json!([{ "id": rye, "name": "rye" }, { "id": oven, "name": "oven" }]);
    let lines = |query: &str| -> Vec<Value> {
        let report = ada.get(&format!("{MARCH}&{query}")).expect(200);
        let mut lines = report["lines"].as_array().unwrap().clone();
        for line in &mut lines {
            for sum in ["seconds", "amount", "currency"] {
                assert!(line.as_object_mut().unwrap().remove(sum).is_some());
            }
        }
        lines
    };
    assert_eq!(
        lines("group_by=user"),
        [
            json!({ "user_id": ada.id(), "user_name": "Ada", "hours": "4.00" }),
            json!({ "user_id": bob.id(), "user_name": "bob", "hours": "2.00" }),
        ]
    );
    assert_eq!(
        lines("group_by=task"),
        [
            json!({ "task_id": tagged, "task_title": "Bake", "hours": "3.00" }),
            json!({ "task_id": plain, "task_title": "Sell", "hours": "3.00" }),
        ]
    );
    assert_eq!(
        lines("group_by=tag"),
        [json!({ "tags": [], "hours": "3.00" }), json!({ "tags": both, "hours": "3.00" })]
    );
    assert_eq!(lines(&format!("group_by=tag&tag_id={oven}")), [json!({ "tags": both, "hours": "3.00" })]);
    let whole = json!({
        "day": "2026-03-02",
        "user_id": bob.id(),
        "user_name": "bob",
        "task_id": tagged,
        "task_title": "Bake",
        "tags": both,
        "hours": "2.00",
    });
    assert_eq!(lines(&format!("group_by=tag,day,task,user&user_id={}", bob.id())), [whole]);
    assert!(lines("billable=false&group_by=user").is_empty());
    assert_eq!(lines(&format!("task_id={plain}")), [json!({ "day": "2026-03-03", "hours": "3.00" })]);
    assert!(lines(&format!("task_id={NOWHERE}")).is_empty());
    assert_eq!(
        ada.get(&format!("{MARCH}&group_by=tag,user")).expect(200)["group_by"],
        json!(["user", "tag"])
    );
    let nothing = ada.get("/reports/time?from=2020-01-01&to=2020-01-01").expect(200);
    assert_eq!(
        nothing["total"],
        json!({ "seconds": "0", "hours": "0.00", "amount": "0.00", "currency": "EUR" })
    );
}

#[test]
fn as_csv_it_is_a_table_in_which_no_text_is_a_formula() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let (rye, oven) =
        (ada.make("/tags", &json!({ "name": "+rye" })), ada.make("/tags", &json!({ "name": "oven, big" })));
    let task = ada.make("/tasks", &json!({ "title": "=HYPERLINK(\"http://x\")", "tag_ids": [rye, oven] }));
    let plain = ada.task("Sell");
    rated(&ada, &task, "2026-03-02T10:00", "2026-03-02T10:20", "1");
    rated(&ada, &plain, "2026-03-03T10:00", "2026-03-03T11:00", "10");
    ada.patch("/me", &json!({ "full_name": "@Ada" })).expect(200);
    let table = csv(&ada, &format!("{MARCH}&group_by=day,user,task,tag"));
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(
        table.header("content-disposition"),
        Some("attachment; filename=\"time-2026-03-01-2026-03-31.csv\"")
    );
    assert_eq!((table.header("vary"), table.header("cache-control")), (Some("Accept"), Some("no-store")));
    let me = ada.id();
    let expected = [
        "day,user_id,user_name,task_id,task_title,tag_ids,tags,seconds,hours,amount,currency".to_owned(),
        format!(
            "2026-03-02,{me},'@Ada,{task},\"'=HYPERLINK(\"\"http://x\"\")\",{rye}; {oven},\"'+rye; oven, big\",1200,0.33,0.33,EUR"
        ),
        format!("2026-03-03,{me},'@Ada,{plain},Sell,,,3600,1.00,10.00,EUR"),
    ];
    assert_eq!(table.text, expected.map(|line| line + "\r\n").concat());
    assert_eq!(
        csv(&ada, &format!("{MARCH}&user_id={NOWHERE}")).text,
        "day,seconds,hours,amount,currency\r\n"
    );
    // What is wrong is a problem all the same.
    csv(&ada, "/reports/time").clean_problem(422, "invalid", "/api/v1/reports/time");
    let json = ada.send("GET", MARCH, &[("Accept", "application/json")], None);
    assert_eq!(
        (json.header("content-type"), json.header("vary")),
        (Some("application/json"), Some("Accept"))
    );
}

#[test]
fn what_cannot_be_reported_is_told_at_its_field() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for (query, expected) in [
        ("", vec![("from", "required"), ("to", "required")]),
        ("?from=2026-03-01", vec![("to", "required")]),
        (
            "?from=x&to=2026-02-30&group_by=week&user_id=me&task_id=7&tag_id=&billable=1&limit=5",
            vec![
                ("billable", "invalid-type"),
                ("from", "invalid"),
                ("group_by", "invalid-choice"),
                ("limit", "unknown-field"),
                ("tag_id", "invalid"),
                ("task_id", "invalid"),
                ("to", "invalid"),
                ("user_id", "invalid"),
            ],
        ),
        ("?from=2026-03-02&to=2026-03-01", vec![("to", "invalid")]),
        ("?from=2016-01-01&to=2026-01-08", vec![("to", "out-of-range")]),
        ("?from=2026-03-01&to=2026-03-01&group_by=", vec![("group_by", "invalid-choice")]),
        ("?from=2026-03-01&to=2026-03-01&group_by=day,", vec![("group_by", "invalid-choice")]),
        ("?from=2026-03-01&to=2026-03-01&group_by=Day", vec![("group_by", "invalid-choice")]),
        ("?from=2026-03-01&to=2026-03-01&group_by=day,day", vec![("group_by", "invalid")]),
        ("?from=2026-03-01&to=2026-03-01&group_by=day&group_by=user", vec![("group_by", "invalid")]),
        ("?from=2026-03-01T00:00&to=2026-03-01", vec![("from", "invalid")]),
    ] {
        let refused = ada.get(&format!("/reports/time{query}")).problem(422, "invalid");
        assert_eq!(fields(&refused), pairs(&expected), "{query}");
    }
    ada.get("/reports/time?from=2016-01-01&to=2026-01-07").expect(200);
    ada.get("/reports/time?from=9999-12-31&to=9999-12-31").expect(200);
    ada.get("/reports/time?from=0001-01-01&to=0001-01-01").expect(200);
}

#[test]
fn a_report_that_is_too_large_says_so_and_one_over_years_does_not_take_them() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for n in 0..14 {
        let task = ada.task(&format!("Task {n}"));
        rated(&ada, &task, "2026-01-02T00:00", "2026-01-03T00:00", "1000000");
    }
    // As they could be made once.
    let entries = format!("{}.time_entries", server.schema("bakkerij"));
    server.meddle(&format!(
        "UPDATE {entries} SET started_at = '0001-01-02 00:00Z', ended_at = '9999-12-30 00:00Z'"
    ));
    let ten_years = "/reports/time?from=2016-01-01&to=2026-01-07";
    let refused = ada.get(&format!("{ten_years}&group_by=task,day"));
    refused.clean_problem(422, "report-too-large", "/api/v1/reports/time");
    csv(&ada, &format!("{ten_years}&group_by=task,day")).problem(422, "report-too-large");
    let report = ada.get(ten_years).expect(200);
    assert_eq!(report["lines"].as_array().unwrap().len(), 3_660);
    assert_eq!(report["total"]["amount"], format!("{}.00", 14_i64 * 3_660 * 24 * 1_000_000));
    assert_eq!(ada.get(&format!("{ten_years}&group_by=user")).expect(200)["total"], report["total"]);
}
