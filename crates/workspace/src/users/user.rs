//! A user, what can be changed about one, and what is audited of it.

use belfort_audit::{Audited, Fields};
use belfort_auth::Email;
use belfort_ids::{RoleId, TeamId, UserId};
use belfort_rbac::LastAdmin;
use belfort_rbac::postgres::members::MemberError;
use chrono::{DateTime, Utc};
use diesel::dsl::{array, auto_type};
use diesel::prelude::*;
use diesel::sql_types::Uuid;

use crate::name::FullName;
use crate::tables::{members, team_members, users};

/// A user, with their role, state and teams.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(belfort_db::Backend))]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The email address.
    pub email: String,
    /// The name.
    pub full_name: String,
    /// The role.
    #[diesel(select_expression = members::role_id)]
    pub role_id: RoleId,
    /// Whether they may log in.
    #[diesel(select_expression = members::is_active)]
    pub is_active: bool,
    /// Whether they ever chose a password: an admin who did not does not count as one.
    #[diesel(select_expression = members::joined_at.is_not_null())]
    pub has_joined: bool,
    /// The teams, in order.
    #[diesel(select_expression = array(teams_of_user()), select_expression_type = array<Uuid, teams_of_user>)]
    pub team_ids: Vec<TeamId>,
    /// The number of changes to all this, from 1.
    pub version: i32,
    /// The time at which they became a user.
    pub created_at: DateTime<Utc>,
    /// The time of the last change to any of this.
    pub updated_at: DateTime<Utc>,
}

/// The teams of the user of the surrounding query.
#[auto_type]
fn teams_of_user() -> _ {
    let of_this_user = team_members::user_id.eq(users::id);
    team_members::table.filter(of_this_user).order(team_members::team_id).select(team_members::team_id)
}

impl Audited for User {
    const RESOURCE: &'static str = "users";

    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .with("email", &self.email)
            .with("full_name", &self.full_name)
            .with("role_id", self.role_id)
            .with("is_active", self.is_active)
            .with("team_ids", &self.team_ids)
    }
}

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The email address.
    pub email: Email,
    /// The name.
    pub full_name: FullName,
    /// The role.
    pub role_id: RoleId,
    /// Whether they may log in.
    pub is_active: bool,
    /// The teams.
    pub team_ids: Vec<TeamId>,
}

/// A change to a user; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserPatch {
    /// The email address.
    pub email: Option<Email>,
    /// The name.
    pub full_name: Option<FullName>,
    /// The role.
    pub role_id: Option<RoleId>,
    /// Whether they may log in. A user who may not is logged out at once: their sessions end.
    pub is_active: Option<bool>,
    /// The teams, all of them.
    pub team_ids: Option<Vec<TeamId>>,
}

/// A user after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatedUser {
    /// The user.
    pub user: User,
    /// The address that was theirs until now, if another one is and they could log in with it: they are to hear of it there.
    pub former_email: Option<String>,
}

/// The reason why a user was not created or changed. Nothing of it may be committed.
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
    /// In these teams, somebody would reach what the caller does not.
    #[error("in these teams people could do more than you may do yourself")]
    TeamEscalation,
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
