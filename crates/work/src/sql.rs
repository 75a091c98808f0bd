//! Pieces of SQL that diesel's language has no word for.

mod fragment;
mod with_reached;

pub(crate) use fragment::{Fragment, condition_on_tasks};
pub(crate) use with_reached::WithReached;
