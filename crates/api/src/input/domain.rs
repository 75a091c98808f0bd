//! Fields that hold the domain's own texts, words, orders and amounts.

use crate::error::{ApiResult, FieldCode, Problem};
use belfort_auth::{Email, EmailError, Password, PasswordError};
use belfort_tenancy::{Slug, SlugError};
use belfort_values::{TextError, Word};
use belfort_work::tasks::TaskOrder;
use belfort_work::time_entries::TimeEntryOrder;
use belfort_work::time_report::GroupBy;
use belfort_work::{CommentBody, Description, HourlyRate, Note, Priority, RateError, Status, TagName, Title};
use belfort_workspace::{FullName, RoleName, TeamName, WorkspaceName};
use serde_json::{Value, json};

use crate::input::{Field, FieldViolation};

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
            TextError::Address => Self::invalid("must not contain a web or email address"),
            TextError::Forbidden => Self(
                FieldCode::ForbiddenCharacter,
                "must not contain control characters or characters that cannot be seen".into(),
            ),
        }
    }
}

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl Field for $type {
            type Value = Self;

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

/// Reads a closed set of words.
macro_rules! choices {
    ($($type:ty),*) => {$(
        impl Field for $type {
            type Value = Self;

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

/// Declares the words for an order, the default first.
macro_rules! orders {
    ($($type:ty: $default:literal = $first:path, $other:literal = $second:path;)*) => {$(
        impl Field for $type {
            type Value = Self;

            fn schema() -> Value {
                json!({ "type": "string", "enum": [$default, $other], "default": $default })
            }

            fn read(value: &Value) -> Result<Self, FieldViolation> {
                match string(value)? {
                    $default => Ok($first),
                    $other => Ok($second),
                    _ => Err(FieldViolation(
                        FieldCode::InvalidChoice,
                        concat!("must be one of ", $default, ", ", $other).into(),
                    )),
                }
            }
        }
    )*};
}
orders! {
    TaskOrder: "-id" = TaskOrder::Newest, "id" = TaskOrder::Oldest;
    TimeEntryOrder: "-started_at" = TimeEntryOrder::Latest, "started_at" = TimeEntryOrder::Earliest;
}

/// Money is never a JSON number: whoever reads one makes a floating point number of it.
impl Field for HourlyRate {
    type Value = Self;

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

/// The groups of a report, each once: `day,user`.
pub(crate) enum GroupByList {}

/// The words for groups, in the order of the columns.
pub(crate) fn group_words(groups: &[GroupBy]) -> Vec<&'static str> {
    GroupBy::ALL.iter().filter(|group| groups.contains(group)).map(|group| group.as_str()).collect()
}

impl Field for GroupByList {
    type Value = Vec<GroupBy>;

    fn schema() -> Value {
        json!({
            "type": "array",
            "items": { "type": "string", "enum": GroupBy::WORDS },
            "minItems": 1,
            "uniqueItems": true,
            "default": ["day"],
        })
    }

    fn read(value: &Value) -> Result<Self::Value, FieldViolation> {
        let mut groups = Vec::new();
        for word in string(value)?.split(',') {
            let group = GroupBy::parse(word).map_err(|error| {
                let detail = format!("must be one or more of {}", error.words.join(", "));
                FieldViolation(FieldCode::InvalidChoice, detail.into())
            })?;
            if groups.contains(&group) {
                return Err(FieldViolation::invalid("must not repeat a value"));
            }
            groups.push(group);
        }
        Ok(groups)
    }
}

impl Field for Email {
    type Value = Self;

    fn schema() -> Value {
        json!({ "type": "string", "format": "email", "maxLength": 254 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        Self::parse(string(value)?).map_err(|error: EmailError| FieldViolation::invalid(error.to_string()))
    }
}

impl Field for Slug {
    type Value = Self;

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
    type Value = Self;

    fn schema() -> Value {
        json!({ "type": "string", "format": "password", "minLength": 8, "maxLength": 256 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        Ok(Self::parse(string(value)?.to_owned())?)
    }
}

impl From<PasswordError> for FieldViolation {
    fn from(error: PasswordError) -> Self {
        let code = match error {
            PasswordError::TooShort => FieldCode::TooShort,
            PasswordError::TooLong => FieldCode::TooLong,
            PasswordError::Nul => FieldCode::ForbiddenCharacter,
            PasswordError::Common | PasswordError::Personal => FieldCode::EasyToGuess,
        };
        Self(code, error.to_string().into())
    }
}

/// Refuses a new password that is made of what is known of whose it is.
pub(crate) fn check_personal(field: &str, password: &Password, about: &[&str]) -> ApiResult<()> {
    password.check_personal(about).map_err(|error| {
        let FieldViolation(code, detail) = error.into();
        Problem::invalid_field(field, code, detail)
    })
}

/// A password to verify: only its length is checked.
pub(crate) enum PasswordAttempt {}

impl Field for PasswordAttempt {
    type Value = Password;

    fn schema() -> Value {
        json!({ "type": "string", "format": "password", "maxLength": 256 })
    }

    fn read(value: &Value) -> Result<Password, FieldViolation> {
        Password::attempt(string(value)?.to_owned())
            .map_err(|error| FieldViolation(FieldCode::TooLong, error.to_string().into()))
    }
}
