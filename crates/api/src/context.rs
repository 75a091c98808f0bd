//! The context of a request: its sender, its workspace, and the sender's permissions there.

mod gate;
mod idempotency;
mod request_context;
mod request_info;
mod untenanted_key;

pub(crate) use gate::{AnonymousInTenant, Authenticated, Gate, SessionOnly, Untenanted};
pub(crate) use idempotency::claim;
pub(crate) use request_context::RequestContext;
pub(crate) use request_info::{RequestInfo, SESSION_COOKIE};
pub(crate) use untenanted_key::KeyedRequest;
