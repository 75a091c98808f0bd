//! Telling a user of a change to their account.

use belfort_auth::{Email, Limit};
use chrono::{DateTime, Duration, Utc};

use crate::reservation::{Counters, Reservation, ReserveError};

/// The limit on messages to one address. Whoever may change addresses can make any address a user's and take it away again, but
/// not have more mail than this sent to it. After so many the owner of an account knows.
const NOTICES: Limit = Limit::new(5, Duration::hours(1));

/// Counts a message to an address that was a user's until now.
pub fn count_notice(counters: &Counters, now: DateTime<Utc>, recipient: &Email) -> Result<(), ReserveError> {
    let key = counters.keys().notice_recipient(recipient);
    Reservation::make(counters, &[(key, NOTICES)], now).map(drop)
}
