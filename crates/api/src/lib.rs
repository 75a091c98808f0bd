//! The only crate that knows HTTP, JSON and OpenAPI.

pub mod docs;
pub mod openapi;
