#![doc = include_str!("../README.md")]

mod grant;
mod last_admin;
mod permissions;
mod scope;
mod vocabulary;

#[cfg(feature = "postgres")]
pub mod postgres;

pub use grant::{Denied, Grant, Principal, Reach};
pub use last_admin::{Admins, LastAdmin};
pub use permissions::{Permission, PermissionError, Permissions};
pub use scope::{Scope, ScopeError};
pub use vocabulary::{Action, Create, Delete, Entry, Export, Offers, Read, Resource, Update, Vocabulary};
