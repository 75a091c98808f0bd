//! Hours and euros: time entries of some days, added up by day, user, task and tags.
//!
//! - **It tells what the list tells.** Entries are counted that the grants reach, by the predicate of the
//!   list. What still runs is not counted: nobody knows yet how long it is.
//! - **It is exact.** Time is added up in whole microseconds, money in microseconds times cents, and each
//!   line is rounded once, half to even. The total is that of the lines as they are shown, so whoever adds
//!   them up finds it.
//! - **A day is a day in Brussels**, of 23, 24 or 25 hours. An entry is split where a day begins.
//! - **Every hour is in one line.** So a line has the *set* of tags of its tasks: an hour on a task with two
//!   tags would be in two lines if each tag had one. The hours of one tag are what is asked for with its id.
//! - **It is bounded.** What it costs grows with the entries and the lines, not with the entries times the
//!   days: of an entry of years, all its whole days together are two numbers, until the lines are written.

mod period;
mod read;
mod sums;

use std::collections::BTreeMap;

use belfort_db::{Error, Tenant};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Read};
use belfort_values::Euro;
use chrono::NaiveDate;
use strum::{IntoStaticStr, VariantArray, VariantNames};

pub use period::{Period, PeriodError};
pub use sums::{Hours, Seconds};

use crate::{TagName, Title};

/// The most lines that a report can have.
pub const MAX_LINES: usize = 50_000;

/// A grouping of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum GroupBy {
    /// By the day in Brussels.
    Day,
    /// By who worked.
    User,
    /// By the task.
    Task,
    /// By the tags that the task has, all of them together.
    Tag,
}

/// The entries to add up, and their grouping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportQuery {
    /// The period.
    pub period: Period,
    /// The groupings, each at most once.
    pub group_by: Vec<GroupBy>,
    /// The user who worked.
    pub user_id: Option<UserId>,
    /// The task.
    pub task_id: Option<TaskId>,
    /// A tag of the task.
    pub tag_id: Option<TagId>,
    /// Whether it is billable.
    pub billable: Option<bool>,
}

/// A line of a report: time that was worked, and its cost. What it is not grouped by is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The day.
    pub day: Option<NaiveDate>,
    /// The user who worked, maybe somebody who left.
    pub user_id: Option<UserId>,
    /// The task, and its title.
    pub task: Option<(TaskId, Title)>,
    /// The tags of the tasks, in the order of their ids.
    pub tags: Option<Vec<(TagId, TagName)>>,
    /// The exact time.
    pub seconds: Seconds,
    /// The time, rounded.
    pub hours: Hours,
    /// The cost, rounded; nothing where it is not billable or has no rate.
    pub amount: Euro,
}

/// A report: its lines, by day, user, task and tags, and their sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeReport {
    /// The lines, only those with any time in them.
    pub lines: Vec<Line>,
    /// The sum of the lines' seconds.
    pub seconds: Seconds,
    /// The sum of the lines' hours, as they are shown.
    pub hours: Hours,
    /// The sum of the lines' amounts, as they are shown.
    pub amount: Euro,
}

/// The reason why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It would have more than [`MAX_LINES`] lines, or an amount that no [`Euro`] is.
    #[error("there is more to report than fits")]
    TooLarge,
    /// The database failed.
    #[error("the time could not be added up")]
    Database(#[from] Error),
}

/// Adds up the entries in reach.
pub fn report(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Read>,
    query: &ReportQuery,
) -> Result<TimeReport, ReportError> {
    let cuts = query.period.cuts(query.group_by.contains(&GroupBy::Day));
    let found = read::parts(tx, of_tasks, grant, query, &cuts)?;
    let lengths: Vec<i128> = cuts.windows(2).map(length).collect();
    let sums = sums::unfold(found.parts, &lengths, MAX_LINES).ok_or(ReportError::TooLarge)?;
    let days: Option<Vec<NaiveDate>> =
        query.group_by.contains(&GroupBy::Day).then(|| query.period.days().collect());
    let lines: Result<Vec<Line>, ReportError> = sums
        .into_iter()
        .map(|((at, key), sum)| {
            Ok(Line {
                day: days.as_ref().and_then(|days| days.get(at).copied()),
                user_id: key.user,
                task: key.task.and_then(|id| Some((id, found.titles.get(&id)?.clone()))),
                tags: key.tags.map(|tags| named(&tags, &found.tag_names)),
                seconds: sum.seconds(),
                hours: sum.hours(),
                amount: sum.amount().ok_or(ReportError::TooLarge)?,
            })
        })
        .collect();
    total(lines?)
}

fn length(cuts: &[i64]) -> i128 {
    match cuts {
        [begin, end] => i128::from(*end) - i128::from(*begin),
        _ => 0,
    }
}

fn named(tags: &[TagId], names: &BTreeMap<TagId, TagName>) -> Vec<(TagId, TagName)> {
    tags.iter().filter_map(|id| Some((*id, names.get(id)?.clone()))).collect()
}

fn total(lines: Vec<Line>) -> Result<TimeReport, ReportError> {
    let seconds = lines.iter().map(|line| line.seconds).sum();
    let hours = lines.iter().map(|line| line.hours).sum();
    let amount =
        Euro::sum(lines.iter().map(|line| line.amount)).map_err(|_out_of_range| ReportError::TooLarge)?;
    Ok(TimeReport { lines, seconds, hours, amount })
}
