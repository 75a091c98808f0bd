//! A statement by hand over rows that a query with a predicate finds.

use belfort_db::{Backend, Conn};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

/// The statement, to which the rows of `reached` are a table of that name.
///
/// What diesel's language has no words for is written by hand; who may see which rows is not: the predicate
/// of a resource is told once, in `reach`, and stands in whatever is made of its rows.
pub(crate) struct WithReached<Q, S> {
    pub(crate) reached: Q,
    pub(crate) statement: S,
}

impl<Q: QueryFragment<Backend>, S: QueryFragment<Backend>> QueryFragment<Backend> for WithReached<Q, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // Planned together with what is asked of it, also where it is named twice.
        out.push_sql("WITH reached AS NOT MATERIALIZED (");
        self.reached.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        self.statement.walk_ast(out)
    }
}

// The text is what it is cached under.
impl<Q, S> QueryId for WithReached<Q, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, S: Query> Query for WithReached<Q, S> {
    type SqlType = S::SqlType;
}

impl<Q, S> RunQueryDsl<Conn> for WithReached<Q, S> {}
