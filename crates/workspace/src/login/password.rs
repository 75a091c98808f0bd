//! Changing one's password.

use belfort_audit::{Changes, Event, Origin, postgres as audit};
use belfort_auth::postgres::{credentials, sessions};
use belfort_auth::{Email, HashError, Hasher, Limit, Password, PasswordHash, Verdict};
use belfort_db::Tenant;
use belfort_ids::SessionId;
use belfort_tenancy::postgres::TenantTx;
use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{StoredPassword, password_of};
use crate::caller::Caller;
use crate::reservation::{Counters, Reservation, ReserveError};

/// A change of the caller's password that was counted as an attempt and may proceed.
#[derive(Debug)]
pub struct PasswordChange {
    stored: Option<StoredPassword>,
    reservation: Reservation,
}

impl PasswordChange {
    /// Reads the stored password and counts the attempt. Somebody at an unlocked screen guesses no more often than somebody
    /// at the login.
    ///
    /// The transaction ends before the attempt is counted: nobody waits for one connection while holding another.
    pub fn reserve(
        mut tx: TenantTx,
        counters: &Counters,
        limit: Limit,
        now: DateTime<Utc>,
        caller: &Caller,
    ) -> Result<Self, ReserveError> {
        let email = Email::parse(&caller.email)
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        let key = counters.keys().login_user(tx.tenant().id, &email);
        let stored = password_of(&mut tx, caller.user)?;
        drop(tx);
        Ok(Self { stored, reservation: Reservation::make(counters, &[(key, limit)], now)? })
    }

    /// The counted attempt, to be given back unless the current password is wrong.
    pub fn reservation(&self) -> Reservation {
        self.reservation.clone()
    }

    /// Checks the current password and hashes the new one; `None` when the current one is wrong.
    pub fn verify(
        self,
        hasher: &Hasher,
        current: &Password,
        new: &Password,
    ) -> Result<Option<NewPassword>, HashError> {
        let Some(checked) = self.stored else { return Ok(None) };
        Ok(match hasher.verify(current, &checked.hash) {
            Verdict::Mismatch => None,
            Verdict::Match | Verdict::MatchButStale => Some(NewPassword { checked, hash: hasher.hash(new)? }),
        })
    }
}

/// A new password for somebody who knew the current one.
#[derive(Debug)]
pub struct NewPassword {
    checked: StoredPassword,
    hash: PasswordHash,
}

impl NewPassword {
    /// Stores it and ends every session of the user but `keep`. False when the password was changed since it was checked; then
    /// nothing is.
    pub fn store(&self, tx: &mut impl Tenant, origin: &Origin, keep: SessionId) -> QueryResult<bool> {
        change_password(tx, origin, &self.checked, &self.hash, keep)
    }
}

/// Replaces the password of a user who was `checked` and found to know it, and ends all their sessions but `keep`.
///
/// False when the password was changed since it was checked; then nothing is.
pub fn change_password(
    tx: &mut impl Tenant,
    origin: &Origin,
    checked: &StoredPassword,
    new: &PasswordHash,
    keep: SessionId,
) -> QueryResult<bool> {
    if !credentials::rehash(tx, checked.user, &checked.hash, new, origin.at)? {
        return Ok(false);
    }
    sessions::end_others(tx, checked.user, keep)?;
    let event = Event::new(origin, "users", checked.user.uuid(), "password_changed", Changes::default());
    audit::append(tx, origin, &[event])?;
    Ok(true)
}
