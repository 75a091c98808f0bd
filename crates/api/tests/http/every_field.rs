//! Every field of every documented body, with everything that it cannot hold.

use serde_json::{Value, json};

use crate::harness::{Client, Reply, Server};
use crate::input::{fields, pairs};

/// Every documented field of every body gets everything that it cannot hold. What each field is, is read from the document,
/// so that a new field is tried without a new line here.
#[test]
fn no_field_takes_a_value_of_another_type_or_size() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let document = ada.page("/api/schema/").expect(200);
    let mut tried = 0;
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(reference) =
                operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str()
            else {
                assert!(operation["requestBody"].is_null(), "{method} {template}");
                continue;
            };
            let schema = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{reference}");
            let path = existing(&ada, template);
            for (field, of) in schema["properties"].as_object().unwrap() {
                for (bad, code) in bad(of) {
                    let at = format!(
                        "{method} {path} {field} = {}",
                        bad.to_string().chars().take(60).collect::<String>()
                    );
                    let body = json!({ field: bad }).to_string();
                    let reply = ada.send(
                        &method.to_uppercase(),
                        path.trim_start_matches("/api/v1"),
                        &[],
                        Some(&body),
                    );
                    assert_eq!(reply.status, 422, "{at}: {}", reply.text);
                    let refused = reply.clean_problem(422, "invalid", &path);
                    let told = fields(&refused);
                    let this: Vec<_> = told.iter().filter(|(name, _)| name == field).collect();
                    assert_eq!(this.len(), 1, "{at}: {told:?}");
                    assert!(code.is_none_or(|code| this[0].1 == code), "{at}: {told:?}");
                    // And what is missing beside it.
                    let required = schema["required"].as_array().cloned().unwrap_or_default();
                    let missing = required.iter().filter(|name| *name != field).count();
                    assert_eq!(told.len(), missing + 1, "{at}: {told:?}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

/// The path with ids of rows that are there.
fn existing(ada: &Client, template: &str) -> String {
    let id = |reply: Reply| reply.expect(201)["id"].as_str().unwrap().to_owned();
    let id = match template {
        "/api/v1/tasks/{id}" | "/api/v1/tasks/{id}/comments" => ada.task("Bake"),
        "/api/v1/tags/{id}" => id(ada.post("/tags", &json!({ "name": "rye" }))),
        "/api/v1/teams/{id}" => id(ada.post("/teams", &json!({ "name": "ovens" }))),
        "/api/v1/users/{id}" => ada.id(),
        "/api/v1/comments/{id}" => {
            id(ada.post(&format!("/tasks/{}/comments", ada.task("Bake")), &json!({ "body": "x" })))
        }
        // What is there is not looked at before the body is read.
        _ => "01980000-0000-7000-8000-000000000000".to_owned(),
    };
    template.replace("{id}", &id)
}

/// What a field of this schema cannot hold, and the code that says so where there is only one.
fn bad(schema: &Value) -> Vec<(Value, Option<&'static str>)> {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        other => panic!("a field has the type {other}: {schema}"),
    };
    let huge: Value = serde_json::from_str("18446744073709551616").unwrap();
    let values = [
        json!(null),
        json!(7),
        json!(-1.5),
        huge,
        json!(true),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "$ne": null }),
    ];
    let fits = |value: &Value| {
        kinds.iter().any(|kind| match *kind {
            "string" => value.is_string(),
            "array" => value.is_array(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("a field has the type {other}"),
        })
    };
    let mut bad: Vec<_> =
        values.into_iter().filter(|value| !fits(value)).map(|value| (value, Some("invalid-type"))).collect();
    if kinds.contains(&"string") {
        // What is claimed to be a password is not judged: it is right or wrong.
        let claim = schema["format"] == "password" && schema["minLength"].is_null();
        let nul = ["a\0b", "\0"].into_iter().filter(|_| !claim).map(|text| (json!(text), None));
        bad.extend(nul.chain([(json!("x".repeat(40_000)), None), (json!("é\0".repeat(20_000)), None)]));
    }
    if kinds.contains(&"array") {
        let ids = vec!["01980000-0000-7000-8000-000000000000"; 201];
        bad.extend([
            (json!(ids), Some("too-long")),
            (json!([null]), Some("invalid-type")),
            (json!([[]]), Some("invalid-type")),
        ]);
        bad.extend([(json!(["x"]), None), (json!(["\0"]), None), (json!([7]), Some("invalid-type"))]);
    }
    bad
}

#[test]
fn a_text_is_measured_in_characters() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    for letter in ["x", "é", "🥖"] {
        let made = ada.post("/tasks", &json!({ "title": letter.repeat(300) })).expect(201);
        assert_eq!(made["title"], letter.repeat(300));
        let refused = ada.post("/tasks", &json!({ "title": letter.repeat(301) })).problem(422, "invalid");
        assert_eq!(fields(&refused), pairs(&[("title", "too-long")]));
    }
    for (due_on, fits) in [
        (json!("2026-03-29"), true),
        (json!("2028-02-29"), true),
        (json!("0001-01-01"), true),
        (json!("9999-12-31"), true),
        (json!(null), true),
        (json!("2026-02-29"), false),
        (json!("2026-3-29"), false),
        (json!("29-03-2026"), false),
        (json!("2026-03-29T00:00:00Z"), false),
        (json!("+2026-03-29"), false),
        (json!("10000-01-01"), false),
        (json!("0000-01-01"), false),
        (json!(""), false),
        (json!(20_260_329), false),
    ] {
        let reply = ada.post("/tasks", &json!({ "title": "x", "due_on": due_on }));
        assert_eq!(reply.status, if fits { 201 } else { 422 }, "{due_on}: {}", reply.text);
        if fits {
            assert_eq!(reply.body["due_on"], due_on);
        }
    }
}
