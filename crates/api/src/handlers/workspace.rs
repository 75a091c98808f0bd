//! `/workspace`.

use belfort_policy::Workspace;
use belfort_rbac::{Read, Update};
use belfort_work::{tags, tasks};
use belfort_workspace::workspace::{self, WorkspacePatch, WorkspaceRow};
use belfort_workspace::{WorkspaceName, roles, teams, users};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Gate, RequestContext};
use crate::error::ApiResult;
use crate::input::input;
use crate::input::{Body, IfMatch};
use crate::output::{Timestamp, Versioned};

/// The workspace.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct WorkspaceDetailView {
    id: Uuid,
    /// What it is called in host names.
    slug: String,
    /// What people call it.
    name: String,
    /// `free`, `pro` or `business`.
    plan: String,
    /// Hosts of its own that it is reached at, beside its slug.
    domains: Vec<String>,
    counts: CountsView,
    created_at: Timestamp,
}

/// How many rows you can list. Null where your role does not let you.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct CountsView {
    users: Option<i64>,
    teams: Option<i64>,
    roles: Option<i64>,
    tasks: Option<i64>,
    tags: Option<i64>,
}

impl CountsView {
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

fn computed(ctx: &mut RequestContext, row: WorkspaceRow) -> ApiResult<Versioned<WorkspaceDetailView>> {
    let view = WorkspaceDetailView {
        id: row.id.uuid(),
        slug: row.slug,
        name: row.name,
        plan: row.plan,
        domains: row.domains,
        counts: CountsView::of(ctx)?,
        created_at: Timestamp(row.created_at),
    };
    Ok(Versioned::computed(row.version, view))
}

input! {
    /// What is to change about the workspace; what is not said stays.
    pub(crate) struct UpdateWorkspace {
        /// What people call it.
        name: Option<WorkspaceName>,
    }
}

/// Get the workspace
#[api_v2_operation(operation_id = "get_workspace", tags(Workspace))]
pub(crate) async fn get(gate: Gate<Workspace, Read>) -> ApiResult<Versioned<WorkspaceDetailView>> {
    gate.read(|ctx, grant| {
        let row = workspace::get(&mut ctx.tx, grant)?;
        computed(ctx, row)
    })
    .await
}

/// Change the workspace
///
/// Its name. Slug, plan and domains are set by whoever runs the server.
#[api_v2_operation(operation_id = "update_workspace", tags(Workspace))]
pub(crate) async fn update(
    gate: Gate<Workspace, Update>,
    expected: IfMatch,
    body: Body<UpdateWorkspace>,
) -> ApiResult<Versioned<WorkspaceDetailView>> {
    gate.write(move |ctx, grant| {
        let patch = WorkspacePatch { name: body.parse()?.name };
        let row = workspace::update(&mut ctx.tx, grant, &patch, expected.0, &ctx.origin)?;
        computed(ctx, row)
    })
    .await
}
