//! Out.

use belfort_db::Tenant;
use belfort_ids::{EventId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

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
        changes -> Jsonb,
    }
}

/// An event, as it stands in the history.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_events, check_for_backend(belfort_db::Backend))]
pub struct EventRow {
    /// Its place in the tenant's history; later events have greater ones.
    pub seq: i64,
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// `user`, `api_key` or `system`.
    pub actor_type: String,
    /// Who, unless it was the system.
    pub actor_id: Option<Uuid>,
    /// Their name at the time.
    pub actor_name: String,
    /// In which request.
    pub request_id: String,
    /// From which address.
    pub ip: Option<String>,
    /// What kind of row changed.
    pub resource: String,
    /// Which row.
    pub resource_id: Uuid,
    /// What was done with it.
    pub action: String,
    /// The fields that changed: a list of `{field, from, to}`.
    pub changes: Value,
}

/// Which events are wanted; the default is all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind of row.
    pub resource: Option<String>,
    /// Of this row.
    pub resource_id: Option<Uuid>,
    /// By this user.
    pub actor_id: Option<UserId>,
    /// By one of these users.
    pub actors: Option<Vec<UserId>>,
    /// With this action.
    pub action: Option<String>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// Events, newest first, from before the event number `before`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    filter: Filter,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    let mut query = audit_events::table.select(EventRow::as_select()).into_boxed();
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
) -> QueryResult<Vec<EventRow>> {
    let filter =
        Filter { resource: Some(resource.to_owned()), resource_id: Some(id.into()), ..Filter::default() };
    list(tx, filter, before, limit)
}
