//! One file a resource. A handler reads what came, calls what does it, and shows what is.

pub(crate) mod attachments;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod comments;
pub(crate) mod invitations;
pub(crate) mod me;
pub(crate) mod probes;
pub(crate) mod reports;
pub(crate) mod roles;
pub(crate) mod signup;
pub(crate) mod tags;
pub(crate) mod task_links;
pub(crate) mod tasks;
pub(crate) mod teams;
pub(crate) mod time_entries;
pub(crate) mod users;
pub(crate) mod workspace;
