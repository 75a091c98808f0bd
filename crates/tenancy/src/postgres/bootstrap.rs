//! The steps that need a superuser: the owner's role and database.

use belfort_db::Conn;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::quote::quote_identifier;
use super::{DatabaseUrl, hardening};

/// The reason why a database could not be prepared or inspected.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// No connection.
    #[error("cannot connect to the database")]
    Connect(#[from] ConnectionError),
    /// A statement failed.
    #[error("cannot prepare or inspect the database")]
    Database(#[from] diesel::result::Error),
}

/// Creates the role `owner` (not a superuser, but with CREATEROLE) and a database of its own, and hardens that.
///
/// `superuser` is the URL of the database `postgres`, `inside` that of `database`, both as a superuser. What exists is kept.
pub fn bootstrap(
    superuser: &DatabaseUrl,
    inside: &DatabaseUrl,
    owner: &str,
    database: &str,
) -> Result<(), BootstrapError> {
    let mut pg = Conn::establish(superuser.reveal())?;
    let there = |found: QueryResult<i32>| found.optional().map(|row| row.is_some());
    let (role, name) = (quote_identifier(owner), quote_identifier(database));
    let one = diesel::dsl::sql::<diesel::sql_types::Integer>("SELECT 1 FROM pg_roles WHERE rolname = ");
    if !there(one.bind::<diesel::sql_types::Text, _>(owner).get_result(&mut pg))? {
        pg.batch_execute(&format!("CREATE ROLE {role} LOGIN CREATEROLE"))?;
    }
    let one = diesel::dsl::sql::<diesel::sql_types::Integer>("SELECT 1 FROM pg_database WHERE datname = ");
    if !there(one.bind::<diesel::sql_types::Text, _>(database).get_result(&mut pg))? {
        pg.batch_execute(&format!("CREATE DATABASE {name} OWNER {role}"))?;
    }
    let mut pg = Conn::establish(inside.reveal())?;
    // The schema's owner makes the control tables; in Postgres 15 that is a superuser's by default.
    pg.batch_execute(&format!("ALTER SCHEMA public OWNER TO {role}"))?;
    Ok(hardening::close_exposures(&mut pg)?)
}
