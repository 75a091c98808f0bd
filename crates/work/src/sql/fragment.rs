//! Pieces of SQL that diesel's language has no word for.

use std::marker::PhantomData;

use belfort_db::Backend;
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::SqlType;

/// An expression of the SQL type `ST` whose text is a constant of the program.
///
/// `diesel::dsl::sql` would do, but a query with one is parsed and planned anew each time it runs: its text
/// might be different each time. This one's cannot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fragment<ST> {
    sql: &'static str,
    sql_type: PhantomData<fn() -> ST>,
}

impl<ST> Fragment<ST> {
    pub(crate) const fn new(sql: &'static str) -> Self {
        Self { sql, sql_type: PhantomData }
    }
}

impl<ST: SqlType> Expression for Fragment<ST>
where
    ST: diesel::expression::TypedExpressionType,
{
    type SqlType = ST;
}

impl<ST> QueryFragment<Backend> for Fragment<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(self.sql);
        Ok(())
    }
}

// The text is what it is cached under.
impl<ST> QueryId for Fragment<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, GB> ValidGrouping<GB> for Fragment<ST> {
    type IsAggregate = is_aggregate::No;
}

impl<ST, QS> AppearsOnTable<QS> for Fragment<ST> where Self: Expression {}
impl<ST, QS> SelectableExpression<QS> for Fragment<ST> where Self: Expression {}

/// Makes a type that writes SQL with values a condition on `tasks`. Its text is what it is cached under.
macro_rules! condition_on_tasks {
    ($name:ty) => {
        impl diesel::expression::Expression for $name {
            type SqlType = diesel::sql_types::Bool;
        }
        impl diesel::query_builder::QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
        impl<GB> diesel::expression::ValidGrouping<GB> for $name {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }
        impl diesel::expression::AppearsOnTable<crate::tables::tasks::table> for $name {}
        impl diesel::expression::SelectableExpression<crate::tables::tasks::table> for $name {}
    };
}
pub(crate) use condition_on_tasks;
