//! The domain against a real database.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test that fails fails the test")]

mod attachments;
mod comments;
mod concurrency;
mod history;
mod links;
mod lock_order;
mod pages;
mod reach;
mod support;
mod tags;
mod task_children;
mod tasks;
mod time_bounds;
mod time_entries;
mod time_lists;
mod time_report;
