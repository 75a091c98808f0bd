//! Creating users.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_auth::Email;
use belfort_db::Tenant;
use belfort_ids::{TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::postgres::members::{self, NewMember};
use belfort_rbac::{Create, Grant, Principal};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::read::find;
use super::{NewUser, User, UserError};
use crate::escalation::{RoleCoverage, may_unite, role_coverage};
use crate::membership::{lock_membership, members_of, missing, set_teams, sorted};
use crate::reach::{existing_teams, member_filter};
use crate::tables::{invitations, users};

/// Creates a user without a password. They choose one by the way of those who forgot theirs; until then they have not joined.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Create>,
    caller: &Principal,
    origin: &Origin,
    new: NewUser,
) -> Result<User, UserError> {
    match role_coverage(tx, caller, new.role_id)? {
        RoleCoverage::Absent => return Err(UserError::UnknownRole),
        RoleCoverage::Above => return Err(UserError::Escalation),
        RoleCoverage::Covered => {}
    }
    lock_membership(tx)?;
    check_teams(tx, member_filter(grant), &new.team_ids)?;
    let members = members_of(tx, &new.team_ids)?;
    if !members.is_empty() && !may_unite(tx, caller, &members, Some(new.role_id))? {
        return Err(UserError::TeamEscalation);
    }
    if is_taken(tx, &new.email)? {
        return Err(UserError::EmailTaken);
    }
    insert(tx, origin, UserId::new(origin.at), None, new)
}

/// Inserts a user and the event of it; `joined` is the time at which they chose a password, if they did.
///
/// Whoever calls has decided that it may be, and holds the lock of the membership if there are teams.
pub(crate) fn insert(
    tx: &mut impl Tenant,
    origin: &Origin,
    id: UserId,
    joined: Option<DateTime<Utc>>,
    new: NewUser,
) -> Result<User, UserError> {
    let row = (
        users::id.eq(id),
        users::email.eq(new.email.as_str()),
        users::full_name.eq(new.full_name.as_str()),
        users::created_at.eq(origin.at),
        users::updated_at.eq(origin.at),
    );
    if tx.run(diesel::insert_into(users::table).values(row).on_conflict(users::email).do_nothing())? == 0 {
        return Err(UserError::EmailTaken);
    }
    let member = NewMember { role: new.role_id, is_active: new.is_active, joined_at: joined };
    members::create(tx, id, member)?;
    set_teams(tx, origin.at, id, &[], &sorted(&new.team_ids))?;
    let user = find(tx, None, id)?.ok_or(diesel::result::Error::NotFound)?;
    audit::append(tx, origin, &[Event::created(origin, &user)])?;
    Ok(user)
}

/// Checks that these are teams into which the caller may put somebody: any, or their own (`member`).
///
/// Without the second half, a permission that goes for one's own team could be made to reach everybody, by joining.
pub(super) fn check_teams(
    tx: &mut impl Tenant,
    member: Option<UserId>,
    ids: &[TeamId],
) -> Result<(), UserError> {
    let unknown = missing(ids, &existing_teams(tx, member, ids)?);
    if unknown.is_empty() { Ok(()) } else { Err(UserError::UnknownTeams(unknown)) }
}

/// Whether a user or somebody who is invited has this address. The answer holds under the lock of the membership alone.
///
/// It is asked, not left to the constraint: Postgres writes what violates one into its log.
pub(crate) fn is_taken(tx: &mut impl Tenant, email: &Email) -> QueryResult<bool> {
    let user = users::table.filter(users::email.eq(email.as_str()));
    let invitation = invitations::table.filter(invitations::email.eq(email.as_str()));
    tx.row(diesel::select(exists(user).or(exists(invitation))))
}
