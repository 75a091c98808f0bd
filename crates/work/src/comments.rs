//! Comments on tasks.
//!
//! A comment is where its task is: every function demands the grant to read tasks beside the one for
//! comments.

mod comment;
mod create;
mod delete;
mod read;
mod update;

pub use comment::{Comment, CommentError, CommentPatch, NewComment};
pub use create::create;
pub use delete::delete;
pub use read::{get, history, list};
pub use update::update;

pub(crate) use delete::delete_of_task;
