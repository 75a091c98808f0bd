//! The password hashes of a tenant's users.
//!
//! There is no lookup by email here: that joins the users, which are not this crate's.

use belfort_db::Tenant;
use belfort_ids::UserId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use self::schema::credentials;
use crate::password_hash::PasswordHash;

/// Sets the password of `user`, whether there was one before or not.
pub fn set(tx: &mut impl Tenant, user: UserId, hash: &PasswordHash, now: DateTime<Utc>) -> QueryResult<()> {
    let values = (credentials::password_hash.eq(hash.as_str()), credentials::updated_at.eq(now));
    tx.run(
        diesel::insert_into(credentials::table)
            .values((credentials::user_id.eq(user), values))
            .on_conflict(credentials::user_id)
            .do_update()
            .set(values),
    )?;
    Ok(())
}

/// Replaces the stale hash that a login was just verified against, and returns whether it was still there.
///
/// Not [`set`]: a password that was changed while the login was being checked would be undone by it.
pub fn rehash(
    tx: &mut impl Tenant,
    user: UserId,
    stale: &PasswordHash,
    fresh: &PasswordHash,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let row = credentials::table.find(user).filter(credentials::password_hash.eq(stale.as_str()));
    let values = (credentials::password_hash.eq(fresh.as_str()), credentials::updated_at.eq(now));
    Ok(tx.run(diesel::update(row).set(values))? == 1)
}

mod schema {
    diesel::table! {
        credentials (user_id) {
            user_id -> Uuid,
            password_hash -> Varchar,
            updated_at -> Timestamptz,
        }
    }
}
