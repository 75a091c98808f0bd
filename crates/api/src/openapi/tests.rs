//! A small API that uses each feature, and the same API broken in each way.
#![expect(dead_code, reason = "types that are only documented")]

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use paperclip::actix::{Apiv2Schema, Mountable, OperationModifier, api_v2_operation, web};
use paperclip::v2::models::{DataType, DefaultOperationRaw, DefaultSchemaRaw, HttpMethod, SecurityScheme};
use paperclip::v2::schema::Apiv2Schema as Schema;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

/// Between 1 and 200 letters.
struct Title;
impl Schema for Title {
    fn raw_schema() -> DefaultSchemaRaw {
        literal(None, json!({ "type": "string", "minLength": 1, "maxLength": 200 }), Vec::new())
    }
}

struct Change<T>(PhantomData<T>);
impl<T: Schema> Schema for Change<T> {
    fn required() -> bool {
        false
    }
    fn raw_schema() -> DefaultSchemaRaw {
        patchable(T::raw_schema())
    }
}

/// Where a task stands.
#[derive(Apiv2Schema, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Todo,
    InProgress,
}

/// A word on a task.
#[derive(Apiv2Schema)]
struct Tag {
    name: Title,
    color: Option<String>,
}

/// A task.
#[derive(Apiv2Schema)]
struct TaskView {
    /// Which one.
    id: Uuid,
    #[openapi(example = "Write the plan")]
    title: Title,
    status: Status,
    was: Option<Status>,
    tags: Vec<Tag>,
    first_tag: Option<Tag>,
    due_on: Option<chrono::NaiveDate>,
    #[openapi(minimum = 1, maximum = 5)]
    priority: u8,
    custom: Option<Value>,
    children: Children,
    labels: BTreeMap<String, String>,
}

struct Children;
impl Schema for Children {
    fn raw_schema() -> DefaultSchemaRaw {
        let items = Some(Box::new(by_name("TaskView")));
        DefaultSchemaRaw { data_type: Some(DataType::Array), items, ..DefaultSchemaRaw::default() }
    }
}

/// Some of many.
#[derive(Apiv2Schema)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Apiv2Schema)]
struct CreateTaskBody {
    title: Title,
    status: Option<Status>,
    details: Option<Details>,
}

#[derive(Apiv2Schema)]
struct Details {
    note: Option<String>,
}

#[derive(Apiv2Schema)]
struct UpdateTaskBody {
    title: Option<Title>,
    /// Null takes it away.
    due_on: Change<chrono::NaiveDate>,
    first_tag: Change<Tag>,
}

#[derive(Apiv2Schema)]
struct Filter {
    /// Only those.
    status: Option<Status>,
    by: Option<Vec<String>>,
}

#[derive(Apiv2Schema)]
struct Renamed {
    title: Title,
}

/// What a handler says, as extractors do it.
struct Say<S>(PhantomData<S>);
trait Saying {
    fn say(operation: &mut DefaultOperationRaw);
}
impl<S> FromRequest for Say<S> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;
    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(PhantomData)))
    }
}
impl<S> Schema for Say<S> {}
impl<S: Saying> OperationModifier for Say<S> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        S::say(operation);
    }
}

struct Reply;
impl Responder for Reply {
    type Body = actix_web::body::BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
}
impl Schema for Reply {}
impl OperationModifier for Reply {}

struct List;
impl Saying for List {
    fn say(operation: &mut DefaultOperationRaw) {
        permission(operation, "tasks", "read");
        query_parameters(operation, Filter::raw_schema());
        response(operation, 200, "The tasks.", Some(schema::<Page<TaskView>>()), &[]);
        problems(operation, &[400, 429]);
    }
}
/// List tasks
///
/// The newest first.
#[api_v2_operation(operation_id = "list_tasks", tags(Tasks))]
async fn list_tasks(_: Say<List>) -> Reply {
    Reply
}

struct Create;
impl Saying for Create {
    fn say(operation: &mut DefaultOperationRaw) {
        permission(operation, "tasks", "create");
        header_parameter(operation, "Idempotency-Key", "Makes it safe to try again.", false);
        header_parameter(operation, "Idempotency-Key", "Makes it safe to try again.", false);
        body(operation, schema::<CreateTaskBody>());
        response(operation, 201, "Made.", Some(schema::<TaskView>()), &[ETAG, LOCATION]);
    }
}
/// Create a task
#[api_v2_operation(operation_id = "create_task", tags(Tasks))]
async fn create_task(_: Say<Create>) -> Reply {
    Reply
}

struct Update;
impl Saying for Update {
    fn say(operation: &mut DefaultOperationRaw) {
        secured(operation);
        path_parameters(operation, vec![schema::<Uuid>()]);
        body(operation, schema::<UpdateTaskBody>());
        response(operation, 200, "Changed.", Some(schema::<TaskView>()), &[ETAG]);
    }
}
/// Update a task
#[api_v2_operation(operation_id = "update_task", tags(Tasks))]
async fn update_task(_: Say<Update>) -> Reply {
    Reply
}

struct Ping;
impl Saying for Ping {
    fn say(operation: &mut DefaultOperationRaw) {
        public(operation);
        let event = json!({ "oneOf": [{ "allOf": [
            { "type": "object", "properties": { "type": { "const": "renamed" } }, "required": ["type"] },
            { "$ref": "#/components/schemas/Renamed" },
        ] }] });
        body(operation, literal(Some("Event"), event, vec![schema::<Renamed>()]));
        let csv = DefaultSchemaRaw { data_type: Some(DataType::File), ..DefaultSchemaRaw::default() };
        let media = vec![("application/json", schema::<String>()), ("text/csv", csv)];
        response_as(operation, 200, "Pong.", media, &[]);
    }
}
/// Say hello
#[api_v2_operation(operation_id = "show_ping", tags(Probes))]
async fn show_ping(_: Say<Ping>) -> Reply {
    Reply
}

fn info() -> Info {
    let tag = |name: &str| super::Tag { name: name.into(), description: format!("About {name}.") };
    Info {
        title: "Example".into(),
        version: "1.2.3".into(),
        description: "For tests.".into(),
        license: "MIT".into(),
        tags: vec![tag("Tasks"), tag("Probes")],
    }
}

pub(crate) fn example() -> Document {
    let mut tasks = web::scope("/api/v1")
        .service(web::resource("/tasks").route(web::get().to(list_tasks)).route(web::post().to(create_task)))
        .service(web::resource("/tasks/{id:[0-9a-f-]+}").route(web::patch().to(update_task)));
    let mut probes = web::scope("/probes").route("/ping", web::post().to(show_ping));
    document(&info(), &mut [&mut tasks, &mut probes]).unwrap()
}

#[track_caller]
fn at(pointer: &str) -> Value {
    example().json().pointer(pointer).cloned().unwrap_or_else(|| panic!("nothing at {pointer}"))
}

#[track_caller]
fn component(name: &str) -> Value {
    at(&format!("/components/schemas/{name}"))
}

const LIST: &str = "/paths/~1api~1v1~1tasks/get";
const CREATE: &str = "/paths/~1api~1v1~1tasks/post";
const UPDATE: &str = "/paths/~1api~1v1~1tasks~1{id}/patch";
const PING: &str = "/paths/~1probes~1ping/post";

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
fn a_type_is_written_once_and_referred_to() {
    let page = component("PageOfTaskView");
    assert_eq!(page["properties"]["items"]["items"], json!({ "$ref": "#/components/schemas/TaskView" }));
    let schema = at(&format!("{LIST}/responses/200/content/application~1json/schema"));
    assert_eq!(schema, json!({ "$ref": "#/components/schemas/PageOfTaskView" }));
}

#[test]
fn a_type_may_contain_itself() {
    let children = &component("TaskView")["properties"]["children"];
    assert_eq!(*children, json!({ "type": "array", "items": { "$ref": "#/components/schemas/TaskView" } }));
}

#[test]
fn what_only_leaves_has_all_members_and_null_for_what_is_absent() {
    let task = component("TaskView");
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
    let members = component("TaskView")["properties"].clone();
    assert_eq!(members["id"], json!({ "type": "string", "format": "uuid", "description": "Which one." }));
    let priority = json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 5 });
    assert_eq!(members["priority"], priority);
    // The example of the field does not drive the bounds of its type away.
    let title = json!({ "type": "string", "minLength": 1, "maxLength": 200, "examples": ["Write the plan"] });
    assert_eq!(members["title"], title);
}

#[test]
fn a_comment_of_a_type_stands_at_the_type_only() {
    assert_eq!(component("Tag")["description"], "A word on a task.");
    let tag = &component("TaskView")["properties"]["first_tag"];
    assert_eq!(*tag, json!({ "anyOf": [{ "$ref": "#/components/schemas/Tag" }, { "type": "null" }] }));
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
    assert_eq!(description, "The newest first.\n\nNeeds the permission `tasks:read`.");
    assert_eq!(at(&format!("{CREATE}/description")), "Needs the permission `tasks:create`.");
}

#[test]
fn a_caller_is_known_by_token_or_by_cookie() {
    let either = json!([{ "bearer": [] }, { "session": [] }]);
    assert_eq!(at(&format!("{LIST}/security")), either);
    assert_eq!(at(&format!("{UPDATE}/security")), either);
    assert_eq!(at(&format!("{PING}/security")), json!([]));
    assert_eq!(at("/components/securitySchemes/bearer/scheme"), "bearer");
    assert_eq!(at("/components/securitySchemes/session/name"), "belfort_session");
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
    assert_eq!(list, json!([by, status]));
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

/// Something mounted that recorded just this.
struct Fake(Vec<(&'static str, HttpMethod, DefaultOperationRaw)>);

impl Mountable for Fake {
    fn path(&self) -> &'static str {
        ""
    }
    fn operations(&mut self) -> BTreeMap<HttpMethod, DefaultOperationRaw> {
        BTreeMap::new()
    }
    fn definitions(&mut self) -> BTreeMap<String, DefaultSchemaRaw> {
        BTreeMap::new()
    }
    fn security_definitions(&mut self) -> BTreeMap<String, SecurityScheme> {
        BTreeMap::new()
    }
    fn update_operations(&mut self, map: &mut BTreeMap<String, paperclip::v2::models::DefaultPathItemRaw>) {
        for (path, method, operation) in self.0.drain(..) {
            map.entry(path.to_owned()).or_default().methods.insert(method, operation);
        }
    }
}

fn good(id: &str) -> DefaultOperationRaw {
    let mut operation = DefaultOperationRaw {
        operation_id: Some(id.to_owned()),
        summary: Some("Do it".to_owned()),
        tags: vec!["Tasks".to_owned()],
        ..DefaultOperationRaw::default()
    };
    public(&mut operation);
    response(&mut operation, 204, "Done.", None, &[]);
    operation
}

/// The faults of `GET path`, which is good but for what `break_it` does to it.
fn faults_of(path: &'static str, break_it: impl FnOnce(&mut DefaultOperationRaw)) -> Vec<String> {
    let mut operation = good("do_it");
    break_it(&mut operation);
    faults(vec![(path, HttpMethod::Get, operation)])
}

fn faults(routes: Vec<(&'static str, HttpMethod, DefaultOperationRaw)>) -> Vec<String> {
    match document(&info(), &mut [&mut Fake(routes)]) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[track_caller]
fn one(faults: Vec<String>, expect: &str) {
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains(expect), "{faults:?}");
}

#[test]
fn a_good_operation_has_no_fault() {
    assert_eq!(faults_of("/x", |_| {}), Vec::<String>::new());
}

#[test]
fn an_operation_needs_an_id_a_tag_a_summary_and_an_answer() {
    one(faults_of("/x", |it| it.operation_id = None), "GET /x: has no operation id");
    one(faults_of("/x", |it| it.operation_id = Some("listTasks".into())), "not snake_case");
    one(faults_of("/x", |it| it.tags.clear()), "has no tag");
    one(faults_of("/x", |it| it.tags.push("Other".into())), "the tag `Other` is not described");
    one(faults_of("/x", |it| it.summary = Some(" ".into())), "has no summary");
    one(faults_of("/x", |it| it.responses.clear()), "says no answer");
}

#[test]
fn all_faults_are_said_at_once() {
    let all = faults_of("/x", |it| *it = DefaultOperationRaw::default());
    assert_eq!(all.len(), 5, "{all:?}");
}

#[test]
fn a_problem_alone_is_no_answer() {
    let only_problem = |it: &mut DefaultOperationRaw| {
        it.responses.clear();
        problems(it, &[404]);
    };
    one(faults_of("/x", only_problem), "says no answer");
}

#[test]
fn an_operation_id_is_taken_once() {
    let routes = vec![("/x", HttpMethod::Get, good("do_it")), ("/y", HttpMethod::Get, good("do_it"))];
    one(faults(routes), "GET /y: the operation id `do_it` is already that of GET /x");
}

#[test]
fn path_parameters_are_those_of_the_path() {
    let named = |name: &'static str| {
        move |it: &mut DefaultOperationRaw| {
            path_parameters(it, vec![schema::<Uuid>()]);
            for parameter in &mut it.parameters {
                parameter.name = name.to_owned();
            }
        }
    };
    assert_eq!(faults_of("/x/{id}", named("id")), Vec::<String>::new());
    one(faults_of("/x/{id}", |_| {}), "the path has `{id}`, but");
    one(faults_of("/x", named("id")), "parameter `id`, which is not in the path");
    one(faults_of("/x", named("")), "a path parameter that has no name");
}

#[test]
fn who_may_call_is_said_once_and_clearly() {
    one(faults_of("/x", |it| it.security.clear()), "neither who may call it");
    one(faults_of("/x", secured), "that it is public and that it is not");
    let other = |it: &mut DefaultOperationRaw| {
        it.security = vec![BTreeMap::from([("oauth".to_owned(), Vec::new())])];
    };
    one(faults_of("/x", other), "no security scheme `oauth`");
    let two = |it: &mut DefaultOperationRaw| {
        it.security.clear();
        permission(it, "tasks", "read");
        permission(it, "tasks", "read");
        permission(it, "tasks", "update");
    };
    one(faults_of("/x", two), "more than one permission");
}

#[test]
fn a_reference_leads_somewhere() {
    let dangling = |it: &mut DefaultOperationRaw| response(it, 200, "", Some(by_name("Nobody")), &[]);
    one(faults_of("/x", dangling), "`Nobody`, which nothing defines");
    let in_literal = |it: &mut DefaultOperationRaw| {
        let schema = json!({ "$ref": "#/components/schemas/Nobody" });
        response(it, 200, "", Some(literal(None, schema, Vec::new())), &[]);
    };
    one(faults_of("/x", in_literal), "`Nobody`, which nothing defines");
}

#[test]
fn two_types_do_not_share_a_name() {
    let text =
        |length: u32| literal(Some("Text"), json!({ "type": "string", "maxLength": length }), Vec::new());
    let at_the_top = |it: &mut DefaultOperationRaw| {
        body(it, text(1));
        response(it, 200, "", Some(text(2)), &[]);
    };
    one(faults_of("/x", at_the_top), "this `Text` is another type");
    let list = |items| DefaultSchemaRaw {
        data_type: Some(DataType::Array),
        items: Some(Box::new(items)),
        ..DefaultSchemaRaw::default()
    };
    let within = |it: &mut DefaultOperationRaw| {
        body(it, list(text(1)));
        response(it, 200, "", Some(list(text(2))), &[]);
    };
    one(faults_of("/x", within), "this `Text` is another type");
}

#[test]
fn a_type_argument_needs_a_name() {
    let unnamed = |it: &mut DefaultOperationRaw| response(it, 200, "", Some(schema::<Page<String>>()), &[]);
    one(faults_of("/x", unnamed), "is not a name for a schema");
}

#[test]
fn a_parameter_is_said_once() {
    let twice = |it: &mut DefaultOperationRaw| {
        query_parameters(it, Filter::raw_schema());
        query_parameters(it, Renamed::raw_schema());
        query_parameters(it, Renamed::raw_schema());
    };
    one(faults_of("/x", twice), "documents the query parameter `title` twice");
}

#[test]
fn a_route_is_mounted_once() {
    let route = || vec![("/x", HttpMethod::Get, good("do_it"))];
    let twice = document(&info(), &mut [&mut Fake(route()), &mut Fake(route())]).unwrap_err();
    assert_eq!(twice, [Fault::DuplicateRoute { at: "GET /x".into() }]);
    let named = |id: &str, name: &str| {
        let mut operation = good(id);
        path_parameters(&mut operation, vec![schema::<Uuid>()]);
        operation.parameters[0].name = name.to_owned();
        operation
    };
    let same = vec![
        ("/x/{a}", HttpMethod::Get, named("do_it", "a")),
        ("/x/{b}", HttpMethod::Put, named("do_more", "b")),
    ];
    one(faults(same), "/x/{a} and /x/{b} are the same path");
}

#[test]
fn paperclips_own_extractors_are_understood_too() {
    /// Show one
    #[api_v2_operation(operation_id = "show_one", tags(Tasks))]
    async fn show_one(_: web::Path<Uuid>, _: web::Query<BTreeMap<String, String>>) -> web::Json<Status> {
        web::Json(Status::Todo)
    }
    let mut scope = web::scope("/x").service(web::resource("/{id}").route(web::get().to(show_one)));
    let faults = document(&info(), &mut [&mut scope]).unwrap_err();
    assert_eq!(faults, [Fault::NoSecurity { at: "GET /x/{id}".into() }]);
}
