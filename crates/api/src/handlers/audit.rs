//! `/audit-events`, and the history of single rows.

use belfort_audit::postgres::{EventRow, Filter, list as list_events};
use belfort_ids::UserId;
use belfort_policy::Audit;
use belfort_rbac::Read;
use belfort_tenancy::postgres::TenantTx;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::answer::{Page, Plain, Stamp};
use crate::cursor::{Cursor, Limit, read_position};
use crate::extract::Query;
use crate::fields::{Moment, Opaque, members};
use crate::gate::{Gate, Scene};
use crate::problem::Answer;
use crate::text::AnyId;

/// Something that happened.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct EventView {
    id: Uuid,
    /// Its place in the history: later events have greater ones.
    seq: i64,
    at: Stamp,
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
        // The history is written by this program alone; what it cannot read it shows as no change.
        let changes: Vec<belfort_audit::Change> = serde_json::from_value(row.changes).unwrap_or_default();
        let change = |c: belfort_audit::Change| ChangeView { field: c.field, from: c.from, to: c.to };
        Self {
            id: row.id.uuid(),
            seq: row.seq,
            at: Stamp(row.at),
            actor: ActorView { r#type: row.actor_type, id: row.actor_id, name: row.actor_name },
            request_id: row.request_id,
            ip: row.ip,
            resource: row.resource,
            resource_id: row.resource_id,
            action: row.action,
            changes: changes.into_iter().map(change).collect(),
        }
    }
}

members! {
    /// Which events, how many.
    pub(crate) struct ListEvents {
        /// Only those of this kind of row: `tasks`, `comments`, …
        resource: Option<Opaque<20>>,
        /// Only those of this row.
        resource_id: Option<AnyId>,
        /// Only those of this user.
        actor_id: Option<UserId>,
        /// Only this action: `create`, `update`, …
        action: Option<Opaque<20>>,
        /// Only those from this moment on.
        from: Option<Moment>,
        /// Only those before this moment.
        to: Option<Moment>,
        /// How many at most.
        limit: Option<Limit>,
        /// Where the page begins: the `next_cursor` of the one before.
        cursor: Option<Cursor>,
    }
}

members! {
    /// How much of a history.
    pub(crate) struct ListHistory {
        /// How many at most.
        limit: Option<Limit>,
        /// Where the page begins: the `next_cursor` of the one before.
        cursor: Option<Cursor>,
    }
}

impl ListHistory {
    /// A page of the events that `read` finds.
    pub(crate) fn page(
        query: &Query<Self>,
        scene: &mut Scene,
        read: impl FnOnce(&mut TenantTx, Option<i64>, i64) -> Answer<Vec<EventRow>>,
    ) -> Answer<Plain<Page<EventView>>> {
        let wanted = query.parse()?;
        let before = read_position(scene.list(&query.filter()).position(wanted.cursor)?)?;
        let limit = wanted.limit.unwrap_or_default();
        let rows = read(&mut scene.tx, before, limit.and_one())?;
        Ok(Plain(scene.list(&query.filter()).page(limit, rows, |row| row.seq.to_string(), EventView::from)))
    }
}

/// List audit events
///
/// Everything that was changed in the workspace, by whom and when; the newest first.
#[api_v2_operation(operation_id = "list_audit_events", tags(Audit))]
pub(crate) async fn list(
    gate: Gate<Audit, Read>,
    query: Query<ListEvents>,
) -> Answer<Plain<Page<EventView>>> {
    gate.read(move |scene, _| {
        let wanted = query.parse()?;
        let before = read_position(scene.list(&query.filter()).position(wanted.cursor)?)?;
        let filter = Filter {
            resource: wanted.resource.map(|text| text.0),
            resource_id: wanted.resource_id.map(|id| id.0),
            actor_id: wanted.actor_id,
            action: wanted.action.map(|text| text.0),
            from: wanted.from.map(|moment| moment.0),
            to: wanted.to.map(|moment| moment.0),
        };
        let limit = wanted.limit.unwrap_or_default();
        let rows = list_events(&mut scene.tx, filter, before, limit.and_one())?;
        Ok(Plain(scene.list(&query.filter()).page(limit, rows, |row| row.seq.to_string(), EventView::from)))
    })
    .await
}
