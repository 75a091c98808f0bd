//! Resource, action and scope: grants that a query demands, and the last-admin guard.
//!
//! The mechanism of access control without a vocabulary: what resources there are, and which roles, is the business of
//! whoever imports it. This crate promises three things.
//!
//! 1. **A query that is handed a [`Grant`] was permitted.** A grant has private fields and one constructor, [`Principal::grant`],
//!    so a storage function that takes `&Grant<Tasks, Read>` cannot be called without the check, and the check comes before
//!    the query.
//! 2. **A grant says how far it goes.** Its [`Reach`] is the same value for list, get, update, delete and count; a resource
//!    turns it into one predicate.
//! 3. **There is always an admin** ([`Admins`]): the change that would leave none is refused, also when two are made at once
//!    (feature `postgres`).
//!
//! What it does not do: it knows neither HTTP nor SQL (but for the feature `postgres`), and it authenticates nobody.
//!
//! ```
//! use belfort_ids::UserId;
//! use belfort_rbac::{Grant, Permissions, Principal, Read, Scope, resources};
//!
//! resources! {
//!     /// What the example's roles can speak of.
//!     pub static VOCABULARY {
//!         /// Invoices.
//!         Invoices = "invoices" [Create, Read],
//!     }
//! }
//!
//! fn list(grant: &Grant<Invoices, Read>) -> String {
//!     format!("SELECT … WHERE author IN {:?}", grant.reach().people())
//! }
//!
//! let clerk = Permissions::parse(&VOCABULARY, [("invoices", "read", "own")])?;
//! # let now = chrono::DateTime::UNIX_EPOCH;
//! let principal = Principal::new(UserId::new(now), clerk, []);
//! let grant = principal.grant::<Invoices, Read>()?;
//! assert_eq!(grant.reach().scope(), Scope::Own);
//! list(&grant);
//! assert!(principal.grant::<Invoices, belfort_rbac::Create>().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
pub use vocabulary::{Action, Create, Delete, Export, Offers, Read, Resource, Update, Vocabulary};
