//! A request whose sender is no user yet.

use std::net::IpAddr;

use belfort_audit::{Actor, Origin};
use chrono::{DateTime, Utc};

/// The origin of a request before it is known who acts: who signs up or accepts an invitation becomes a user by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSource {
    /// The time.
    pub at: DateTime<Utc>,
    /// The id of the request.
    pub request_id: String,
    /// The address of the client.
    pub ip: Option<IpAddr>,
}

impl RequestSource {
    /// The origin of what `actor` does in this request.
    pub fn by(&self, actor: Actor) -> Origin {
        Origin { actor, at: self.at, request_id: self.request_id.clone(), ip: self.ip }
    }
}
