//! SQL written by hand.

use std::fmt;
use std::marker::PhantomData;

use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use diesel::{QueryResult, RunQueryDsl};

use crate::{Backend, Conn};

/// One statement of SQL written by hand, with the SQL types of its columns in `Row`.
///
/// - The text is a constant of the program: nothing that came from outside can be part of it. Values are bound.
/// - It is DML: a text that does not begin with `SELECT`, `INSERT`, `UPDATE`, `DELETE` or `WITH` does not compile (in a
///   `const`) or panics. So no `SET ROLE`, no `COMMIT`, no DDL.
/// - It is prepared once a connection and its columns are read by position. `diesel::sql_query` is parsed and planned
///   anew each time, which costs a request more than the rest of it.
/// - Placeholders are `$1`, `$2`, … in ascending order, each exactly once; a value that is needed twice goes through a CTE.
///
/// ```
/// use belfort_db::Statement;
/// use diesel::sql_types::{BigInt, Text};
///
/// const OLDER: Statement<(Text, BigInt)> =
///     Statement::new("SELECT name, age FROM people WHERE age > $1 AND city = $2 ORDER BY age");
/// let query = OLDER.bind::<BigInt, _>(18_i64).bind::<Text, _>("Gent");
/// # let _ = query;
/// ```
///
/// ```compile_fail
/// const BIND: belfort_db::Statement = belfort_db::Statement::new("RESET ROLE");
/// ```
#[derive(Clone, Copy)]
pub struct Statement<Row = (), Binds = ()> {
    sql: &'static str,
    binds: Binds,
    row: PhantomData<fn() -> Row>,
}

impl<Row> Statement<Row> {
    /// Makes a statement of this text.
    ///
    /// # Panics
    /// When the text is not DML; in a `const` that is a compile error.
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        let dml = starts_with(sql, "SELECT ")
            || starts_with(sql, "INSERT INTO ")
            || starts_with(sql, "UPDATE ")
            || starts_with(sql, "DELETE FROM ")
            || starts_with(sql, "WITH ");
        assert!(dml, "a statement begins with SELECT, INSERT INTO, UPDATE, DELETE FROM or WITH");
        Self { sql, binds: (), row: PhantomData }
    }
}

impl<Row, Binds> Statement<Row, Binds> {
    /// Binds the next placeholder to `value`, as the SQL type `ST`.
    #[must_use]
    pub fn bind<ST, T>(self, value: T) -> Statement<Row, (Binds, Bound<ST, T>)> {
        Statement {
            sql: self.sql,
            binds: (self.binds, Bound { value, sql_type: PhantomData }),
            row: PhantomData,
        }
    }
}

/// A value with the SQL type that it is sent as.
#[derive(Clone, Copy)]
pub struct Bound<ST, T> {
    value: T,
    sql_type: PhantomData<fn() -> ST>,
}

/// The bound values of a statement, first to last.
pub trait Binds {
    /// Writes each value after the piece of text that stands before its placeholder.
    #[doc(hidden)]
    fn push<'b>(&'b self, text: &mut &'static str, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()>;
}

impl Binds for () {
    fn push<'b>(&'b self, _: &mut &'static str, _: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        Ok(())
    }
}

impl<Before: Binds, ST, T> Binds for (Before, Bound<ST, T>)
where
    Backend: HasSqlType<ST>,
    T: ToSql<ST, Backend>,
{
    fn push<'b>(&'b self, text: &mut &'static str, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.push(text, out)?;
        let (before, after) =
            next_placeholder(text).ok_or_else(|| mismatch("more values than placeholders"))?;
        out.push_sql(before);
        *text = after;
        out.push_bind_param::<ST, T>(&self.1.value)
    }
}

/// Splits `text` at its first `$n`.
fn next_placeholder(text: &'static str) -> Option<(&'static str, &'static str)> {
    let (before, after) = text.split_once('$')?;
    Some((before, after.trim_start_matches(|c: char| c.is_ascii_digit())))
}

fn mismatch(what: &'static str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(what.into())
}

impl<Row, B: Binds> QueryFragment<Backend> for Statement<Row, B> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let mut rest = self.sql;
        self.binds.push(&mut rest, &mut out)?;
        if next_placeholder(rest).is_some() {
            return Err(mismatch("fewer values than placeholders"));
        }
        out.push_sql(rest);
        Ok(())
    }
}

// The statement's own text is what it is cached under.
impl<Row, B> QueryId for Statement<Row, B> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row, B> Query for Statement<Row, B> {
    type SqlType = Row;
}

impl<Row, B> RunQueryDsl<Conn> for Statement<Row, B> {}

impl<Row, B> fmt::Debug for Statement<Row, B> {
    /// The text without the values: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Statement").field(&self.sql).finish()
    }
}

const fn starts_with(text: &str, head: &str) -> bool {
    let (text, head) = (text.as_bytes(), head.as_bytes());
    if text.len() < head.len() {
        return false;
    }
    let mut i = 0;
    while i < head.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "a const fn has no other way, and both lengths were looked at"
        )]
        if text[i] != head[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use diesel::sql_types::{Integer, Text};

    use super::*;

    #[test]
    fn values_take_the_places_of_their_placeholders() {
        let query = Statement::<Integer>::new("SELECT id FROM t WHERE a = $1 AND b = $2")
            .bind::<Text, _>("x")
            .bind::<Integer, _>(7);
        assert_eq!(
            debug_query::<Backend, _>(&query).to_string(),
            r#"SELECT id FROM t WHERE a = $1 AND b = $2 -- binds: ["x", 7]"#
        );
    }

    #[test]
    #[should_panic(expected = "a statement begins with")]
    fn what_is_not_dml_is_refused() {
        let _ = Statement::<()>::new("SET ROLE someone");
    }

    #[test]
    fn debug_shows_no_value() {
        let query = Statement::<()>::new("DELETE FROM t WHERE a = $1").bind::<Text, _>("s3cret");
        assert!(!format!("{query:?}").contains("s3cret"));
    }
}
