//! A request of somebody who is nobody yet.

use std::net::IpAddr;

use belfort_audit::{Actor, Origin};
use chrono::{DateTime, Utc};

/// What is known of a request before it is known who acts: who signs up or accepts an invitation becomes a user by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: DateTime<Utc>,
    /// In which request.
    pub request_id: String,
    /// From which address.
    pub ip: Option<IpAddr>,
}

impl Arrival {
    /// The origin of what `actor` does in this request.
    pub fn by(&self, actor: Actor) -> Origin {
        Origin { actor, at: self.at, request_id: self.request_id.clone(), ip: self.ip }
    }
}
