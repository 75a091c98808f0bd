//! The rows that a grant reaches: one predicate a resource, for every statement on it.

use belfort_db::{Backend, Tenant};
use belfort_ids::{TeamId, UserId};
use belfort_rbac::Grant;
use diesel::BoxableExpression;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::tables::{invitations, team_members, teams, users};

/// A condition on the rows of a query over `Source`.
pub(crate) type Reached<'r, Source> = Box<dyn BoxableExpression<Source, Backend, SqlType = Bool> + 'r>;

/// Users: `people` (see [`Reach::people`](belfort_rbac::Reach::people)), or all.
pub(crate) fn users<Source>(people: Option<&[UserId]>) -> Reached<'_, Source>
where
    users::id: SelectableExpression<Source>,
{
    match people {
        // Every row has an id.
        None => Box::new(users::id.is_not_null()),
        Some(people) => Box::new(users::id.eq_any(people)),
    }
}

/// The member to whose teams a grant is limited, unless it goes for all teams.
pub(crate) fn member_filter<R, A>(grant: &Grant<R, A>) -> Option<UserId> {
    grant.reach().people().map(|_| grant.user())
}

/// Teams: those of `member` (see [`member_filter`]), or all.
pub(crate) fn teams<'r>(member: Option<UserId>) -> Reached<'r, teams::table> {
    match member {
        None => Box::new(teams::id.is_not_null()),
        Some(member) => {
            let of_this_team = team_members::team_id.eq(teams::id);
            Box::new(exists(team_members::table.filter(of_this_team.and(team_members::user_id.eq(member)))))
        }
    }
}

/// Invitations: those by `people`, or all.
pub(crate) fn invitations(people: Option<&[UserId]>) -> Reached<'_, invitations::table> {
    match people {
        None => Box::new(invitations::id.is_not_null()),
        Some(people) => Box::new(invitations::invited_by.eq_any(people)),
    }
}

/// The teams among `ids` that are in reach of `member` (see [`member_filter`]).
pub(crate) fn existing_teams(
    tx: &mut impl Tenant,
    member: Option<UserId>,
    ids: &[TeamId],
) -> QueryResult<Vec<TeamId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = teams::table.filter(teams(member)).filter(teams::id.eq_any(ids));
    tx.rows(rows.select(teams::id))
}
