//! The API over real HTTP: a server, a database of its own, and callers who do what users and attackers do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of tests may panic as the tests do"
)]

mod behind;
mod harness;

mod access;
mod audit;
mod conventions;
mod escalation;
mod input;
mod lifecycle;
mod load;
mod people;
mod races;
mod schema;
mod sessions;
mod signup;
mod tenants;
