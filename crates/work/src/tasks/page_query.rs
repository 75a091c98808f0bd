//! Finding a page of tasks from the people, or the tag, that they are tied to.
//!
//! Asked for the newest tasks in reach, a database goes through all tasks from the newest on and tests each. Where the newest
//! million are somebody else's, that is a million tests for one page. From each tie there is an index to its tasks in their
//! order, so at most a page's worth of entries is read for each tie, wherever in the list the page is, and the page is among them:
//! "top N of a union of ordered lists".

use belfort_db::Backend;
use belfort_ids::{TagId, TaskId, UserId};
use belfort_rbac::Reach;
use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, BigInt, Date, Text, Uuid};

use super::read::{TaskFilter, TaskOrder};
use crate::reach::{ASSIGNEE, TaskAudience};
use crate::sql::condition_on_tasks;

/// Which part of the list is wanted: from after the task `after`, `limit` at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) order: TaskOrder,
    pub(crate) after: Option<TaskId>,
    pub(crate) limit: i64,
}

/// Where a walk begins.
#[derive(Debug, Clone)]
enum Start {
    /// Each user in the relation that stands at the same place.
    People(Vec<UserId>, Vec<&'static str>),
    Tag(TagId),
}

/// The condition to be among the tasks of one page that are tied to its start and let through by the filter.
#[derive(Debug, Clone)]
pub(crate) struct TopNPage {
    start: Start,
    filter: TaskFilter,
    window: Window,
}

impl TopNPage {
    /// The walk to this page; `None` where every task is in reach and nothing narrows it: there the order of the tasks themselves
    /// is the way.
    pub(super) fn to(reach: &Reach, filter: &TaskFilter, window: Window) -> Option<Self> {
        let mut filter = *filter;
        let start = if let Some(ties) = TaskAudience::of(reach) {
            let (users, relations) = ties.pairs();
            Start::People(users, relations)
        } else if let Some(user) = filter.assignee_id.take() {
            Start::People(vec![user], vec![ASSIGNEE])
        } else {
            // Not from the creator: of who left, only the task's own column still tells.
            Start::Tag(filter.tag_id.take()?)
        };
        Some(Self { start, filter, window })
    }
}

impl QueryFragment<Backend> for TopNPage {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("tasks.id IN (SELECT DISTINCT hit.task_id FROM ");
        let (table, tied) = match &self.start {
            Start::People(users, relations) => {
                out.push_sql("unnest(");
                out.push_bind_param::<Array<Uuid>, _>(users)?;
                out.push_sql(", ");
                out.push_bind_param::<Array<Text>, _>(relations)?;
                out.push_sql(") AS tie (user_id, relation)");
                ("task_people", " WHERE link.user_id = tie.user_id AND link.relation = tie.relation")
            }
            Start::Tag(tag) => {
                out.push_sql("(SELECT ");
                out.push_bind_param::<Uuid, _>(tag)?;
                out.push_sql(" AS tag_id) AS tie");
                ("task_tags", " WHERE link.tag_id = tie.tag_id")
            }
        };
        out.push_sql(" CROSS JOIN LATERAL (SELECT link.task_id FROM ");
        out.push_sql(table);
        out.push_sql(" link");
        let narrowed = self.filter != TaskFilter::default();
        if narrowed {
            out.push_sql(" JOIN tasks t ON t.id = link.task_id");
        }
        out.push_sql(tied);
        if let Some(after) = &self.window.after {
            out.push_sql(match self.window.order {
                TaskOrder::Newest => " AND link.task_id < ",
                TaskOrder::Oldest => " AND link.task_id > ",
            });
            out.push_bind_param::<Uuid, _>(after)?;
        }
        if narrowed {
            out.push_sql(" AND ");
            conditions(&self.filter, "t", &mut out)?;
        }
        // A page's worth from each tie, of which the page itself is made.
        for (column, end) in [("link.task_id", ") AS hit"), ("hit.task_id", ")")] {
            out.push_sql(" ORDER BY ");
            out.push_sql(column);
            out.push_sql(match self.window.order {
                TaskOrder::Newest => " DESC LIMIT ",
                TaskOrder::Oldest => " LIMIT ",
            });
            out.push_bind_param::<BigInt, _>(&self.window.limit)?;
            out.push_sql(end);
        }
        Ok(())
    }
}

condition_on_tasks!(TopNPage);

impl QueryFragment<Backend> for TaskFilter {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        conditions(self, "tasks", &mut out)
    }
}

condition_on_tasks!(TaskFilter);

/// What the filter asks of the row of `tasks` that is called `row`.
fn conditions<'b>(
    filter: &'b TaskFilter,
    row: &'static str,
    out: &mut AstPass<'_, 'b, Backend>,
) -> QueryResult<()> {
    out.push_sql("TRUE");
    macro_rules! is {
        ($($value:expr => $before:literal, $after:literal: $sql_type:ty;)*) => {$(
            if let Some(value) = &$value {
                out.push_sql(" AND ");
                out.push_sql($before);
                out.push_sql(row);
                out.push_sql($after);
                out.push_bind_param::<$sql_type, _>(value)?;
            }
        )*};
    }
    is! {
        filter.status => "", ".status = ": Text;
        filter.priority => "", ".priority = ": Text;
        filter.created_by_id => "", ".created_by_id = ": Uuid;
        filter.due_from => "", ".due_on >= ": Date;
        filter.due_to => "", ".due_on <= ": Date;
    }
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
