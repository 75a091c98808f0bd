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

use crate::*;

mod codes;
mod faults;
mod written;

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

/// The status of a task.
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
    /// The id of the task.
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
    /// The place of work.
    place: Place,
}

#[derive(Apiv2Schema)]
struct Place {
    city: String,
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

/// The description of a parameter, as extractors give it.
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
        not_modified(operation);
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
        not_modified(operation);
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
        session_cookie: "example_session".into(),
        tags: vec![tag("Tasks"), tag("Probes")],
        problems: Vec::new(),
        problem_codes: Vec::new(),
        field_codes: Vec::new(),
    }
}

pub(crate) fn example() -> Document {
    example_of(&info())
}

fn example_of(info: &Info) -> Document {
    let mut tasks = web::scope("/api/v1")
        .service(web::resource("/tasks").route(web::get().to(list_tasks)).route(web::post().to(create_task)))
        .service(web::resource("/tasks/{id:[0-9a-f-]+}").route(web::patch().to(update_task)));
    let mut probes = web::scope("/probes").route("/ping", web::post().to(show_ping));
    document(info, &mut [&mut tasks, &mut probes]).unwrap()
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
