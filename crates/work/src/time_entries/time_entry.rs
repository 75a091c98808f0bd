//! A time entry, and what a change makes of it.

use std::ops::RangeInclusive;

use belfort_audit::{Audited, Fields, Origin};
use belfort_ids::{TaskId, TimeEntryId, UserId};
use belfort_values::brussels;
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use uuid::Uuid;

use crate::change::stored;
use crate::tables::time_entries;
use crate::{HourlyRate, Note};

/// Time that somebody worked on a task.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = time_entries, check_for_backend(belfort_db::Backend))]
pub struct TimeEntry {
    /// The id.
    pub id: TimeEntryId,
    /// The task on which it was worked.
    pub task_id: TaskId,
    /// The user who worked, maybe somebody who left.
    pub user_id: UserId,
    /// The start.
    pub started_at: DateTime<Utc>,
    /// The end, not before the start; `None` while the timer runs.
    pub ended_at: Option<DateTime<Utc>>,
    /// The note.
    pub note: Note,
    /// Whether it is billable.
    pub billable: bool,
    /// The rate of an hour.
    #[diesel(column_name = hourly_rate_cents)]
    pub hourly_rate: Option<HourlyRate>,
    /// The version: 1, and one more with each change.
    pub version: i32,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
    /// The time of its last change.
    pub updated_at: DateTime<Utc>,
}

/// A time entry to be created. It is its creator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTimeEntry {
    /// The task.
    pub task_id: TaskId,
    /// The start.
    pub started_at: DateTime<Utc>,
    /// The end; `None` for a running timer.
    pub ended_at: Option<DateTime<Utc>>,
    /// The note.
    pub note: Note,
    /// Whether it is billable.
    pub billable: bool,
    /// The rate of an hour.
    pub hourly_rate: Option<HourlyRate>,
}

/// A change of a time entry; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeEntryPatch {
    /// The task.
    pub task_id: Option<TaskId>,
    /// The start.
    pub started_at: Option<DateTime<Utc>>,
    /// The end; `Some(None)` lets it run again.
    pub ended_at: Option<Option<DateTime<Utc>>>,
    /// The note.
    pub note: Option<Note>,
    /// Whether it is billable.
    pub billable: Option<bool>,
    /// The rate of an hour; `Some(None)` for none.
    pub hourly_rate: Option<Option<HourlyRate>>,
}

/// The reason why nothing was done with a time entry.
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
    /// It would take longer than [`MAX_DURATION`].
    #[error("an entry is of at most 31 days")]
    TooLong,
    /// It would begin before 1970, or later than next year.
    #[error("no time that anybody plans or remembers")]
    OutOfRange,
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

/// The time that an entry takes at most. More is a timer that was forgotten, or a slip of the keys, and would be in each
/// report that anybody makes of any day.
pub const MAX_DURATION: TimeDelta = TimeDelta::days(31);

/// The years that an entry may begin in, by the days of Brussels: what is planned is entered before it is worked.
fn years(now: DateTime<Utc>) -> RangeInclusive<i32> {
    1970..=brussels::day(now).year() + 1
}

impl TimeEntry {
    /// The time worked, to the microsecond; `None` while the timer runs.
    pub fn duration(&self) -> Option<TimeDelta> {
        Some(self.ended_at? - self.started_at)
    }

    /// Refuses what cannot have been worked.
    pub(super) fn possible(&self, now: DateTime<Utc>) -> Result<(), TimeEntryError> {
        match self.ended_at {
            Some(ended_at) if ended_at < self.started_at => Err(TimeEntryError::EndsBeforeStart),
            Some(ended_at) if ended_at - self.started_at > MAX_DURATION => Err(TimeEntryError::TooLong),
            None if self.started_at > now => Err(TimeEntryError::RunsBeforeStart),
            _ if !years(now).contains(&brussels::day(self.started_at).year()) => {
                Err(TimeEntryError::OutOfRange)
            }
            _ => Ok(()),
        }
    }

    /// The entry, ended now. The clocks of two servers differ a little: it does not end before it began for it. A timer that
    /// was forgotten ends when it had run for [`MAX_DURATION`].
    pub(super) fn stopped(self, origin: &Origin) -> Self {
        let last = self.started_at + MAX_DURATION;
        Self { ended_at: Some(stored(origin.at).clamp(self.started_at, last)), ..self }
    }
}

impl Audited for TimeEntry {
    const RESOURCE: &'static str = "time_entries";

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    /// Times are as they are sent: who reads a change compares it with the row.
    fn fields(&self) -> Fields {
        Fields::new()
            .with("task_id", self.task_id)
            .with("user_id", self.user_id)
            .with("started_at", brussels::format(self.started_at))
            .with("ended_at", self.ended_at.map(brussels::format))
            .with("note", &self.note)
            .with("billable", self.billable)
            .with("hourly_rate", self.hourly_rate)
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
