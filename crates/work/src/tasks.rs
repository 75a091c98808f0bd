//! Tasks, with who is assigned, who views and which tags.

mod create;
mod delete;
mod events;
mod filter;
mod links;
mod page_query;
mod read;
mod relations;
mod task;
mod unassign;
mod update;

pub use create::create;
pub use delete::delete;
pub use filter::{TaskFilter, TaskOrder};
pub use links::{Link, link, unlink};
pub use read::{count, get, history, list};
pub use task::{MAX_LINKS, NewTask, Task, TaskError, TaskPatch};
pub use unassign::unassign_user;
pub use update::update;

pub(crate) use events::tag_removed;
