//! The driver's types, named once.
//!
//! Besides this crate only `belfort-tenancy`, which opens connections and begins transactions, names the driver. All other
//! crates go by these names and the traits, so a change of driver stays in the two.

/// A connection to Postgres, as the driver has it: neither bound to a tenant nor kept from anything.
///
/// What holds one may do everything with it, so it is handed out nowhere: queries run through [`Tenant`](crate::Tenant)
/// and [`Control`](crate::Control).
pub type Conn = diesel::pg::PgConnection;

/// The database that queries are written for, in the signatures of `ToSql`, `FromSql` and `QueryFragment`.
pub type Backend = diesel::pg::Pg;

/// A value as it came from the database, in the signature of `FromSql`.
pub type RawValue<'a> = <Backend as diesel::backend::Backend>::RawValue<'a>;
