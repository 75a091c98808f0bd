//! How the crates' own words and texts are read from a request and documented.

use crate::error::FieldCode;
use belfort_auth::{Email, EmailError, Password, PasswordError};
use belfort_tenancy::{Slug, SlugError};
use belfort_values::{TextError, Word};
use belfort_work::tasks::TaskOrder;
use belfort_work::time_entries::TimeEntryOrder;
use belfort_work::time_report::GroupBy;
use belfort_work::{CommentBody, Description, HourlyRate, Note, Priority, RateError, Status, TagName, Title};
use belfort_workspace::{FullName, RoleName, TeamName, WorkspaceName};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::input::{Field, FieldViolation};

/// An id of any kind of row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnyId(pub(crate) Uuid);

impl Field for AnyId {
    fn schema() -> Value {
        json!({ "type": "string", "format": "uuid" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let text = value.as_str().ok_or_else(|| FieldViolation::kind("a string with an ID"))?;
        text.parse().map(Self).map_err(|_e| FieldViolation::invalid("must be an ID"))
    }
}

fn string(value: &Value) -> Result<&str, FieldViolation> {
    value.as_str().ok_or_else(|| FieldViolation::kind("a string"))
}

impl From<TextError> for FieldViolation {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self(FieldCode::TooShort, "must not be empty".into()),
            TextError::TooLong { max } => {
                Self(FieldCode::TooLong, format!("must have at most {max} characters").into())
            }
            TextError::Forbidden => {
                Self(FieldCode::ForbiddenCharacter, "must not contain control characters".into())
            }
        }
    }
}

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn schema() -> Value {
                json!({ "type": "string", "minLength": Self::MIN, "maxLength": Self::MAX })
            }

            fn read(value: &Value) -> Result<Self, FieldViolation> {
                Ok(Self::parse(string(value)?)?)
            }
        }
    )*};
}
texts!(Title, Description, CommentBody, TagName, Note, FullName, RoleName, TeamName, WorkspaceName);

/// One of a few words.
macro_rules! choices {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn schema() -> Value {
                json!({ "type": "string", "enum": Self::WORDS })
            }

            fn read(value: &Value) -> Result<Self, FieldViolation> {
                Self::parse(string(value)?).map_err(|error| {
                    FieldViolation(FieldCode::InvalidChoice, format!("must be one of {}", error.words.join(", ")).into())
                })
            }
        }
    )*};
}
choices!(Status, Priority);

/// In which order tasks are wanted: `-id`, the newest first, or `id`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Order(pub(crate) TaskOrder);

impl Field for Order {
    fn schema() -> Value {
        json!({ "type": "string", "enum": ["-id", "id"], "default": "-id" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        match string(value)? {
            "-id" => Ok(Self(TaskOrder::Newest)),
            "id" => Ok(Self(TaskOrder::Oldest)),
            _ => Err(FieldViolation(FieldCode::InvalidChoice, "must be one of -id, id".into())),
        }
    }
}

/// In which order time entries are wanted: `-started_at`, the latest first, or `started_at`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StartOrder(pub(crate) TimeEntryOrder);

impl Field for StartOrder {
    fn schema() -> Value {
        json!({ "type": "string", "enum": ["-started_at", "started_at"], "default": "-started_at" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        match string(value)? {
            "-started_at" => Ok(Self(TimeEntryOrder::Latest)),
            "started_at" => Ok(Self(TimeEntryOrder::Earliest)),
            _ => {
                Err(FieldViolation(FieldCode::InvalidChoice, "must be one of -started_at, started_at".into()))
            }
        }
    }
}

/// Money is never a JSON number: whoever reads one makes a floating point number of it.
impl Field for HourlyRate {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,2})?$", "maxLength": 20 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let text =
            value.as_str().ok_or_else(|| FieldViolation::kind("a string with an amount, like \"62.50\""))?;
        Self::parse(text).map_err(|error| match error {
            RateError::Amount(error) => FieldViolation::invalid(error.to_string()),
            RateError::OutOfRange => FieldViolation(FieldCode::OutOfRange, error.to_string().into()),
        })
    }
}

/// What a report is grouped by, each once: `day,user`.
#[derive(Debug, Clone)]
pub(crate) struct Groups(pub(crate) Vec<GroupBy>);

const GROUPS: [(&str, GroupBy); 4] =
    [("day", GroupBy::Day), ("user", GroupBy::User), ("task", GroupBy::Task), ("tag", GroupBy::Tag)];

impl Default for Groups {
    fn default() -> Self {
        Self(vec![GroupBy::Day])
    }
}

impl Groups {
    /// The words, in the order of the columns.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        GROUPS.iter().filter(|(_, group)| self.0.contains(group)).map(|(word, _)| *word).collect()
    }
}

impl Field for Groups {
    fn schema() -> Value {
        let words = GROUPS.map(|(word, _)| word);
        json!({
            "type": "array",
            "items": { "type": "string", "enum": words },
            "minItems": 1,
            "uniqueItems": true,
            "default": ["day"],
        })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let mut groups = Vec::new();
        for word in string(value)?.split(',') {
            let (_, group) = GROUPS.into_iter().find(|(known, _)| *known == word).ok_or_else(|| {
                FieldViolation(FieldCode::InvalidChoice, "must be one or more of day, user, task, tag".into())
            })?;
            if groups.contains(&group) {
                return Err(FieldViolation::invalid("must not repeat a value"));
            }
            groups.push(group);
        }
        Ok(Self(groups))
    }
}

impl Field for Email {
    fn schema() -> Value {
        json!({ "type": "string", "format": "email", "maxLength": 254 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        Self::parse(string(value)?).map_err(|error: EmailError| FieldViolation::invalid(error.to_string()))
    }
}

impl Field for Slug {
    fn schema() -> Value {
        json!({ "type": "string", "minLength": 3, "maxLength": 40, "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        Self::parse(string(value)?).map_err(|error| match error {
            SlugError::Length => FieldViolation(FieldCode::InvalidLength, error.to_string().into()),
            SlugError::Characters => FieldViolation(FieldCode::ForbiddenCharacter, error.to_string().into()),
            SlugError::Reserved => FieldViolation(FieldCode::Reserved, error.to_string().into()),
        })
    }
}

impl Field for Password {
    fn schema() -> Value {
        json!({ "type": "string", "format": "password", "minLength": 8, "maxLength": 256 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        Self::parse(string(value)?.to_owned()).map_err(|error| match error {
            PasswordError::TooShort => FieldViolation(FieldCode::TooShort, error.to_string().into()),
            PasswordError::TooLong => FieldViolation(FieldCode::TooLong, error.to_string().into()),
            PasswordError::Nul => FieldViolation(FieldCode::ForbiddenCharacter, error.to_string().into()),
        })
    }
}

/// A password that somebody claims is theirs: nothing about it is judged but its length.
pub(crate) struct Attempt(pub(crate) Password);

impl Field for Attempt {
    fn schema() -> Value {
        json!({ "type": "string", "format": "password", "maxLength": 256 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let attempt = Password::attempt(string(value)?.to_owned());
        attempt.map(Self).map_err(|error| FieldViolation(FieldCode::TooLong, error.to_string().into()))
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}
