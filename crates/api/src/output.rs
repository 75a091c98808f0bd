//! Output of handlers: replies, entity tags, timestamps, tables.

mod cookie;
pub(crate) mod csv;
pub(crate) mod etag;
mod idempotent;
mod location;
mod page;
mod reply;
mod timestamp;

pub(crate) use cookie::WithCookie;
pub(crate) use idempotent::Idempotent;
pub(crate) use location::{BASE_PATH, Location};
pub(crate) use page::Page;
pub(crate) use reply::{Accepted, Created, CreatedElsewhere, Json, NoContent, Reply, Versioned};
pub(crate) use timestamp::Timestamp;
