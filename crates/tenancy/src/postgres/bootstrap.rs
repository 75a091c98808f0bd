//! The steps that need a superuser: the owner's role and database, and the rights on built-in functions that defeat `SET ROLE`.

use belfort_db::{Conn, Control, Statement};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::DatabaseUrl;
use super::quote::quote_identifier;

/// The reason why the private Postgres could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// No connection.
    #[error("cannot connect to the private Postgres")]
    Connect(#[from] ConnectionError),
    /// A statement failed.
    #[error("cannot prepare the private Postgres")]
    Database(#[from] diesel::result::Error),
}

/// Revokes the functions that defeat `SET ROLE`.
///
/// A role is bound by a utility statement, but an injected `SELECT` could still call one of these to run text as another
/// role (`set_config('role', …)`, then `query_to_xml('SELECT …')`), or leave something for the next transaction. Nothing in
/// Belfort calls them. They come back with a new cluster or `pg_upgrade`, so a superuser applies this again.
const HARDENING: &str = "
DO $$
DECLARE exploitable regprocedure;
BEGIN
    FOR exploitable IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
          AND (proname IN ('set_config', 'ts_stat', 'lo_creat', 'lo_create', 'lo_open', 'lo_put', 'lo_unlink', 'lo_from_bytea',
                           'loread', 'lowrite', 'lo_truncate', 'lo_truncate64', 'lo_import', 'lo_export')
               OR proname ~ '^(query|cursor|table|schema|database)_to_xml')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', exploitable);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', exploitable, (SELECT rolname FROM pg_roles WHERE oid = (SELECT datdba FROM pg_database WHERE datname = current_database())));
    END LOOP;
END $$;
REVOKE UPDATE ON pg_catalog.pg_settings FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
";

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
    pg.batch_execute(HARDENING)?;
    // The schema's owner makes the control tables; in Postgres 15 that is a superuser's by default.
    pg.batch_execute(&format!("ALTER SCHEMA public OWNER TO {role}"))?;
    Ok(())
}

/// Returns whether the lanes' logins are without the functions that [`bootstrap`] revokes.
pub fn is_hardened(db: &mut impl Control) -> QueryResult<bool> {
    const CLOSED: Statement<Bool> = Statement::new(
        "SELECT NOT EXISTS (
             SELECT FROM pg_catalog.pg_proc p CROSS JOIN public.lanes l
             WHERE p.pronamespace = 'pg_catalog'::regnamespace
               AND (p.proname IN ('set_config', 'ts_stat', 'lo_create', 'lo_from_bytea')
                    OR p.proname ~ '^(query|cursor|table|schema|database)_to_xml')
               AND has_function_privilege(l.login, p.oid, 'EXECUTE'))",
    );
    db.row(CLOSED)
}
