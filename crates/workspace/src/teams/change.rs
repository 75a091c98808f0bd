//! Teams are made, changed and removed.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_db::{Statement, Tenant};
use belfort_ids::{TeamId, UserId};
use belfort_policy::Teams;
use belfort_rbac::{Create, Delete, Grant, Update};
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid};

use super::{TeamError, TeamRow, read};
use crate::membership::{self, seat};
use crate::{TeamName, users};

/// What is to be a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTeam {
    /// What it is to be called.
    pub name: TeamName,
    /// Who is to be in it.
    pub member_ids: Vec<UserId>,
}

/// What is to change about a team; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TeamPatch {
    /// What it is called.
    pub name: Option<TeamName>,
    /// Who is in it, all of them.
    pub member_ids: Option<Vec<UserId>>,
}

/// Makes a team.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Create>,
    new: &NewTeam,
    origin: &Origin,
) -> Result<TeamRow, TeamError> {
    const INSERT: Statement = Statement::new(
        "INSERT INTO teams (id, name, created_at, updated_at)
         SELECT $1, $2, a.at, a.at FROM (SELECT $3 AS at) a",
    );
    membership::queue(tx)?;
    let members = membership::set(&new.member_ids);
    check_members(tx, grant.reach().people(), &members)?;
    let id = TeamId::new(origin.at);
    tx.run(INSERT.bind::<Uuid, _>(id).bind::<Text, _>(new.name.as_str()).bind::<Timestamptz, _>(origin.at))?;
    membership::set_members(tx, id, &[], &members, origin.at)?;
    let row = read(tx, None, id)?.ok_or(diesel::result::Error::NotFound)?;
    let mut changes = Changes::default();
    changes.set("name", &row.name).set("member_ids", &row.member_ids);
    audit::append(tx, origin, &[Event::new(origin, "teams", id.uuid(), "create", changes)])?;
    Ok(row)
}

/// Changes a team and answers how it stands then.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Update>,
    id: TeamId,
    patch: &TeamPatch,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<TeamRow, TeamError> {
    const UPDATE: Statement<(Integer, Timestamptz)> = Statement::new(
        "UPDATE teams SET name = $1, version = version + 1, updated_at = $2 WHERE id = $3
         RETURNING version, updated_at",
    );
    let before = queue_for(tx, seat(grant), id, expected)?;
    let mut after = before.clone();
    if let Some(name) = &patch.name {
        name.as_str().clone_into(&mut after.name);
    }
    if let Some(ids) = &patch.member_ids {
        after.member_ids = membership::set(ids);
        let joined = membership::missing(&after.member_ids, &before.member_ids);
        check_members(tx, grant.reach().people(), &joined)?;
    }
    if after == before {
        return Ok(after);
    }
    membership::set_members(tx, id, &before.member_ids, &after.member_ids, origin.at)?;
    let (version, updated_at) = tx.row(
        UPDATE.bind::<Text, _>(after.name.as_str()).bind::<Timestamptz, _>(origin.at).bind::<Uuid, _>(id),
    )?;
    let mut changes = Changes::default();
    changes.field("name", &before.name, &after.name).field(
        "member_ids",
        &before.member_ids,
        &after.member_ids,
    );
    audit::append(tx, origin, &[Event::new(origin, "teams", id.uuid(), "update", changes)])?;
    Ok(TeamRow { version, updated_at, ..after })
}

/// Removes a team. Its members stay users.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Delete>,
    id: TeamId,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<(), TeamError> {
    const DELETE: Statement = Statement::new("DELETE FROM teams WHERE id = $1");
    let row = queue_for(tx, seat(grant), id, expected)?;
    membership::set_members(tx, id, &row.member_ids, &[], origin.at)?;
    tx.run(DELETE.bind::<Uuid, _>(id))?;
    let mut changes = Changes::default();
    changes.gone("name", &row.name).gone("member_ids", &row.member_ids);
    audit::append(tx, origin, &[Event::new(origin, "teams", id.uuid(), "delete", changes)])?;
    Ok(())
}

/// The team as it stands, for a change. Every change of a team waits in the queue, so the row needs no lock of its own.
fn queue_for(
    tx: &mut impl Tenant,
    seat: Option<UserId>,
    id: TeamId,
    expected: Option<i32>,
) -> Result<TeamRow, TeamError> {
    membership::queue(tx)?;
    let row = read(tx, seat, id)?.ok_or(TeamError::NotFound)?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(TeamError::Stale);
    }
    Ok(row)
}

/// That these are users whom the caller may put into a team: anybody, or who is in the caller's reach already.
///
/// Without the second half, who may change their own team could draw anybody into it, and with them all their work.
fn check_members(tx: &mut impl Tenant, people: Option<&[UserId]>, ids: &[UserId]) -> Result<(), TeamError> {
    if ids.is_empty() {
        return Ok(());
    }
    let unknown = membership::missing(ids, &users::known(tx, people, ids)?);
    if unknown.is_empty() { Ok(()) } else { Err(TeamError::UnknownMembers(unknown)) }
}
