//! Creating invitations.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_auth::{Email, InvitationToken};
use belfort_db::Tenant;
use belfort_ids::InvitationId;
use belfort_policy::Users;
use belfort_rbac::{Create, Grant, Principal};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::invitation::check_role;
use super::{Invitation, InvitationError, IssuedInvitation, LIFETIME, NewInvitation};
use crate::escalation::may_unite;
use crate::membership::{lock_membership, members_of, missing, sorted};
use crate::name::FullName;
use crate::reach::{existing_teams, member_filter};
use crate::tables::invitations;
use crate::users::is_taken;

/// Creates an invitation. Whether the caller may confer the role is decided here, not when it is accepted.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Create>,
    caller: &Principal,
    origin: &Origin,
    new: NewInvitation,
) -> Result<IssuedInvitation, InvitationError> {
    check_role(tx, caller, new.role_id)?;
    lock_membership(tx)?;
    let team_ids = sorted(&new.team_ids);
    let unknown = missing(&team_ids, &existing_teams(tx, member_filter(grant), &team_ids)?);
    if !unknown.is_empty() {
        return Err(InvitationError::UnknownTeams(unknown));
    }
    let members = members_of(tx, &team_ids)?;
    if !members.is_empty() && !may_unite(tx, caller, &members, Some(new.role_id))? {
        return Err(InvitationError::TeamEscalation);
    }
    // An invitation that nobody accepted in time is in nobody's way; a user or another invitation is.
    drop_expired(tx, origin.at, &new.email)?;
    if is_taken(tx, &new.email)? {
        return Err(InvitationError::EmailTaken);
    }
    let token = InvitationToken::generate();
    let row = (
        invitations::id.eq(InvitationId::new(origin.at)),
        invitations::email.eq(new.email.as_str()),
        invitations::full_name.eq(new.full_name.as_ref().map(FullName::as_str)),
        invitations::role_id.eq(new.role_id),
        invitations::team_ids.eq(team_ids),
        invitations::digest.eq(token.digest().as_bytes().to_vec()),
        invitations::invited_by.eq(grant.user()),
        invitations::created_at.eq(origin.at),
        invitations::expires_at.eq(origin.at + LIFETIME),
    );
    let insert = diesel::insert_into(invitations::table).values(row);
    let invitation: Invitation = tx.row(insert.returning(Invitation::as_returning()))?;
    let event = Event { action: "invited", ..Event::created(origin, &invitation) };
    audit::append(tx, origin, &[event])?;
    Ok(IssuedInvitation { invitation, token })
}

fn drop_expired(tx: &mut impl Tenant, now: DateTime<Utc>, email: &Email) -> QueryResult<()> {
    let expired = invitations::email.eq(email.as_str()).and(invitations::expires_at.le(now));
    tx.run(diesel::delete(invitations::table.filter(expired))).map(drop)
}
