//! The period of a report.

use belfort_values::brussels;
use chrono::{DateTime, NaiveDate, Utc};

/// Calendar days of Brussels, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: NaiveDate,
    to: NaiveDate,
}

/// The reason why two days are no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The last day is before the first.
    #[error("the last day is before the first")]
    Backwards,
    /// There are too many days.
    #[error("a period has at most {} days", Period::MAX_DAYS)]
    TooLong,
}

impl Period {
    /// The most days that it can have: ten years.
    pub const MAX_DAYS: i64 = 3_660;

    /// The days from `from` to `to`.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, PeriodError> {
        match (to - from).num_days() {
            ..0 => Err(PeriodError::Backwards),
            Self::MAX_DAYS.. => Err(PeriodError::TooLong),
            _ => Ok(Self { from, to }),
        }
    }

    /// Its first and its last day.
    pub const fn ends(self) -> (NaiveDate, NaiveDate) {
        (self.from, self.to)
    }

    /// Its first moment, and the first one after it.
    pub(super) fn bounds(self) -> (DateTime<Utc>, DateTime<Utc>) {
        (brussels::day_bounds(self.from).0, brussels::day_bounds(self.to).1)
    }

    /// Its days.
    pub(super) fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }

    /// In microseconds since the epoch: when it begins, where its days meet if `by_day`, when it is over.
    pub(super) fn cuts(self, by_day: bool) -> Vec<i64> {
        let begins: Vec<_> = if by_day {
            self.days().map(|day| brussels::day_bounds(day).0).collect()
        } else {
            vec![self.bounds().0]
        };
        begins.into_iter().chain([self.bounds().1]).map(|at| at.timestamp_micros()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_has_a_first_day_and_not_too_many() {
        let first = day("2020-01-01");
        let last = first + chrono::TimeDelta::days(Period::MAX_DAYS - 1);
        assert_eq!(Period::new(first, last).unwrap().cuts(true).len(), 3_661);
        assert_eq!(Period::new(first, last.succ_opt().unwrap()), Err(PeriodError::TooLong));
        assert_eq!(Period::new(last, first), Err(PeriodError::Backwards));
        assert_eq!(
            Period::new(first, first).unwrap().cuts(true),
            Period::new(first, first).unwrap().cuts(false)
        );
    }

    #[test]
    fn days_are_cut_where_brussels_has_midnight() {
        let cuts = Period::new(day("2026-03-28"), day("2026-03-30")).unwrap().cuts(true);
        let hours: Vec<i64> = cuts.windows(2).map(|two| (two[1] - two[0]) / 3_600_000_000).collect();
        assert_eq!(hours, [24, 23, 24]);
        assert_eq!(Period::new(day("0001-01-01"), day("0001-01-01")).unwrap().cuts(true).len(), 2);
        assert_eq!(Period::new(day("9999-12-31"), day("9999-12-31")).unwrap().cuts(true).len(), 2);
    }
}
