//! Credentials and sessions in a tenant's schema, counters in the control schema.
//!
//! Relies on `migrations/tenant/00000000000002_auth` and `migrations/control/00000000000003_counters`.

pub mod counters;
pub mod credentials;
pub mod sessions;
