//! The rows that a grant reaches: one predicate a resource, for every statement on it.

use belfort_db::{Backend, Tenant};
use belfort_ids::{TaskId, UserId};
use belfort_rbac::Reach;
use diesel::BoxableExpression;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, Bool, Text, Uuid};

use crate::sql::{Fragment, condition_on_tasks};
use crate::tables::{attachments, comments, tags, task_people, tasks, time_entries};

/// A condition on the rows of `Table`.
pub(crate) type Reached<'r, Table> = Box<dyn BoxableExpression<Table, Backend, SqlType = Bool> + 'r>;

/// The condition that every row of every table meets.
pub(crate) const EVERYTHING: Fragment<Bool> = Fragment::new("TRUE");

/// The relations of people to a task.
pub(crate) const CREATOR: &str = "creator";
pub(crate) const ASSIGNEE: &str = "assignee";
pub(crate) const VIEWER: &str = "viewer";

/// The people who must be related to a task, and how, for it to be in reach.
///
/// Here is said once what a scope means for tasks. A single task is tested against it ([`task`]), a page of
/// tasks is found from its [`pairs`](TaskAudience::pairs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskAudience {
    /// One of these made the task or is assigned to it …
    people: Vec<UserId>,
    /// … or this one, who only wants to look, views it.
    viewer: Option<UserId>,
}

/// The relations that make a task theirs.
const THEIRS: [&str; 2] = [CREATOR, ASSIGNEE];

impl TaskAudience {
    /// `None`: every task is in reach.
    pub(crate) fn of(reach: &Reach) -> Option<Self> {
        Some(Self { people: reach.people()?.to_vec(), viewer: reach.viewer() })
    }

    /// The same as pairs of a user and a relation, of which one is enough.
    pub(crate) fn pairs(&self) -> (Vec<UserId>, Vec<&'static str>) {
        let theirs = THEIRS.into_iter().flat_map(|how| self.people.iter().map(move |who| (*who, how)));
        theirs.chain(self.viewer.map(|viewer| (viewer, VIEWER))).unzip()
    }
}

impl QueryFragment<Backend> for TaskAudience {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("EXISTS (SELECT FROM task_people p WHERE p.task_id = tasks.id AND (p.relation = ANY(");
        out.push_bind_param::<Array<Text>, _>(&THEIRS[..])?;
        out.push_sql(") AND p.user_id = ANY(");
        out.push_bind_param::<Array<Uuid>, _>(&self.people)?;
        out.push_sql(")");
        if let Some(viewer) = &self.viewer {
            out.push_sql(" OR p.relation = ");
            out.push_bind_param::<Text, _>(VIEWER)?;
            out.push_sql(" AND p.user_id = ");
            out.push_bind_param::<Uuid, _>(viewer)?;
        }
        out.push_sql("))");
        Ok(())
    }
}

condition_on_tasks!(TaskAudience);

/// Tasks in reach.
pub(crate) fn task(reach: &Reach) -> Reached<'_, tasks::table> {
    match TaskAudience::of(reach) {
        None => Box::new(EVERYTHING),
        Some(ties) => Box::new(ties),
    }
}

/// Declares the predicate of a table whose rows are a task's: `own` is the grant for the rows themselves,
/// and a row is in reach when its task is, as far as the grant to read tasks goes, and one of `own`'s people
/// is its author. Where the rows are part of what a task shows, whoever made the task, is assigned to it or
/// views it reads all of them.
macro_rules! task_children {
    ($($(#[doc = $doc:literal])+ $name:ident: $table:ident by $author:ident, shown: $shown:literal;)*) => {$(
        $(#[doc = $doc])+
        pub(crate) fn $name<'r>(of_tasks: &'r Reach, own: &'r Reach) -> Reached<'r, $table::table> {
            // Where every task is in reach, so is the row's: the foreign key saw to it
            // that there is one.
            let there: Reached<'r, $table::table> = if of_tasks.people().is_none() {
                Box::new(EVERYTHING)
            } else {
                // Boxed, because only a boxed query may be asked for within a query on another table when its
                // condition is boxed.
                let in_reach = tasks::table.filter(task(of_tasks)).select(tasks::id).into_boxed();
                Box::new($table::task_id.eq_any(in_reach))
            };
            let Some(people) = own.people() else { return there };
            let theirs = $table::$author.eq_any(people);
            match own.viewer().filter(|_| $shown) {
                None => Box::new(there.and(theirs)),
                Some(viewer) => {
                    let concerns = task_people::table.filter(
                        task_people::task_id.eq($table::task_id).and(task_people::user_id.eq(viewer)),
                    );
                    Box::new(there.and(theirs.or(exists(concerns))))
                }
            }
        }
    )*};
}

task_children! {
    /// Comments: those of the reach's people on tasks in reach and, for reading, all on tasks that concern
    /// the caller.
    comment: comments by author_id, shown: true;
    /// Attachments: likewise.
    attachment: attachments by author_id, shown: true;
    /// Time entries: those of the reach's people on tasks in reach. Hours belong to whoever worked them: a
    /// task shows them to nobody.
    time_entry: time_entries by user_id, shown: false;
}

/// Tags that one of the reach's people made.
pub(crate) fn tag(reach: &Reach) -> Reached<'_, tags::table> {
    match reach.people() {
        None => Box::new(EVERYTHING),
        Some(people) => Box::new(tags::created_by_id.eq_any(people)),
    }
}

/// The task, when it is there and in reach.
pub(crate) fn this_task(reach: &Reach, id: TaskId) -> Reached<'_, tasks::table> {
    Box::new(tasks::id.eq(id).and(task(reach)))
}

/// Whether the task is there and in reach.
pub(crate) fn task_exists(tx: &mut impl Tenant, reach: &Reach, id: TaskId) -> QueryResult<bool> {
    tx.row(diesel::select(exists(tasks::table.filter(this_task(reach, id)))))
}
