//! The filter and the order of a list of time entries.

use belfort_ids::{TaskId, UserId};
use chrono::{DateTime, Utc};

/// A filter of time entries; the default lets all through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeEntryFilter {
    /// The task.
    pub task_id: Option<TaskId>,
    /// The user who worked.
    pub user_id: Option<UserId>,
    /// Whether it is billable.
    pub billable: Option<bool>,
    /// Whether the timer runs.
    pub running: Option<bool>,
    /// A moment after which they end, or still run.
    pub from: Option<DateTime<Utc>>,
    /// A moment before which they begin.
    pub to: Option<DateTime<Utc>>,
}

/// The order of a list of time entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeEntryOrder {
    /// The latest start first.
    #[default]
    Latest,
    /// The earliest start first.
    Earliest,
}
