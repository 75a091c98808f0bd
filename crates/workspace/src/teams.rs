//! Teams: the people of the scope `team`.

mod create;
mod delete;
mod read;
mod team;
mod update;

pub use create::create;
pub use delete::delete;
pub use read::{count, get, list};
pub use team::{NewTeam, Team, TeamError, TeamPatch};
pub use update::update;
