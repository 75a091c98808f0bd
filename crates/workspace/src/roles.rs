//! Roles.
//!
//! They belong to nobody. So every scope reads all of them, and to create, change or delete one takes the scope `all`: none is
//! `own` to anybody.

mod create;
mod delete;
mod read;
mod role;
mod update;

pub use create::create;
pub use delete::delete;
pub use read::{count, get, list};
pub use role::{NewRole, Role, RoleError, RolePatch};
pub use update::update;
