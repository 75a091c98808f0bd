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

use super::{FieldCode, Problem, ProblemCode};

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

impl From<TaskError> for Problem {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::NotFound => Self::not_found(),
            TaskError::Stale => Self::stale(),
            TaskError::Unknown { field } => unknown(field),
            TaskError::TooMany { field, max } => {
                Self::invalid_field(field, FieldCode::TooLong, format!("must have at most {max} entries"))
            }
            TaskError::Database(error) => error.into(),
        }
    }
}

impl From<CommentError> for Problem {
    fn from(error: CommentError) -> Self {
        match error {
            CommentError::NotFound => Self::not_found(),
            CommentError::Stale => Self::stale(),
            CommentError::Database(error) => error.into(),
        }
    }
}

impl From<AttachmentError> for Problem {
    fn from(error: AttachmentError) -> Self {
        match error {
            AttachmentError::NotFound => Self::not_found(),
            AttachmentError::Stale => Self::stale(),
            AttachmentError::Expired => Self::new(
                ProblemCode::UploadOver,
                "The upload took longer than an hour. Send the file again.",
            ),
            AttachmentError::TooLarge | AttachmentError::Unreadable { .. } => Self::internal(error),
            AttachmentError::Database(error) => error.into(),
        }
    }
}

impl From<TimeEntryError> for Problem {
    fn from(error: TimeEntryError) -> Self {
        let invalid = |field, detail: &'static str| Self::invalid_field(field, FieldCode::Invalid, detail);
        match error {
            TimeEntryError::NotFound => Self::not_found(),
            TimeEntryError::Stale => Self::stale(),
            TimeEntryError::UnknownTask => unknown("task_id"),
            TimeEntryError::EndsBeforeStart => invalid("ended_at", "must not be before started_at"),
            TimeEntryError::TooLong => {
                let detail = "must be at most 31 days after started_at";
                Self::invalid_field("ended_at", FieldCode::OutOfRange, detail)
            }
            TimeEntryError::OutOfRange => {
                let detail = "must be in 1970 or later, and no later than next year";
                Self::invalid_field("started_at", FieldCode::OutOfRange, detail)
            }
            TimeEntryError::RunsBeforeStart => {
                invalid("started_at", "must not be in the future without ended_at")
            }
            TimeEntryError::TimerRunning => {
                Self::new(ProblemCode::TimerRunning, "A timer is already running. Stop it first.")
            }
            TimeEntryError::TimerNotRunning => {
                Self::new(ProblemCode::TimerNotRunning, "This timer is not running.")
            }
            TimeEntryError::UserGone => {
                invalid("ended_at", "must be set, because the user of this time entry was deleted")
            }
            TimeEntryError::Database(error) => error.into(),
        }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::TooLarge => Self::new(
                ProblemCode::ReportTooLarge,
                "The report would have more than 50,000 lines, or amounts that are too large. Choose a shorter period, filter \
                 by user, task or tag, or group by less.",
            )
            .of_field("", FieldCode::OutOfRange, "asks for more than a report can have"),
            ReportError::Database(error) => error.into(),
        }
    }
}

impl From<TagError> for Problem {
    fn from(error: TagError) -> Self {
        match error {
            TagError::NotFound => Self::not_found(),
            TagError::Stale => Self::stale(),
            TagError::NameTaken => {
                Self::new(ProblemCode::NameTaken, "There is already a tag with this name.")
            }
            TagError::Database(error) => error.into(),
        }
    }
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => Self::not_found(),
            UserError::Stale => Self::stale(),
            UserError::EmailTaken => email_taken(),
            UserError::UnknownRole => unknown("role_id"),
            UserError::UnknownTeams(_) => unknown("team_ids"),
            UserError::Escalation => escalation(),
            UserError::TeamEscalation => team_escalation(),
            UserError::LastAdmin(last) => last.into(),
            UserError::Database(error) => error.into(),
        }
    }
}

impl From<WorkspaceError> for Problem {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::Stale => Self::stale(),
            WorkspaceError::Database(error) => error.into(),
        }
    }
}

impl From<TeamError> for Problem {
    fn from(error: TeamError) -> Self {
        match error {
            TeamError::NotFound => Self::not_found(),
            TeamError::Stale => Self::stale(),
            TeamError::NameTaken => {
                Self::new(ProblemCode::NameTaken, "There is already a team with this name.")
            }
            TeamError::Escalation => team_escalation(),
            TeamError::UnknownMembers(_) => unknown("member_ids"),
            TeamError::Database(error) => error.into(),
        }
    }
}

impl From<RoleError> for Problem {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::NotFound => Self::not_found(),
            RoleError::Stale => Self::stale(),
            RoleError::Escalation => escalation(),
            // The code of the safeguard that it is there for.
            RoleError::Admin => {
                Self::new(ProblemCode::LastAdmin, "The role `admin` can be neither updated nor deleted.")
            }
            RoleError::NameTaken => {
                Self::new(ProblemCode::NameTaken, "There is already a role with this name.")
            }
            RoleError::InUse => Self::new(
                ProblemCode::RoleInUse,
                "A user or an invitation has this role. Give them another role first.",
            ),
            RoleError::Database(error) => error.into(),
        }
    }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::NotFound => Self::not_found(),
            InvitationError::Stale => Self::stale(),
            InvitationError::EmailTaken => email_taken(),
            InvitationError::UnknownRole => unknown("role_id"),
            InvitationError::UnknownTeams(_) => unknown("team_ids"),
            InvitationError::Escalation => escalation(),
            InvitationError::TeamEscalation => team_escalation(),
            InvitationError::Database(error) => error.into(),
        }
    }
}

impl From<ReserveError> for Problem {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::TooMany { retry_after } => Self::too_many(retry_after),
            ReserveError::Counters(error) => error.into(),
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

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Expired => Self::invitation_over(),
            AcceptError::Database(error) => error.into(),
        }
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::SlugTaken => slug_taken(),
            StartError::Database(error) => error.into(),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Expired => {
                let detail = "This sign-up does not exist or is no longer valid. Sign up again.";
                Self::new(ProblemCode::SignupOver, detail)
            }
            ConfirmError::WrongCode { left } => Self::invalid_field(
                "code",
                FieldCode::WrongCode,
                format!("is not the right code; attempts left: {left}"),
            ),
            ConfirmError::SlugTaken => slug_taken(),
            ConfirmError::Provision(ProvisionError::Database(error)) | ConfirmError::Database(error) => {
                error.into()
            }
            ConfirmError::Provision(error @ (ProvisionError::SlugTaken | ProvisionError::Migration(_))) => {
                Self::internal(error)
            }
            ConfirmError::Bind(error) => error.into(),
            error @ (ConfirmError::Sealed(_) | ConfirmError::Unreadable) => Self::internal(error),
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
