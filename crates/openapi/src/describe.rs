//! Descriptions of operations: what extractors and responders add, from their `OperationModifier`.

use paperclip::v2::models::{
    DataType, DefaultOperationRaw, DefaultParameterRaw, DefaultSchemaRaw, Either, Header, ParameterIn,
    Response,
};
use paperclip::v2::schema::Apiv2Schema;

use crate::extension::{by_name, content};
use crate::problem;

const IF_NONE_MATCH: &str = "If-None-Match";
const NOT_MODIFIED: u16 = 304;

/// A header of a response. `X-Request-Id` need not be described: every response has it.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHeader {
    /// The name of the header.
    pub name: &'static str,
    /// A sentence on its value.
    pub description: &'static str,
    /// The type of its value: text or a number.
    pub kind: DataType,
}

/// The version of a resource.
pub const ETAG: ResponseHeader = text("ETag", "The version of the resource, for `If-Match`.");
/// The path of a new resource.
pub const LOCATION: ResponseHeader = text("Location", "The path of the new resource.");
/// The name of a downloaded file.
pub const CONTENT_DISPOSITION: ResponseHeader =
    text("Content-Disposition", "The name to save the file under.");
/// The time to wait.
pub const RETRY_AFTER: ResponseHeader = ResponseHeader {
    name: "Retry-After",
    description: "The number of seconds to wait before trying again.",
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

/// Describes the response of a status: JSON, or no body. It replaces an earlier description of that status.
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

/// Describes the response of a status, in any of these media types.
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

/// Describes the problems that an operation may respond with, by status. An earlier description of a status stays.
pub fn problems(operation: &mut DefaultOperationRaw, statuses: &[u16]) {
    for &status in statuses {
        if operation.responses.contains_key(&status.to_string()) {
            continue;
        }
        let headers: &[_] = if status == 429 { &[RETRY_AFTER] } else { &[] };
        let media = vec![("application/problem+json", by_name(problem::NAME))];
        response_as(operation, status, problem::meaning(status), media, headers);
    }
}

/// Describes that a client who has the resource already is told so: `If-None-Match`, and 304 without a body. Only `GET`
/// is written with it: RFC 9110 knows no other method that is answered with 304.
pub fn not_modified(operation: &mut DefaultOperationRaw) {
    header_parameter(
        operation,
        IF_NONE_MATCH,
        "The `ETag` of the version that you have. If the resource has not changed since, the response is 304 without a body.",
        false,
    );
    response(operation, NOT_MODIFIED, "The resource has not changed.", None, &[ETAG]);
}

/// Takes [`not_modified`] away where the method makes it void.
pub(crate) fn without_not_modified(operation: &mut DefaultOperationRaw) {
    operation.responses.remove(&NOT_MODIFIED.to_string());
    operation.parameters.retain(|parameter| {
        let Either::Right(parameter) = parameter else { return true };
        (parameter.in_, parameter.name.as_str()) != (ParameterIn::Header, IF_NONE_MATCH)
    });
}

/// Describes the JSON body of the request.
pub fn body(operation: &mut DefaultOperationRaw, schema: DefaultSchemaRaw) {
    body_as(operation, vec![("application/json", schema)]);
}

/// Describes the body of the request, in any of these media types.
pub fn body_as(operation: &mut DefaultOperationRaw, media: Vec<(&str, DefaultSchemaRaw)>) {
    push(operation, ParameterIn::Body, "body", true, content(media));
}

/// Describes query parameters: one for each property of an object. A list is sent with commas, `?by=day,user`.
pub fn query_parameters(operation: &mut DefaultOperationRaw, object: DefaultSchemaRaw) {
    for (name, property) in object.properties {
        let required = object.required.contains(&name);
        push(operation, ParameterIn::Query, &name, required, *property);
    }
}

/// Describes path parameters, in the order of the path. The path gives their names when the handler is mounted.
pub fn path_parameters(operation: &mut DefaultOperationRaw, parameters: Vec<DefaultSchemaRaw>) {
    for parameter in parameters {
        push(operation, ParameterIn::Path, "", true, parameter);
    }
}

/// Describes a header of the request, such as `If-Match`. Describing it twice changes nothing.
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
