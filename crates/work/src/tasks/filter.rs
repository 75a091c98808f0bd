//! The filter, the order and the window of a list of tasks.

use belfort_db::Backend;
use belfort_ids::{TagId, TaskId, UserId};
use chrono::NaiveDate;
use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{Date, HasSqlType, Text, Uuid};

use crate::sql::condition_on_tasks;
use crate::{Priority, Status};

/// A filter of tasks; the default lets all through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// The status.
    pub status: Option<Status>,
    /// The priority.
    pub priority: Option<Priority>,
    /// One of the assignees.
    pub assignee_id: Option<UserId>,
    /// One of the tags.
    pub tag_id: Option<TagId>,
    /// The creator.
    pub created_by_id: Option<UserId>,
    /// The first day by which they may be due.
    pub due_from: Option<NaiveDate>,
    /// The last day by which they may be due.
    pub due_to: Option<NaiveDate>,
}

/// The order of a list of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaskOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// A part of the list: from after the task `after`, `limit` at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) order: TaskOrder,
    pub(super) after: Option<TaskId>,
    pub(super) limit: i64,
}

impl QueryFragment<Backend> for TaskFilter {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        push_conditions(self, "tasks", &mut out)
    }
}

condition_on_tasks!(TaskFilter);

/// Writes what the filter asks of the row of `tasks` that is called `row`.
pub(super) fn push_conditions<'b>(
    filter: &'b TaskFilter,
    row: &'static str,
    out: &mut AstPass<'_, 'b, Backend>,
) -> QueryResult<()> {
    out.push_sql("TRUE");
    push_comparison::<Text, _>(row, ".status = ", filter.status.as_ref(), out)?;
    push_comparison::<Text, _>(row, ".priority = ", filter.priority.as_ref(), out)?;
    push_comparison::<Uuid, _>(row, ".created_by_id = ", filter.created_by_id.as_ref(), out)?;
    push_comparison::<Date, _>(row, ".due_on >= ", filter.due_from.as_ref(), out)?;
    push_comparison::<Date, _>(row, ".due_on <= ", filter.due_to.as_ref(), out)?;
    if let Some(user) = &filter.assignee_id {
        out.push_sql(" AND EXISTS (SELECT FROM task_people a WHERE a.relation = 'assignee' AND a.task_id = ");
        out.push_sql(row);
        out.push_sql(".id AND a.user_id = ");
        out.push_bind_param::<Uuid, _>(user)?;
        out.push_sql(")");
    }
    if let Some(tag) = &filter.tag_id {
        out.push_sql(" AND EXISTS (SELECT FROM task_tags g WHERE g.task_id = ");
        out.push_sql(row);
        out.push_sql(".id AND g.tag_id = ");
        out.push_bind_param::<Uuid, _>(tag)?;
        out.push_sql(")");
    }
    Ok(())
}

fn push_comparison<'b, ST, T>(
    row: &'static str,
    comparison: &'static str,
    value: Option<&'b T>,
    out: &mut AstPass<'_, 'b, Backend>,
) -> QueryResult<()>
where
    Backend: HasSqlType<ST>,
    T: ToSql<ST, Backend>,
{
    let Some(value) = value else { return Ok(()) };
    out.push_sql(" AND ");
    out.push_sql(row);
    out.push_sql(comparison);
    out.push_bind_param::<ST, T>(value)
}
