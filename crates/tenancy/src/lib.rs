#![doc = include_str!("../README.md")]

mod name;
mod tenant;

#[cfg(feature = "postgres")]
pub mod postgres;

pub use name::{Host, HostError, SchemaName, Slug, SlugError};
pub use tenant::{Plan, Tenant, TenantStatus};

// Named so that the feature `tls` builds OpenSSL from source; nothing here calls it.
#[cfg(feature = "tls")]
use openssl_sys as _;
