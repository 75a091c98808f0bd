//! The history in Postgres.

mod append;
mod list;

pub use append::append;
pub use list::{Filter, StoredEvent, history_of, list};

/// The tables and the SECURITY DEFINER function that this module relies on. In Belfort they are part of every
/// tenant's schema.
pub const DDL: &str = concat!(
    include_str!("../../../migrations/tenant/00000000000005_audit/up.sql"),
    include_str!("../../../migrations/tenant/00000000000011_audit_version/up.sql"),
);
