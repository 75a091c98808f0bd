//! `/workspace`.

use belfort_policy::Workspace;
use belfort_rbac::{Read, Update};
use belfort_work::{tags, tasks};
use belfort_workspace::tenant::{self, WorkspacePatch};
use belfort_workspace::{WorkspaceName, roles, teams, users};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Gate, RequestContext};
use crate::error::ApiResult;
use crate::input::{Body, IfMatch, input};
use crate::output::{Timestamp, Versioned};

/// The workspace, with its domains and counts.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct WorkspaceDetailView {
    /// The ID of the workspace.
    id: Uuid,
    /// The slug: the name of the workspace in host names.
    slug: String,
    /// The name.
    name: String,
    /// The plan: `free`, `pro` or `business`.
    plan: String,
    /// Custom domains under which the workspace is available.
    domains: Vec<String>,
    /// Numbers of rows that you may list.
    counts: WorkspaceCountsView,
    /// The time of creation.
    created_at: Timestamp,
}

/// Numbers of rows that you may list. A number is null if your role does not permit the list.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct WorkspaceCountsView {
    /// The number of users.
    users: Option<i64>,
    /// The number of teams.
    teams: Option<i64>,
    /// The number of roles.
    roles: Option<i64>,
    /// The number of tasks.
    tasks: Option<i64>,
    /// The number of tags.
    tags: Option<i64>,
}

impl WorkspaceCountsView {
    /// Each with the caller's own grant for it: a count tells of rows as a list does.
    fn of(RequestContext { tx, caller, .. }: &mut RequestContext) -> ApiResult<Self> {
        let principal = &caller.principal;
        Ok(Self {
            users: principal.grant().ok().map(|grant| users::count(tx, &grant)).transpose()?,
            teams: principal.grant().ok().map(|grant| teams::count(tx, &grant)).transpose()?,
            roles: principal.grant().ok().map(|grant| roles::count(tx, &grant)).transpose()?,
            tasks: principal.grant().ok().map(|grant| tasks::count(tx, &grant)).transpose()?,
            tags: principal.grant().ok().map(|grant| tags::count(tx, &grant)).transpose()?,
        })
    }
}

fn computed(ctx: &mut RequestContext, row: tenant::Workspace) -> ApiResult<Versioned<WorkspaceDetailView>> {
    let view = WorkspaceDetailView {
        id: row.id.uuid(),
        slug: row.slug,
        name: row.name,
        plan: row.plan,
        domains: row.domains,
        counts: WorkspaceCountsView::of(ctx)?,
        created_at: Timestamp(row.created_at),
    };
    Ok(Versioned::computed(row.version, view))
}

input! {
    /// Changes to the workspace. Fields that are left out stay as they are.
    pub(crate) struct UpdateWorkspace for WorkspacePatch {
        /// The name. It must not contain a web or email address.
        name: Option<WorkspaceName>,
    }
}

/// Get the workspace
#[api_v2_operation(operation_id = "get_workspace", tags(Workspace))]
pub(crate) async fn get(gate: Gate<Workspace, Read>) -> ApiResult<Versioned<WorkspaceDetailView>> {
    gate.read(|ctx, grant| {
        let row = tenant::get(&mut ctx.tx, grant)?;
        computed(ctx, row)
    })
    .await
}

/// Update the workspace
///
/// Only the name can be changed. The slug, the plan and the domains are set by the operator of the server.
#[api_v2_operation(operation_id = "update_workspace", tags(Workspace))]
pub(crate) async fn update(
    gate: Gate<Workspace, Update>,
    expected: IfMatch,
    body: Body<UpdateWorkspace>,
) -> ApiResult<Versioned<WorkspaceDetailView>> {
    let body = gate.receive(body).await?;
    gate.write(move |ctx, grant| {
        let patch = body.parse()?;
        let row = tenant::update(&mut ctx.tx, grant, &ctx.origin, expected.0, patch)?;
        computed(ctx, row)
    })
    .await
}
