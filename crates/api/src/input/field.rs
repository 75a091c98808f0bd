//! Reading objects from outside: every field is looked at, and everything that is wrong is told at once.

use std::borrow::Cow;

use belfort_openapi as openapi;
use paperclip::v2::models::DefaultSchemaRaw;
use serde_json::{Map, Value, json};

use crate::error::{ApiResult, FieldCode, FieldError, Problem};
use crate::output::Timestamp;

/// A value that a field can hold: how it is read, and how it is documented. One type says both, so they cannot differ.
pub(crate) trait Field: Sized {
    /// Its JSON Schema.
    fn schema() -> Value;
    /// The value, from JSON.
    fn read(value: &Value) -> Result<Self, FieldViolation>;
    /// The value, from a query string. Unlike in JSON, a number is a text there.
    fn read_text(text: &str) -> Result<Self, FieldViolation> {
        Self::read(&Value::String(text.to_owned()))
    }
}

/// What is wrong with a value: a stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldViolation(pub(crate) FieldCode, pub(crate) Cow<'static, str>);

impl FieldViolation {
    pub(crate) fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self(FieldCode::Invalid, detail.into())
    }

    pub(crate) fn kind(expected: &'static str) -> Self {
        Self(FieldCode::InvalidType, format!("must be {expected}").into())
    }
}

/// What an object has under a name.
///
/// `T` is required; `Option<T>` may be absent; `Nullable<T>` may be absent or null, which mean the same; `Patch<T>` tells
/// absent from null.
pub(crate) trait InputField: Sized {
    /// Whether it must be there.
    const REQUIRED: bool;
    /// What it is documented as.
    fn schema() -> DefaultSchemaRaw;
    /// The member, from what stands there.
    fn take(value: Option<&Value>) -> Result<Self, FieldViolation>;
    /// The member, from a query string.
    fn take_text(text: Option<&str>) -> Result<Self, FieldViolation>;
}

fn required<T>(found: Option<Result<T, FieldViolation>>) -> Result<T, FieldViolation> {
    found.unwrap_or_else(|| Err(FieldViolation(FieldCode::Required, "is required".into())))
}

impl<T: Field> InputField for T {
    const REQUIRED: bool = true;
    fn schema() -> DefaultSchemaRaw {
        openapi::literal(None, T::schema(), Vec::new())
    }
    fn take(value: Option<&Value>) -> Result<Self, FieldViolation> {
        required(value.map(T::read))
    }
    fn take_text(text: Option<&str>) -> Result<Self, FieldViolation> {
        required(text.map(T::read_text))
    }
}

impl<T: Field> InputField for Option<T> {
    const REQUIRED: bool = false;
    fn schema() -> DefaultSchemaRaw {
        openapi::literal(None, T::schema(), Vec::new())
    }
    fn take(value: Option<&Value>) -> Result<Self, FieldViolation> {
        value.map(T::read).transpose()
    }
    fn take_text(text: Option<&str>) -> Result<Self, FieldViolation> {
        text.map(T::read_text).transpose()
    }
}

/// May be absent or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nullable<T>(pub(crate) Option<T>);

impl<T: Field> InputField for Nullable<T> {
    const REQUIRED: bool = false;
    fn schema() -> DefaultSchemaRaw {
        openapi::patchable(openapi::literal(None, T::schema(), Vec::new()))
    }
    fn take(value: Option<&Value>) -> Result<Self, FieldViolation> {
        value.filter(|value| !value.is_null()).map(T::read).transpose().map(Self)
    }
    fn take_text(text: Option<&str>) -> Result<Self, FieldViolation> {
        text.map(T::read_text).transpose().map(Self)
    }
}

/// Absent: keep it. Null: clear it. A value: set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::option_option,
    reason = "it is what the crates below take: whether to change it, and what to"
)]
pub(crate) struct Patch<T>(pub(crate) Option<Option<T>>);

impl<T: Field> InputField for Patch<T> {
    const REQUIRED: bool = false;
    fn schema() -> DefaultSchemaRaw {
        Nullable::<T>::schema()
    }
    fn take(value: Option<&Value>) -> Result<Self, FieldViolation> {
        value
            .map(|value| Nullable::take(Some(value)).map(|nullable: Nullable<T>| nullable.0))
            .transpose()
            .map(Self)
    }
    fn take_text(text: Option<&str>) -> Result<Self, FieldViolation> {
        text.map(|text| T::read_text(text).map(Some)).transpose().map(Self)
    }
}

/// An object being read.
#[derive(Debug)]
pub(crate) enum Fields {
    /// From a JSON body.
    Json(Map<String, Value>, Vec<FieldError>),
    /// From a query string.
    Query(Vec<(String, String)>, Vec<FieldError>),
}

impl Fields {
    pub(crate) fn take<M: InputField>(&mut self, name: &'static str) -> Option<M> {
        let (member, errors) = match self {
            Self::Json(object, errors) => (M::take(object.remove(name).as_ref()), errors),
            Self::Query(pairs, errors) => {
                let mut found: Vec<String> =
                    pairs.extract_if(.., |(key, _)| key == name).map(|(_, v)| v).collect();
                let member = if found.len() > 1 {
                    Err(FieldViolation::invalid("must be given only once"))
                } else {
                    M::take_text(found.pop().as_deref())
                };
                (member, errors)
            }
        };
        member
            .map_err(|FieldViolation(code, detail)| {
                errors.push(FieldError { field: name.to_owned(), code, detail })
            })
            .ok()
    }

    /// The object, if nothing was wrong with it and nothing is left that nobody knows.
    pub(crate) fn finish<T>(self, object: Option<T>) -> ApiResult<T> {
        let (left, mut errors): (Vec<String>, _) = match self {
            Self::Json(object, errors) => (object.into_iter().map(|(key, _)| key).collect(), errors),
            Self::Query(pairs, errors) => (pairs.into_iter().map(|(key, _)| key).collect(), errors),
        };
        errors.extend(left.into_iter().map(|field| FieldError {
            field,
            code: FieldCode::UnknownField,
            detail: "is not a field of this operation".into(),
        }));
        match object {
            Some(object) if errors.is_empty() => Ok(object),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// An object that is read field by field. Made by [`input!`].
pub(crate) trait Input: Sized {
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// Declares an object that comes in: its type, how it is read and how it is documented.
macro_rules! input {
    ($(#[doc = $doc:literal])+ pub(crate) struct $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty,)* }) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(crate) struct $name { $($(#[doc = $field_doc])+ pub(crate) $field: $type,)* }

        impl $crate::input::Input for $name {
            fn read(fields: &mut $crate::input::Fields) -> Option<Self> {
                // Each is taken before any is asked for, so that all that is wrong is told.
                $(let $field = fields.take(stringify!($field));)*
                Some(Self { $($field: $field?,)* })
            }
        }

        impl paperclip::v2::schema::Apiv2Schema for $name {
            fn name() -> Option<String> {
                Some(stringify!($name).to_owned())
            }

            fn raw_schema() -> paperclip::v2::models::DefaultSchemaRaw {
                let mut schema = paperclip::v2::models::DefaultSchemaRaw {
                    name: Self::name(),
                    description: Some(concat!($($doc),+).trim().to_owned()),
                    data_type: Some(paperclip::v2::models::DataType::Object),
                    ..Default::default()
                };
                $(
                    let mut member = <$type as $crate::input::InputField>::schema();
                    member.description = Some(concat!($($field_doc),+).trim().to_owned());
                    schema.properties.insert(stringify!($field).to_owned(), Box::new(member));
                    if <$type as $crate::input::InputField>::REQUIRED {
                        schema.required.insert(stringify!($field).to_owned());
                    }
                )*
                schema
            }
        }
    };
}
pub(crate) use input;

impl<T: Field> Field for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "maxItems": 200 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let items = value.as_array().ok_or_else(|| FieldViolation::kind("an array"))?;
        if items.len() > 200 {
            return Err(FieldViolation(FieldCode::TooLong, "must have at most 200 entries".into()));
        }
        items.iter().map(T::read).collect()
    }
}

impl Field for bool {
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        value.as_bool().ok_or_else(|| FieldViolation::kind("true or false"))
    }

    fn read_text(text: &str) -> Result<Self, FieldViolation> {
        text.parse().map_err(|_e| FieldViolation::kind("true or false"))
    }
}

impl Field for chrono::NaiveDate {
    fn schema() -> Value {
        json!({ "type": "string", "format": "date" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let text =
            value.as_str().ok_or_else(|| FieldViolation::kind("a string with a date, like 2026-03-29"))?;
        let date = Self::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_e| FieldViolation::invalid("must be a date like 2026-03-29"))?;
        // Four digits and nothing else: chrono also reads signs and longer years.
        let years = Self::from_ymd_opt(1, 1, 1)..=Self::from_ymd_opt(9999, 12, 31);
        if text.len() == 10 && years.contains(&Some(date)) {
            Ok(date)
        } else {
            Err(FieldViolation::invalid("must be a date like 2026-03-29"))
        }
    }
}

impl Field for Timestamp {
    fn schema() -> Value {
        json!({ "type": "string", "format": "date-time" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let text = value
            .as_str()
            .ok_or_else(|| FieldViolation::kind("a string with a time, like 2026-03-29T03:30:00+02:00"))?;
        belfort_values::brussels::parse(text)
            .map(Self)
            .map_err(|error| FieldViolation::invalid(error.to_string()))
    }
}

/// Text as it came, for what is judged elsewhere: a password, a token, a code.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RawText<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> Field for RawText<MAX> {
    fn schema() -> Value {
        json!({ "type": "string", "maxLength": MAX })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let text = value.as_str().ok_or_else(|| FieldViolation::kind("a string"))?;
        if text.chars().count() > MAX {
            return Err(FieldViolation(
                FieldCode::TooLong,
                format!("must have at most {MAX} characters").into(),
            ));
        }
        // The one character that the database cannot even compare with.
        if text.contains('\0') {
            return Err(FieldViolation(
                FieldCode::ForbiddenCharacter,
                "must not contain NUL characters".into(),
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> std::fmt::Debug for RawText<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl Field for belfort_ids::$id {
            fn schema() -> Value {
                json!({ "type": "string", "format": "uuid" })
            }

            fn read(value: &Value) -> Result<Self, FieldViolation> {
                let text = value.as_str().ok_or_else(|| FieldViolation::kind("a string with an ID"))?;
                text.parse().map_err(|_e| FieldViolation::invalid("must be an ID"))
            }
        }
    )*};
}
ids!(
    UserId,
    RoleId,
    TeamId,
    TaskId,
    TagId,
    CommentId,
    TimeEntryId,
    AttachmentId,
    SessionId,
    SignupId,
    InvitationId
);

#[cfg(test)]
mod tests {
    use super::*;

    input! {
        /// A thing.
        pub(crate) struct Thing {
            /// On?
            on: bool,
            /// When.
            due_on: Patch<chrono::NaiveDate>,
            /// Who.
            people: Option<Vec<belfort_ids::UserId>>,
        }
    }

    fn read(value: Value) -> ApiResult<Thing> {
        let Value::Object(object) = value else { panic!("an object") };
        let mut fields = Fields::Json(object, Vec::new());
        let thing = Thing::read(&mut fields);
        fields.finish(thing)
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let problem = read(json!({ "on": "yes", "due_on": 7, "people": ["x"], "more": 1 })).unwrap_err();
        let text = serde_json::to_value(format!("{problem}")).unwrap();
        assert!(text.as_str().unwrap().starts_with("422 invalid"), "{text}");
    }

    #[test]
    fn absent_is_not_null() {
        let absent = read(json!({ "on": true })).unwrap();
        assert_eq!((absent.on, absent.due_on, absent.people), (true, Patch(None), None));
        assert_eq!(read(json!({ "on": true, "due_on": null })).unwrap().due_on, Patch(Some(None)));
        assert!(read(json!({ "on": true, "people": null })).is_err());
    }

    #[test]
    fn dates_have_four_digits_and_no_sign() {
        for text in ["+2026-01-01", "12026-01-01", "2026-1-1", "0000-01-01", "2026-02-30", "2026-01-01 "] {
            assert!(<chrono::NaiveDate as Field>::read(&json!(text)).is_err(), "{text}");
        }
    }
}
