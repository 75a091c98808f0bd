//! The tenant's name as a comment before each query.

use std::fmt;

use diesel::QueryResult;
use diesel::RunQueryDsl;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

use crate::{Backend, Conn, Tag};

/// A query with a comment before it that names the tenant.
///
/// Prepared statements are kept by their text. Without the comment one statement would serve every tenant of a connection,
/// and Postgres would analyse and plan it anew at each change of the tenant: three to four times the work when tenants come
/// in any order. With it each tenant has a statement of its own, whose plan stays good.
pub struct Tagged<Q> {
    tag: Option<Tag>,
    query: Q,
}

impl<Q> Tagged<Q> {
    pub(crate) const fn new(tag: Option<Tag>, query: Q) -> Self {
        Self { tag, query }
    }
}

impl<Q: QueryFragment<Backend>> QueryFragment<Backend> for Tagged<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if let Some(tag) = &self.tag {
            out.push_sql("/* ");
            out.push_sql(tag.as_str());
            out.push_sql(" */ ");
        }
        self.query.walk_ast(out)
    }
}

// The text is what it is cached under, comment and all: the type is the same for every tenant.
impl<Q> QueryId for Tagged<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Tagged<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<Conn> for Tagged<Q> {}

impl<Q> fmt::Debug for Tagged<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tagged").field("tag", &self.tag).finish_non_exhaustive()
    }
}
