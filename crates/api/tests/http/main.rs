//! The API over real HTTP: a server, a database of its own, and callers who do what users and attackers do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests may panic as the tests do"
)]

mod behind;
mod harness;

mod access;
mod audit;
mod escalation;
mod lifecycle;
mod people;
mod sessions;
mod signup;
mod tenants;
