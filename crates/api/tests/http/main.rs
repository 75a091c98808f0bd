//! The API over real HTTP: a server, a database of its own, and callers who do what users and attackers do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of tests may panic as the tests do"
)]

mod client;
mod documented;
mod fairness;
mod files;
mod harness;
mod storage_view;

mod access;
mod attachments;
mod audit;
mod bodies;
mod codes;
mod conventions;
mod downloads;
mod escalation;
mod every_field;
mod every_operation;
mod hashing;
mod history;
mod idempotency;
mod ids;
mod input;
mod invitation_limits;
mod last_admin;
mod lifecycle;
mod load;
mod mail;
mod matrix;
mod origins;
mod outages;
mod pages;
mod passwords;
mod public_idempotency;
mod races;
mod reports;
mod role_races;
mod roles;
mod schema;
mod sessions;
mod signup;
mod tags;
mod tenants;
mod time_entries;
mod time_lists;
mod uploads;
mod users_teams_invitations;
mod workspace;
