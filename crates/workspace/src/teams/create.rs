//! Creating teams.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::{TeamId, UserId};
use belfort_policy::Teams;
use belfort_rbac::{Create, Grant, Principal};
use diesel::prelude::*;

use super::read::find;
use super::{NewTeam, Team, TeamError};
use crate::escalation::may_unite;
use crate::membership::{lock_membership, missing, set_members, sorted};
use crate::tables::teams;
use crate::users;

/// Creates a team.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Create>,
    caller: &Principal,
    origin: &Origin,
    new: NewTeam,
) -> Result<Team, TeamError> {
    lock_membership(tx)?;
    let members = sorted(&new.member_ids);
    check_members(tx, grant.reach().people(), &members)?;
    check_union(tx, caller, &members)?;
    let id = TeamId::new(origin.at);
    let row = (
        teams::id.eq(id),
        teams::name.eq(new.name.as_str()),
        teams::created_at.eq(origin.at),
        teams::updated_at.eq(origin.at),
    );
    // Not left to the constraint: Postgres writes what violates one into its log.
    if tx.run(diesel::insert_into(teams::table).values(row).on_conflict(teams::name).do_nothing())? == 0 {
        return Err(TeamError::NameTaken);
    }
    set_members(tx, origin.at, id, &[], &members)?;
    let team = find(tx, None, id)?.ok_or(diesel::result::Error::NotFound)?;
    audit::append(tx, origin, &[Event::created(origin, &team)])?;
    Ok(team)
}

/// Checks that these are users whom the caller may put into a team: anybody, or who is in the caller's reach already.
///
/// Without the second half, who may change their own team could draw anybody into it, and with them all their work.
pub(super) fn check_members(
    tx: &mut impl Tenant,
    people: Option<&[UserId]>,
    ids: &[UserId],
) -> Result<(), TeamError> {
    if ids.is_empty() {
        return Ok(());
    }
    let unknown = missing(ids, &users::existing(tx, people, ids)?);
    if unknown.is_empty() { Ok(()) } else { Err(TeamError::UnknownMembers(unknown)) }
}

/// Checks that these people may be in one team, by the caller's hand. Who is alone in a team gains nothing by it.
pub(super) fn check_union(
    tx: &mut impl Tenant,
    caller: &Principal,
    members: &[UserId],
) -> Result<(), TeamError> {
    if members.len() < 2 || may_unite(tx, caller, members, None)? {
        Ok(())
    } else {
        Err(TeamError::Escalation)
    }
}
