//! Events: what happened, and who did it.

use std::net::IpAddr;

use belfort_ids::{ApiKeyId, EventId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audited::Audited;
use crate::changes::Changes;

/// The one who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// A user; the name is the one they had then.
    User {
        /// The user.
        id: UserId,
        /// Their name at the time.
        name: String,
    },
    /// A program that acts for a user with an API key; the name is the one that the key had then.
    ApiKey {
        /// The key.
        id: ApiKeyId,
        /// Its name at the time.
        name: String,
    },
    /// The system itself: a job, a command of the operator's.
    System {
        /// The part of it.
        name: String,
    },
}

/// The origin of changes: all that one request or command does has the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The actor.
    pub actor: Actor,
    /// The time.
    pub at: DateTime<Utc>,
    /// The id of the request.
    pub request_id: String,
    /// The address of the client.
    pub ip: Option<IpAddr>,
}

/// One change of one row, for the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's own id.
    pub id: EventId,
    /// The kind of row.
    pub resource: &'static str,
    /// The id of the row.
    pub resource_id: Uuid,
    /// The action: `create`, `update`, `delete`, `tag_added`, …
    pub action: &'static str,
    /// The version of the row that it left; `None` where the row's fields did not change, or it has no
    /// versions.
    pub version: Option<i32>,
    /// The fields that changed.
    pub changes: Changes,
}

impl Event {
    /// A row that is new, with every field.
    pub fn created<R: Audited>(origin: &Origin, row: &R) -> Self {
        Self::of(origin, row, "create", Changes::created(&row.fields()))
    }

    /// A row that changed, with the fields that differ; `None` when none does.
    pub fn updated<R: Audited>(origin: &Origin, before: &R, after: &R) -> Option<Self> {
        let changes = Changes::between(&before.fields(), &after.fields());
        (!changes.is_empty()).then(|| Self::of(origin, after, "update", changes))
    }

    /// A row that is gone, with every field as it was: nothing else tells any more.
    ///
    /// To be removed is its last change, so the version is one more than the row had.
    pub fn deleted<R: Audited>(origin: &Origin, row: &R) -> Self {
        let event = Self::of(origin, row, "delete", Changes::deleted(&row.fields()));
        Self { version: Some(row.version().saturating_add(1)), ..event }
    }

    /// Something else that happened to a row, which is `row` now.
    pub fn of<R: Audited>(origin: &Origin, row: &R, action: &'static str, changes: Changes) -> Self {
        Self { version: Some(row.version()), ..Self::new(origin, R::RESOURCE, row.id(), action, changes) }
    }

    /// An event of this moment that leaves no version.
    pub fn new(
        origin: &Origin,
        resource: &'static str,
        resource_id: impl Into<Uuid>,
        action: &'static str,
        changes: Changes,
    ) -> Self {
        let (id, resource_id) = (EventId::new(origin.at), resource_id.into());
        Self { id, resource, resource_id, action, version: None, changes }
    }
}
