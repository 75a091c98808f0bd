//! Writes recorded schemas as JSON Schema 2020-12, the dialect of OpenAPI 3.1.

use std::collections::BTreeMap;

use paperclip::v2::models::{DataType, DataTypeFormat, DefaultSchemaRaw, Either};
use serde_json::{Map, Value, json};

use crate::component::{Component, Flow, PREFIX, SchemaUse, component_name};
use crate::extension::Form;

/// Writes schemas. It knows the components, so as not to repeat a component's description at each use.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    components: Option<&'a BTreeMap<String, Component>>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(components: &'a BTreeMap<String, Component>) -> Self {
        Self { components: Some(components) }
    }

    /// A writer for comparisons: it writes a schema the same wherever it stands.
    pub(crate) fn neutral() -> Self {
        Self { components: None }
    }

    /// A component, as it stands under `components.schemas`.
    pub(crate) fn component(self, component: &Component) -> Value {
        let mut body = self.body(&component.schema, component.flow, component.open);
        annotate(&mut body, component.description.as_deref(), component.example.as_ref());
        body
    }

    /// A schema where it is used: a `$ref` for whatever has a name.
    pub(crate) fn at_use(self, schema: &DefaultSchemaRaw, flow: Flow, usage: SchemaUse) -> Value {
        let description = schema.description.as_deref();
        let Some(name) = component_name(schema) else {
            let mut written = self.body(schema, flow, false);
            annotate(&mut written, description, schema.example.as_ref());
            return written;
        };
        let of_the_type = self.components.and_then(|known| known.get(&name));
        let mut written = json!({ "$ref": format!("{PREFIX}{name}") });
        if usage == SchemaUse::Field {
            let own = of_the_type.and_then(|component| component.description.as_deref());
            annotate(&mut written, description.filter(|text| own != Some(text)), schema.example.as_ref());
        }
        written
    }

    /// The schema itself, without its description.
    pub(crate) fn body(self, schema: &DefaultSchemaRaw, flow: Flow, open: bool) -> Value {
        match Form::of(schema) {
            Form::Literal(literal) => {
                let mut literal = literal.clone();
                bound(&mut literal, schema);
                return literal;
            }
            Form::Nullable(inner) => return nullable(self.at_use(inner, flow, SchemaUse::Type)),
            Form::Name | Form::Content => return json!({}),
            Form::Plain => {}
        }
        match schema.data_type {
            None => json!({}), // any JSON
            Some(DataType::File) => json!({ "type": "string", "format": "binary" }),
            Some(DataType::Array) => {
                let items = schema.items.as_ref().map(|items| self.at_use(items, flow, SchemaUse::Type));
                json!({ "type": "array", "items": items.unwrap_or_else(|| json!({})) })
            }
            Some(DataType::Object) => self.object(schema, flow, open),
            Some(scalar) => scalar_schema(scalar, schema),
        }
    }

    fn object(self, schema: &DefaultSchemaRaw, flow: Flow, open: bool) -> Value {
        let mut object = Map::from_iter([("type".to_owned(), json!("object"))]);
        let properties = schema.properties.iter().map(|(name, property)| {
            let written = self.at_use(property, flow, SchemaUse::Field);
            // serde writes a None as null; a request leaves it out.
            let optional = flow.outbound && !schema.required.contains(name);
            (name.clone(), if optional { nullable(written) } else { written })
        });
        let properties: Map<_, _> = properties.collect();
        let required =
            if flow == Flow::OUT { properties.keys().cloned().collect() } else { schema.required.clone() };
        // Without a name and without properties, it is a way to say "any object".
        let closed = flow.inbound && !open && (schema.name.is_some() || !properties.is_empty());
        match &schema.extra_props {
            Some(Either::Left(allowed)) => {
                object.insert("additionalProperties".into(), json!(allowed));
            }
            Some(Either::Right(values)) => {
                object.insert("additionalProperties".into(), self.at_use(values, flow, SchemaUse::Type));
            }
            None if closed => {
                object.insert("additionalProperties".into(), json!(false));
            }
            None => {}
        }
        if !properties.is_empty() {
            object.insert("properties".into(), Value::Object(properties));
        }
        if !required.is_empty() {
            object.insert("required".into(), json!(required));
        }
        Value::Object(object)
    }
}

fn scalar_schema(kind: DataType, schema: &DefaultSchemaRaw) -> Value {
    let mut scalar = json!({ "type": kind });
    bound(&mut scalar, schema);
    if let Some(object) = scalar.as_object_mut() {
        if let Some(format) = schema.format.as_ref().and_then(format_name) {
            object.insert("format".into(), json!(format));
        }
        if !schema.enum_.is_empty() {
            object.insert("enum".into(), json!(schema.enum_));
        }
    }
    scalar
}

/// Adds the bounds that a field or a built-in type has.
fn bound(written: &mut Value, schema: &DefaultSchemaRaw) {
    let Some(object) = written.as_object_mut() else { return };
    for (key, bound) in [("minimum", schema.minimum), ("maximum", schema.maximum)] {
        if let Some(bound) = bound {
            object.insert(key.to_owned(), number(bound));
        }
    }
}

/// A bound as a JSON number. The model keeps `f32`; by way of their shortest text, 5 is `5` and 0.1 is `0.1`.
fn number(bound: f32) -> Value {
    serde_json::from_str(&bound.to_string()).unwrap_or(Value::Null)
}

/// The name of a format in the registry of JSON Schema, if it has one.
fn format_name(format: &DataTypeFormat) -> Option<&'static str> {
    Some(match format {
        DataTypeFormat::Int32 => "int32",
        DataTypeFormat::Int64 => "int64",
        DataTypeFormat::Float => "float",
        DataTypeFormat::Double => "double",
        DataTypeFormat::Byte => "byte",
        DataTypeFormat::Binary => "binary",
        DataTypeFormat::Date => "date",
        DataTypeFormat::DateTime => "date-time",
        DataTypeFormat::Password => "password",
        DataTypeFormat::Url => "uri",
        DataTypeFormat::Uuid => "uuid",
        DataTypeFormat::IpV4 => "ipv4",
        DataTypeFormat::IpV6 => "ipv6",
        DataTypeFormat::Ip | DataTypeFormat::Other => return None,
    })
}

/// A doc comment without the space that begins each of its lines but the first, as the derive macros keep it.
pub(crate) fn unindented(text: &str) -> String {
    text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn annotate(written: &mut Value, description: Option<&str>, example: Option<&Value>) {
    let Some(object) = written.as_object_mut() else { return };
    if let Some(description) = description {
        object.insert("description".into(), json!(unindented(description)));
    }
    if let Some(example) = example {
        object.insert("examples".into(), json!([example]));
    }
}

/// The schema or null, in the way of JSON Schema 2020-12.
fn nullable(mut written: Value) -> Value {
    let or_null = json!({ "type": "null" });
    let Some(object) = written.as_object_mut() else { return written };
    // Beside one of these, a `null` among the types would still be refused by the other keyword.
    let strict = ["$ref", "allOf", "oneOf", "const", "not"].iter().any(|key| object.contains_key(*key));
    if strict || (object.contains_key("anyOf") && object.contains_key("type")) {
        let notes = ["description", "examples"].map(|key| (key, object.remove(key)));
        let mut choice = Map::from_iter([("anyOf".to_owned(), json!([object, or_null]))]);
        choice.extend(notes.into_iter().filter_map(|(key, note)| Some((key.to_owned(), note?))));
        return Value::Object(choice);
    }
    add(object, "anyOf", or_null);
    add(object, "enum", Value::Null);
    if let Some(kind @ Value::String(_)) = object.get_mut("type") {
        *kind = json!([kind]);
    }
    add(object, "type", json!("null"));
    written // a schema without any of these admits null anyway
}

/// Appends to the list under `key`, if there is one.
fn add(object: &mut Map<String, Value>, key: &str, value: Value) {
    if let Some(Value::Array(list)) = object.get_mut(key)
        && !list.contains(&value)
    {
        list.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_said_where_it_is_not_refused_again() {
        let null = json!({ "type": "null" });
        for (schema, expect) in [
            (json!({}), json!({})),
            (json!({ "type": "string" }), json!({ "type": ["string", "null"] })),
            (json!({ "type": ["string", "null"] }), json!({ "type": ["string", "null"] })),
            (
                json!({ "type": "string", "enum": ["a"] }),
                json!({ "type": ["string", "null"], "enum": ["a", null] }),
            ),
            (json!({ "enum": [1] }), json!({ "enum": [1, null] })),
            (json!({ "anyOf": [{}] }), json!({ "anyOf": [{}, null] })),
            (
                json!({ "type": "string", "const": "a" }),
                json!({ "anyOf": [{ "type": "string", "const": "a" }, null] }),
            ),
            (
                json!({ "$ref": "#/x", "description": "It." }),
                json!({ "anyOf": [{ "$ref": "#/x" }, null], "description": "It." }),
            ),
            (json!({ "oneOf": [] }), json!({ "anyOf": [{ "oneOf": [] }, null] })),
        ] {
            let mut expect = expect;
            if let Some(Value::Array(choices)) = expect.get_mut("anyOf") {
                choices.pop();
                choices.push(null.clone());
            }
            assert_eq!(nullable(schema.clone()), expect, "{schema}");
            assert_eq!(nullable(expect.clone()), expect, "{schema}, twice");
        }
    }

    #[test]
    fn lines_of_a_comment_are_not_indented() {
        let comment = "One\n two.\n\n Three:\n  - four";
        assert_eq!(unindented(comment), "One\ntwo.\n\nThree:\n - four");
    }

    #[test]
    fn bounds_are_written_as_people_would() {
        for (bound, expect) in [(5.0, "5"), (-1.0, "-1"), (0.1, "0.1"), (2.5, "2.5")] {
            assert_eq!(number(bound).to_string(), expect);
        }
    }
}
