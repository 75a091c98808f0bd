#![doc = include_str!("../README.md")]

pub mod audit_log;
mod caller;
mod escalation;
pub mod idempotency;
pub mod invitations;
pub mod login;
mod membership;
mod name;
mod reach;
mod request_source;
mod reservation;
pub mod roles;
pub mod signup;
mod tables;
pub mod teams;
pub mod tenant;
pub mod users;

pub use caller::{Caller, Credential, authenticate};
pub use name::{FullName, RoleName, TeamName, WorkspaceName};
pub use request_source::RequestSource;
pub use reservation::{Counters, CountersError, Reservation, ReserveError};
