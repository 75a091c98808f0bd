//! One attempt to log in.

use std::net::IpAddr;

use belfort_auth::{Email, HashError, Hasher, Limit, Password, PasswordHash, Verdict};
use belfort_db::Tenant;
use belfort_ids::UserId;
use belfort_tenancy::postgres::TenantTx;
use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{NewSession, StoredPassword, open_session, password_by_email, rehash};
use crate::reservation::{Counters, Reservation, ReserveError};

/// The number of times that a login is tried when the hash was replaced while the password was checked: by another login,
/// which found it stale.
pub const TRIES: usize = 3;

/// The attempts that one address has for each attempt that one user has: an office shares an address.
const USERS_AT_AN_ADDRESS: u32 = 10;

/// An attempt to log in that was counted and may proceed.
#[derive(Debug)]
pub struct Attempt {
    stored: Option<StoredPassword>,
    reservation: Reservation,
}

impl Attempt {
    /// Reads the stored password and counts the attempt, as this user and from this address.
    ///
    /// The transaction ends before the attempt is counted: nobody waits for one connection while holding another.
    pub fn reserve(
        mut tx: TenantTx,
        counters: &Counters,
        limit: Limit,
        now: DateTime<Utc>,
        email: &Email,
        ip: Option<IpAddr>,
    ) -> Result<Self, ReserveError> {
        let user = counters.keys().login_user(tx.tenant().id, email);
        let stored = password_by_email(&mut tx, email)?;
        drop(tx);
        let mut limits = vec![(user, limit)];
        limits.extend(ip.map(|ip| (counters.keys().login_ip(ip), limit.times(USERS_AT_AN_ADDRESS))));
        Ok(Self { stored, reservation: Reservation::make(counters, &limits, now)? })
    }

    /// The counted attempt, to be given back unless the password is wrong.
    pub fn reservation(&self) -> Reservation {
        self.reservation.clone()
    }

    /// Checks the password; `None` when it is wrong. A user who is not there takes the same work as one who is.
    pub fn verify(self, hasher: &Hasher, password: &Password) -> Result<Option<Verified>, HashError> {
        let Some(stored) = self.stored else {
            hasher.verify_decoy(password);
            return Ok(None);
        };
        Ok(match hasher.verify(password, &stored.hash) {
            Verdict::Mismatch => None,
            Verdict::Match => Some(Verified { stored, fresh: None }),
            Verdict::MatchButStale => Some(Verified { stored, fresh: Some(hasher.hash(password)?) }),
        })
    }
}

/// An attempt whose password is right.
#[derive(Debug)]
pub struct Verified {
    stored: StoredPassword,
    /// The password under today's parameters, where the stored hash is weaker.
    fresh: Option<PasswordHash>,
}

impl Verified {
    /// The user who logs in.
    pub const fn user(&self) -> UserId {
        self.stored.user
    }

    /// Opens a session. `None` when the user was deactivated or the hash was replaced since it was read: try again.
    pub fn open_session(
        &self,
        tx: &mut impl Tenant,
        now: DateTime<Utc>,
        ip: Option<IpAddr>,
        user_agent: Option<&str>,
    ) -> QueryResult<Option<NewSession>> {
        let opened = open_session(tx, now, &self.stored, ip, user_agent)?;
        if let (Some(_), Some(fresh)) = (&opened, &self.fresh) {
            rehash(tx, now, &self.stored, fresh)?;
        }
        Ok(opened)
    }
}
