//! The people of a workspace.

mod create;
mod delete;
mod notice;
mod read;
mod update;
mod user;

pub(crate) use create::{insert, is_taken};
pub(crate) use read::existing;

pub use create::create;
pub use delete::delete;
pub use notice::count_notice;
pub use read::{count, get, get_self, list, names};
pub use update::{update, update_self};
pub use user::{NewUser, UpdatedUser, User, UserError, UserPatch};
