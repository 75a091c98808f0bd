//! The two kinds of connection, and what can be done with one.

use diesel::pg::PgConnection;
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{OptionalExtension, QueryResult, RunQueryDsl};

/// A connection that runs one query at a time.
///
/// Implementors give access to the connection by [`Queries::with`], which only this crate can call.
pub trait Queries {
    /// Lends the connection to one of the methods below.
    #[doc(hidden)]
    fn with<T>(&mut self, key: Key, run: impl FnOnce(&mut PgConnection) -> T) -> T;

    /// All rows of `query`.
    fn rows<'q, U, Q>(&mut self, query: Q) -> QueryResult<Vec<U>>
    where
        Q: LoadQuery<'q, PgConnection, U>,
        Self: Sized,
    {
        self.with(Key(()), |c| query.load(c))
    }

    /// The only row of `query`; [`Error::NotFound`] when there is none.
    fn row<'q, U, Q>(&mut self, query: Q) -> QueryResult<U>
    where
        Q: LoadQuery<'q, PgConnection, U>,
        Self: Sized,
    {
        self.with(Key(()), |c| query.get_result(c))
    }

    /// The only row of `query`, or `None`.
    fn find<'q, U, Q>(&mut self, query: Q) -> QueryResult<Option<U>>
    where
        Q: LoadQuery<'q, PgConnection, U>,
        Self: Sized,
    {
        self.row(query).optional()
    }

    /// Runs `query` and answers how many rows it touched.
    fn run<Q>(&mut self, query: Q) -> QueryResult<usize>
    where
        Q: RunQueryDsl<PgConnection> + ExecuteDsl<PgConnection>,
        Self: Sized,
    {
        self.with(Key(()), |c| query.execute(c))
    }
}

/// A connection on which a tenant's tables, and only they, can be seen.
pub trait Tenant: Queries {}

/// A connection on which the control schema can be seen. Its tables are named with their schema (`public.tenants`).
pub trait Control: Queries {}

/// Proof that a method of [`Queries`] asks for the connection; nobody outside this crate can make one.
#[derive(Debug)]
pub struct Key(());

impl Queries for PgConnection {
    fn with<T>(&mut self, _: Key, run: impl FnOnce(&mut PgConnection) -> T) -> T {
        run(self)
    }
}

impl Tenant for PgConnection {}
impl Control for PgConnection {}

/// The name of the constraint that `error` says was violated.
///
/// Storage modules turn `users_email_key` into their `EmailTaken` with it: asking first and inserting after would let two
/// requests pass the question together.
pub fn violated(error: &Error) -> Option<&str> {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ExclusionViolation,
            info,
        ) => info.constraint_name(),
        _ => None,
    }
}
