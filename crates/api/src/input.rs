//! Input of handlers: bodies, query strings, ids in the path, preconditions.
//!
//! They are read after the gate, inside the handler: who may not do it is told so before anything they sent is looked at. A
//! body that has to be waited for is not even fetched before that.

mod body;
mod domain;
mod duplicate_keys;
mod field;
mod object;
mod pace;
mod path;
mod permissions;
mod precondition;
mod query;

pub(crate) use body::{Arrival, Body, Received, length, not_encoded};
pub(crate) use domain::{GroupByList, PasswordAttempt, check_personal, group_words};
pub(crate) use field::{Field, FieldViolation, PlainText, RawText};
pub(crate) use object::{Fields, Input, InputField, Nullable, OrDefault, OrTrue, Patch, input};
pub(crate) use pace::{Arriving, broken, paced};
pub(crate) use path::Path;
pub(crate) use precondition::IfMatch;
pub(crate) use query::{Query, pairs};
