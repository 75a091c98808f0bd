//! Time that somebody worked on a task.
//!
//! An entry is where its task is: every function demands the grant to read tasks beside the one for time entries. It belongs
//! to whoever worked; who looks at the task does not see it for that.
//!
//! An entry without an end is a running timer, of which a person has one at most: an index decides, so it also holds for two
//! requests at once. Entries may overlap; [`with_overlaps`] tells which do.

mod entry;
mod events;
mod list;
mod overlap;
mod read;
mod stop_running;
mod write;

pub use entry::{NewTimeEntry, TimeEntry, TimeEntryError, TimeEntryPatch};
pub use list::{EntryCursor, EntryCursorError, TimeEntryFilter, TimeEntryOrder, list};
pub use overlap::{MAX_OVERLAPS, Overlapping, with_overlaps};
pub use read::{get, history};
pub use write::{create, delete, stop, update};

pub(crate) use stop_running::stop_running;
pub(crate) use write::delete_of_task;

/// What the history calls them.
const RESOURCE: &str = "time_entries";
