//! Tasks, with who is assigned, who views and which tags.

mod children;
mod events;
mod links;
mod page_query;
mod read;
mod task;
mod unassign;
mod write;

pub use links::{add_assignee, add_tag, add_viewer, remove_assignee, remove_tag, remove_viewer};
pub use read::{TaskFilter, TaskOrder, count, get, history, list};
pub use task::{MAX_LINKS, NewTask, Task, TaskError, TaskPatch};
pub use unassign::unassign_user;
pub use write::{create, delete, update};

pub(crate) use events::tag_removed;
pub(crate) use task::stored;

/// What the history calls them.
pub(crate) const RESOURCE: &str = "tasks";
