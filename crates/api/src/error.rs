//! What goes wrong, and what the caller is told of it.

mod from;
mod problem;

pub(crate) use problem::{ApiResult, FieldError, Problem};
