//! The roles of users, and the guard over every way to lose the last admin.

use belfort_db::Tenant;
use belfort_ids::{RoleId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::ADMIN;
use super::tables::{members, roles};
use crate::{Admins, LastAdmin};

/// The role and state of a new user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewMember {
    /// The role.
    pub role: RoleId,
    /// Whether they may log in.
    pub is_active: bool,
    /// The time at which they chose a password; `None` for somebody who has yet to.
    pub joined_at: Option<DateTime<Utc>>,
}

/// A change to a member; `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemberPatch {
    /// The role.
    pub role: Option<RoleId>,
    /// Whether they may log in.
    pub is_active: Option<bool>,
}

/// The reason why a member was not changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// There is no such member.
    #[error("there is no such member")]
    NotFound,
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

/// Gives a new user their role.
pub fn create(tx: &mut impl Tenant, user: UserId, new: NewMember) -> Result<(), MemberError> {
    let row = (
        members::user_id.eq(user),
        members::role_id.eq(new.role),
        members::is_active.eq(new.is_active),
        members::joined_at.eq(new.joined_at),
    );
    tx.run(diesel::insert_into(members::table).values(row))?;
    Ok(())
}

/// Notes that a user has chosen their first password.
pub fn mark_joined(tx: &mut impl Tenant, now: DateTime<Utc>, user: UserId) -> QueryResult<()> {
    let row = members::table.find(user).filter(members::joined_at.is_null());
    tx.run(diesel::update(row).set(members::joined_at.eq(now))).map(drop)
}

/// Changes a member's role or state, unless it would leave no admin.
pub fn update(tx: &mut impl Tenant, user: UserId, patch: MemberPatch) -> Result<(), MemberError> {
    let (admin, admins) = lock_admins(tx)?;
    let stays = patch.role.is_none_or(|role| Some(role) == admin) && patch.is_active != Some(false);
    if !stays {
        admins.without([user])?;
    }
    let row = members::table.find(user);
    let current: Option<(RoleId, bool)> = tx.find(row.select((members::role_id, members::is_active)))?;
    let (role, is_active) = current.ok_or(MemberError::NotFound)?;
    let set = (
        members::role_id.eq(patch.role.unwrap_or(role)),
        members::is_active.eq(patch.is_active.unwrap_or(is_active)),
    );
    tx.run(diesel::update(row).set(set))?;
    Ok(())
}

/// Removes a member, unless it would leave no admin.
///
/// Whoever deletes a user calls this first: the row would also go with the user's, but unguarded.
pub fn delete(tx: &mut impl Tenant, user: UserId) -> Result<(), MemberError> {
    lock_admins(tx)?.1.without([user])?;
    match tx.run(diesel::delete(members::table.find(user)))? {
        0 => Err(MemberError::NotFound),
        _ => Ok(()),
    }
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
    let could_come_in = members::is_active.and(members::joined_at.is_not_null());
    let counted =
        members::table.filter(could_come_in.and(members::role_id.eq(role))).select(members::user_id);
    Ok((admin, tx.rows::<UserId, _>(counted)?.into_iter().collect()))
}
