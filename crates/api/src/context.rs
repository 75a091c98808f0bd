//! Who sends a request, where it goes, and what its sender may do there.

#[expect(clippy::module_inception, reason = "the context of a request is what this folder is about")]
mod context;
mod gate;
mod idempotency;
mod request;
mod untenanted_key;

pub(crate) use context::RequestContext;
pub(crate) use gate::{AnonymousInTenant, Authenticated, Gate, SessionOnly, Untenanted};
pub(crate) use idempotency::claim;
pub(crate) use request::{RequestInfo, SESSION_COOKIE};
pub(crate) use untenanted_key::KeyedRequest;
