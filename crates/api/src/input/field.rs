//! Values that a field of a request can hold.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::FieldCode;
use crate::output::Timestamp;

/// The type of a field: how it is read and how it is documented. One type says both, so they cannot differ.
pub(crate) trait Field {
    /// The type of the value; mostly the type itself.
    type Value;
    /// Its JSON Schema.
    fn schema() -> Value;
    /// The value, from JSON.
    fn read(value: &Value) -> Result<Self::Value, FieldViolation>;
    /// The value, from a query string. Unlike in JSON, a number is a text there.
    fn read_text(text: &str) -> Result<Self::Value, FieldViolation> {
        Self::read(&Value::String(text.to_owned()))
    }
}

/// The problem of a value: a stable code and a sentence.
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

impl<T: Field> Field for Vec<T> {
    type Value = Vec<T::Value>;

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "maxItems": 200 })
    }

    fn read(value: &Value) -> Result<Self::Value, FieldViolation> {
        let items = value.as_array().ok_or_else(|| FieldViolation::kind("an array"))?;
        if items.len() > 200 {
            return Err(FieldViolation(FieldCode::TooLong, "must have at most 200 entries".into()));
        }
        items.iter().map(T::read).collect()
    }
}

impl Field for bool {
    type Value = Self;

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
    type Value = Self;

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
    type Value = DateTime<Utc>;

    fn schema() -> Value {
        json!({ "type": "string", "format": "date-time" })
    }

    fn read(value: &Value) -> Result<Self::Value, FieldViolation> {
        let text = value.as_str().ok_or_else(|| FieldViolation::kind("a string with a date and time"))?;
        belfort_values::brussels::parse(text).map_err(|error| FieldViolation::invalid(error.to_string()))
    }
}

/// Text that is judged elsewhere: a token, a code. It is taken for a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RawText<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> Field for RawText<MAX> {
    type Value = Self;

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

/// Text that is judged elsewhere and is no secret.
pub(crate) enum PlainText<const MAX: usize> {}

impl<const MAX: usize> Field for PlainText<MAX> {
    type Value = String;

    fn schema() -> Value {
        RawText::<MAX>::schema()
    }

    fn read(value: &Value) -> Result<String, FieldViolation> {
        RawText::<MAX>::read(value).map(|text| text.0)
    }
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl Field for belfort_ids::$id {
    type Value = Self;

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

impl Field for Uuid {
    type Value = Self;

    fn schema() -> Value {
        json!({ "type": "string", "format": "uuid" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let text = value.as_str().ok_or_else(|| FieldViolation::kind("a string with an ID"))?;
        text.parse().map_err(|_e| FieldViolation::invalid("must be an ID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_four_digits_and_no_sign() {
        for text in ["+2026-01-01", "12026-01-01", "2026-1-1", "0000-01-01", "2026-02-30", "2026-01-01 "] {
            assert!(<chrono::NaiveDate as Field>::read(&json!(text)).is_err(), "{text}");
        }
    }
}
