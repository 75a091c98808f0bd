//! The place of a time entry in a list, as a text.

use std::fmt;
use std::str::FromStr;

use belfort_ids::TimeEntryId;
use chrono::{DateTime, Utc};

use super::TimeEntry;

/// The place of an entry in either order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryCursor {
    pub(super) started_at: DateTime<Utc>,
    pub(super) id: TimeEntryId,
}

impl EntryCursor {
    /// The place of `entry`.
    pub const fn of(entry: &TimeEntry) -> Self {
        Self { started_at: entry.started_at, id: entry.id }
    }
}

impl fmt::Display for EntryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.started_at.timestamp_micros(), self.id)
    }
}

/// A text that is the place of no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list of time entries")]
pub struct EntryCursorError;

impl FromStr for EntryCursor {
    type Err = EntryCursorError;

    fn from_str(text: &str) -> Result<Self, EntryCursorError> {
        let (micros, id) = text.split_once('.').ok_or(EntryCursorError)?;
        let started_at =
            micros.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(EntryCursorError)?;
        Ok(Self { started_at, id: id.parse().map_err(|_e| EntryCursorError)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let place = EntryCursor {
            started_at: DateTime::from_timestamp_micros(-1_000_001).unwrap(),
            id: TimeEntryId::new(DateTime::UNIX_EPOCH),
        };
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", ".", "1", "1.x", "x.01980000-0000-7000-8000-000000000000", "9223372036854775807."] {
            assert_eq!(text.parse::<EntryCursor>(), Err(EntryCursorError), "{text}");
        }
    }
}
