//! Why a user was not made or changed.

use belfort_ids::TeamId;
use belfort_rbac::LastAdmin;
use belfort_rbac::postgres::members::MemberError;

/// Why a user was not made or changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Absent, or out of the caller's reach.
    #[error("there is no such user")]
    NotFound,
    /// The user is not as the caller last saw them.
    #[error("the user was changed in the meantime: read them again")]
    Stale,
    /// Another user, or somebody invited, has the address.
    #[error("this email address is taken")]
    EmailTaken,
    /// The field `role_id` names no role.
    #[error("there is no such role")]
    UnknownRole,
    /// The field `team_ids` names these, which are no teams, or none that the caller may put anybody into.
    #[error("there are no such teams")]
    UnknownTeams(Vec<TeamId>),
    /// The role that is given or the one the user has permits more than the caller may do.
    #[error("the role permits more than you may do yourself")]
    Escalation,
    /// Nobody would be admin any more.
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    /// The database failed.
    #[error("the user could not be read or changed")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for UserError {
    fn from(error: diesel::result::Error) -> Self {
        match belfort_db::violated_constraint(&error) {
            Some("users_email_key") => Self::EmailTaken,
            _ => Self::Database(error),
        }
    }
}

impl From<MemberError> for UserError {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotFound => Self::NotFound,
            MemberError::LastAdmin(last) => Self::LastAdmin(last),
            MemberError::NoSuchRole => Self::UnknownRole,
            MemberError::Database(error) => error.into(),
        }
    }
}
