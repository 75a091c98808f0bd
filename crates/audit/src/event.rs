//! What happened, and who did it.

use std::net::IpAddr;

use belfort_ids::{ApiKeyId, EventId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Changes;

/// Who did it.
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
        /// Which part of it.
        name: String,
    },
}

/// Where changes come from: all that one request or command does has the same origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// In which request.
    pub request_id: String,
    /// From which address.
    pub ip: Option<IpAddr>,
}

/// One change, to be told to the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's own id.
    pub id: EventId,
    /// What kind of row changed.
    pub resource: &'static str,
    /// Which row.
    pub resource_id: Uuid,
    /// What was done with it: `create`, `update`, `delete`, `tag_added`, …
    pub action: &'static str,
    /// The fields that changed.
    pub changes: Changes,
}

impl Event {
    /// An event of this moment.
    pub fn new(
        origin: &Origin,
        resource: &'static str,
        resource_id: impl Into<Uuid>,
        action: &'static str,
        changes: Changes,
    ) -> Self {
        Self { id: EventId::new(origin.at), resource, resource_id: resource_id.into(), action, changes }
    }
}
