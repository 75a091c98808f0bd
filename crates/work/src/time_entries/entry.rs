//! What a time entry is, and what a change makes of it.

use belfort_audit::Origin;
use belfort_ids::{TaskId, TimeEntryId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::result::Error;

use crate::tables::time_entries;
use crate::tasks::stored;
use crate::{HourlyRate, Note};

/// Time that somebody worked on a task.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = time_entries, check_for_backend(belfort_db::Backend))]
pub struct TimeEntry {
    /// Its id.
    pub id: TimeEntryId,
    /// The task it was worked on.
    pub task_id: TaskId,
    /// Who worked, maybe somebody who left.
    pub user_id: UserId,
    /// When they began.
    pub started_at: DateTime<Utc>,
    /// When they ended, not before they began; `None` while the timer runs.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it was.
    pub note: Note,
    /// Whether it costs anything.
    pub billable: bool,
    /// What an hour of it costs.
    #[diesel(column_name = hourly_rate_cents)]
    pub hourly_rate: Option<HourlyRate>,
    /// Counts its changes.
    pub version: i32,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// A time entry to be made. It is its maker's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTimeEntry {
    /// The task it is on.
    pub task_id: TaskId,
    /// When the work began.
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` for a running timer.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it was.
    pub note: Note,
    /// Whether it costs anything.
    pub billable: bool,
    /// What an hour of it costs.
    pub hourly_rate: Option<HourlyRate>,
}

/// What is to change about a time entry; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeEntryPatch {
    /// The task it is on.
    pub task_id: Option<TaskId>,
    /// When the work began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; `Some(None)` lets it run again.
    pub ended_at: Option<Option<DateTime<Utc>>>,
    /// What it was.
    pub note: Option<Note>,
    /// Whether it costs anything.
    pub billable: Option<bool>,
    /// What an hour of it costs; `Some(None)` for none.
    pub hourly_rate: Option<Option<HourlyRate>>,
}

/// Why nothing was done with a time entry.
#[derive(Debug, thiserror::Error)]
pub enum TimeEntryError {
    /// It is not there or not in reach; nobody is told which.
    #[error("there is no such time entry")]
    NotFound,
    /// Somebody else changed it first.
    #[error("the time entry was changed by somebody else")]
    Stale,
    /// The task it is to be on is not there or not in reach; nobody is told which.
    #[error("there is no such task")]
    UnknownTask,
    /// It would end before it began.
    #[error("time does not end before it begins")]
    EndsBeforeStart,
    /// It would run, and begin later than now.
    #[error("what runs has begun")]
    RunsBeforeStart,
    /// Whose time it is has another timer running.
    #[error("a timer is running already")]
    TimerRunning,
    /// It does not run, so it cannot be stopped.
    #[error("the timer is not running")]
    TimerNotRunning,
    /// It would run, and whose time it is has left.
    #[error("nobody is there who could work")]
    UserGone,
    /// The database failed.
    #[error("the time entries could not be read or changed")]
    Database(#[from] Error),
}

impl TimeEntry {
    /// How long was worked, to the microsecond; `None` while the timer runs.
    pub fn duration(&self) -> Option<TimeDelta> {
        Some(self.ended_at? - self.started_at)
    }

    /// Refuses what cannot have been worked.
    pub(super) fn possible(&self, now: DateTime<Utc>) -> Result<(), TimeEntryError> {
        match self.ended_at {
            Some(ended_at) if ended_at < self.started_at => Err(TimeEntryError::EndsBeforeStart),
            None if self.started_at > now => Err(TimeEntryError::RunsBeforeStart),
            _ => Ok(()),
        }
    }
}

impl NewTimeEntry {
    /// A timer on `task` that runs from `now` on, and can be billed.
    pub fn starting(task: TaskId, now: DateTime<Utc>) -> Self {
        Self {
            task_id: task,
            started_at: now,
            ended_at: None,
            note: Note::default(),
            billable: true,
            hourly_rate: None,
        }
    }

    /// The entry that it becomes in `user`'s hands.
    pub(super) fn made_by(self, user: UserId, origin: &Origin) -> TimeEntry {
        let at = stored(origin.at);
        TimeEntry {
            id: TimeEntryId::new(origin.at),
            task_id: self.task_id,
            user_id: user,
            started_at: stored(self.started_at),
            ended_at: self.ended_at.map(stored),
            note: self.note,
            billable: self.billable,
            hourly_rate: self.hourly_rate,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

impl TimeEntryPatch {
    /// The entry that it makes of `entry`. Version and times of change are as they were.
    pub(super) fn applied_to(self, entry: &TimeEntry) -> TimeEntry {
        let entry = entry.clone();
        TimeEntry {
            task_id: self.task_id.unwrap_or(entry.task_id),
            started_at: self.started_at.map_or(entry.started_at, stored),
            ended_at: self.ended_at.map_or(entry.ended_at, |ended_at| ended_at.map(stored)),
            note: self.note.unwrap_or(entry.note),
            billable: self.billable.unwrap_or(entry.billable),
            hourly_rate: self.hourly_rate.unwrap_or(entry.hourly_rate),
            ..entry
        }
    }
}
