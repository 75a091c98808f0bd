//! Every field of every documented body, with everything that it cannot hold.

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Reply, Server};
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
                // A form with a file has no other fields.
                let file = operation["requestBody"]["content"]["multipart/form-data"].is_object();
                assert!(file || operation["requestBody"].is_null(), "{method} {template}");
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
                    let is_public = operation["security"].as_array().is_some_and(Vec::is_empty);
                    if is_public && body.len() > 4096 {
                        reply.clean_problem(413, "too-large", &path);
                        continue;
                    }
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

/// What only the server sets, or somebody else.
const FOREIGN: [&str; 15] = [
    "created_by",
    "created_by_id",
    "author_id",
    "user_id",
    "role",
    "role_id",
    "plan",
    "is_active",
    "is_admin",
    "is_builtin",
    "id",
    "version",
    "tenant_id",
    "permissions",
    "status",
];

/// Beside a body that would be taken, each of these where the document does not have it: nothing is taken, and nothing done.
#[test]
fn no_field_slips_in_beside_those_that_are_documented() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let document = ada.page("/api/schema/").expect(200);
    let schema = server.schema("bakkerij");
    let everything = || {
        server.contents(&format!(
            "relnamespace = '{schema}'::regnamespace OR oid IN ('public.tenants'::regclass, 'public.signups'::regclass)"
        ))
    };
    let mut tried = 0;
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(reference) = body.as_str().and_then(|reference| reference.strip_prefix('#')) else {
                continue;
            };
            let of = document.pointer(reference).unwrap();
            let path = existing(&ada, template);
            let path = path.trim_start_matches("/api/v1");
            let required = of["required"].as_array().cloned().unwrap_or_default();
            let good: serde_json::Map<String, Value> = required
                .iter()
                .map(|name| name.as_str().unwrap())
                .map(|name| (name.to_owned(), good(&of["properties"][name])))
                .collect();
            let before = everything();
            for field in FOREIGN.into_iter().filter(|field| of["properties"][field].is_null()) {
                for value in [json!(ada.id()), json!(true), json!("admin"), json!([]), json!(null)] {
                    let mut body = good.clone();
                    body.insert(field.to_owned(), value);
                    let body = Value::Object(body).to_string();
                    let reply = ada.send(&method.to_uppercase(), path, &[], Some(&body));
                    assert_eq!(reply.status, 422, "{method} {path} {body}: {}", reply.text);
                    let told = fields(&reply.problem(422, "unknown-field"));
                    assert_eq!(told, pairs(&[(field, "unknown-field")]), "{method} {path} {body}");
                    tried += 1;
                }
            }
            assert_eq!(everything(), before, "{method} {path}");
        }
    }
    assert!(tried > 900, "{tried}");
}

/// Something that a field of this schema can hold.
fn good(schema: &Value) -> Value {
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("array"), _) => json!([]),
        (Some("boolean"), _) => json!(true),
        (Some("string"), Some("uuid")) => json!("01980000-0000-7000-8000-000000000000"),
        (Some("string"), Some("password")) => json!(PASSWORD),
        (Some("string"), Some("email")) => json!("x@x.example"),
        (Some("string"), Some("date")) => json!("2026-03-29"),
        (Some("string"), Some("date-time")) => json!("2026-03-29T12:00:00Z"),
        (Some("string"), _) => {
            json!("x".repeat(schema["minLength"].as_u64().unwrap_or(1).try_into().unwrap()))
        }
        other => panic!("what does a field hold that is {other:?}?"),
    }
}

/// The path with ids of rows that are there.
fn existing(ada: &Client, template: &str) -> String {
    let id = |reply: Reply| reply.expect(201)["id"].as_str().unwrap().to_owned();
    let id = match template {
        "/api/v1/tasks/{id}" | "/api/v1/tasks/{id}/comments" => ada.task("Bake"),
        "/api/v1/tags/{id}" => id(ada.post("/tags", &json!({ "name": "rye" }))),
        "/api/v1/teams/{id}" => id(ada.post("/teams", &json!({ "name": "ovens" }))),
        "/api/v1/users/{id}" => ada.id(),
        "/api/v1/roles/{id}" => ada.role("guest"),
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
