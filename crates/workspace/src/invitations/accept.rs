//! Who was asked joins.

use belfort_audit::Actor;
use belfort_auth::postgres::credentials;
use belfort_auth::{Email, PasswordHash, TokenDigest};
use belfort_db::{Statement, Tenant};
use belfort_ids::{RoleId, TeamId, UserId};
use diesel::sql_types::{Array, Binary, Bool, Text, Timestamptz, Uuid};

use crate::users::{Insert, NewUser, UserError, UserRow, insert};
use crate::{Arrival, FullName, membership, teams};

/// Why an invitation was not accepted. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// Unknown, accepted, withdrawn, sent again since, or too late: they are not told apart.
    #[error("this invitation is not valid, or not any more: ask for another one")]
    Over,
    /// The database failed.
    #[error("the invitation could not be accepted")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for AcceptError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<UserError> for AcceptError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Database(error) => Self::Database(error),
            // The queue keeps an address from becoming a user's meanwhile. Whatever else: there is nothing to join to.
            UserError::EmailTaken
            | UserError::UnknownRole
            | UserError::UnknownTeams(_)
            | UserError::NotFound
            | UserError::Stale
            | UserError::Escalation
            | UserError::LastAdmin(_) => Self::Over,
        }
    }
}

/// Makes a user of whoever holds the token, once. It needs no grant: the token is the permission.
pub fn accept(
    tx: &mut impl Tenant,
    digest: &TokenDigest,
    full_name: FullName,
    password: &PasswordHash,
    arrival: &Arrival,
) -> Result<UserRow, AcceptError> {
    const IS_THERE: Statement<Bool> =
        Statement::new("SELECT EXISTS (SELECT FROM invitations WHERE digest = $1 AND expires_at > $2)");
    // The deletion is what makes it work once: of two at the same time the second one finds no row.
    const TAKE: Statement<(Text, Uuid, Array<Uuid>)> = Statement::new(
        "DELETE FROM invitations WHERE digest = $1 AND expires_at > $2 RETURNING email, role_id, team_ids",
    );
    let digest = digest.as_bytes().as_slice();
    // Asked first, so that who guesses tokens makes nobody wait in the queue.
    let is_there: bool = tx.row(IS_THERE.bind::<Binary, _>(digest).bind::<Timestamptz, _>(arrival.at))?;
    if !is_there {
        return Err(AcceptError::Over);
    }
    membership::queue(tx)?;
    let taken: Option<(String, RoleId, Vec<TeamId>)> =
        tx.find(TAKE.bind::<Binary, _>(digest).bind::<Timestamptz, _>(arrival.at))?;
    let (email, role, team_ids) = taken.ok_or(AcceptError::Over)?;
    let email = Email::parse(&email).map_err(|e| diesel::result::Error::DeserializationError(e.into()))?;
    // Teams that were removed meanwhile are no reason to turn somebody away.
    let team_ids = teams::known(tx, None, &team_ids)?;

    let id = UserId::new(arrival.at);
    let origin = arrival.by(Actor::User { id, name: full_name.as_str().to_owned() });
    let new = NewUser { email, full_name, role, is_active: true, team_ids };
    let row = insert(tx, Insert { id, new: &new, joined: true }, &origin)?;
    credentials::set(tx, id, password, arrival.at)?;
    Ok(row)
}
