//! Revoking invitations.

use belfort_audit::{Event, Origin, postgres as audit};
use belfort_db::Tenant;
use belfort_ids::InvitationId;
use belfort_policy::Users;
use belfort_rbac::{Delete, Grant, Principal};
use belfort_values::Expected;
use diesel::prelude::*;

use super::InvitationError;
use super::invitation::check_role;
use super::read::lock;
use crate::tables::invitations;

/// Revokes an invitation: the token that was mailed is invalid.
pub fn revoke(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Delete>,
    caller: &Principal,
    origin: &Origin,
    id: InvitationId,
    expected: impl Into<Expected>,
) -> Result<(), InvitationError> {
    let invitation = lock(tx, grant, id, expected)?;
    check_role(tx, caller, invitation.role_id)?;
    tx.run(diesel::delete(invitations::table.find(id)))?;
    let event = Event { action: "invitation_revoked", ..Event::deleted(origin, &invitation) };
    audit::append(tx, origin, &[event])?;
    Ok(())
}
