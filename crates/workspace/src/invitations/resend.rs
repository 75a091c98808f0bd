//! Sending invitations again.

use belfort_audit::{Audited as _, Changes, Event, Origin, postgres as audit};
use belfort_auth::InvitationToken;
use belfort_db::Tenant;
use belfort_ids::InvitationId;
use belfort_policy::Users;
use belfort_rbac::{Create, Grant, Principal};
use diesel::prelude::*;

use super::invitation::check_role;
use super::read::lock;
use super::{Invitation, InvitationError, IssuedInvitation, LIFETIME};
use crate::tables::invitations;

/// Gives an invitation a new token and its whole lifetime again; the token that was mailed before is invalid.
///
/// Whoever sends it answers for it from then on: it is theirs as if they had created it.
pub fn resend(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Create>,
    caller: &Principal,
    origin: &Origin,
    id: InvitationId,
) -> Result<IssuedInvitation, InvitationError> {
    let before = lock(tx, grant, id, None)?;
    check_role(tx, caller, before.role_id)?;
    let token = InvitationToken::generate();
    let set = (
        invitations::digest.eq(token.digest().as_bytes().to_vec()),
        invitations::expires_at.eq(origin.at + LIFETIME),
        invitations::invited_by.eq(grant.user()),
        invitations::version.eq(invitations::version + 1),
    );
    let update = diesel::update(invitations::table.find(id)).set(set);
    let after: Invitation = tx.row(update.returning(Invitation::as_returning()))?;
    let changes = Changes::between(&before.fields(), &after.fields());
    audit::append(tx, origin, &[Event::of(origin, &after, "invitation_resent", changes)])?;
    Ok(IssuedInvitation { invitation: after, token })
}
