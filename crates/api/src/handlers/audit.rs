//! `/audit-events`, and the history of versioned rows.

use belfort_audit::postgres::{Filter, StoredEvent};
use belfort_ids::UserId;
use belfort_policy::Audit;
use belfort_rbac::Read;
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::audit_log;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Gate, RequestContext};
use crate::error::ApiResult;
use crate::input::{PlainText, input};
use crate::output::{Json, Page, Timestamp};
use crate::paging::{ListQuery, NoFilter};

/// An event of the audit history: a change to a resource.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct AuditEventView {
    /// The ID of the event.
    id: Uuid,
    /// The position in the history. Later events have greater numbers.
    seq: i64,
    /// The time of the event.
    at: Timestamp,
    /// The actor who made the change.
    actor: ActorView,
    /// The ID of the request that made the change.
    request_id: String,
    /// The IP address of the request, or null.
    ip: Option<String>,
    /// The kind of resource that was changed, for example `tasks`.
    resource: String,
    /// The ID of the resource that was changed.
    resource_id: Uuid,
    /// The action: `create`, `update`, `delete`, `tag_added`, …
    action: String,
    /// The fields that were changed.
    changes: Vec<FieldChangeView>,
}

/// The actor who made a change.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct ActorView {
    /// The type of the actor: `user`, `api_key` or `system`.
    r#type: String,
    /// The ID of the user or API key, or null.
    id: Option<Uuid>,
    /// The name of the actor at the time of the event.
    name: String,
}

/// A change to a field.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct FieldChangeView {
    /// The name of the field.
    field: String,
    /// The value before the change.
    from: serde_json::Value,
    /// The value after the change.
    to: serde_json::Value,
}

impl From<StoredEvent> for AuditEventView {
    fn from(row: StoredEvent) -> Self {
        let change = |c: belfort_audit::Change| FieldChangeView { field: c.field, from: c.from, to: c.to };
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

/// A change in the history of a resource.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct HistoryEventView {
    /// The ID of the event.
    id: Uuid,
    /// The position in the audit history, or null if you may not read the event there.
    seq: Option<i64>,
    /// The time of the event.
    at: Timestamp,
    /// The actor who made the change.
    actor: ActorView,
    /// The ID of the request that made the change, or null if you may not read the event in the audit history.
    request_id: Option<String>,
    /// The IP address of the request, or null. It is null as well if you may not read the event in the audit history.
    ip: Option<String>,
    /// The kind of resource that was changed, for example `tasks`.
    resource: String,
    /// The ID of the resource that was changed.
    resource_id: Uuid,
    /// The action: `create`, `update`, `delete`, `tag_added`, …
    action: String,
    /// The fields that were changed.
    changes: Vec<FieldChangeView>,
}

/// An event of a row that the caller may read, with the event of the audit history only where they may read that, too.
struct HistoryEvent {
    event: StoredEvent,
    is_audited: bool,
}

impl From<HistoryEvent> for HistoryEventView {
    fn from(HistoryEvent { event, is_audited }: HistoryEvent) -> Self {
        let AuditEventView { id, seq, at, actor, request_id, ip, resource, resource_id, action, changes } =
            event.into();
        Self {
            id,
            seq: is_audited.then_some(seq),
            at,
            actor,
            request_id: is_audited.then_some(request_id),
            ip: ip.filter(|_| is_audited),
            resource,
            resource_id,
            action,
            changes,
        }
    }
}

/// A page of the history of a row.
///
/// Whoever may read the row may read what became of it. From which address and in which request it was changed, and how much
/// else was changed meanwhile, is for readers of the audit history.
pub(crate) fn history(
    ctx: &mut RequestContext,
    page: &ListQuery<NoFilter>,
    read: impl FnOnce(&mut TenantTx, Option<i64>, i64) -> ApiResult<Vec<StoredEvent>>,
) -> ApiResult<Json<Page<HistoryEventView>>> {
    let audit = ctx.caller.principal.grant::<Audit, Read>().ok();
    let rows = |tx: &mut TenantTx, NoFilter, before, limit| {
        let told = |event| HistoryEvent {
            is_audited: audit.as_ref().is_some_and(|grant| audit_log::is_in_reach(grant, &event)),
            event,
        };
        Ok(read(tx, before, limit)?.into_iter().map(told).collect())
    };
    page.page(ctx, rows, |row: &HistoryEvent| row.event.seq)
}

input! {
    /// The filter of a list of audit events.
    pub(crate) struct ListEvents {
        /// Only events on this kind of resource: `tasks`, `comments`, …
        resource: Option<PlainText<20>>,
        /// Only events on the resource with this ID.
        resource_id: Option<Uuid>,
        /// Only events of this user.
        actor_id: Option<UserId>,
        /// Only events with this action: `create`, `update`, …
        action: Option<PlainText<20>>,
        /// Only events at or after this time.
        from: Option<Timestamp>,
        /// Only events before this time.
        to: Option<Timestamp>,
    }
}

/// List audit events
///
/// Returns the changes in the workspace, newest first. With the scope `own` these are your own changes, with
/// `team` also those of the members of your teams, with `all` every change.
#[api_v2_operation(operation_id = "list_audit_events", tags(Audit))]
pub(crate) async fn list(
    gate: Gate<Audit, Read>,
    page: ListQuery<ListEvents>,
) -> ApiResult<Json<Page<AuditEventView>>> {
    gate.read(move |ctx, grant| {
        let events = |tx: &mut TenantTx, wanted: ListEvents, before, limit| {
            let ListEvents { resource, resource_id, actor_id, action, from, to } = wanted;
            let filter = Filter { resource, resource_id, actor_id, action, from, to, ..Filter::default() };
            Ok(audit_log::list(tx, grant, filter, before, limit)?)
        };
        page.page(ctx, events, |event| event.seq)
    })
    .await
}
