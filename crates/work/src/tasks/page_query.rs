//! A page of tasks, found from the people, or the tag, that they are related to.
//!
//! Asked for the newest tasks in reach, a database goes through all tasks from the newest on and tests each.
//! Where the newest million are somebody else's, that is a million tests for one page. From each person and
//! tag there is an index to its tasks in their order, so at most a page's worth of entries is read for each
//! of them, wherever in the list the page is, and the page is among them: "top N of a union of ordered
//! lists".

use belfort_db::Backend;
use belfort_ids::{TagId, UserId};
use belfort_rbac::Reach;
use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, BigInt, Text, Uuid};

use super::filter::{TaskFilter, TaskOrder, Window, push_conditions};
use crate::reach::{ASSIGNEE, TaskAudience};
use crate::sql::condition_on_tasks;

/// The people or the tag from which tasks are found.
#[derive(Debug, Clone)]
enum Start {
    /// Users, each with the relation at the same index.
    People(Vec<UserId>, Vec<&'static str>),
    Tag(TagId),
}

/// The condition to be among the tasks of one page that are related to its start and let through by the
/// filter.
#[derive(Debug, Clone)]
pub(super) struct TopNPage {
    start: Start,
    filter: TaskFilter,
    window: Window,
}

impl TopNPage {
    /// The condition for this page; `None` where every task is in reach and nothing narrows it: there the
    /// order of the tasks themselves leads to the page.
    pub(super) fn new(reach: &Reach, filter: &TaskFilter, window: Window) -> Option<Self> {
        let mut filter = *filter;
        let start = if let Some(audience) = TaskAudience::of(reach) {
            let (users, relations) = audience.pairs();
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
            push_conditions(&self.filter, "t", &mut out)?;
        }
        // A page's worth from each of them, of which the page itself is made.
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
