//! What goes wrong, and what the caller is told of it.

mod code;
mod from;
mod problem;

pub(crate) use code::{FieldCode, ProblemCode};
pub(crate) use problem::{ApiResult, FieldError, Problem};
