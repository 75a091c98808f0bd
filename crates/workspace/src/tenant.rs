//! The workspace itself: what a tenant sees of its row in the control schema, and may change of it.
//!
//! The tenant's role cannot see that table. It has three SECURITY DEFINER functions for its own row, each with the id built in
//! (`migrations/tenant/00000000000009_workspace`), so a change and its event are in the tenant's one transaction.

use belfort_audit::{Audited, Event, Fields, Origin, postgres as audit};
use belfort_db::{Statement, Tenant};
use belfort_ids::TenantId;
use belfort_rbac::{Grant, Read, Update};
use belfort_values::Expected;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid};

use crate::name::WorkspaceName;

/// The workspace, as its users see it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Workspace {
    /// The id of the tenant.
    pub id: TenantId,
    /// The slug, by which host names name it.
    pub slug: String,
    /// The name.
    pub name: String,
    /// The plan, by its name.
    pub plan: String,
    /// The hosts of its own that it is reached at, in order.
    pub domains: Vec<String>,
    /// The number of changes to all this, from 1.
    pub version: i32,
    /// The time of creation.
    pub created_at: DateTime<Utc>,
}

/// A workspace, as far as it is audited: all else about it is the operator's to change.
pub(crate) struct AuditedWorkspace<'w> {
    pub(crate) id: TenantId,
    pub(crate) name: &'w str,
    pub(crate) slug: &'w str,
    pub(crate) version: i32,
}

impl<'w> From<&'w Workspace> for AuditedWorkspace<'w> {
    fn from(Workspace { id, name, slug, version, .. }: &'w Workspace) -> Self {
        Self { id: *id, name, slug, version: *version }
    }
}

impl Audited for AuditedWorkspace<'_> {
    const RESOURCE: &'static str = "workspace";

    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn fields(&self) -> Fields {
        Fields::new().with("name", self.name).with("slug", self.slug)
    }
}

/// A change to the workspace; `None` leaves a field as it is. Everything else about it is the operator's to change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkspacePatch {
    /// The name.
    pub name: Option<WorkspaceName>,
}

/// The reason why the workspace was not changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// It is not as the caller last saw it.
    #[error("the workspace was changed in the meantime: read it again")]
    Stale,
    /// The database failed.
    #[error("the workspace could not be read or changed")]
    Database(#[from] diesel::result::Error),
}

/// The workspace. There is one row and it is nobody's own, so a grant goes for it.
pub fn get(tx: &mut impl Tenant, _: &Grant<belfort_policy::Workspace, Read>) -> QueryResult<Workspace> {
    read(tx)
}

/// Changes the workspace and answers how it is then.
pub fn update(
    tx: &mut impl Tenant,
    _: &Grant<belfort_policy::Workspace, Update>,
    origin: &Origin,
    expected: impl Into<Expected>,
    patch: WorkspacePatch,
) -> Result<Workspace, WorkspaceError> {
    const LOCK: Statement = Statement::new("SELECT workspace_lock()");
    const RENAME: Statement = Statement::new("SELECT workspace_rename($1)");
    tx.run(LOCK)?;
    let before = read(tx)?;
    if !expected.into().allows(before.version) {
        return Err(WorkspaceError::Stale);
    }
    let name = patch.name.as_ref().map_or(before.name.as_str(), WorkspaceName::as_str);
    if name == before.name {
        return Ok(before);
    }
    tx.run(RENAME.bind::<Text, _>(name))?;
    let after = read(tx)?;
    let event = Event::updated(origin, &AuditedWorkspace::from(&before), &AuditedWorkspace::from(&after));
    audit::append(tx, origin, event.as_slice())?;
    Ok(after)
}

type Columns = (Uuid, Text, Text, Text, Array<Text>, Integer, Timestamptz);

fn read(tx: &mut impl Tenant) -> QueryResult<Workspace> {
    const GET: Statement<Columns> =
        Statement::new("SELECT id, slug, name, plan, domains, version, created_at FROM workspace()");
    tx.row(GET)
}
