//! What is open to everybody in a database, held against what Postgres has.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

use std::collections::BTreeSet;

use belfort_db::{Conn, Queries, Statement};
use belfort_tenancy::postgres::{DatabaseUrl, exposures, harden, inspect};
use belfort_testkit::{Database, MIGRATIONS, PlainDatabase};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Text};

/// A trap that says so when it is run, and what to call each function with: text that would spring it, or the trap's name.
const TRAP: &str = "
CREATE SCHEMA trap;
CREATE ROLE anybody;
CREATE FUNCTION trap.spring() RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''the trap was sprung''; END';
CREATE VIEW trap.trap AS SELECT trap.spring() AS sprung;
CREATE TABLE trap.runs_text (name text);
GRANT USAGE ON SCHEMA trap TO anybody;
GRANT SELECT ON trap.trap TO anybody;
CREATE FUNCTION trap.argument(type oid) RETURNS text LANGUAGE sql AS $$
    SELECT CASE
        WHEN format_type(type, NULL) IN ('text', 'character varying', 'character', 'cstring') THEN
            quote_literal('SELECT sprung, sprung, sprung FROM trap.trap') || '::' || format_type(type, NULL)
        WHEN type::regtype::text IN ('\"any\"', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray') THEN
            quote_literal('SELECT sprung, sprung, sprung FROM trap.trap') || '::text'
        WHEN type = 'regclass'::regtype THEN '''trap.trap''::regclass'
        WHEN type = 'oid'::regtype THEN '''trap.trap''::regclass::oid'
        WHEN type = 'refcursor'::regtype THEN '''cursor''::refcursor'
        WHEN type = 'name'::regtype THEN '''trap''::name'
        WHEN type = 'boolean'::regtype THEN 'true'
        WHEN type = 'tsquery'::regtype THEN '''a''::tsquery'
        WHEN format_type(type, NULL) IN ('smallint', 'integer', 'bigint', 'real', 'double precision', 'numeric') THEN
            '1::' || format_type(type, NULL)
        ELSE 'NULL::' || format_type(type, NULL) END
$$";

/// Calls every function that everybody may execute, and keeps those that sprang the trap.
const WALK: &str = "
DO $$
DECLARE
    f record;
    cursor refcursor := 'cursor';
    sprung boolean;
BEGIN
    FOR f IN
        SELECT p.pronamespace::regnamespace AS schema, p.proname,
               format('%I(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
               (SELECT string_agg(trap.argument(type), ', ' ORDER BY place)
                FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, place)) AS arguments
        FROM pg_proc p
        WHERE p.prokind = 'f' AND has_function_privilege('public', p.oid, 'EXECUTE')
          AND p.prorettype::regtype::text NOT IN ('trigger', 'event_trigger')
          AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
          AND p.pronamespace <> 'trap'::regnamespace AND p.proname !~ '^pg_sleep'
    LOOP
        sprung := false;
        SET LOCAL ROLE anybody;
        BEGIN
            OPEN cursor FOR EXECUTE 'SELECT sprung FROM trap.trap';
            EXECUTE format('SELECT count(x::text) FROM (SELECT %s.%I(%s) AS x) AS called', f.schema, f.proname, f.arguments);
            CLOSE cursor;
        EXCEPTION WHEN OTHERS THEN
            sprung := SQLERRM LIKE '%the trap was sprung%';
        END;
        RESET ROLE;
        IF sprung THEN
            INSERT INTO trap.runs_text VALUES (f.name);
        END IF;
    END LOOP;
END $$";

/// The functions that ran text, a table or a cursor as SQL. Nothing of it stays in the database.
fn run_text(pg: &mut Conn) -> BTreeSet<String> {
    pg.batch_execute(&format!("BEGIN; {TRAP}; {WALK}")).unwrap();
    let names: Vec<String> = pg.rows(Statement::<Text>::new("SELECT name FROM trap.runs_text")).unwrap();
    pg.batch_execute("ROLLBACK").unwrap();
    names.into_iter().collect()
}

fn open(db: &PlainDatabase) -> BTreeSet<String> {
    exposures(&mut db.superuser()).unwrap().into_iter().map(|exposure| exposure.what).collect()
}

fn parse(url: &str) -> DatabaseUrl {
    DatabaseUrl::parse(url).unwrap()
}

#[test]
fn every_function_that_runs_text_as_sql_is_on_the_list_and_closed() {
    let db = PlainDatabase::new();
    let found = run_text(&mut db.superuser());
    for known in ["query_to_xml(text, boolean, boolean, text)", "ts_rewrite(tsquery, text)", "ts_stat(text)"]
    {
        assert!(found.contains(known), "the walk finds {known}: {found:?}");
    }
    let missing: Vec<_> = found.difference(&open(&db)).cloned().collect();
    assert!(missing.is_empty(), "these run text as SQL and are not on the list: {missing:?}");

    assert_eq!(harden(&parse(&db.superuser_url())).unwrap(), []);
    assert_eq!(run_text(&mut db.superuser()), BTreeSet::new());
}

/// A function that writes, waits, or has an effect beyond its transaction is volatile. Each was looked at.
#[test]
fn every_volatile_function_is_on_the_list_or_known_to_be_harmless() {
    const VOLATILE: Statement<(Text, Text)> = Statement::new(
        "SELECT p.proname::text, format('%I(%s)', p.proname, oidvectortypes(p.proargtypes))
         FROM pg_proc p
         WHERE p.provolatile = 'v' AND has_function_privilege('public', p.oid, 'EXECUTE')
           AND p.prorettype::regtype::text NOT IN ('trigger', 'event_trigger')
           AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])",
    );
    let db = PlainDatabase::new();
    let open = open(&db);
    let volatile: Vec<(String, String)> = db.superuser().rows(VOLATILE).unwrap();
    let harmless = |name: &str| {
        HARMLESS.contains(&name) || HARMLESS_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let unknown: Vec<_> =
        volatile.iter().filter(|(name, whole)| !open.contains(whole) && !harmless(name)).collect();
    assert!(unknown.is_empty(), "close these, or say that they are harmless: {unknown:?}");
}

/// Each is bounded by Postgres itself: to a superuser, to replication, to the owner of what it works on, to one's own
/// backends, or to an upgrade's server.
const HARMLESS_PREFIXES: [&str; 8] = [
    "binary_upgrade_", // an upgrade's server
    "brin_",           // the owner of the index
    "pg_control_",     // reads
    "pg_copy_",        // replication
    "pg_create_",      // replication
    "pg_logical_slot_",
    "pg_restore_", // whoever may maintain the table
    "pg_stat_",    // reads, or forgets what this session has read
];

const HARMLESS: [&str; 76] = [
    "amvalidate",
    "array_sample",
    "array_shuffle",
    "clock_timestamp",
    "current_query",
    "currtid2",
    "currval",
    "gen_random_uuid",
    "gin_clean_pending_list", // the owner of the index
    "heap_tableam_handler",
    "lastval",
    "nextval", // whoever may use the sequence
    "pg_available_wal_summaries",
    "pg_blocking_pids",
    "pg_cancel_backend", // one's own
    "pg_clear_attribute_stats",
    "pg_clear_relation_stats",
    "pg_collation_actual_version",
    "pg_current_wal_flush_lsn",
    "pg_current_wal_insert_lsn",
    "pg_current_wal_lsn",
    "pg_database_collation_actual_version",
    "pg_database_size",
    "pg_drop_replication_slot", // replication
    "pg_export_snapshot",       // what the same role sees
    "pg_extension_config_dump", // the script of an extension
    "pg_get_loaded_modules",
    "pg_get_multixact_members",
    "pg_get_sequence_data",
    "pg_get_wait_events",
    "pg_get_wal_replay_pause_state",
    "pg_get_wal_resource_managers",
    "pg_get_wal_summarizer_state",
    "pg_import_system_collations", // a superuser
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_is_wal_replay_paused",
    "pg_isolation_test_session_is_blocked",
    "pg_jit_available",
    "pg_last_committed_xact",
    "pg_last_wal_receive_lsn",
    "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp",
    "pg_lock_status",
    "pg_logical_emit_message", // a record in the log of changes that nobody here decodes
    "pg_nextoid",              // a superuser
    "pg_notification_queue_usage",
    "pg_partition_ancestors",
    "pg_partition_tree",
    "pg_prepared_xact",
    "pg_read_file_old",
    "pg_relation_size",
    "pg_replication_slot_advance",
    "pg_rotate_logfile_old",
    "pg_safe_snapshot_blocking_pids",
    "pg_sequence_last_value",
    "pg_stop_making_pinned_objects", // a superuser
    "pg_sync_replication_slots",     // replication
    "pg_table_size",
    "pg_tablespace_size",
    "pg_terminate_backend", // one's own
    "pg_total_relation_size",
    "pg_wal_summary_contents",
    "pg_xact_commit_timestamp",
    "pg_xact_commit_timestamp_origin",
    "pg_xact_status",
    "plpgsql_call_handler",
    "plpgsql_validator",
    "random",
    "random_normal",
    "setseed", // of random() in this session, which nothing secret is made with
    "setval",  // whoever may change the sequence
    "timeofday",
    "txid_status",
    "uuidv4",
    "uuidv7",
];

#[test]
fn an_extensions_functions_are_named_until_they_are_closed() {
    let db = PlainDatabase::new();
    let mut pg = db.superuser();
    assert_eq!(harden(&parse(&db.superuser_url())).unwrap(), []);
    // Where nobody can name it, it is not open. Postgres puts an extension into `public` when nothing else is said.
    pg.batch_execute("CREATE EXTENSION tablefunc").unwrap();
    assert_eq!(exposures(&mut pg).unwrap(), []);
    pg.batch_execute(
        "DROP EXTENSION tablefunc;
         CREATE SCHEMA tools; GRANT USAGE ON SCHEMA tools TO PUBLIC;
         CREATE EXTENSION tablefunc SCHEMA tools; CREATE EXTENSION citext SCHEMA tools;
         CREATE FUNCTION tools.ours() RETURNS integer LANGUAGE sql AS 'SELECT 1';
         CREATE TABLE tools.notes (text text); GRANT INSERT (text) ON tools.notes TO PUBLIC",
    )
    .unwrap();
    let what: Vec<String> = exposures(&mut pg).unwrap().into_iter().map(|exposure| exposure.what).collect();
    for part in ["tools.crosstab(text), of the extension tablefunc", "tools.ours()", "tools.notes"] {
        assert!(what.iter().any(|what| what.contains(part)), "{part} is not in {what:?}");
    }
    assert!(!what.iter().any(|what| what.contains("citext")), "{what:?}");
    // The walk agrees: crosstab runs what it is given.
    assert!(run_text(&mut pg).contains("crosstab(text)"));
    assert_eq!(harden(&parse(&db.superuser_url())).unwrap(), []);
    assert_eq!(run_text(&mut pg), BTreeSet::new());
}

/// The extensions that are let through: what they bring runs no text and, but for what takes random numbers, is not volatile.
#[test]
fn the_extensions_that_are_let_through_are_harmless() {
    const VOLATILE: Statement<Text> = Statement::new(
        "SELECT p.proname::text
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'tools' AND p.provolatile = 'v' AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
           AND p.proname !~ '^(uuid_generate|gen_random|gen_salt|pgp_sym_encrypt|pgp_pub_encrypt)'",
    );
    const AVAILABLE: Statement<Text> = Statement::new(
        "SELECT name::text
         FROM pg_available_extensions
         WHERE name IN ('btree_gin', 'btree_gist', 'citext', 'hstore', 'pgcrypto', 'unaccent', 'uuid-ossp')",
    );
    let db = PlainDatabase::new();
    assert_eq!(harden(&parse(&db.superuser_url())).unwrap(), []);
    let mut pg = db.superuser();
    pg.batch_execute("CREATE SCHEMA tools; GRANT USAGE ON SCHEMA tools TO PUBLIC").unwrap();
    for name in pg.rows::<String, _>(AVAILABLE).unwrap() {
        pg.batch_execute(&format!("CREATE EXTENSION \"{name}\" SCHEMA tools")).unwrap();
    }
    assert_eq!(exposures(&mut pg).unwrap(), []);
    assert_eq!(run_text(&mut pg), BTreeSet::new());
    assert_eq!(pg.rows::<String, _>(VOLATILE).unwrap(), Vec::<String>::new());
}

#[test]
fn an_owner_who_is_no_superuser_is_told_what_is_left() {
    let db = PlainDatabase::new();
    let all = inspect(&parse(&db.url())).unwrap();
    let left = harden(&parse(&db.url())).unwrap();
    assert!(left.len() < all.len() && left.iter().any(|exposure| exposure.what.starts_with("set_config")));
    // What the owner could close is closed: temporary tables, for one.
    assert!(!left.iter().any(|exposure| exposure.what.starts_with("temporary")), "{left:?}");
    assert_eq!(inspect(&parse(&db.url())).unwrap(), left);
}

/// What is printed is what closes: run by hand, statement by statement.
#[test]
fn the_sql_that_is_shown_closes_everything() {
    let db = PlainDatabase::new();
    let mut pg = db.superuser();
    for exposure in inspect(&parse(&db.url())).unwrap() {
        pg.batch_execute(&exposure.close).unwrap();
    }
    assert_eq!(exposures(&mut pg).unwrap(), []);
}

/// Nobody but the tenant's own role may call what its schema has: each runs as the owner.
#[test]
fn no_function_of_a_tenant_is_open_to_everybody() {
    const OPEN: Statement<Text> = Statement::new(
        "SELECT p.oid::regprocedure::text
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname LIKE 't\\_%' AND has_function_privilege('public', p.oid, 'EXECUTE')",
    );
    let db = Database::new();
    let _tenant = db.tenant();
    assert_eq!(db.superuser().rows::<String, _>(OPEN).unwrap(), Vec::<String>::new());
}

/// The migrations themselves do it: a tenant's role does not see into it on any database.
#[test]
fn the_control_schema_is_closed_where_nobody_hardened_the_database() {
    const OPEN: Statement<Bool> = Statement::new("SELECT has_schema_privilege('public', 'public', 'USAGE')");
    let db = PlainDatabase::new();
    assert!(db.superuser().row::<bool, _>(OPEN).unwrap(), "as Postgres makes it");
    MIGRATIONS.run_control(&parse(&db.url())).unwrap();
    assert!(!db.superuser().row::<bool, _>(OPEN).unwrap());
}
