//! Deleting teams.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::TeamId;
use belfort_policy::Teams;
use belfort_rbac::{Delete, Grant};
use belfort_values::Expected;
use diesel::prelude::*;

use super::TeamError;
use super::read::lock;
use crate::membership::set_members;
use crate::reach::member_filter;
use crate::tables::teams;

/// Deletes a team. Its members stay users.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Delete>,
    origin: &Origin,
    id: TeamId,
    expected: impl Into<Expected>,
) -> Result<(), TeamError> {
    let team = lock(tx, member_filter(grant), id, expected)?;
    set_members(tx, origin.at, id, &team.member_ids, &[])?;
    tx.run(diesel::delete(teams::table.find(id)))?;
    audit::append(tx, origin, &[Event::deleted(origin, &team)])?;
    Ok(())
}
