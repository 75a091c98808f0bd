#![doc = include_str!("../README.md")]

mod change;
mod history;

mod rate;
mod reach;
mod sql;
mod tables;
mod text;
mod words;

pub mod attachments;
pub mod comments;
pub mod tags;
pub mod tasks;
pub mod time_entries;
pub mod time_report;

pub use attachments::FileName;
pub use rate::{HourlyRate, RateError};
pub use text::{CommentBody, Description, Note, TagName, Title};
pub use words::{Priority, Status};

/// The tables that this crate relies on (people are in a table `users (id)`). In Belfort they are part of
/// every tenant's schema.
pub const DDL: &str = concat!(
    include_str!("../../../migrations/tenant/00000000000006_work/up.sql"),
    include_str!("../../../migrations/tenant/00000000000007_attachments/up.sql"),
    include_str!("../../../migrations/tenant/00000000000008_time_entries/up.sql"),
);
