//! Problems made of every crate's errors: one exhaustive `match` for each, so that a new variant does not compile until it is
//! decided what the caller is told.

mod work;

use belfort_rbac::LastAdmin;
use belfort_tenancy::postgres::{BindError, Busy, ProvisionError};
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

impl Refusals for WorkspaceError {}

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

impl Refusals for AcceptError {}

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
