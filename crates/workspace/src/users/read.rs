//! Reading users.

use belfort_values::Expected;
use std::collections::BTreeMap;

use belfort_db::Tenant;
use belfort_ids::UserId;
use belfort_policy::Users;
use belfort_rbac::{Grant, Read};
use diesel::QueryResult;
use diesel::prelude::*;

use super::{User, UserError};
use crate::reach;
use crate::tables::{members, users};

/// Users in reach in the order in which they were created, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Read>,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<User>> {
    let mut page = users::table
        .inner_join(members::table)
        .select(User::as_select())
        .filter(reach::users(grant.reach().people()))
        .order(users::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(users::id.gt(after));
    }
    tx.rows(page)
}

/// The number of users in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Users, Read>) -> QueryResult<i64> {
    tx.row(users::table.filter(reach::users(grant.reach().people())).count())
}

/// The user with this id; out of reach is `None` like absent.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Users, Read>, id: UserId) -> QueryResult<Option<User>> {
    find(tx, grant.reach().people(), id)
}

/// The caller's own row. It needs no grant: everybody may see themselves.
pub fn get_self(tx: &mut impl Tenant, id: UserId) -> QueryResult<Option<User>> {
    find(tx, None, id)
}

/// The names of the people who are named in rows that the caller sees. Who left is not among them.
///
/// It needs no grant: the reach of those rows was asked for already, and who may see that somebody did something may know
/// who it was.
pub fn names(tx: &mut impl Tenant, ids: &[UserId]) -> QueryResult<BTreeMap<UserId, String>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = users::table.filter(users::id.eq_any(ids));
    let names: Vec<(UserId, String)> = tx.rows(rows.select((users::id, users::full_name)))?;
    Ok(names.into_iter().collect())
}

/// The users among `ids` who are in reach of `people`.
pub(crate) fn existing(
    tx: &mut impl Tenant,
    people: Option<&[UserId]>,
    ids: &[UserId],
) -> QueryResult<Vec<UserId>> {
    let rows = users::table.filter(reach::users(people)).filter(users::id.eq_any(ids));
    tx.rows(rows.select(users::id))
}

/// The user with this id as they stand, for a change: nobody else changes them until this transaction ends.
pub(super) fn lock(
    tx: &mut impl Tenant,
    people: Option<&[UserId]>,
    id: UserId,
    expected: impl Into<Expected>,
) -> Result<User, UserError> {
    // Not FOR UPDATE: it would wait for every session and every key that was just written for the user.
    let row = users::table.filter(users::id.eq(id)).filter(reach::users(people));
    let locked: Option<UserId> = tx.find(row.select(users::id).for_no_key_update())?;
    if locked.is_none() {
        return Err(UserError::NotFound);
    }
    // Read after: what is joined to a row that had to be waited for is as old as the waiting.
    let row = find(tx, people, id)?.ok_or(UserError::NotFound)?;
    if !expected.into().allows(row.version) {
        return Err(UserError::Stale);
    }
    Ok(row)
}

pub(super) fn find(tx: &mut impl Tenant, people: Option<&[UserId]>, id: UserId) -> QueryResult<Option<User>> {
    let row = users::table.inner_join(members::table).filter(users::id.eq(id)).filter(reach::users(people));
    tx.find(row.select(User::as_select()))
}
