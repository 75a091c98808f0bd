//! What a storage module may do with a bound connection: run queries, nothing else.
//!
//! The storage modules of the other crates take `&mut impl Tenant` or `&mut impl Control`. Who may make such a value is
//! not decided here: in Belfort only `belfort-tenancy` does, and its values are bound to one tenant's schema and role for
//! the length of one transaction. A program that imports one storage module alone passes its own [`Conn`].
//!
//! Neither trait hands the connection out, so there is no `batch_execute` (the only way to send several statements in one
//! string), no `COMMIT` and no `SET ROLE` behind the back of whoever bound it.
//!
//! SQL written by hand is a [`Statement`]: see there.

mod driver;
mod queries;
mod statement;
mod tagged;

pub use driver::{Backend, Conn, RawValue};
pub use queries::{Control, Key, Queries, Tag, Tenant, is_transient, violated};
pub use statement::{Binds, Bound, Statement};
pub use tagged::Tagged;

/// What a query can fail with.
pub use diesel::result::Error;
