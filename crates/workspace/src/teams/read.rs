//! Reading teams.

use belfort_db::Tenant;
use belfort_ids::{TeamId, UserId};
use belfort_policy::Teams;
use belfort_rbac::{Grant, Read};
use belfort_values::Expected;
use diesel::prelude::*;

use super::{Team, TeamError};
use crate::membership::lock_membership;
use crate::reach::{self, member_filter};
use crate::tables::teams;

/// Teams in reach in the order of their creation, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Read>,
    after: Option<TeamId>,
    limit: i64,
) -> QueryResult<Vec<Team>> {
    let mut page = teams::table
        .select(Team::as_select())
        .filter(reach::teams(member_filter(grant)))
        .order(teams::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(teams::id.gt(after));
    }
    tx.rows(page)
}

/// The number of teams in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Teams, Read>) -> QueryResult<i64> {
    tx.row(teams::table.filter(reach::teams(member_filter(grant))).count())
}

/// The team with this id; out of reach is `None` like absent.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Teams, Read>, id: TeamId) -> QueryResult<Option<Team>> {
    find(tx, member_filter(grant), id)
}

pub(super) fn find(tx: &mut impl Tenant, member: Option<UserId>, id: TeamId) -> QueryResult<Option<Team>> {
    let row = teams::table.filter(teams::id.eq(id)).filter(reach::teams(member));
    tx.find(row.select(Team::as_select()))
}

/// The team as it stands, for a change. Every change of a team takes the lock of the membership, so the row needs none of its
/// own.
pub(super) fn lock(
    tx: &mut impl Tenant,
    member: Option<UserId>,
    id: TeamId,
    expected: impl Into<Expected>,
) -> Result<Team, TeamError> {
    lock_membership(tx)?;
    let team = find(tx, member, id)?.ok_or(TeamError::NotFound)?;
    if !expected.into().allows(team.version) {
        return Err(TeamError::Stale);
    }
    Ok(team)
}
