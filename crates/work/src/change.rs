//! The parts that every change of a row has: its precondition, its version and its time.

use belfort_audit::Origin;
use belfort_values::Expected;
use chrono::{DateTime, SubsecRound, Utc};

/// Whether the caller expects a version that the row does not have.
pub(crate) fn is_stale(expected: impl Into<Expected>, version: i32) -> bool {
    !expected.into().allows(version)
}

/// The version of a row after one more change.
pub(crate) const fn next(version: i32) -> i32 {
    version.saturating_add(1)
}

/// The time as Postgres keeps it. What is answered at once and what is read later must not differ in
/// nanoseconds.
pub(crate) fn stored(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// The time of a change, after the one at `before`. The clocks of two servers differ a little; the time of
/// the last change does not run backwards for it.
pub(crate) fn later(before: DateTime<Utc>, origin: &Origin) -> DateTime<Utc> {
    before.max(stored(origin.at))
}
