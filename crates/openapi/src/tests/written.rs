//! The document of the small API.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_document_is_the_same_at_every_run() {
    assert_eq!(example().to_json(), example().to_json());
    assert_eq!(serde_json::from_str::<Value>(&example().to_json()).unwrap(), *example().json());
    assert_eq!(at("/openapi"), "3.1.0");
    assert_eq!(at("/servers"), json!([{ "url": "/" }]));
    assert_eq!(at("/info/license"), json!({ "name": "MIT", "identifier": "MIT" }));
}

#[test]
fn tags_are_sorted_and_described() {
    let tag = |name: &str| json!({ "name": name, "description": format!("About {name}.") });
    assert_eq!(at("/tags"), json!([tag("Probes"), tag("Tasks")]));
}

#[test]
fn routes_are_sorted_and_have_no_patterns() {
    let routes = [
        ("GET", "/api/v1/tasks"),
        ("PATCH", "/api/v1/tasks/{id}"),
        ("POST", "/api/v1/tasks"),
        ("POST", "/probes/ping"),
    ];
    assert_eq!(example().routes(), routes.map(|(method, path)| (method.to_owned(), path.to_owned())));
}

#[test]
fn the_operations_with_query_parameters_are_known() {
    let list = ("/api/v1/tasks".to_owned(), BTreeSet::from(["GET".to_owned()]));
    assert_eq!(example().query_operations(), BTreeMap::from([list]));
}

#[test]
fn a_type_is_written_once_and_referred_to() {
    let page = component("TaskPage");
    assert_eq!(page["properties"]["items"]["items"], json!({ "$ref": "#/components/schemas/Task" }));
    let schema = at(&format!("{LIST}/responses/200/content/application~1json/schema"));
    assert_eq!(schema, json!({ "$ref": "#/components/schemas/TaskPage" }));
}

#[test]
fn a_type_may_contain_itself() {
    let children = &component("Task")["properties"]["children"];
    assert_eq!(*children, json!({ "type": "array", "items": { "$ref": "#/components/schemas/Task" } }));
}

#[test]
fn what_only_leaves_has_all_members_and_null_for_what_is_absent() {
    let task = component("Task");
    assert_eq!(task["required"].as_array().unwrap().len(), task["properties"].as_object().unwrap().len());
    assert_eq!(task.get("additionalProperties"), None);
    let members = &task["properties"];
    assert_eq!(members["due_on"], json!({ "type": ["string", "null"], "format": "date" }));
    let status = json!({ "$ref": "#/components/schemas/Status" });
    assert_eq!(members["status"], status);
    assert_eq!(members["was"], json!({ "anyOf": [status, { "type": "null" }] }));
    assert_eq!(members["custom"], json!({}));
    assert_eq!(members["labels"], json!({ "type": "object", "additionalProperties": { "type": "string" } }));
}

#[test]
fn bounds_examples_and_comments_of_fields_are_kept() {
    let members = component("Task")["properties"].clone();
    assert_eq!(
        members["id"],
        json!({ "type": "string", "format": "uuid", "description": "The id of the task." })
    );
    let priority = json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 5 });
    assert_eq!(members["priority"], priority);
    // The example of the field does not drive the bounds of its type away.
    let title = json!({ "type": "string", "minLength": 1, "maxLength": 200, "examples": ["Write the plan"] });
    assert_eq!(members["title"], title);
}

#[test]
fn a_comment_of_a_type_stands_at_the_type_only() {
    assert_eq!(component("Tag")["description"], "A word on a task.");
    let tag = &component("Task")["properties"]["first_tag"];
    assert_eq!(*tag, json!({ "anyOf": [{ "$ref": "#/components/schemas/Tag" }, { "type": "null" }] }));
}

/// The derive macro writes the comment of a field over that of its type.
#[test]
fn a_type_that_is_used_in_fields_only_has_the_comment_of_the_first() {
    assert_eq!(component("Place")["description"], "The place of work.");
    let place = &component("Task")["properties"]["place"];
    assert_eq!(*place, json!({ "$ref": "#/components/schemas/Place" }));
}

#[test]
fn what_comes_in_refuses_unknown_members_and_may_leave_out_the_optional() {
    let create = component("CreateTaskBody");
    assert_eq!(create["required"], json!(["title"]));
    assert_eq!(create["additionalProperties"], false);
    assert_eq!(create["properties"]["status"], json!({ "$ref": "#/components/schemas/Status" }));
    // Reached through a member.
    assert_eq!(component("Details")["additionalProperties"], false);
    assert_eq!(component("Details").get("required"), None);
}

#[test]
fn a_member_of_a_patch_may_be_absent_null_or_a_value() {
    let update = component("UpdateTaskBody");
    assert_eq!(update.get("required"), None);
    let due_on =
        json!({ "type": ["string", "null"], "format": "date", "description": "Null takes it away." });
    assert_eq!(update["properties"]["due_on"], due_on);
    assert_eq!(update["properties"]["title"]["type"], "string");
    let tag = &update["properties"]["first_tag"];
    assert_eq!(*tag, json!({ "anyOf": [{ "$ref": "#/components/schemas/Tag" }, { "type": "null" }] }));
}

#[test]
fn a_type_that_goes_both_ways_promises_what_holds_for_both() {
    let tag = component("Tag");
    assert_eq!(tag["required"], json!(["name"]));
    assert_eq!(tag["properties"]["color"]["type"], json!(["string", "null"]));
    assert_eq!(tag["additionalProperties"], false);
}

#[test]
fn the_variants_of_a_union_stay_open() {
    assert_eq!(component("Renamed").get("additionalProperties"), None);
    assert!(component("Event")["oneOf"].is_array());
}

#[test]
fn a_permission_is_there_for_programs_and_for_people() {
    assert_eq!(at(&format!("{LIST}/x-permission")), json!({ "resource": "tasks", "action": "read" }));
    let description = at(&format!("{LIST}/description"));
    assert_eq!(description, "The newest first.\n\nRequires the permission `tasks:read`.");
    assert_eq!(at(&format!("{CREATE}/description")), "Requires the permission `tasks:create`.");
}

#[test]
fn a_caller_is_known_by_token_or_by_cookie() {
    let either = json!([{ "bearer": [] }, { "session": [] }]);
    assert_eq!(at(&format!("{LIST}/security")), either);
    assert_eq!(at(&format!("{UPDATE}/security")), either);
    assert_eq!(at(&format!("{PING}/security")), json!([]));
    assert_eq!(at("/components/securitySchemes/bearer/scheme"), "bearer");
    assert_eq!(at("/components/securitySchemes/session/name"), "example_session");
}

#[test]
fn problems_are_problem_json() {
    let problem = at(&format!("{LIST}/responses/400/content"));
    let reference = json!({ "$ref": "#/components/schemas/Problem" });
    assert_eq!(problem, json!({ "application/problem+json": { "schema": reference } }));
    at(&format!("{LIST}/responses/429/headers/Retry-After"));
    assert_eq!(
        component("Problem")["properties"]["errors"]["items"]["$ref"],
        "#/components/schemas/ProblemField"
    );
    component("ProblemField");
}

#[test]
fn problems_of_an_operation_may_be_listed_apart() {
    assert!(example().json().pointer(&format!("{UPDATE}/responses/409")).is_none());
    let listed = Info { problems: vec![("update_task".into(), vec![409])], ..info() };
    let document = example_of(&listed);
    let problem = document.json().pointer(&format!("{UPDATE}/responses/409/content")).unwrap();
    assert!(problem["application/problem+json"].is_object(), "{problem}");
}

#[test]
fn only_a_get_is_answered_with_304() {
    let if_none_match = |operation: &str| {
        let parameters = at(&format!("{operation}/parameters"));
        parameters.as_array().unwrap().iter().any(|parameter| parameter["name"] == "If-None-Match")
    };
    assert!(at(LIST)["responses"]["304"].is_object() && if_none_match(LIST));
    assert!(at(UPDATE)["responses"]["304"].is_null() && !if_none_match(UPDATE));
}

#[test]
fn every_answer_has_the_request_id_and_some_have_more() {
    let id = json!({ "$ref": "#/components/headers/X-Request-Id" });
    for answer in [format!("{LIST}/responses/400"), format!("{PING}/responses/200")] {
        assert_eq!(at(&format!("{answer}/headers/X-Request-Id")), id);
    }
    at("/components/headers/X-Request-Id/schema");
    let headers = at(&format!("{CREATE}/responses/201/headers"));
    let names: Vec<_> = headers.as_object().unwrap().keys().collect();
    assert_eq!(names, ["ETag", "Location", "X-Request-Id"]);
}

#[test]
fn parameters_have_places_names_and_schemas() {
    let mut list = at(&format!("{LIST}/parameters"));
    list.as_array_mut().unwrap().sort_by_key(|parameter| parameter["name"].to_string());
    let by = json!({
        "name": "by", "in": "query", "required": false, "style": "form", "explode": false,
        "schema": { "type": "array", "items": { "type": "string" } },
    });
    let status = json!({
        "name": "status", "in": "query", "required": false, "description": "Only those.",
        "schema": { "$ref": "#/components/schemas/Status" },
    });
    assert_eq!(list.as_array().unwrap()[1..], [by, status]);
    let id = json!({
        "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" },
    });
    assert_eq!(at(&format!("{UPDATE}/parameters")), json!([id]));
    let create = at(&format!("{CREATE}/parameters"));
    assert_eq!(create.as_array().unwrap().len(), 1);
    assert_eq!((&create[0]["name"], &create[0]["in"]), (&json!("Idempotency-Key"), &json!("header")));
}

#[test]
fn an_answer_may_have_several_media_types() {
    let content = at(&format!("{PING}/responses/200/content"));
    assert_eq!(content["text/csv"]["schema"]["format"], "binary");
    assert_eq!(content["application/json"]["schema"]["type"], "string");
}
