//! The domain against a real database.

mod comments;
mod concurrency;
mod links;
mod reach;
mod support;
mod tags;
mod tasks;
