//! A new user.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_auth::Email;
use belfort_db::{Statement, Tenant};
use belfort_ids::{RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::postgres::members::{self, NewMember};
use belfort_rbac::{Create, Grant, Principal};
use diesel::sql_types::{Bool, Text, Timestamptz, Uuid};

use super::{UserError, UserRow, me};
use crate::escalation::{Standing, standing};
use crate::{FullName, membership, teams};

/// Who is to be a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Their address.
    pub email: Email,
    /// Their name.
    pub full_name: FullName,
    /// Their role.
    pub role: RoleId,
    /// Whether they may come in.
    pub is_active: bool,
    /// Their teams.
    pub team_ids: Vec<TeamId>,
}

/// Makes a user without a password. They choose one by the way of those who forgot theirs; until then they have not joined.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Create>,
    caller: &Principal,
    new: &NewUser,
    origin: &Origin,
) -> Result<UserRow, UserError> {
    match standing(tx, caller, new.role)? {
        Standing::Absent => return Err(UserError::UnknownRole),
        Standing::Above => return Err(UserError::Escalation),
        Standing::Covered => {}
    }
    membership::queue(tx)?;
    check_teams(tx, membership::seat(grant), &new.team_ids)?;
    if is_invited(tx, &new.email)? {
        return Err(UserError::EmailTaken);
    }
    let row = insert(tx, Insert { id: UserId::new(origin.at), new, joined: false }, origin)?;
    Ok(row)
}

/// A user who goes in, and whether they have a password from the start.
pub(crate) struct Insert<'n> {
    pub(crate) id: UserId,
    pub(crate) new: &'n NewUser,
    pub(crate) joined: bool,
}

/// Writes a user and the event of it. Whoever calls has decided that it may be, and waits in the queue if there are teams.
pub(crate) fn insert(
    tx: &mut impl Tenant,
    Insert { id, new, joined }: Insert<'_>,
    origin: &Origin,
) -> Result<UserRow, UserError> {
    const INSERT: Statement = Statement::new(
        "INSERT INTO users (id, email, full_name, created_at, updated_at)
         SELECT $1, $2, $3, a.at, a.at FROM (SELECT $4 AS at) a",
    );
    tx.run(
        INSERT
            .bind::<Uuid, _>(id)
            .bind::<Text, _>(new.email.as_str())
            .bind::<Text, _>(new.full_name.as_str())
            .bind::<Timestamptz, _>(origin.at),
    )?;
    let joined_at = joined.then_some(origin.at);
    members::create(tx, id, NewMember { role: new.role, is_active: new.is_active, joined_at })?;
    membership::set_teams(tx, id, &[], &membership::set(&new.team_ids), origin.at)?;
    let row = me(tx, id)?.ok_or(diesel::result::Error::NotFound)?;
    let mut changes = Changes::default();
    changes
        .set("email", &row.email)
        .set("full_name", &row.full_name)
        .set("role_id", row.role_id)
        .set("is_active", row.is_active)
        .set("team_ids", &row.team_ids);
    audit::append(tx, origin, &[Event::new(origin, "users", id.uuid(), "create", changes)])?;
    Ok(row)
}

/// That these are teams into which the caller may put somebody: any, or their own (`seat`).
///
/// Without the second half, a permission that goes for one's own team could be made to reach everybody, by joining.
pub(super) fn check_teams(
    tx: &mut impl Tenant,
    seat: Option<UserId>,
    ids: &[TeamId],
) -> Result<(), UserError> {
    let unknown = membership::missing(ids, &teams::known(tx, seat, ids)?);
    if unknown.is_empty() { Ok(()) } else { Err(UserError::UnknownTeams(unknown)) }
}

/// Whether somebody with this address is asked to join. Only an answer to whoever waits in the queue.
pub(super) fn is_invited(tx: &mut impl Tenant, email: &Email) -> diesel::QueryResult<bool> {
    const INVITED: Statement<Bool> =
        Statement::new("SELECT EXISTS (SELECT FROM invitations WHERE email = $1)");
    tx.row(INVITED.bind::<Text, _>(email.as_str()))
}
