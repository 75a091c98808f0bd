//! Errors, and the problems that clients see of them.

mod cause;
mod code;
mod from;
mod problem;
mod refusal;

pub(crate) use code::{FieldCode, ProblemCode};
pub(crate) use problem::{ApiResult, FieldError, Problem};
pub(crate) use refusal::{Refusal, Refusals, Refused};
