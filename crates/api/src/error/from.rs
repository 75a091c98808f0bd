//! Problems made of every crate's errors: one exhaustive `match` for each, so that a new variant does not compile until it is
//! decided what the caller is told.

use belfort_rbac::LastAdmin;
use belfort_tenancy::postgres::{BindError, Busy, ProvisionError};
use belfort_work::attachments::AttachmentError;
use belfort_work::comments::CommentError;
use belfort_work::tags::TagError;
use belfort_work::tasks::TaskError;
use belfort_work::time_entries::TimeEntryError;
use belfort_work::time_report::ReportError;
use belfort_workspace::invitations::{AcceptError, InvitationError};
use belfort_workspace::roles::RoleError;
use belfort_workspace::signup::{ConfirmError, StartError};
use belfort_workspace::teams::TeamError;
use belfort_workspace::tenant::WorkspaceError;
use belfort_workspace::users::UserError;
use belfort_workspace::{CountersError, ReserveError};

use super::{FieldCode, Problem, ProblemCode, Refusal, Refusals};

impl From<belfort_db::Error> for Problem {
    /// An internal error, or `busy` where the same request may succeed the next time.
    fn from(error: belfort_db::Error) -> Self {
        if belfort_db::is_transient(&error) {
            return Self::busy().because(error);
        }
        Self::internal(error)
    }
}

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::busy()
    }
}

impl From<BindError> for Problem {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Busy(busy) => busy.into(),
            BindError::Suspended => Self::new(
                ProblemCode::WorkspaceSuspended,
                "This workspace is suspended. Contact the operator of the server.",
            ),
            BindError::Gone => Self::workspace_not_found(),
            BindError::Database(error) => error.into(),
        }
    }
}

impl From<belfort_rbac::Denied> for Problem {
    fn from(denied: belfort_rbac::Denied) -> Self {
        Self::new(
            ProblemCode::Forbidden,
            format!(
                "Your role has no permission to {} {}.",
                denied.action,
                denied.resource.replace('_', " ")
            ),
        )
    }
}

impl From<LastAdmin> for Problem {
    fn from(_: LastAdmin) -> Self {
        Self::new(
            ProblemCode::LastAdmin,
            "This is the last active admin of the workspace. Make somebody else an admin first.",
        )
    }
}

impl Refusals for TaskError {
    fn codes() -> Vec<ProblemCode> {
        Vec::new()
    }
}

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

impl Refusals for CommentError {
    fn codes() -> Vec<ProblemCode> {
        Vec::new()
    }
}

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

impl Refusals for ReportError {
    fn codes() -> Vec<ProblemCode> {
        Vec::new()
    }
}

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

impl Refusals for UserError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::EmailTaken, ProblemCode::LastAdmin]
    }
}

impl Refusal for UserError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::EmailTaken => email_taken(),
            Self::UnknownRole => unknown("role_id"),
            Self::UnknownTeams(_) => unknown("team_ids"),
            Self::Escalation => escalation(),
            Self::TeamEscalation => team_escalation(),
            Self::LastAdmin(last) => last.into(),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for WorkspaceError {
    fn codes() -> Vec<ProblemCode> {
        Vec::new()
    }
}

impl Refusal for WorkspaceError {
    fn problem(self) -> Problem {
        match self {
            Self::Stale => Problem::stale(),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for TeamError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::NameTaken]
    }
}

impl Refusal for TeamError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::Escalation => team_escalation(),
            Self::NameTaken => {
                Problem::new(ProblemCode::NameTaken, "There is already a team with this name.")
            }
            Self::UnknownMembers(_) => unknown("member_ids"),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for RoleError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::LastAdmin, ProblemCode::NameTaken, ProblemCode::RoleInUse]
    }
}

impl Refusal for RoleError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::Escalation => escalation(),
            // The code of the safeguard that it is there for.
            Self::Admin => {
                Problem::new(ProblemCode::LastAdmin, "The role `admin` can be neither updated nor deleted.")
            }
            Self::NameTaken => {
                Problem::new(ProblemCode::NameTaken, "There is already a role with this name.")
            }
            Self::InUse => Problem::new(
                ProblemCode::RoleInUse,
                "A user or an invitation has this role. Give them another role first.",
            ),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for InvitationError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::EmailTaken]
    }
}

impl Refusal for InvitationError {
    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::stale(),
            Self::EmailTaken => email_taken(),
            Self::UnknownRole => unknown("role_id"),
            Self::UnknownTeams(_) => unknown("team_ids"),
            Self::Escalation => escalation(),
            Self::TeamEscalation => team_escalation(),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for ReserveError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::TooManyRequests]
    }
}

impl Refusal for ReserveError {
    fn problem(self) -> Problem {
        match self {
            Self::TooMany { retry_after } => Problem::too_many(retry_after),
            Self::Counters(error) => error.into(),
        }
    }
}

impl From<CountersError> for Problem {
    fn from(error: CountersError) -> Self {
        match error {
            CountersError::Busy(busy) => busy.into(),
            CountersError::Database(error) => error.into(),
        }
    }
}

impl Refusals for AcceptError {
    fn codes() -> Vec<ProblemCode> {
        Vec::new()
    }
}

impl Refusal for AcceptError {
    fn problem(self) -> Problem {
        match self {
            Self::Expired => Problem::invitation_over(),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for StartError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::SlugTaken]
    }
}

impl Refusal for StartError {
    fn problem(self) -> Problem {
        match self {
            Self::SlugTaken => slug_taken(),
            Self::Database(error) => error.into(),
        }
    }
}

impl Refusals for ConfirmError {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::SlugTaken]
    }
}

impl Refusal for ConfirmError {
    fn problem(self) -> Problem {
        match self {
            Self::Expired => {
                let detail = "This sign-up does not exist or is no longer valid. Sign up again.";
                Problem::new(ProblemCode::SignupOver, detail)
            }
            Self::WrongCode { left } => Problem::invalid_field(
                "code",
                FieldCode::WrongCode,
                format!("is not the right code; attempts left: {left}"),
            ),
            Self::SlugTaken => slug_taken(),
            Self::Provision(ProvisionError::Database(error)) | Self::Database(error) => error.into(),
            Self::Provision(error @ (ProvisionError::SlugTaken | ProvisionError::Migration(_))) => {
                Problem::internal(error)
            }
            Self::Bind(error) => error.into(),
            error @ (Self::Sealed(_) | Self::Unreadable) => Problem::internal(error),
        }
    }
}

/// An ID that does not exist or belongs to somebody else: the two are not distinguished.
fn unknown(field: &str) -> Problem {
    Problem::invalid_field(field, FieldCode::UnknownId, "does not exist")
}

fn email_taken() -> Problem {
    Problem::new(ProblemCode::EmailTaken, "A user or an invitation has this email address.")
}

fn slug_taken() -> Problem {
    Problem::new(ProblemCode::SlugTaken, "This slug is taken. Choose another one.")
}

fn escalation() -> Problem {
    let detail = "This role permits more than your own role does. You cannot assign, remove or update it.";
    Problem::new(ProblemCode::Escalation, detail)
}

fn team_escalation() -> Problem {
    let detail =
        "In this team, people could do more than your own role permits. You cannot bring them together.";
    Problem::new(ProblemCode::Escalation, detail)
}
