//! Changing teams.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::TeamId;
use belfort_policy::Teams;
use belfort_rbac::{Grant, Principal, Update};
use belfort_values::Expected;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::create::{check_members, check_union};
use super::read::lock;
use super::{Team, TeamError, TeamPatch};
use crate::membership::{missing, set_members, sorted};
use crate::reach::member_filter;
use crate::tables::teams;

/// Changes a team and answers how it is then.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Update>,
    caller: &Principal,
    origin: &Origin,
    id: TeamId,
    expected: impl Into<Expected>,
    patch: TeamPatch,
) -> Result<Team, TeamError> {
    let before = lock(tx, member_filter(grant), id, expected)?;
    let mut after = before.clone();
    if let Some(name) = patch.name {
        name.as_str().clone_into(&mut after.name);
    }
    if let Some(ids) = patch.member_ids {
        after.member_ids = sorted(&ids);
        let joined = missing(&after.member_ids, &before.member_ids);
        check_members(tx, grant.reach().people(), &joined)?;
        if !joined.is_empty() {
            check_union(tx, caller, &after.member_ids)?;
        }
    }
    if after == before {
        return Ok(after);
    }
    let other = teams::table.filter(teams::name.eq(&after.name).and(teams::id.ne(id)));
    if tx.row::<bool, _>(diesel::select(exists(other)))? {
        return Err(TeamError::NameTaken);
    }
    set_members(tx, origin.at, id, &before.member_ids, &after.member_ids)?;
    let set =
        (teams::name.eq(&after.name), teams::version.eq(teams::version + 1), teams::updated_at.eq(origin.at));
    let update = diesel::update(teams::table.find(id)).set(set);
    (after.version, after.updated_at) = tx.row(update.returning((teams::version, teams::updated_at)))?;
    audit::append(tx, origin, Event::updated(origin, &before, &after).as_slice())?;
    Ok(after)
}
