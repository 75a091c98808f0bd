//! The codes of problems and of fields in the document.

use super::*;

fn code(code: &str, status: Option<u16>, description: &str) -> Code {
    Code { code: code.into(), status, description: description.into() }
}

fn coded() -> Info {
    Info {
        problem_codes: vec![
            code("not-found", Some(404), "There is no such task."),
            code("invalid", None, "A field is invalid (a | b)."),
        ],
        field_codes: vec![
            code("too-long", None, "The text is too long."),
            code("required", None, "It is absent."),
        ],
        ..info()
    }
}

#[track_caller]
fn schema_of(document: &Document, name: &str) -> Value {
    let schemas = &document.json()["components"]["schemas"];
    schemas.get(name).cloned().unwrap_or_else(|| panic!("no schema {name}"))
}

#[test]
fn codes_are_string_enums_with_a_description_each() {
    let document = example_of(&coded());
    let problem = schema_of(&document, "ProblemCode");
    assert_eq!((&problem["type"], &problem["enum"]), (&json!("string"), &json!(["not-found", "invalid"])));
    let meanings = json!(["There is no such task.", "A field is invalid (a | b)."]);
    assert_eq!(problem["x-enum-descriptions"], meanings);
    let field = schema_of(&document, "FieldCode");
    assert_eq!((&field["type"], &field["enum"]), (&json!("string"), &json!(["too-long", "required"])));
    assert_eq!(field["x-enum-descriptions"], json!(["The text is too long.", "It is absent."]));
}

#[test]
fn the_description_has_a_table_of_the_codes_for_people() {
    let document = example_of(&coded());
    let lines = |name| {
        let schema = schema_of(&document, name);
        let text = schema["description"].as_str().unwrap();
        text.split("\n\n").nth(1).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let problem = [
        "| Code | Status | Meaning |",
        "|---|---|---|",
        "| `not-found` | 404 | There is no such task. |",
        r"| `invalid` |  | A field is invalid (a \| b). |",
    ];
    assert_eq!(lines("ProblemCode"), problem);
    assert_eq!(
        lines("FieldCode")[0..3],
        ["| Code | Meaning |", "|---|---|", "| `too-long` | The text is too long. |"]
    );
}

#[test]
fn problems_refer_to_the_codes() {
    let document = example_of(&coded());
    let at = |name, property| schema_of(&document, name)["properties"][property].clone();
    assert_eq!(at("Problem", "code"), json!({ "$ref": "#/components/schemas/ProblemCode" }));
    assert_eq!(at("ProblemField", "code"), json!({ "$ref": "#/components/schemas/FieldCode" }));
}

#[test]
fn without_a_list_any_code_is_allowed() {
    let document = example();
    let schemas = document.json()["components"]["schemas"].as_object().unwrap();
    assert!(!schemas.contains_key("ProblemCode") && !schemas.contains_key("FieldCode"));
    let problem = component("Problem")["properties"]["code"].clone();
    assert_eq!((&problem["type"], &problem["enum"]), (&json!("string"), &Value::Null));
    assert!(problem["pattern"].is_string());
    assert_eq!(component("ProblemField")["properties"]["code"]["type"], "string");
}

#[test]
fn a_code_is_kebab_case_and_listed_once() {
    let faults = |info: Info| document(&info, &mut []).unwrap_err();
    let twice = Info { problem_codes: vec![code("a-1", None, "."), code("a-1", None, ".")], ..info() };
    assert_eq!(faults(twice), [Fault::DuplicateCode { code: "a-1".into() }]);
    for bad in ["", "Not-found", "not_found", "not--found", "-not", "not-", "not found"] {
        let info = Info { field_codes: vec![code(bad, None, ".")], ..info() };
        assert_eq!(faults(info), [Fault::CodeNotKebabCase { code: bad.into() }]);
    }
    // A problem and a field may share one.
    let shared = Info {
        problem_codes: vec![code("invalid", None, ".")],
        field_codes: vec![code("invalid", None, ".")],
        ..info()
    };
    assert!(document(&shared, &mut []).is_ok());
}
