//! An invitation, and what is audited of it.

use belfort_audit::{Audited, Fields};
use belfort_auth::{Email, InvitationToken};
use belfort_db::Tenant;
use belfort_ids::{InvitationId, RoleId, TeamId, UserId};
use belfort_rbac::Principal;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;

use crate::escalation::{RoleCoverage, role_coverage};
use crate::name::FullName;
use crate::tables::invitations;

/// The time for which an invitation can be accepted after it was last sent.
pub const LIFETIME: Duration = Duration::days(7);

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = invitations, check_for_backend(belfort_db::Backend))]
pub struct Invitation {
    /// The id.
    pub id: InvitationId,
    /// The email address of the person who is invited.
    pub email: String,
    /// Their name, if whoever invited them said so; they can choose another one.
    pub full_name: Option<String>,
    /// The role they are to have.
    pub role_id: RoleId,
    /// The teams they are to be in, in order.
    pub team_ids: Vec<TeamId>,
    /// The user who invited them, or sent the invitation again last.
    #[diesel(select_expression = invitations::invited_by)]
    pub invited_by_id: UserId,
    /// The number of times that it was sent, from 1.
    pub version: i32,
    /// The time of creation.
    pub created_at: DateTime<Utc>,
    /// The expiry time: from then on it cannot be accepted.
    pub expires_at: DateTime<Utc>,
}

/// To the history an invitation is something that happens to a user, who has the id of the invitation until they accept it.
impl Audited for Invitation {
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
            .with("team_ids", &self.team_ids)
            .with("invited_by_id", self.invited_by_id)
            .with("expires_at", self.expires_at)
    }
}

/// An invitation to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// The email address of the person who is invited.
    pub email: Email,
    /// Their name, if known.
    pub full_name: Option<FullName>,
    /// The role they are to have.
    pub role_id: RoleId,
    /// The teams they are to be in.
    pub team_ids: Vec<TeamId>,
}

/// An invitation that is to be mailed, once it is committed.
#[derive(Debug)]
pub struct IssuedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The token for the mail; it is stored nowhere.
    pub token: InvitationToken,
}

/// The reason why an invitation was not created, sent or revoked. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// Absent, accepted, or out of the caller's reach.
    #[error("there is no such invitation")]
    NotFound,
    /// The invitation is not as the caller last saw it.
    #[error("the invitation was changed in the meantime: read it again")]
    Stale,
    /// A user, or somebody else invited, has the address.
    #[error("this email address is taken")]
    EmailTaken,
    /// The field `role_id` names no role.
    #[error("there is no such role")]
    UnknownRole,
    /// The field `team_ids` names these, which are no teams, or none that the caller may put anybody into.
    #[error("there are no such teams")]
    UnknownTeams(Vec<TeamId>),
    /// In these teams, somebody would reach what the caller does not.
    #[error("in these teams people could do more than you may do yourself")]
    TeamEscalation,
    /// The role permits more than the caller may do.
    #[error("the role permits more than you may do yourself")]
    Escalation,
    /// The database failed.
    #[error("the invitation could not be read or changed")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for InvitationError {
    fn from(error: diesel::result::Error) -> Self {
        match belfort_db::violated_constraint(&error) {
            Some("invitations_email_key") => Self::EmailTaken,
            Some("invitations_role_id_fkey") => Self::UnknownRole,
            _ => Self::Database(error),
        }
    }
}

/// Checks that the caller may confer this role.
pub(super) fn check_role(
    tx: &mut impl Tenant,
    caller: &Principal,
    role: RoleId,
) -> Result<(), InvitationError> {
    match role_coverage(tx, caller, role)? {
        RoleCoverage::Covered => Ok(()),
        RoleCoverage::Above => Err(InvitationError::Escalation),
        RoleCoverage::Absent => Err(InvitationError::UnknownRole),
    }
}
