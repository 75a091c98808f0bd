//! One Postgres schema and one database role a tenant; connections that cannot be had unbound.
//!
//! What this crate promises:
//!
//! - The only way to a tenant's tables is a `TenantTx`, bound to the tenant's schema *and* role for the length of one
//!   transaction. `SET LOCAL ROLE` binds both in one statement: the role has the schema's name and the login's search path
//!   is `"$user"`. They cannot disagree, and the binding ends with the transaction, however it ends.
//! - The search path holds the tenant's schema alone. A table that is missing is an error, never another schema's table.
//! - SQL that names another tenant's table is refused by Postgres: the role has no right there.
//! - Control tables are reached by other types (`ControlConn`, `ControlTx`). A raw connection cannot be had at all.
//! - A new tenant is made in one transaction: a failure leaves nothing.
//!
//! The names and states of tenants are plain values and need no database; everything else is the feature `postgres`.
//!
//! ```
//! use belfort_ids::TenantId;
//! use belfort_tenancy::{SchemaName, Slug};
//!
//! let slug = Slug::parse("bakkerij-peeters")?;
//! assert!(Slug::parse("pg_catalog").is_err() && Slug::parse("public").is_err());
//! let id = TenantId::new(chrono::DateTime::UNIX_EPOCH);
//! assert!(SchemaName::of(id).as_str().starts_with("t_"));
//! # Ok::<(), belfort_tenancy::SlugError>(())
//! ```

mod name;
mod tenant;

#[cfg(feature = "postgres")]
pub mod postgres;

pub use name::{Host, HostError, SchemaName, Slug, SlugError};
pub use tenant::{Plan, Tenant, TenantStatus};

// Named so that the feature `tls` builds OpenSSL from source; nothing here calls it.
#[cfg(feature = "tls")]
use openssl_sys as _;
