//! Invitations: people who were asked to join and did not yet. They are no users: they hold no role and never count as an
//! admin.

mod accept;
mod create;
mod invitation;
mod read;
mod resend;
mod revoke;
mod sending;

pub use accept::{AcceptError, accept, count_acceptance, recipient};
pub use create::create;
pub use invitation::{Invitation, InvitationError, IssuedInvitation, LIFETIME, NewInvitation};
pub use read::list;
pub use resend::resend;
pub use revoke::revoke;
pub use sending::{InvitationLimits, Sending};
