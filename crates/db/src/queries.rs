//! The two kinds of connection, and what can be done with one.

use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::{OptionalExtension, QueryResult, RunQueryDsl};

use crate::tagged::Tagged;
use crate::{Backend, Conn};

/// A connection that runs one query at a time.
///
/// Implementors give access to the connection by [`Queries::with`], which only this crate can call.
pub trait Queries {
    /// Lends the connection to one of the methods below.
    #[doc(hidden)]
    fn with<T>(&mut self, key: Key, run: impl FnOnce(&mut Conn) -> T) -> T;

    /// The tenant that the connection is bound to. It stands as a comment before each statement; see [`Tagged`].
    #[doc(hidden)]
    fn tag(&self) -> Option<Tag> {
        None
    }

    /// Loads all rows of `query`.
    fn rows<'q, U, Q>(&mut self, query: Q) -> QueryResult<Vec<U>>
    where
        Q: AsQuery,
        Tagged<Q::Query>: LoadQuery<'q, Conn, U>,
        Self: Sized,
    {
        let query = Tagged::new(self.tag(), query.as_query());
        self.with(Key(()), |c| query.load(c))
    }

    /// Loads the first row of `query`.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) when there is none.
    fn row<'q, U, Q>(&mut self, query: Q) -> QueryResult<U>
    where
        Q: AsQuery,
        Tagged<Q::Query>: LoadQuery<'q, Conn, U>,
        Self: Sized,
    {
        let query = Tagged::new(self.tag(), query.as_query());
        self.with(Key(()), |c| query.get_result(c))
    }

    /// Loads the first row of `query`, or `None`.
    fn find<'q, U, Q>(&mut self, query: Q) -> QueryResult<Option<U>>
    where
        Q: AsQuery,
        Tagged<Q::Query>: LoadQuery<'q, Conn, U>,
        Self: Sized,
    {
        self.row(query).optional()
    }

    /// Runs `query` and returns the number of rows that it touched.
    fn run<Q>(&mut self, query: Q) -> QueryResult<usize>
    where
        Q: QueryFragment<Backend> + QueryId,
        Self: Sized,
    {
        let query = Tagged::new(self.tag(), query);
        self.with(Key(()), |c| query.execute(c))
    }
}

/// The name of the tenant that a connection is bound to: letters, digits and underscores, since it stands in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag([u8; 34]);

impl Tag {
    /// Makes a tag of these characters; `None` when one of them is no letter, digit or underscore.
    pub fn new(word: &[u8; 34]) -> Option<Self> {
        word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_').then_some(Self(*word))
    }

    pub(crate) fn as_str(&self) -> &str {
        // Always ASCII, see `new`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A connection that sees one tenant's tables, and no others.
pub trait Tenant: Queries {}

/// A connection that sees the control schema. Its tables are named with their schema (`public.tenants`).
pub trait Control: Queries {}

/// Proof that a method of [`Queries`] asks for the connection. It cannot be made outside of this crate.
#[derive(Debug)]
pub struct Key(());

impl Queries for Conn {
    fn with<T>(&mut self, _: Key, run: impl FnOnce(&mut Conn) -> T) -> T {
        run(self)
    }
}

impl Tenant for Conn {}
impl Control for Conn {}
