//! Who is in a workspace, against a real database.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

mod audit_log;
mod audited;
mod caller;
mod idempotency;
mod invitations;
mod login;
mod roles;
mod signup;
mod taken;
mod teams;
mod user_teams;
mod users;
mod world;
