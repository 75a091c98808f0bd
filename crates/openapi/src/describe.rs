//! What extractors and answers say of an operation, from their `OperationModifier`.

use paperclip::v2::models::{
    DataType, DefaultOperationRaw, DefaultParameterRaw, DefaultSchemaRaw, Either, Header, ParameterIn,
    Response,
};
use paperclip::v2::schema::Apiv2Schema;

use super::by_name;
use super::extension::content;

/// A header of an answer. `X-Request-Id` need not be said: every answer has it.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHeader {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub description: &'static str,
    /// Text, or a number.
    pub kind: DataType,
}

/// The version of the row, for `If-Match`.
pub const ETAG: ResponseHeader = text("ETag", "The version of what is in the body, for `If-Match`.");
/// Where the new row is.
pub const LOCATION: ResponseHeader = text("Location", "Where the new row is.");
/// The name of a file.
pub const CONTENT_DISPOSITION: ResponseHeader =
    text("Content-Disposition", "The name to save the file under.");
/// When to try again.
pub const RETRY_AFTER: ResponseHeader = ResponseHeader {
    name: "Retry-After",
    description: "After how many seconds it is worth trying again.",
    kind: DataType::Integer,
};

/// A header of text.
pub const fn text(name: &'static str, description: &'static str) -> ResponseHeader {
    ResponseHeader { name, description, kind: DataType::String }
}

/// The schema of a type, with its name and doc comment.
pub fn schema<T: Apiv2Schema>() -> DefaultSchemaRaw {
    T::schema_with_ref()
}

/// The answer of that status: JSON, or nothing. Replaces what was said of that status before.
pub fn response(
    operation: &mut DefaultOperationRaw,
    status: u16,
    description: &str,
    schema: Option<DefaultSchemaRaw>,
    headers: &[ResponseHeader],
) {
    let media = schema.map(|schema| ("application/json", schema));
    response_as(operation, status, description, media.into_iter().collect(), headers);
}

/// The answer of that status, in any of these media types.
pub fn response_as(
    operation: &mut DefaultOperationRaw,
    status: u16,
    description: &str,
    media: Vec<(&str, DefaultSchemaRaw)>,
    headers: &[ResponseHeader],
) {
    let headers = headers.iter().map(|header| {
        let recorded = Header {
            description: Some(header.description.to_owned()),
            data_type: Some(header.kind),
            ..Header::default()
        };
        (header.name.to_owned(), recorded)
    });
    let response = Response {
        description: Some(description.to_owned()),
        schema: (!media.is_empty()).then(|| content(media)),
        headers: headers.collect(),
    };
    operation.responses.insert(status.to_string(), Either::Right(response));
}

/// The problems it may answer with, by status. What was said of a status before stays.
pub fn problems(operation: &mut DefaultOperationRaw, statuses: &[u16]) {
    for &status in statuses {
        if operation.responses.contains_key(&status.to_string()) {
            continue;
        }
        let headers: &[_] = if status == 429 { &[RETRY_AFTER] } else { &[] };
        let media = vec![("application/problem+json", by_name(super::problem::NAME))];
        response_as(operation, status, super::problem::meaning(status), media, headers);
    }
}

/// The JSON body of the request.
pub fn body(operation: &mut DefaultOperationRaw, schema: DefaultSchemaRaw) {
    body_as(operation, vec![("application/json", schema)]);
}

/// The body of the request, in any of these media types.
pub fn body_as(operation: &mut DefaultOperationRaw, media: Vec<(&str, DefaultSchemaRaw)>) {
    push(operation, ParameterIn::Body, "body", true, content(media));
}

/// Query parameters: one for each member of an object. A list is written with commas, `?by=day,user`.
pub fn query_parameters(operation: &mut DefaultOperationRaw, members: DefaultSchemaRaw) {
    for (name, member) in members.properties {
        let required = members.required.contains(&name);
        push(operation, ParameterIn::Query, &name, required, *member);
    }
}

/// Path parameters, in the order of the path. The path gives their names when the handler is mounted.
pub fn path_parameters(operation: &mut DefaultOperationRaw, parameters: Vec<DefaultSchemaRaw>) {
    for parameter in parameters {
        push(operation, ParameterIn::Path, "", true, parameter);
    }
}

/// A request header: `If-Match`, `Idempotency-Key`, `X-Workspace`. Saying it twice changes nothing.
pub fn header_parameter(operation: &mut DefaultOperationRaw, name: &str, description: &str, required: bool) {
    let known = operation.parameters.iter().filter_map(Either::right);
    if known.filter(|known| known.in_ == ParameterIn::Header).any(|known| known.name == name) {
        return;
    }
    let schema = DefaultSchemaRaw {
        data_type: Some(DataType::String),
        description: Some(description.to_owned()),
        ..DefaultSchemaRaw::default()
    };
    push(operation, ParameterIn::Header, name, required, schema);
}

fn push(
    operation: &mut DefaultOperationRaw,
    place: ParameterIn,
    name: &str,
    required: bool,
    schema: DefaultSchemaRaw,
) {
    operation.parameters.push(Either::Right(DefaultParameterRaw {
        in_: place,
        name: name.to_owned(),
        required,
        description: schema.description.clone(),
        schema: Some(schema),
        ..DefaultParameterRaw::default()
    }));
}
