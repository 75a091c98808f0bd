//! The list of what Postgres leaves open to everybody that defeats `SET ROLE`, and the SQL that closes it.
//!
//! A role is bound by a utility statement, but an injected `SELECT` can still call a function that runs text as another role
//! (`set_config('role', …)`, then `query_to_xml('SELECT …')`), that leaves something for the next transaction, or that holds
//! a lock others wait for. Nothing in Belfort calls these. There is one list of them, in [`EXPOSURES`]: what is not to be
//! open is what is revoked and what is checked. A new cluster and `pg_upgrade` open them again.

use belfort_db::{Conn, Control, Statement};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{BootstrapError, DatabaseUrl};

/// Something that everybody may do in the database and a tenant must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The thing, for a reader: `set_config(text, text, boolean)`.
    pub what: String,
    /// The SQL that closes it. The owner of the database keeps functions and languages: `pg_dump` and migrations use some.
    pub close: String,
}

/// Lists what is open to everybody, the worst first.
pub fn exposures(db: &mut impl Control) -> QueryResult<Vec<Exposure>> {
    let rows: Vec<(String, String)> = db.rows(EXPOSURES)?;
    Ok(rows.into_iter().map(|(what, close)| Exposure { what, close }).collect())
}

/// Connects to a database, whether Belfort has been there or not, and lists what is open to everybody.
pub fn inspect(url: &DatabaseUrl) -> Result<Vec<Exposure>, BootstrapError> {
    Ok(exposures(&mut Conn::establish(url.reveal())?)?)
}

/// Closes what is open, as far as this login may, and returns what is left. A superuser leaves nothing.
pub fn harden(url: &DatabaseUrl) -> Result<Vec<Exposure>, BootstrapError> {
    let mut pg = Conn::establish(url.reveal())?;
    close_exposures(&mut pg)?;
    Ok(exposures(&mut pg)?)
}

/// Revokes each by itself: an owner who is no superuser may close some of them.
pub(super) fn close_exposures(pg: &mut Conn) -> QueryResult<()> {
    // Of what it may not revoke Postgres warns and goes on, or it refuses. The check that follows tells of both.
    pg.batch_execute("SET client_min_messages TO 'error'")?;
    for exposure in exposures(pg)? {
        match pg.batch_execute(&exposure.close) {
            Ok(()) | Err(diesel::result::Error::DatabaseError(..)) => {}
            Err(lost) => return Err(lost),
        }
    }
    Ok(())
}

/// Everything that is open: functions, relations that can be written, languages, schemas, the database.
///
/// - Functions of `pg_catalog` go by name: those that run text as SQL (`ts_rewrite` with one), set a setting, keep large
///   objects, take advisory locks, notify or sleep.
/// - Any other function counts as open unless it is known: it was not looked at. Extensions bring hundreds. The extensions that
///   are let through have no function that runs text, writes, or keeps anything for the next transaction.
/// - What is in a schema that nobody may use cannot be named, so it is not open.
/// - A function with an argument of type `internal` cannot be called from SQL.
const EXPOSURES: Statement<(Text, Text)> = Statement::new(
    "WITH owner AS (
         SELECT format('%I', r.rolname) AS name
         FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
         WHERE d.datname = current_database()
     ), functions AS (
         SELECT p.proname, n.nspname,
                n.nspname IN ('pg_catalog', 'information_schema') AND l.lanname IN ('internal', 'c', 'sql')
                    AND e.extname IS NULL AS builtin,
                format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS name,
                oidvectortypes(p.proargtypes) AS arguments, e.extname
         FROM pg_proc p
         JOIN pg_namespace n ON n.oid = p.pronamespace
         JOIN pg_language l ON l.oid = p.prolang
         LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         LEFT JOIN pg_extension e ON e.oid = d.refobjid
         WHERE has_function_privilege('public', p.oid, 'EXECUTE') AND has_schema_privilege('public', n.oid, 'USAGE')
           AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
     ), open AS (
         SELECT CASE WHEN proname = 'set_config' THEN 0 WHEN proname ~ '^(lo|pg)' THEN 2 ELSE 1 END AS rank,
                format('%I(%s)', proname, arguments) AS what, 'ROUTINE ' || name AS object, 'EXECUTE' AS privilege
         FROM functions
         WHERE builtin
           AND (proname IN ('set_config', 'ts_stat', 'loread', 'lowrite', 'pg_notify')
                OR proname ~ '^(query|cursor|table|schema|database)_to_xml' OR proname ~ '^lo_'
                OR proname ~ '^pg_(try_)?advisory_' OR proname ~ '^pg_sleep'
                OR proname = 'ts_rewrite' AND arguments = 'tsquery, text')
         UNION ALL
         SELECT 1, name || coalesce(', of the extension ' || extname, '') || ', which is not known to be harmless',
                'ROUTINE ' || name, 'EXECUTE'
         FROM functions
         WHERE NOT builtin
           AND (extname IS NULL OR extname NOT IN ('plpgsql', 'btree_gin', 'btree_gist', 'citext', 'hstore', 'pgcrypto',
                                                   'unaccent', 'uuid-ossp'))
         UNION ALL
         SELECT 1, 'writing to ' || c.oid::regclass, format('TABLE %I.%I', n.nspname, c.relname),
                'INSERT, UPDATE, DELETE, TRUNCATE'
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'f') AND has_schema_privilege('public', n.oid, 'USAGE')
           AND (has_any_column_privilege('public', c.oid, 'INSERT, UPDATE')
                OR has_table_privilege('public', c.oid, 'DELETE, TRUNCATE'))
         UNION ALL
         SELECT 2, 'code in the language ' || lanname, format('LANGUAGE %I', lanname), 'USAGE'
         FROM pg_language
         WHERE lanpltrusted AND lanname NOT IN ('internal', 'c', 'sql') AND has_language_privilege('public', oid, 'USAGE')
         UNION ALL
         SELECT 2, 'making objects in the schema ' || nspname, format('SCHEMA %I', nspname), 'ALL'
         FROM pg_namespace
         WHERE has_schema_privilege('public', oid, 'CREATE')
            OR nspname = 'public' AND has_schema_privilege('public', oid, 'USAGE')
         UNION ALL
         SELECT 2, 'temporary tables, and schemas', format('DATABASE %I', current_database()), 'ALL'
         WHERE has_database_privilege('public', current_database(), 'TEMPORARY, CREATE')
     )
     SELECT what,
            format('REVOKE %s ON %s FROM PUBLIC;', privilege, object)
                || CASE WHEN privilege IN ('EXECUTE', 'USAGE')
                        THEN format(' GRANT %s ON %s TO %s;', privilege, object, owner.name) ELSE '' END
     FROM open, owner
     ORDER BY rank, what COLLATE \"C\"",
);
