//! What handlers answer with.

pub(crate) mod csv;
mod response;

pub(crate) use response::*;
