//! Reading invitations.

use belfort_db::Tenant;
use belfort_ids::InvitationId;
use belfort_policy::Users;
use belfort_rbac::{Grant, Read};
use belfort_values::Expected;
use diesel::prelude::*;

use super::{Invitation, InvitationError};
use crate::reach;
use crate::tables::invitations;

/// Invitations in reach in the order of their creation, also those that are expired, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Read>,
    after: Option<InvitationId>,
    limit: i64,
) -> QueryResult<Vec<Invitation>> {
    let mut page = invitations::table
        .select(Invitation::as_select())
        .filter(reach::invitations(grant.reach().people()))
        .order(invitations::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(invitations::id.gt(after));
    }
    tx.rows(page)
}

/// The invitation with this id, for a change: nobody else changes or accepts it until this transaction ends.
pub(super) fn lock<A>(
    tx: &mut impl Tenant,
    grant: &Grant<Users, A>,
    id: InvitationId,
    expected: impl Into<Expected>,
) -> Result<Invitation, InvitationError> {
    let in_reach = reach::invitations(grant.reach().people());
    let row = invitations::table.filter(invitations::id.eq(id)).filter(in_reach);
    let invitation: Option<Invitation> = tx.find(row.select(Invitation::as_select()).for_update())?;
    let invitation = invitation.ok_or(InvitationError::NotFound)?;
    if !expected.into().allows(invitation.version) {
        return Err(InvitationError::Stale);
    }
    Ok(invitation)
}
