//! The language of the database's messages.
//!
//! The driver hands on no SQLSTATE, so errors that pass are known by their text ([`belfort_db::is_transient`]). Only a superuser
//! decides in which language Postgres writes it.

use belfort_db::Conn;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::quote::quote_identifier;

/// The English name that Postgres gives to the first column of `pg_class`.
const ENGLISH: &str = "column oid of table pg_class";

/// Makes sure that the database writes its messages in English: asks, and sets it where the login may. Returns whether it was set, for
/// connections to come.
pub(super) fn ensure_english(pg: &mut Conn) -> ConnectionResult<bool> {
    if is_english(pg)? {
        return Ok(false);
    }
    let name: String = diesel::select(diesel::dsl::sql::<Text>("current_database()::text"))
        .get_result(pg)
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    let set = format!("ALTER DATABASE {} SET lc_messages TO 'C'", quote_identifier(&name));
    pg.batch_execute(&set).map(|()| true).map_err(|_refused| refused(&set))
}

/// Returns an error unless the database writes its messages in English. It does not where the setting is the login's own.
pub(super) fn demand_english(pg: &mut Conn) -> ConnectionResult<()> {
    if is_english(pg)? { Ok(()) } else { Err(refused("ALTER ROLE … SET lc_messages TO 'C'")) }
}

fn is_english(pg: &mut Conn) -> ConnectionResult<bool> {
    let column = "pg_catalog.pg_describe_object(1259, 1259, 1)";
    let told = diesel::select(diesel::dsl::sql::<Text>(column)).get_result::<String>(pg);
    told.map(|told| told == ENGLISH).map_err(ConnectionError::CouldntSetupConfiguration)
}

fn refused(statement: &str) -> ConnectionError {
    ConnectionError::BadConnection(format!(
        "the database writes its messages in another language than English; as a superuser, run: {statement}"
    ))
}
