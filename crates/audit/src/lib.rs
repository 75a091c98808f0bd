//! Who changed what: field-level events, appended in the transaction of the change.
//!
//! - An [`Event`] tells of one change: the [`Origin`] (who, when, in which request, from where), the row, the action and
//!   the fields that changed. What changed nothing is no event: its [`Changes`] are empty.
//! - `postgres::append` puts events into the tenant's history by `audit_append`, the only function with which the tenant's role can
//!   write to it, in the transaction of the change: both last or neither does.
//! - `postgres::list` reads them back, newest first.
//!
//! What it does not do: decide who may read the history, and find out by itself that something changed.
//!
//! ```
//! use belfort_audit::Changes;
//! use serde_json::json;
//!
//! let mut changes = Changes::default();
//! changes.field("title", &"Draft", &"Final");
//! changes.field("status", &"todo", &"todo");
//! assert_eq!(changes.to_json(), json!([{"field": "title", "from": "Draft", "to": "Final"}]));
//! ```

mod changes;
mod event;

#[cfg(feature = "postgres")]
pub mod postgres;

pub use changes::{Change, Changes};
pub use event::{Actor, Event, Origin};
