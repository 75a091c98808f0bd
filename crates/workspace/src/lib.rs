//! Who is in a workspace: sign-up, sessions, people, invitations, roles and teams; and the workspace itself.
//!
//! What this crate promises:
//!
//! - **A workspace is there as a whole or not at all.** [`signup::confirm`] makes schema, role, tables, roles and the first
//!   admin in one transaction. Until then nothing about whoever signs up stands anywhere in the clear.
//! - **Who the caller is, is asked at every request.** [`authenticate`] reads session, state, role and team-mates in one
//!   statement: a logout, a deactivation and a change of role act on the next request.
//! - **Nobody confers what they do not hold.** Who changes or invites somebody must hold every permission of the role that
//!   is given, and of the one that is taken; who makes or edits a role, every permission that it had and is to have.
//! - **There is always an admin**, by whichever of these paths somebody leaves.
//! - **A change and its audit event last together.** A change that changes nothing writes neither.
//!
//! Functions that reach rows demand a [`Grant`](belfort_rbac::Grant); a row out of its reach is absent. The few without a
//! grant say why. It knows no HTTP, sends no mail, and hashes no password: it is handed hashes, and hands out tokens and
//! codes for whoever mails them.
//!
//! ```
//! use belfort_db::Tenant;
//! use belfort_policy::Users;
//! use belfort_rbac::{Grant, Read};
//! use belfort_values::TextError;
//! use belfort_workspace::{FullName, users};
//!
//! fn names(tx: &mut impl Tenant, grant: &Grant<Users, Read>) -> diesel::QueryResult<Vec<String>> {
//!     let page = users::list(tx, grant, None, 50)?;
//!     Ok(page.into_iter().map(|user| user.full_name).collect())
//! }
//!
//! assert_eq!(FullName::parse("  Ada Lovelace ").unwrap().as_str(), "Ada Lovelace");
//! assert_eq!(FullName::parse("Ada\0"), Err(TextError::Forbidden));
//! ```

mod arrival;
pub mod audit_log;
mod caller;
mod escalation;
pub mod idempotency;
pub mod invitations;
pub mod lockout;
pub mod login;
mod membership;
mod name;
mod reservation;
pub mod roles;
pub mod signup;
pub mod teams;
pub mod users;
pub mod workspace;

pub use arrival::Arrival;
pub use caller::{Caller, Credential, authenticate};
pub use name::{FullName, RoleName, TeamName, WorkspaceName};
pub use reservation::{CountersError, Reservation, ReserveError};
