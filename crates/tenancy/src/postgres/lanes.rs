//! Lanes: the logins that take the tenants' roles.
//!
//! A lane is a login without any right of its own and without inheritance: what it can do is take the role of a tenant of
//! its lane. The owner of the tables, whose URL the operator gives, never runs a tenant's query, so an injected `RESET ROLE`
//! leads to a login that owns nothing. There is one lane now; tenants carry the number of theirs.

use belfort_db::Conn;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::connection::Pooled;
use super::lease::Lease;
use super::quote::{quote_identifier, quote_literal};
use super::tables::lanes;
use super::{ConnectError, DatabaseUrl, scram};

/// The lane of new tenants.
pub(super) const DEFAULT: i16 = 0;

/// A secret as it is stored.
#[derive(Debug, Clone)]
pub struct SealedSecret {
    /// The id of the key that it is sealed under.
    pub key_id: String,
    /// The ciphertext.
    pub token: String,
}

/// The error when a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[error("a secret in the database cannot be opened with the given keys")]
pub struct SecretStoreError;

/// A keeper of the lanes' passwords, which seals them under keys that are not in the database.
pub trait SecretStore {
    /// Generates a long random password; returns it in the clear and as it is to be stored.
    fn generate(&self) -> Result<(String, SealedSecret), SecretStoreError>;
    /// Opens a stored password.
    fn open(&self, sealed: &SealedSecret) -> Result<String, SecretStoreError>;
}

/// Creates the lane's login where there is none, and returns the URL to connect with as that login.
pub(super) fn ensure_login(
    owner: &mut Pooled,
    url: &DatabaseUrl,
    secrets: &dyn SecretStore,
) -> Result<DatabaseUrl, ConnectError> {
    let lease: &mut Lease = owner;
    let (login, password) = lease.pg.transaction::<_, ConnectError, _>(|pg| {
        // Two servers may start at once on an empty database. A tenant's role does not reach the table.
        pg.batch_execute("LOCK TABLE public.lanes IN SHARE ROW EXCLUSIVE MODE")?;
        let known: Option<(String, String, String)> = lanes::table
            .find(DEFAULT)
            .select((lanes::login, lanes::key_id, lanes::secret))
            .first(pg)
            .optional()?;
        if let Some((login, key_id, token)) = known {
            keep_within_reach(pg, &login)?;
            return Ok((login, secrets.open(&SealedSecret { key_id, token })?));
        }
        let (password, sealed) = secrets.generate()?;
        let login = create_login(pg, &password)?;
        keep_within_reach(pg, &login)?;
        let row = (
            lanes::number.eq(DEFAULT),
            lanes::login.eq(&login),
            lanes::key_id.eq(&sealed.key_id),
            lanes::secret.eq(&sealed.token),
        );
        diesel::insert_into(lanes::table).values(row).execute(pg)?;
        Ok((login, password))
    })?;
    Ok(url.with_login(&login, &password))
}

/// Creates or alters the login, and returns its name. Postgres gets a verifier and not the password, which it would write
/// into its log where it logs statements.
///
/// It is named after the database, because roles belong to the whole cluster. A login that is left from a dropped database of
/// this name gets the new password.
fn create_login(pg: &mut Conn, password: &str) -> Result<String, ConnectError> {
    let database: String = diesel::select(current_database()).get_result(pg)?;
    let login = format!("{}_lane_{DEFAULT}", database.get(..50).unwrap_or(&database));
    let makes_databases =
        diesel::dsl::sql::<diesel::sql_types::Bool>("SELECT rolcreatedb FROM pg_roles WHERE rolname = ")
            .bind::<diesel::sql_types::Text, _>(&login)
            .get_result(pg)
            .optional()?;
    // From Postgres 16 on, whoever may not make databases may not say of another login that it may not either. It is said to
    // one that may, and then refused: we did not make it.
    let (verb, may_not) = match makes_databases {
        None => ("CREATE", "NOCREATEDB NOCREATEROLE"),
        Some(false) => ("ALTER", "NOCREATEROLE"),
        Some(true) => ("ALTER", "NOCREATEDB NOCREATEROLE"),
    };
    let (role, database) = (quote_identifier(&login), quote_identifier(&database));
    // Each tenant has statements of its own, and few of them are run often: five plans for one's values each, which is what
    // Postgres makes before it makes a general one, would be most of the work.
    // Statements are short. What a page costs is guessed for any page size, far too high, and Postgres would spend 200 ms on
    // compiling what runs for one.
    // Nobody but the owner and the lanes may come in, and nobody may make temporary tables: one could stand before a real one.
    pg.batch_execute(&format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC;
         {verb} ROLE {role} LOGIN NOINHERIT {may_not} PASSWORD {password};
         GRANT CONNECT ON DATABASE {database} TO {role};
         ALTER ROLE {role} SET search_path TO '$user';
         ALTER ROLE {role} SET plan_cache_mode TO 'force_generic_plan';
         ALTER ROLE {role} SET jit TO 'off'",
        password = quote_literal(&scram::verifier(password)?),
    ))?;
    Ok(login)
}

/// Makes the owner a member of the login, which is what lets it end the login's connections. The owner gets no right by it:
/// the login has none, and passes none of its tenants' on.
fn keep_within_reach(pg: &mut Conn, login: &str) -> QueryResult<()> {
    let within = diesel::dsl::sql::<diesel::sql_types::Bool>("SELECT pg_has_role(")
        .bind::<diesel::sql_types::Text, _>(login)
        .sql("::name, 'USAGE')");
    if within.get_result(pg)? {
        return Ok(());
    }
    pg.batch_execute(&format!("GRANT {} TO CURRENT_USER", quote_identifier(login)))
}

/// The name of a lane's login.
pub(super) fn login(pg: &mut Conn, lane: i16) -> QueryResult<String> {
    lanes::table.find(lane).select(lanes::login).first(pg)
}

diesel::define_sql_function! {
    fn current_database() -> diesel::sql_types::Text;
}
