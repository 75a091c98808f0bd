//! Accepting invitations.

use std::net::IpAddr;

use belfort_audit::Actor;
use belfort_auth::postgres::credentials;
use belfort_auth::{Email, Limit, PasswordHash, TokenDigest};
use belfort_db::Tenant;
use belfort_ids::{RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::{Create, Denied};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::*;

use crate::caller::lock_principal;
use crate::escalation::{RoleCoverage, may_unite, role_coverage};
use crate::membership::{lock_membership, members_of};
use crate::name::FullName;
use crate::reach::{existing_teams, member_filter};
use crate::request_source::RequestSource;
use crate::reservation::{Counters, Reservation, ReserveError};
use crate::tables::invitations;
use crate::users::{NewUser, User, UserError, insert};

/// The reason why an invitation was not accepted. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// Unknown, accepted, revoked, sent again since, too late, or by somebody who could not send it any more: they are not told
    /// apart.
    #[error("this invitation is not valid, or not any more: ask for another one")]
    Expired,
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
            // The lock keeps an address from becoming a user's meanwhile. Whatever else: there is nothing to join to.
            UserError::EmailTaken
            | UserError::UnknownRole
            | UserError::UnknownTeams(_)
            | UserError::NotFound
            | UserError::Stale
            | UserError::Escalation
            | UserError::TeamEscalation
            | UserError::LastAdmin(_) => Self::Expired,
        }
    }
}

/// Counts an acceptance from an address. It stays counted: a password is hashed for each.
pub fn count_acceptance(
    counters: &Counters,
    limit: Limit,
    now: DateTime<Utc>,
    ip: Option<IpAddr>,
) -> Result<(), ReserveError> {
    let counted: Vec<_> = ip.map(|ip| (counters.keys().acceptance_ip(ip), limit)).into_iter().collect();
    Reservation::make(counters, &counted, now).map(drop)
}

/// The email address of the invitation with this token, if there is one that has not expired. It makes nobody wait for a lock,
/// so guesses of tokens cost one look-up.
pub fn recipient(
    tx: &mut impl Tenant,
    digest: &TokenDigest,
    at: DateTime<Utc>,
) -> QueryResult<Option<String>> {
    let of_token = invitations::table.filter(invitations::digest.eq(digest.as_bytes().as_slice()));
    tx.find(of_token.filter(invitations::expires_at.gt(at)).select(invitations::email))
}

/// Makes a user of whoever holds the token, once. It needs no grant: the token is the permission.
///
/// It is one that whoever sent it last gave, so it lasts no longer than theirs: they are active, may still create users and
/// hold all that the role permits. That is asked here and not ended where they lose it, because there are many ways to lose it
/// (their deletion, their role, what their role permits, what the role that they gave does) and one to accept.
pub fn accept(
    tx: &mut impl Tenant,
    source: &RequestSource,
    digest: &TokenDigest,
    full_name: FullName,
    password: &PasswordHash,
) -> Result<User, AcceptError> {
    // Asked first, so that who guesses tokens makes nobody wait for the lock.
    if recipient(tx, digest, source.at)?.is_none() {
        return Err(AcceptError::Expired);
    }
    let digest = digest.as_bytes().as_slice();
    let valid = invitations::table
        .filter(invitations::digest.eq(digest))
        .filter(invitations::expires_at.gt(source.at));
    lock_membership(tx)?;
    // The deletion is what makes it work once: of two at the same time the second one finds no row.
    let take = diesel::delete(valid).returning((
        invitations::email,
        invitations::role_id,
        invitations::team_ids,
        invitations::invited_by,
    ));
    let taken: Option<(String, RoleId, Vec<TeamId>, UserId)> = tx.find(take)?;
    let (email, role_id, team_ids, inviter) = taken.ok_or(AcceptError::Expired)?;
    let inviter = lock_principal(tx, inviter)?.ok_or(AcceptError::Expired)?;
    let grant = inviter.grant::<Users, Create>().map_err(|Denied { .. }| AcceptError::Expired)?;
    if role_coverage(tx, &inviter, role_id)? != RoleCoverage::Covered {
        return Err(AcceptError::Expired);
    }
    let email = Email::parse(&email).map_err(|e| diesel::result::Error::DeserializationError(e.into()))?;
    // Teams that were removed meanwhile, or into which the inviter may put nobody any more, are no reason to turn somebody away.
    let mut team_ids = existing_teams(tx, member_filter(&grant), &team_ids)?;
    let members = members_of(tx, &team_ids)?;
    if !members.is_empty() && !may_unite(tx, &inviter, &members, Some(role_id))? {
        team_ids.clear();
    }

    let id = UserId::new(source.at);
    let origin = source.by(Actor::User { id, name: full_name.as_str().to_owned() });
    let new = NewUser { email, full_name, role_id, is_active: true, team_ids };
    let user = insert(tx, &origin, id, Some(source.at), new)?;
    credentials::set(tx, id, password, source.at)?;
    Ok(user)
}
