//! `/audit-events`, and the history of versioned rows.

use belfort_audit::postgres::{EventRow, Filter};
use belfort_ids::UserId;
use belfort_policy::Audit;
use belfort_rbac::Read;
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::audit_log;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::ApiResult;
use crate::input::AnyId;
use crate::input::{RawText, input};
use crate::output::{Json, Page, Timestamp};
use crate::paging::ListQuery;

/// Something that happened.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct EventView {
    id: Uuid,
    /// Its place in the history: later events have greater ones.
    seq: i64,
    at: Timestamp,
    actor: ActorView,
    /// The request in which it happened.
    request_id: String,
    ip: Option<String>,
    /// What kind of row it happened to.
    resource: String,
    resource_id: Uuid,
    /// `create`, `update`, `delete`, `tag_added`, …
    action: String,
    /// The fields that changed.
    changes: Vec<ChangeView>,
}

/// Who did it.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct ActorView {
    /// `user`, `api_key` or `system`.
    r#type: String,
    id: Option<Uuid>,
    /// The name at the time.
    name: String,
}

/// One field that changed.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct ChangeView {
    field: String,
    /// What it was.
    from: serde_json::Value,
    /// What it is now.
    to: serde_json::Value,
}

impl From<EventRow> for EventView {
    fn from(row: EventRow) -> Self {
        let change = |c: belfort_audit::Change| ChangeView { field: c.field, from: c.from, to: c.to };
        Self {
            id: row.id.uuid(),
            seq: row.seq,
            at: Timestamp(row.at),
            actor: ActorView { r#type: row.actor_type, id: row.actor_id, name: row.actor_name },
            request_id: row.request_id,
            ip: row.ip,
            resource: row.resource,
            resource_id: row.resource_id,
            action: row.action,
            changes: row.changes.into_iter().map(change).collect(),
        }
    }
}

input! {
    /// Which events.
    pub(crate) struct EventFilter {
        /// Only those of this kind of row: `tasks`, `comments`, …
        resource: Option<RawText<20>>,
        /// Only those of this row.
        resource_id: Option<AnyId>,
        /// Only those of this user.
        actor_id: Option<UserId>,
        /// Only this action: `create`, `update`, …
        action: Option<RawText<20>>,
        /// Only those from this moment on.
        from: Option<Timestamp>,
        /// Only those before this moment.
        to: Option<Timestamp>,
    }
}

/// List audit events
///
/// The changes in the workspace, by whom and when; the newest first. The scope `own` shows your own changes, `team` also those of
/// your team-mates, `all` everything.
#[api_v2_operation(operation_id = "list_audit_events", tags(Audit))]
pub(crate) async fn list(
    gate: Gate<Audit, Read>,
    page: ListQuery<EventFilter>,
) -> ApiResult<Json<Page<EventView>>> {
    gate.read(move |ctx, grant| {
        let events = |tx: &mut TenantTx, wanted: EventFilter, before, limit| {
            let filter = Filter {
                resource: wanted.resource.map(|text| text.0),
                resource_id: wanted.resource_id.map(|id| id.0),
                actor_id: wanted.actor_id,
                action: wanted.action.map(|text| text.0),
                from: wanted.from.map(|moment| moment.0),
                to: wanted.to.map(|moment| moment.0),
                ..Filter::default()
            };
            Ok(audit_log::list(tx, grant, filter, before, limit)?)
        };
        page.page(ctx, events, |event| event.seq)
    })
    .await
}
