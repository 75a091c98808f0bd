//! Which role a user has, and the guard over every way to lose the last admin.

use belfort_db::Tenant;
use belfort_ids::{RoleId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::ADMIN;
use super::tables::{members, roles};
use crate::{Admins, LastAdmin};

/// What is to change about a member; `None` leaves it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// The role they are to have.
    pub role: Option<RoleId>,
    /// Whether they may come in.
    pub is_active: Option<bool>,
}

/// Why a member was not changed.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// Nobody would be admin any more.
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    /// The role does not exist.
    #[error("there is no such role")]
    NoSuchRole,
    /// The database failed.
    #[error("the member could not be changed")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for MemberError {
    fn from(error: diesel::result::Error) -> Self {
        match belfort_db::violated_constraint(&error) {
            Some("members_role_id_fkey") => Self::NoSuchRole,
            _ => Self::Database(error),
        }
    }
}

/// Gives a new user their role. `joined_at` is when they chose a password, `None` for somebody who has yet to.
pub fn add(
    tx: &mut impl Tenant,
    user: UserId,
    role: RoleId,
    is_active: bool,
    joined_at: Option<DateTime<Utc>>,
) -> Result<(), MemberError> {
    let row = (
        members::user_id.eq(user),
        members::role_id.eq(role),
        members::is_active.eq(is_active),
        members::joined_at.eq(joined_at),
    );
    tx.run(diesel::insert_into(members::table).values(row))?;
    Ok(())
}

/// Notes that a user has chosen their first password.
pub fn joined(tx: &mut impl Tenant, user: UserId, now: DateTime<Utc>) -> QueryResult<()> {
    let row = members::table.find(user).filter(members::joined_at.is_null());
    tx.run(diesel::update(row).set(members::joined_at.eq(now))).map(drop)
}

/// The admins: whom to ask about being locked out, before [`change`] or [`remove`].
///
/// What it answers is of a moment ago when they decide. An admin who came since counts as one who could come in.
pub fn admins(tx: &mut impl Tenant) -> QueryResult<Vec<UserId>> {
    let role = roles::table.filter(roles::name.eq(ADMIN).and(roles::is_builtin)).select(roles::id);
    tx.rows(members::table.filter(counts().and(members::role_id.eq_any(role))).select(members::user_id))
}

/// Changes a member's role or state, unless it would leave no admin but those who are `locked_out` now. False when there is
/// no such member.
pub fn change(
    tx: &mut impl Tenant,
    user: UserId,
    change: MemberChange,
    locked_out: &[UserId],
) -> Result<bool, MemberError> {
    let (admin, admins) = lock_admins(tx)?;
    let stays = change.role.is_none_or(|role| Some(role) == admin) && change.is_active != Some(false);
    if !stays {
        admins.locked_out(locked_out.iter().copied()).without([user])?;
    }
    let current: Option<(RoleId, bool)> =
        tx.find(members::table.find(user).select((members::role_id, members::is_active)))?;
    let Some((role, is_active)) = current else { return Ok(false) };
    let set = (
        members::role_id.eq(change.role.unwrap_or(role)),
        members::is_active.eq(change.is_active.unwrap_or(is_active)),
    );
    tx.run(diesel::update(members::table.find(user)).set(set))?;
    Ok(true)
}

/// Removes a member, unless it would leave no admin but those who are `locked_out` now. False when there is no such member.
///
/// Whoever deletes a user calls this first: the row would also go with the user's, but unguarded.
pub fn remove(tx: &mut impl Tenant, user: UserId, locked_out: &[UserId]) -> Result<bool, MemberError> {
    lock_admins(tx)?.1.locked_out(locked_out.iter().copied()).without([user])?;
    Ok(tx.run(diesel::delete(members::table.find(user)))? == 1)
}

/// Makes every other change of who is an admin wait until this transaction ends, then reads who is.
///
/// Two admins who demote each other at once both see two admins unless they queue here. It must be two statements: one
/// statement reads as of its own beginning, which is before the lock is had.
fn lock_admins(tx: &mut impl Tenant) -> QueryResult<(Option<RoleId>, Admins)> {
    let admin: Option<RoleId> = tx.find(
        roles::table
            .filter(roles::name.eq(ADMIN).and(roles::is_builtin))
            .select(roles::id)
            .for_no_key_update(),
    )?;
    let Some(role) = admin else { return Ok((None, Admins::default())) };
    let counted = members::table.filter(counts().and(members::role_id.eq(role))).select(members::user_id);
    Ok((admin, tx.rows::<UserId, _>(counted)?.into_iter().collect()))
}

/// Whether a member with the admin role is an admin: they may come in, and once did.
fn counts() -> diesel::dsl::And<members::is_active, diesel::dsl::IsNotNull<members::joined_at>> {
    members::is_active.and(members::joined_at.is_not_null())
}
