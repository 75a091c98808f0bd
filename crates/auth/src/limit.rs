//! Limits on the number of attempts in a time.

use std::fmt;
use std::str::FromStr;

use chrono::Duration;

/// A number of attempts in a window of time, written like `10/1h`.
///
/// The window begins with the first attempt and has a fixed length: attempts inside it do not extend it, so nobody can be
/// locked out forever by somebody who keeps trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    max: u32,
    per: Duration,
}

impl Limit {
    /// Makes a limit, in a `const`; what an operator writes goes through [`Limit::parse`].
    ///
    /// # Panics
    /// When `max` is not 1 to 1,000,000 or `per` is not whole seconds from one second to one year; in a `const` that is a
    /// compile error.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated by the compiler where it is used as meant, in a const")]
    pub const fn new(max: u32, per: Duration) -> Self {
        match Self::checked(max, per) {
            Some(limit) => limit,
            None => panic!("a limit is 1 to 1,000,000 attempts in whole seconds up to a year"),
        }
    }

    /// Reads `10/1h`: a number from 1 to 1,000,000, and a time in `s`, `m`, `h` or `d` from one second to 365 days.
    pub fn parse(text: &str) -> Result<Self, LimitError> {
        let error = || LimitError { text: text.chars().take(40).collect() };
        let (max, per) = text.split_once('/').ok_or_else(error)?;
        let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| per.ends_with(*unit)).ok_or_else(error)?;
        let count = per.strip_suffix(unit).and_then(number).ok_or_else(error)?;
        let per = i64::from(count).checked_mul(seconds).and_then(Duration::try_seconds).ok_or_else(error)?;
        number(max).and_then(|max| Self::checked(max, per)).ok_or_else(error)
    }

    /// The number of attempts.
    pub const fn max(self) -> u32 {
        self.max
    }

    /// The length of the window.
    pub const fn per(self) -> Duration {
        self.per
    }

    /// A limit of the same window with `factor` times the attempts, at most as many as a limit may have.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        let max = self.max.saturating_mul(factor).clamp(1, MAX_ATTEMPTS);
        Self { max, ..self }
    }

    const fn checked(max: u32, per: Duration) -> Option<Self> {
        let (seconds, rest) = (per.num_seconds(), per.subsec_nanos());
        let fits = max >= 1 && max <= MAX_ATTEMPTS && seconds >= 1 && seconds <= 365 * DAY && rest == 0;
        if fits { Some(Self { max, per }) } else { None }
    }
}

/// The most attempts that a limit allows.
const MAX_ATTEMPTS: u32 = 1_000_000;

impl fmt::Display for Limit {
    /// Writes the window in the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.per.num_seconds();
        let (unit, size) = UNITS.into_iter().find(|(_, size)| seconds % size == 0).unwrap_or(('s', 1));
        write!(f, "{}/{}{unit}", self.max, seconds / size)
    }
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The error for a text that is not a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a limit: write attempts and a time, like 10/1h (1 to 1000000 attempts; s, m, h or d, up to 365d)"
)]
pub struct LimitError {
    text: String,
}

/// Reads a number of plain digits: `u32::from_str` would take a `+` too.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

const DAY: i64 = 86_400;
const UNITS: [(char, i64); 4] = [('d', DAY), ('h', 3_600), ('m', 60), ('s', 1)];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOGINS: Limit = Limit::new(5, Duration::minutes(15));

    #[test]
    fn a_limit_is_read_and_written() {
        let check = |text: &str, max, per, shown: &str| {
            let limit = Limit::parse(text).unwrap();
            assert_eq!((limit.max(), limit.per()), (max, per));
            assert_eq!(limit.to_string(), shown);
        };
        check("10/1h", 10, Duration::hours(1), "10/1h");
        check("1/90s", 1, Duration::seconds(90), "1/90s");
        check("60/60m", 60, Duration::hours(1), "60/1h");
        check("1000000/365d", 1_000_000, Duration::days(365), "1000000/365d");
        assert_eq!(LOGINS.to_string(), "5/15m");
    }

    #[test]
    fn what_is_no_limit_is_refused_and_named() {
        let bad = [
            "",
            "10",
            "10/",
            "/1h",
            "10/h",
            "0/1h",
            "10/0h",
            "-1/1h",
            "+1/1h",
            "10/+1h",
            "10/1w",
            "10/1H",
            "10 / 1h",
            "10/1.5h",
            "1000001/1h",
            "10/366d",
            "10/99999999999999999999d",
            "4294967296/1h",
            "10/1h/1h",
            "10/1é",
            "１/1h",
        ];
        for text in bad {
            let error = Limit::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is not a limit")), "{error}");
        }
    }

    #[test]
    #[should_panic(expected = "a limit is 1 to 1,000,000 attempts")]
    fn a_window_of_half_a_second_is_refused() {
        let _ = Limit::new(1, Duration::milliseconds(1_500));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(max in 1_u32..=1_000_000, seconds in 1_i64..=365 * DAY) {
            let limit = Limit::new(max, Duration::seconds(seconds));
            prop_assert_eq!(limit.times(10), Limit::new((max * 10).min(1_000_000), limit.per()));
            prop_assert_eq!(Limit::parse(&limit.to_string()), Ok(limit));
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,20}/?\\PC{0,20}") {
            let _ = Limit::parse(&text);
        }
    }
}
