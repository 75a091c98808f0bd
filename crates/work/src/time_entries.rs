//! Time that somebody worked on a task.
//!
//! An entry is where its task is: every function demands the grant to read tasks beside the one for time
//! entries. It belongs to whoever worked; who looks at the task does not see it for that.
//!
//! An entry without an end is a running timer, of which a person has one at most: an index decides, so it
//! also holds for two requests at once. Entries may overlap; [`with_overlaps`] tells which do.

mod constraints;
mod create;
mod cursor;
mod delete;
mod filter;
mod overlap;
mod page_query;
mod read;
mod stop_running;
mod time_entry;
mod update;

pub use create::create;
pub use cursor::{EntryCursor, EntryCursorError};
pub use delete::delete;
pub use filter::{TimeEntryFilter, TimeEntryOrder};
pub use overlap::{MAX_OVERLAPS, Overlapping, with_overlaps};
pub use read::{get, history, list};
pub use time_entry::{MAX_DURATION, NewTimeEntry, TimeEntry, TimeEntryError, TimeEntryPatch};
pub use update::{stop, update};

pub(crate) use delete::delete_of_task;
pub(crate) use stop_running::stop_running;
