//! People who were asked to join and did not yet. They are no users: they hold no role and never count as an admin.

mod accept;
mod change;

use belfort_auth::InvitationToken;
use belfort_db::{Statement, Tenant};
use belfort_ids::{InvitationId, RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::{Grant, Read};
use chrono::{DateTime, Duration, Utc};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid};

pub use accept::{AcceptError, accept};
pub use change::{NewInvitation, create, resend, revoke};

/// How long an invitation can be accepted after it was last sent.
pub const LIFETIME: Duration = Duration::days(7);

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// Who is asked.
    pub email: String,
    /// What they are called, if whoever asked them said so; they can say otherwise.
    pub full_name: Option<String>,
    /// The role they are to have.
    pub role_id: RoleId,
    /// The teams they are to be in, in order.
    pub team_ids: Vec<TeamId>,
    /// Who asked them.
    pub invited_by: UserId,
    /// Counts how often it was sent.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From this moment on it cannot be accepted.
    pub expires_at: DateTime<Utc>,
}

/// An invitation that is to be mailed.
#[derive(Debug)]
pub struct Invited {
    /// The invitation.
    pub row: InvitationRow,
    /// What the mail carries; it is stored nowhere.
    pub token: InvitationToken,
}

/// Why an invitation was not made, sent or withdrawn. Nothing of it may be committed.
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

type Columns = (Uuid, Text, Nullable<Text>, Uuid, Array<Uuid>, Uuid, Integer, Timestamptz, Timestamptz);

/// A statement about the invitations by the users whom `$1` reaches: the one predicate of this resource.
macro_rules! select_invitations {
    ($rest:literal) => {
        Statement::new(concat!(
            "SELECT i.id, i.email, i.full_name, i.role_id, i.team_ids, i.invited_by, i.version, i.created_at, i.expires_at
             FROM invitations i
             CROSS JOIN (SELECT $1 AS people) reach
             WHERE (reach.people IS NULL OR i.invited_by = ANY(reach.people)) AND ",
            $rest
        ))
    };
}

/// Invitations in reach in the order in which they were made, also those that are over, from after `after`; `limit` at
/// most.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Read>,
    after: Option<InvitationId>,
    limit: i64,
) -> QueryResult<Vec<InvitationRow>> {
    const LIST: Statement<Columns> = select_invitations!(
        "i.id > coalesce($2, '00000000-0000-0000-0000-000000000000') ORDER BY i.id LIMIT $3"
    );
    tx.rows(
        LIST.bind::<Nullable<Array<Uuid>>, _>(grant.reach().people())
            .bind::<Nullable<Uuid>, _>(after)
            .bind::<BigInt, _>(limit),
    )
}

/// The invitation with this id, for a change: nobody else changes or accepts it until this transaction ends.
fn lock<A>(
    tx: &mut impl Tenant,
    grant: &Grant<Users, A>,
    id: InvitationId,
    expected: Option<i32>,
) -> Result<InvitationRow, InvitationError> {
    const LOCK: Statement<Columns> = select_invitations!("i.id = $2 FOR UPDATE OF i");
    let people = grant.reach().people();
    let row: Option<InvitationRow> =
        tx.find(LOCK.bind::<Nullable<Array<Uuid>>, _>(people).bind::<Uuid, _>(id))?;
    let row = row.ok_or(InvitationError::NotFound)?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(InvitationError::Stale);
    }
    Ok(row)
}
