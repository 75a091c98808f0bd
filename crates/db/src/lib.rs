#![doc = include_str!("../README.md")]

mod driver;
mod errors;
mod queries;
mod statement;
mod tagged;

pub use driver::{Backend, Conn, RawValue};
pub use errors::{is_disconnect, is_transient, violated_constraint};
pub use queries::{Control, Key, Queries, Tag, Tenant};
pub use statement::{Binds, Bound, Statement};
pub use tagged::Tagged;

/// The error of a query.
pub use diesel::result::Error;
