//! Who sends a request, where it goes, and what its sender may do there.

mod gate;
mod request;

pub(crate) use gate::*;
pub(crate) use request::{RequestInfo, SESSION_COOKIE};
