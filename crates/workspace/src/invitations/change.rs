//! Invitations are made, sent again and withdrawn.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_auth::{Email, InvitationToken};
use belfort_db::{Statement, Tenant};
use belfort_ids::{InvitationId, RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::{Create, Delete, Grant, Principal};
use diesel::sql_types::{Array, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

use super::{InvitationError, InvitationRow, Invited, LIFETIME, lock};
use crate::escalation::{Standing, standing};
use crate::{FullName, membership, teams};

/// Who is to be asked to join, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Their address.
    pub email: Email,
    /// What they are called, if known.
    pub full_name: Option<FullName>,
    /// The role they are to have.
    pub role: RoleId,
    /// The teams they are to be in.
    pub team_ids: Vec<TeamId>,
}

/// Makes an invitation. Whether the caller may confer the role is decided here, not when it is accepted.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Create>,
    caller: &Principal,
    new: &NewInvitation,
    origin: &Origin,
) -> Result<Invited, InvitationError> {
    confer(tx, caller, new.role)?;
    membership::queue(tx)?;
    let team_ids = membership::set(&new.team_ids);
    let unknown = membership::missing(&team_ids, &teams::known(tx, membership::seat(grant), &team_ids)?);
    if !unknown.is_empty() {
        return Err(InvitationError::UnknownTeams(unknown));
    }
    make_room(tx, &new.email, origin)?;
    let token = InvitationToken::generate();
    let row = InvitationRow {
        id: InvitationId::new(origin.at),
        email: new.email.as_str().to_owned(),
        full_name: new.full_name.as_ref().map(|name| name.as_str().to_owned()),
        role_id: new.role,
        team_ids,
        invited_by: grant.user(),
        version: 1,
        created_at: origin.at,
        expires_at: origin.at + LIFETIME,
    };
    insert(tx, &row, &token)?;
    let mut changes = Changes::default();
    changes
        .set("email", &row.email)
        .set("full_name", &row.full_name)
        .set("role_id", row.role_id)
        .set("team_ids", &row.team_ids);
    audit::append(tx, origin, &[Event::new(origin, "users", row.id.uuid(), "invited", changes)])?;
    Ok(Invited { row, token })
}

/// Gives an invitation a new token and its whole lifetime again; the token that was mailed before is dead.
pub fn resend(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Create>,
    caller: &Principal,
    id: InvitationId,
    origin: &Origin,
) -> Result<Invited, InvitationError> {
    const RESEND: Statement<Integer> = Statement::new(
        "UPDATE invitations SET digest = $1, expires_at = $2, version = version + 1 WHERE id = $3 RETURNING version",
    );
    let before = lock(tx, grant, id, None)?;
    confer(tx, caller, before.role_id)?;
    let (token, expires_at) = (InvitationToken::generate(), origin.at + LIFETIME);
    let version = tx.row(
        RESEND
            .bind::<Binary, _>(token.digest().as_bytes().as_slice())
            .bind::<Timestamptz, _>(expires_at)
            .bind::<Uuid, _>(id),
    )?;
    let mut changes = Changes::default();
    changes.field("expires_at", &before.expires_at, &expires_at);
    audit::append(tx, origin, &[Event::new(origin, "users", id.uuid(), "invitation_resent", changes)])?;
    Ok(Invited { row: InvitationRow { version, expires_at, ..before }, token })
}

/// Withdraws an invitation.
pub fn revoke(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Delete>,
    caller: &Principal,
    id: InvitationId,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<(), InvitationError> {
    const REVOKE: Statement = Statement::new("DELETE FROM invitations WHERE id = $1");
    let row = lock(tx, grant, id, expected)?;
    confer(tx, caller, row.role_id)?;
    tx.run(REVOKE.bind::<Uuid, _>(id))?;
    let mut changes = Changes::default();
    changes.gone("email", &row.email).gone("role_id", row.role_id);
    audit::append(tx, origin, &[Event::new(origin, "users", id.uuid(), "invitation_revoked", changes)])?;
    Ok(())
}

fn confer(tx: &mut impl Tenant, caller: &Principal, role: RoleId) -> Result<(), InvitationError> {
    match standing(tx, caller, role)? {
        Standing::Covered => Ok(()),
        Standing::Above => Err(InvitationError::Escalation),
        Standing::Absent => Err(InvitationError::UnknownRole),
    }
}

/// An invitation that nobody accepted in time is in nobody's way; a user or another invitation is.
fn make_room(tx: &mut impl Tenant, email: &Email, origin: &Origin) -> Result<(), InvitationError> {
    const SWEEP: Statement = Statement::new("DELETE FROM invitations WHERE email = $1 AND expires_at <= $2");
    const IS_USER: Statement<Bool> = Statement::new("SELECT EXISTS (SELECT FROM users WHERE email = $1)");
    tx.run(SWEEP.bind::<Text, _>(email.as_str()).bind::<Timestamptz, _>(origin.at))?;
    let is_user: bool = tx.row(IS_USER.bind::<Text, _>(email.as_str()))?;
    if is_user { Err(InvitationError::EmailTaken) } else { Ok(()) }
}

fn insert(tx: &mut impl Tenant, row: &InvitationRow, token: &InvitationToken) -> Result<(), InvitationError> {
    const INSERT: Statement = Statement::new(
        "INSERT INTO invitations
             (id, email, full_name, role_id, team_ids, digest, invited_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    );
    tx.run(
        INSERT
            .bind::<Uuid, _>(row.id)
            .bind::<Text, _>(row.email.as_str())
            .bind::<Nullable<Text>, _>(row.full_name.as_deref())
            .bind::<Uuid, _>(row.role_id)
            .bind::<Array<Uuid>, _>(row.team_ids.as_slice())
            .bind::<Binary, _>(token.digest().as_bytes().as_slice())
            .bind::<Uuid, UserId>(row.invited_by)
            .bind::<Timestamptz, _>(row.created_at)
            .bind::<Timestamptz, _>(row.expires_at),
    )?;
    Ok(())
}
