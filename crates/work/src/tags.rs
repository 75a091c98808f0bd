//! Tags that tasks can carry.

mod create;
mod delete;
mod read;
mod tag;
mod update;

pub use create::create;
pub use delete::delete;
pub use read::{count, get, history, list};
pub use tag::{NewTag, Tag, TagError, TagPatch};
pub use update::update;
