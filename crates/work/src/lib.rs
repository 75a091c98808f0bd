//! The domain: [`tasks`] with who is assigned, who views and which tags, [`comments`] and [`attachments`] on them, [`tags`], and
//! the time that was worked, entry by entry ([`time_entries`]) and added up ([`time_report`]); how far a grant reaches among
//! them, and the history of every change.
//!
//! - **No query without a grant.** Every function demands the [`Grant`](belfort_rbac::Grant) of its resource and action.
//! - **One reach.** List, get, update, delete and history of a resource share one predicate, so what is listed is what can be
//!   got. What is out of reach is `NotFound`, exactly as what is not there.
//! - **No change without its events.** A change and the events that tell of it are written in the transaction that is handed
//!   in. A change that changes nothing writes nothing.
//! - **No lost update.** A change compares and writes under the row's lock; with an expected version it is refused when
//!   somebody else was first.
//!
//! What it does not do: begin or commit transactions, tell the time, know HTTP. After an error the transaction is to be
//! dropped: Postgres would refuse to go on with it anyway.
//!
//! ```
//! use belfort_audit::Origin;
//! use belfort_db::Tenant;
//! use belfort_policy::Tasks;
//! use belfort_rbac::{Create, Grant};
//! use belfort_work::tasks::{self, NewTask, Task, TaskError};
//! use belfort_work::{Priority, Title};
//!
//! fn report(tx: &mut impl Tenant, grant: &Grant<Tasks, Create>, origin: &Origin) -> Result<Task, TaskError> {
//!     let title = Title::parse("The bell has a crack").expect("a constant");
//!     tasks::create(tx, grant, origin, NewTask { priority: Priority::High, ..NewTask::titled(title) })
//! }
//! ```

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

/// The tables that this crate relies on (people are in a table `users (id)`). In Belfort they are part of every tenant's
/// schema.
pub const DDL: &str = concat!(
    include_str!("../../../migrations/tenant/00000000000006_work/up.sql"),
    include_str!("../../../migrations/tenant/00000000000007_attachments/up.sql"),
    include_str!("../../../migrations/tenant/00000000000008_time_entries/up.sql"),
);
