//! `/teams`.

use belfort_ids::{TeamId, UserId};
use belfort_policy::Teams;
use belfort_rbac::{Create, Delete, Read, Update};
use belfort_workspace::TeamName;
use belfort_workspace::teams::{self, NewTeam, Team, TeamError, TeamPatch};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, Problem, Refused};
use crate::input::{Body, IfMatch, OrDefault, Path, input};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// A team: a group of users.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TeamView {
    /// The ID of the team.
    id: Uuid,
    /// The name.
    name: String,
    /// IDs of the members.
    member_ids: Vec<Uuid>,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        Self {
            id: team.id.uuid(),
            name: team.name,
            member_ids: team.member_ids.into_iter().map(UserId::uuid).collect(),
            created_at: Timestamp(team.created_at),
            updated_at: Timestamp(team.updated_at),
        }
    }
}

fn versioned(team: Team) -> Versioned<TeamView> {
    Versioned::new(team.version, team.into())
}

input! {
    /// A new team.
    pub(crate) struct CreateTeam for NewTeam {
        /// The name. It must be unique in the workspace.
        name: TeamName,
        /// IDs of the members.
        member_ids: OrDefault<Vec<UserId>>,
    }
}

input! {
    /// Changes to a team. Fields that are left out stay as they are.
    pub(crate) struct UpdateTeam for TeamPatch {
        /// The name. It must be unique in the workspace.
        name: Option<TeamName>,
        /// IDs of all members. The list replaces the current one.
        member_ids: Option<Vec<UserId>>,
    }
}

/// List teams
///
/// Returns the teams that are within the scope of your role.
#[api_v2_operation(operation_id = "list_teams", tags(Teams))]
pub(crate) async fn list(
    gate: Gate<Teams, Read>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<TeamView>>> {
    gate.read(move |ctx, grant| {
        page.page(ctx, |tx, NoFilter, after, limit| Ok(teams::list(tx, grant, after, limit)?), |row| row.id)
    })
    .await
}

/// Create a team
///
/// What the roles of the members permit in the scope `team` then covers what all of them created. You must hold each of these
/// permissions in the scope `all`, or in the scope `team` if everybody is already in a team of yours (403 `escalation`).
#[api_v2_operation(operation_id = "create_team", tags(Teams))]
pub(crate) async fn create(
    gate: Gate<Teams, Create>,
    body: Body<CreateTeam>,
) -> ApiResult<Idempotent<Created<Versioned<TeamView>>>, Refused<TeamError>> {
    gate.create(body, |ctx, grant, new| {
        let team = teams::create(&mut ctx.tx, grant, &ctx.caller.principal, &ctx.origin, new)?;
        Ok(Created::at(Location::of("/teams", team.id), versioned(team)))
    })
    .await
}

/// Get a team
#[api_v2_operation(operation_id = "get_team", tags(Teams))]
pub(crate) async fn get(gate: Gate<Teams, Read>, path: Path<(TeamId,)>) -> ApiResult<Versioned<TeamView>> {
    gate.read(|ctx, grant| {
        teams::get(&mut ctx.tx, grant, path.ids()?.0)?.map(versioned).ok_or_else(Problem::not_found)
    })
    .await
}

/// Update a team
///
/// To add members, you must hold what the roles of all members permit in the scope `team`: in the scope `all`, or in the scope
/// `team` if everybody is already in a team of yours (403 `escalation`).
#[api_v2_operation(operation_id = "update_team", tags(Teams))]
pub(crate) async fn update(
    gate: Gate<Teams, Update>,
    path: Path<(TeamId,)>,
    expected: IfMatch,
    body: Body<UpdateTeam>,
) -> ApiResult<Versioned<TeamView>, Refused<TeamError>> {
    let body = gate.receive(body).await?;
    gate.write(move |ctx, grant| {
        let patch = body.parse()?;
        let (principal, origin) = (&ctx.caller.principal, &ctx.origin);
        Ok(versioned(teams::update(&mut ctx.tx, grant, principal, origin, path.ids()?.0, expected.0, patch)?))
    })
    .await
}

/// Delete a team
///
/// The members keep their accounts. The audit history is kept.
#[api_v2_operation(operation_id = "delete_team", tags(Teams))]
pub(crate) async fn delete(
    gate: Gate<Teams, Delete>,
    path: Path<(TeamId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        teams::delete(&mut ctx.tx, grant, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}
