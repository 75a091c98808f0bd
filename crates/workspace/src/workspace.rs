//! The workspace itself: what a tenant sees of its row in the control schema, and may change of it.
//!
//! The tenant's role cannot see that table. It has three SECURITY DEFINER functions for its own row, each with the id
//! built in (`migrations/tenant/00000000000009_workspace`), so a change and its event are in the tenant's one transaction.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_db::{Statement, Tenant};
use belfort_ids::TenantId;
use belfort_policy::Workspace;
use belfort_rbac::{Grant, Read, Scope, Update};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid};

use crate::WorkspaceName;

/// The workspace, as its people see it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct WorkspaceRow {
    /// The tenant's id.
    pub id: TenantId,
    /// What it is called in host names.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// What it pays for, in the word for it.
    pub plan: String,
    /// Hosts of its own that it is reached at, in order.
    pub domains: Vec<String>,
    /// Counts the changes of all this.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What is to change about the workspace; `None` leaves it. Everything else about it is the operator's to change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkspacePatch {
    /// What people call it.
    pub name: Option<WorkspaceName>,
}

/// Why the workspace was not changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Out of the caller's reach: it is nobody's own.
    #[error("the workspace is out of reach")]
    NotFound,
    /// It is not as the caller last saw it.
    #[error("the workspace was changed in the meantime: read it again")]
    Stale,
    /// The database failed.
    #[error("the workspace could not be read or changed")]
    Database(#[from] diesel::result::Error),
}

/// The workspace. There is one row and it belongs to nobody, so every scope reads it.
pub fn get(tx: &mut impl Tenant, _: &Grant<Workspace, Read>) -> QueryResult<WorkspaceRow> {
    read(tx)
}

type Columns = (Uuid, Text, Text, Text, Array<Text>, Integer, Timestamptz);

fn read(tx: &mut impl Tenant) -> QueryResult<WorkspaceRow> {
    const GET: Statement<Columns> =
        Statement::new("SELECT id, slug, name, plan, domains, version, created_at FROM workspace()");
    tx.row(GET)
}

/// Changes the workspace and answers how it stands then. It takes the scope `all`: nobody made it for themselves.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Workspace, Update>,
    patch: &WorkspacePatch,
    expected: Option<i32>,
    origin: &Origin,
) -> Result<WorkspaceRow, WorkspaceError> {
    const LOCK: Statement = Statement::new("SELECT workspace_lock()");
    const RENAME: Statement = Statement::new("SELECT workspace_rename($1)");
    if grant.reach().scope() != Scope::All {
        return Err(WorkspaceError::NotFound);
    }
    tx.run(LOCK)?;
    let before = read(tx)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(WorkspaceError::Stale);
    }
    let name = patch.name.as_ref().map_or(before.name.as_str(), WorkspaceName::as_str);
    if name == before.name {
        return Ok(before);
    }
    tx.run(RENAME.bind::<Text, _>(name))?;
    let after = read(tx)?;
    let mut changes = Changes::default();
    changes.field("name", &before.name, &after.name);
    audit::append(tx, origin, &[Event::new(origin, "workspace", after.id.uuid(), "update", changes)])?;
    Ok(after)
}
