//! Mailing invitations, which is counted: a message goes to whomever its sender names, in the operator's name.

use belfort_auth::{Email, Limit};
use belfort_db::Tenant;
use belfort_ids::{InvitationId, TenantId, UserId};
use belfort_policy::Users;
use belfort_rbac::{Create, Grant};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;

use super::InvitationError;
use crate::reach;
use crate::reservation::{Counters, Reservation, ReserveError};
use crate::tables::invitations;

/// The limits on messages with invitations.
#[derive(Debug, Clone, Copy)]
pub struct InvitationLimits {
    /// To one address, from all workspaces together.
    pub per_recipient: Limit,
    /// By one user.
    pub per_user: Limit,
    /// By all users of one workspace together.
    pub per_workspace: Limit,
}

/// The limit on sending one invitation again: a message takes a while to arrive, and each makes the one before invalid.
const AGAIN: Limit = Limit::new(1, Duration::minutes(5));

/// An invitation that is about to be mailed.
#[derive(Debug, Clone)]
pub struct Sending {
    tenant: TenantId,
    sender: UserId,
    recipient: Email,
    /// The invitation, where it was sent before.
    again: Option<InvitationId>,
}

impl Sending {
    /// A new invitation.
    pub fn first(grant: &Grant<Users, Create>, tenant: TenantId, recipient: Email) -> Self {
        Self { tenant, sender: grant.user(), recipient, again: None }
    }

    /// An invitation that was sent before, if it is there and in reach.
    pub fn again(
        tx: &mut impl Tenant,
        grant: &Grant<Users, Create>,
        tenant: TenantId,
        id: InvitationId,
    ) -> Result<Self, InvitationError> {
        let in_reach = reach::invitations(grant.reach().people());
        let row = invitations::table.filter(invitations::id.eq(id)).filter(in_reach);
        let email: Option<String> = tx.find(row.select(invitations::email))?;
        let recipient = Email::parse(&email.ok_or(InvitationError::NotFound)?)
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        Ok(Self { tenant, sender: grant.user(), recipient, again: Some(id) })
    }

    /// Counts the message. It is to be given back when none was sent.
    pub fn count(
        &self,
        counters: &Counters,
        limits: InvitationLimits,
        now: DateTime<Utc>,
    ) -> Result<Reservation, ReserveError> {
        let keys = counters.keys();
        let mut counted: Vec<_> =
            self.again.map(|id| (keys.invitation(self.tenant, id), AGAIN)).into_iter().collect();
        counted.extend([
            (keys.invitation_recipient(&self.recipient), limits.per_recipient),
            (keys.invitation_sender(self.tenant, self.sender), limits.per_user),
            (keys.invitation_tenant(self.tenant), limits.per_workspace),
        ]);
        Reservation::make(counters, &counted, now)
    }
}
