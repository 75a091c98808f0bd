//! Which rows a grant reaches: one predicate a resource, for every statement on it.

use belfort_ids::TaskId;
use belfort_rbac::Reach;
use diesel::BoxableExpression;
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::fragment::Fragment;
use crate::tables::{comments, tags, task_people, tasks};

/// A condition on the rows of `Table`.
pub(crate) type Reached<'r, Table> = Box<dyn BoxableExpression<Table, Pg, SqlType = Bool> + 'r>;

const EVERYTHING: Fragment<Bool> = Fragment::new("TRUE");

/// How somebody is related to a task.
pub(crate) const CREATOR: &str = "creator";
pub(crate) const ASSIGNEE: &str = "assignee";
pub(crate) const VIEWER: &str = "viewer";

/// Tasks that one of the reach's people made or is assigned to and, for reading, those that the caller views.
pub(crate) fn task(reach: &Reach) -> Reached<'_, tasks::table> {
    let Some(people) = reach.people() else { return Box::new(EVERYTHING) };
    let of_the_task = task_people::table.filter(task_people::task_id.eq(tasks::id));
    let theirs = task_people::relation.eq_any([CREATOR, ASSIGNEE]).and(task_people::user_id.eq_any(people));
    match reach.viewer() {
        None => Box::new(exists(of_the_task.filter(theirs))),
        Some(viewer) => {
            let looked_at = task_people::relation.eq(VIEWER).and(task_people::user_id.eq(viewer));
            Box::new(exists(of_the_task.filter(theirs.or(looked_at))))
        }
    }
}

/// Declares the predicate of a table whose rows hang on a task: `own` is the grant for the rows themselves, and a row is in
/// reach when its task is, as far as the grant to read tasks goes, and one of `own`'s people is its author. Where the rows are
/// part of what a task shows, whoever views the task reads all of them.
macro_rules! on_a_task {
    ($($(#[doc = $doc:literal])+ $name:ident: $table:ident by $author:ident, shown: $shown:literal;)*) => {$(
        $(#[doc = $doc])+
        pub(crate) fn $name<'r>(of_tasks: &'r Reach, own: &'r Reach) -> Reached<'r, $table::table> {
            // Boxed, because only a boxed query may be asked for within a query on another table when its condition is boxed.
            let in_reach = tasks::table.filter(task(of_tasks)).select(tasks::id).into_boxed();
            let there = $table::task_id.eq_any(in_reach);
            let Some(people) = own.people() else { return Box::new(there) };
            let theirs = $table::$author.eq_any(people);
            match own.viewer().filter(|_| $shown) {
                None => Box::new(there.and(theirs)),
                Some(viewer) => {
                    let looked_at = task_people::table.filter(
                        task_people::task_id
                            .eq($table::task_id)
                            .and(task_people::relation.eq(VIEWER))
                            .and(task_people::user_id.eq(viewer)),
                    );
                    Box::new(there.and(theirs.or(exists(looked_at))))
                }
            }
        }
    )*};
}

on_a_task! {
    /// Comments: those of the reach's people on tasks in reach and, for reading, all on tasks that the caller views.
    comment: comments by author_id, shown: true;
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
