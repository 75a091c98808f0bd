//! Extensions of the recorded model: JSON Schema, nullable fields and media types.
//!
//! `DefaultSchemaRaw` is a Swagger 2 schema: no lengths, patterns, unions, null or media types. An extension is carried in
//! the `enum` list of a schema, as one object with a reserved key. `enum` is the right place: the derive macro writes
//! `example`, `description`, `minimum` and `maximum` of a *field* over those of its type, and never its `enum`; and
//! paperclip's own `Path` and `Query` copy it.

use paperclip::v2::models::DefaultSchemaRaw;
use serde_json::{Map, Value};

/// A JSON Schema (2020-12) given as JSON.
const LITERAL: &str = "$literal";
/// The schema in `items` or null.
const NULLABLE: &str = "$nullable";
/// A body, not a schema: media types and their schemas, in `properties`.
const CONTENT: &str = "$content";

/// A schema written in JSON, for what the derive macro cannot express: lengths, patterns, formats, defaults, unions.
///
/// With a `name` it becomes a component. The schema may `$ref` other components at `#/components/schemas/…`; `parts`
/// are the types it names, so that they get defined. It is written as it stands; only a type that is part of an `allOf`
/// is left open to further properties, so a union in a request says `unevaluatedProperties: false` itself.
///
/// ```
/// use belfort_openapi::literal;
/// use paperclip::v2::{models::DefaultSchemaRaw, schema::Apiv2Schema};
///
/// struct Title(String);
///
/// impl Apiv2Schema for Title {
///     fn raw_schema() -> DefaultSchemaRaw {
///         literal(None, serde_json::json!({ "type": "string", "minLength": 1, "maxLength": 200 }), vec![])
///     }
/// }
/// ```
pub fn literal(name: Option<&str>, schema: Value, parts: Vec<DefaultSchemaRaw>) -> DefaultSchemaRaw {
    let parts = parts.into_iter().enumerate().map(|(at, part)| (at.to_string(), Box::new(part)));
    DefaultSchemaRaw { name: name.map(str::to_owned), properties: parts.collect(), ..marked(LITERAL, schema) }
}

/// A reference to the type of that name, defined elsewhere. It breaks the circle where a type contains itself.
pub fn by_name(name: &str) -> DefaultSchemaRaw {
    DefaultSchemaRaw { name: Some(name.to_owned()), ..DefaultSchemaRaw::default() }
}

/// A property of a `PATCH` body that may be absent, null or a value.
///
/// The type that wraps it also implements `fn required() -> bool { false }`, and has no name of its own.
pub fn patchable(schema: DefaultSchemaRaw) -> DefaultSchemaRaw {
    DefaultSchemaRaw { items: Some(Box::new(schema)), ..marked(NULLABLE, Value::Null) }
}

/// A body in one or more media types.
pub(crate) fn content(media: Vec<(&str, DefaultSchemaRaw)>) -> DefaultSchemaRaw {
    let media = media.into_iter().map(|(kind, schema)| (kind.to_owned(), Box::new(schema)));
    DefaultSchemaRaw { properties: media.collect(), ..marked(CONTENT, Value::Null) }
}

fn marked(mark: &str, value: Value) -> DefaultSchemaRaw {
    let carrier = Map::from_iter([(mark.to_owned(), value)]);
    DefaultSchemaRaw { enum_: vec![Value::Object(carrier)], ..DefaultSchemaRaw::default() }
}

/// The form of a recorded schema, with its extensions read.
pub(crate) enum Form<'a> {
    /// A name alone: the definition is elsewhere.
    Name,
    /// [`literal`].
    Literal(&'a Value),
    /// [`patchable`].
    Nullable(&'a DefaultSchemaRaw),
    /// [`content`].
    Content,
    /// A Swagger 2 schema, without extensions.
    Plain,
}

impl<'a> Form<'a> {
    pub(crate) fn of(schema: &'a DefaultSchemaRaw) -> Self {
        if let [Value::Object(carrier)] = schema.enum_.as_slice() {
            if let Some(literal) = carrier.get(LITERAL) {
                return Self::Literal(literal);
            }
            if let (true, Some(inner)) = (carrier.contains_key(NULLABLE), &schema.items) {
                return Self::Nullable(inner);
            }
            if carrier.contains_key(CONTENT) {
                return Self::Content;
            }
        }
        let named = schema.name.is_some() || schema.reference.is_some();
        let empty = schema.data_type.is_none() && schema.enum_.is_empty() && schema.properties.is_empty();
        if named && empty { Self::Name } else { Self::Plain }
    }
}
