//! Reading events.

use belfort_db::{Backend, Tenant};
use belfort_ids::{EventId, UserId};
use chrono::{DateTime, Utc};
use diesel::deserialize;
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use serde_json::Value;
use uuid::Uuid;

use crate::changes::Changes;
use crate::fold::Step;

diesel::table! {
    audit_events (seq) {
        seq -> BigInt,
        id -> Uuid,
        at -> Timestamptz,
        actor_type -> Text,
        actor_id -> Nullable<Uuid>,
        actor_name -> Text,
        request_id -> Text,
        ip -> Nullable<Text>,
        resource -> Text,
        resource_id -> Uuid,
        action -> Text,
        version -> Nullable<Integer>,
        changes -> Jsonb,
    }
}

/// An event, as it stands in the history.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_events, check_for_backend(belfort_db::Backend))]
pub struct StoredEvent {
    /// Its place in the tenant's history; later events have greater ones.
    pub seq: i64,
    /// Its id.
    pub id: EventId,
    /// The time at which it happened.
    pub at: DateTime<Utc>,
    /// `user`, `api_key` or `system`.
    pub actor_type: String,
    /// The id of the actor; none for the system.
    pub actor_id: Option<Uuid>,
    /// The name of the actor at the time.
    pub actor_name: String,
    /// The id of the request in which it happened.
    pub request_id: String,
    /// The address of the client.
    pub ip: Option<String>,
    /// The kind of row that changed.
    pub resource: String,
    /// The id of the row that changed.
    pub resource_id: Uuid,
    /// The action: `create`, `update`, `delete`, `tag_added`, …
    pub action: String,
    /// The version of the row that it left; `None` where it changed no field, or is older than versions in
    /// the history.
    pub version: Option<i32>,
    /// The fields that changed.
    pub changes: Changes,
}

impl<'e> From<&'e StoredEvent> for Step<'e> {
    fn from(event: &'e StoredEvent) -> Self {
        Self { action: &event.action, version: event.version, changes: &event.changes }
    }
}

// What cannot be read is an error: a history that left it out would tell an untruth.
impl Queryable<Jsonb, Backend> for Changes {
    type Row = Value;

    fn build(row: Value) -> deserialize::Result<Self> {
        Ok(serde_json::from_value(row)?)
    }
}

/// A filter of events; the default lets all through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The kind of row.
    pub resource: Option<String>,
    /// The id of the row.
    pub resource_id: Option<Uuid>,
    /// The user who did it.
    pub actor_id: Option<UserId>,
    /// The users of whom one did it.
    pub actors: Option<Vec<UserId>>,
    /// The action.
    pub action: Option<String>,
    /// The first moment.
    pub from: Option<DateTime<Utc>>,
    /// The first moment that is too late.
    pub to: Option<DateTime<Utc>>,
}

/// Events, newest first, from before the event number `before`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    filter: Filter,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<StoredEvent>> {
    let mut query = audit_events::table.select(StoredEvent::as_select()).into_boxed();
    if let Some(resource) = filter.resource {
        query = query.filter(audit_events::resource.eq(resource));
    }
    if let Some(id) = filter.resource_id {
        query = query.filter(audit_events::resource_id.eq(id));
    }
    if let Some(actor) = filter.actor_id {
        query = query.filter(audit_events::actor_id.eq(actor.uuid()));
    }
    if let Some(actors) = filter.actors {
        query = query
            .filter(audit_events::actor_id.eq_any(actors.into_iter().map(UserId::uuid).collect::<Vec<_>>()));
    }
    if let Some(action) = filter.action {
        query = query.filter(audit_events::action.eq(action));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_events::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_events::at.lt(to));
    }
    if let Some(before) = before {
        query = query.filter(audit_events::seq.lt(before));
    }
    tx.rows(query.order(audit_events::seq.desc()).limit(limit))
}

/// The events of one row, newest first.
pub fn history_of(
    tx: &mut impl Tenant,
    resource: &'static str,
    id: impl Into<Uuid>,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<StoredEvent>> {
    let filter =
        Filter { resource: Some(resource.to_owned()), resource_id: Some(id.into()), ..Filter::default() };
    list(tx, filter, before, limit)
}
