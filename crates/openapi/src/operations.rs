//! Writes recorded operations.

use paperclip::v2::models::{
    DataType, DefaultOperationRaw, DefaultParameterRaw, DefaultResponseRaw, DefaultSchemaRaw, Either, Items,
    ParameterIn,
};
use serde_json::{Map, Value, json};

use crate::access::Access;
use crate::component::{Flow, SchemaUse};
use crate::components::Components;
use crate::extension::Form;
use crate::fault::Fault;
use crate::schemas::{Writer, unindented};

/// The name of the header that every response has, and of its component.
pub(crate) const REQUEST_ID: &str = "X-Request-Id";

/// First pass: registers the named schemas of an operation.
pub(crate) fn register(
    operation: &DefaultOperationRaw,
    at: &str,
    components: &mut Components,
    faults: &mut Vec<Fault>,
) {
    for parameter in operation.parameters.iter().filter_map(Either::right) {
        components.register(&schema_of(parameter), Flow::IN, SchemaUse::Type, at, faults);
    }
    for response in operation.responses.values().filter_map(Either::right) {
        if let Some(schema) = &response.schema {
            components.register(schema, Flow::OUT, SchemaUse::Type, at, faults);
        }
    }
}

/// Second pass: writes an operation.
pub(crate) fn write(operation: &DefaultOperationRaw, writer: Writer<'_>) -> Value {
    let mut written = Map::new();
    for (key, value) in [
        ("operationId", json!(operation.operation_id)),
        ("summary", json!(operation.summary)),
        ("description", json!(operation.description.as_deref().map(unindented))),
        ("tags", json!(operation.tags)),
    ] {
        if !value.is_null() {
            written.insert(key.to_owned(), value);
        }
    }
    if operation.deprecated {
        written.insert("deprecated".into(), json!(true));
    }
    Access::of(operation).write(&mut written);

    let mut parameters = Vec::new();
    for recorded in operation.parameters.iter().filter_map(Either::right) {
        if recorded.in_ == ParameterIn::Body {
            let content = content(writer, &schema_of(recorded), Flow::IN, "application/json");
            let body = json!({ "required": recorded.required, "content": content });
            written.insert("requestBody".into(), body);
        } else {
            parameters.push(parameter(writer, recorded));
        }
    }
    if !parameters.is_empty() {
        written.insert("parameters".into(), json!(parameters));
    }
    let responses = operation.responses.iter().filter_map(|(status, recorded)| {
        let written = response(writer, status, recorded.right()?);
        Some((status.clone(), written))
    });
    written.insert("responses".into(), Value::Object(responses.collect()));
    Value::Object(written)
}

fn parameter(writer: Writer<'_>, recorded: &DefaultParameterRaw) -> Value {
    // The description is the parameter's, not its schema's as well.
    let schema = DefaultSchemaRaw { description: None, ..schema_of(recorded) };
    let schema = writer.at_use(&schema, Flow::IN, SchemaUse::Type);
    let list = schema.get("type") == Some(&json!("array"));
    let mut written = Map::from_iter([
        ("name".to_owned(), json!(recorded.name)),
        ("in".to_owned(), json!(recorded.in_)),
        ("required".to_owned(), json!(recorded.required)),
        ("schema".to_owned(), schema),
    ]);
    if let Some(description) = &recorded.description {
        written.insert("description".into(), json!(unindented(description)));
    }
    if list && recorded.in_ == ParameterIn::Query {
        written.insert("style".into(), json!("form"));
        written.insert("explode".into(), json!(false));
    }
    Value::Object(written)
}

fn response(writer: Writer<'_>, status: &str, recorded: &DefaultResponseRaw) -> Value {
    let mut headers =
        Map::from_iter([(REQUEST_ID.to_owned(), json!({ "$ref": "#/components/headers/X-Request-Id" }))]);
    for (name, header) in &recorded.headers {
        let kind = header.data_type.unwrap_or(DataType::String);
        let description = header.description.as_deref().unwrap_or_default();
        headers.insert(name.clone(), json!({ "description": description, "schema": { "type": kind } }));
    }
    let description = recorded.description.as_deref().unwrap_or_default();
    let mut written = Map::from_iter([
        ("description".to_owned(), json!(description)),
        ("headers".to_owned(), Value::Object(headers)),
    ]);
    if let Some(schema) = &recorded.schema {
        let failed = status.starts_with(['4', '5']);
        let media = if failed { "application/problem+json" } else { "application/json" };
        written.insert("content".into(), content(writer, schema, Flow::OUT, media));
    }
    Value::Object(written)
}

fn content(writer: Writer<'_>, schema: &DefaultSchemaRaw, flow: Flow, usual: &str) -> Value {
    let one = |schema| json!({ "schema": writer.at_use(schema, flow, SchemaUse::Type) });
    if matches!(Form::of(schema), Form::Content) {
        let media = schema.properties.iter().map(|(media, schema)| (media.clone(), one(schema)));
        return Value::Object(media.collect());
    }
    json!({ usual: one(schema) })
}

/// The schema of a parameter; paperclip's own extractors spread it over the parameter instead.
fn schema_of(parameter: &DefaultParameterRaw) -> DefaultSchemaRaw {
    parameter.schema.clone().unwrap_or_else(|| DefaultSchemaRaw {
        data_type: parameter.data_type,
        format: parameter.format.clone(),
        enum_: parameter.enum_.clone(),
        minimum: parameter.minimum,
        maximum: parameter.maximum,
        items: parameter.items.as_ref().map(|items| Box::new(schema_of_items(items))),
        ..DefaultSchemaRaw::default()
    })
}

fn schema_of_items(items: &Items) -> DefaultSchemaRaw {
    DefaultSchemaRaw {
        data_type: items.data_type,
        format: items.format.clone(),
        enum_: items.enum_.clone(),
        minimum: items.minimum,
        maximum: items.maximum,
        items: items.items.as_ref().map(|items| Box::new(schema_of_items(items))),
        ..DefaultSchemaRaw::default()
    }
}
