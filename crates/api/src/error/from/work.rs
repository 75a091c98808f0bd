//! Problems made of the errors of work: tasks, and what belongs to them.

use belfort_work::attachments::AttachmentError;
use belfort_work::comments::CommentError;
use belfort_work::tags::TagError;
use belfort_work::tasks::TaskError;
use belfort_work::time_entries::TimeEntryError;
use belfort_work::time_report::ReportError;

use super::unknown;
use crate::error::{FieldCode, Problem, ProblemCode, Refusal, Refusals};

impl Refusals for TaskError {}

impl Refusal for TaskError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::Unknown { field } => unknown(field),
            Self::TooMany { field, max } => {
                Problem::invalid_field(field, FieldCode::TooLong, format!("must have at most {max} entries"))
            }
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for CommentError {}

impl Refusal for CommentError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for AttachmentError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::UploadOver]
    }
}

impl Refusal for AttachmentError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::Expired => Problem::new(
                ProblemCode::UploadOver,
                "The upload took longer than an hour. Send the file again.",
            ),
            error @ (Self::TooLarge | Self::Unreadable { .. }) => Problem::internal(error),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for TimeEntryError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::TimerRunning, ProblemCode::TimerNotRunning]
    }
}

impl Refusal for TimeEntryError {
    fn problem(self) -> Problem {
        let invalid = |field, detail: &'static str| Problem::invalid_field(field, FieldCode::Invalid, detail);
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::UnknownTask => unknown("task_id"),
            Self::EndsBeforeStart => invalid("ended_at", "must not be before started_at"),
            Self::TooLong => {
                let detail = "must be at most 31 days after started_at";
                Problem::invalid_field("ended_at", FieldCode::OutOfRange, detail)
            }
            Self::OutOfRange => {
                let detail = "must be in 1970 or later, and no later than next year";
                Problem::invalid_field("started_at", FieldCode::OutOfRange, detail)
            }
            Self::RunsBeforeStart => invalid("started_at", "must not be in the future without ended_at"),
            Self::TimerRunning => {
                Problem::new(ProblemCode::TimerRunning, "A timer is already running. Stop it first.")
            }
            Self::TimerNotRunning => Problem::new(ProblemCode::TimerNotRunning, "This timer is not running."),
            Self::UserGone => {
                invalid("ended_at", "must be set, because the user of this time entry was deleted")
            }
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for ReportError {}

impl Refusal for ReportError {
    fn problem(self) -> Problem {
        match self {
            Self::TooLarge => Problem::new(
                ProblemCode::ReportTooLarge,
                "The report would have more than 50,000 lines, or amounts that are too large. Choose a shorter period, filter \
                 by user, task or tag, or group by less.",
            )
            .of_field("", FieldCode::OutOfRange, "asks for more than a report can have"),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for TagError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::NameTaken]
    }
}

impl Refusal for TagError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::NameTaken => Problem::new(ProblemCode::NameTaken, "There is already a tag with this name."),
            Self::Database(error) => error.into(),
        }
    }
}
