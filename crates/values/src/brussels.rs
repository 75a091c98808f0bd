//! Times as people in Brussels read and write them. Inside, a time is a `DateTime<Utc>`.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, SecondsFormat};
use chrono::{LocalResult, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Brussels;

/// The reason why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is not an RFC 3339 time.
    #[error("not a time; write it as 2026-03-29T03:30:00+02:00, or without the offset for Brussels time")]
    Malformed,
    /// There is no such day, hour, minute, second or offset, or the year is before 1 or after 9999.
    #[error("no such time, or its year is not within 1 and 9999")]
    OutOfRange,
    /// The clocks in Brussels jumped over this local time.
    #[error("this local time does not exist in Brussels: the clocks went forward over it; give an offset")]
    Nonexistent,
}

/// RFC 3339 with the offset of Brussels, and a fraction of the second only where there is one.
///
/// What it writes, [`parse`] reads as the same moment.
pub fn format(at: DateTime<Utc>) -> String {
    // Until 1892 Brussels was 17 min 30 s ahead. RFC 3339 cannot say half a minute, and chrono would round
    // the offset but not the time beside it: another moment. With the offset in whole minutes both agree.
    let seconds = at.with_timezone(&Brussels).offset().fix().local_minus_utc();
    let offset = FixedOffset::east_opt(seconds - seconds % 60).unwrap_or(Utc.fix());
    at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Reads an RFC 3339 time with any offset, or, without one, a local time of Brussels.
///
/// - The seconds may be left out; `T` may be a space.
/// - A local time that occurs twice (the hour when summer time ends) is the earlier of the two.
/// - A fraction is cut to microseconds: that is what the database keeps.
/// - There is no second 60.
pub fn parse(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let mut text = Reader(text.as_bytes());
    let local = NaiveDateTime::new(text.date()?, text.time()?);
    let at = if text.0.is_empty() { from_brussels(local)? } else { text.with_offset(local)? };
    // Both years count: Postgres keeps the one, `format` writes the other with four digits.
    let years = [at.year(), at.with_timezone(&Brussels).year()];
    if years.iter().all(|year| (1..=9999).contains(year)) { Ok(at) } else { Err(TimeError::OutOfRange) }
}

/// The calendar day in Brussels at this moment.
pub fn day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Brussels).date_naive()
}

/// The instants when `day` begins in Brussels and when the next one does: 23 or 25 hours apart when the
/// clocks change.
pub fn day_bounds(day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    (midnight(day), midnight(day.succ_opt().unwrap_or(day)))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let local = day.and_time(NaiveTime::MIN);
    match Brussels.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
        // On 1 May 1916 the clocks went from 00:00 to 01:00. The day began when it would have been midnight
        // before.
        LocalResult::None => local
            .checked_sub_signed(TimeDelta::hours(1))
            .and_then(|before| from_brussels(before).ok())
            .map_or(local.and_utc(), |before| before + TimeDelta::hours(1)),
    }
}

fn from_brussels(local: NaiveDateTime) -> Result<DateTime<Utc>, TimeError> {
    Brussels
        .from_local_datetime(&local)
        .earliest()
        .map(|at| at.with_timezone(&Utc))
        .ok_or(TimeError::Nonexistent)
}

/// The rest that is to be read.
struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn date(&mut self) -> Result<NaiveDate, TimeError> {
        if self.0.iter().take_while(|byte| byte.is_ascii_digit()).count() > 4 {
            return Err(TimeError::OutOfRange);
        }
        let year = self.digits(4)?;
        self.one_of(b"-")?;
        let month = self.digits(2)?;
        self.one_of(b"-")?;
        let day = self.digits(2)?;
        i32::try_from(year)
            .ok()
            .filter(|year| *year > 0)
            .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
            .ok_or(TimeError::OutOfRange)
    }

    fn time(&mut self) -> Result<NaiveTime, TimeError> {
        self.one_of(b"Tt ")?;
        let hour = self.digits(2)?;
        self.one_of(b":")?;
        let minute = self.digits(2)?;
        let (mut second, mut micros) = (0, 0);
        if self.0.first() == Some(&b':') {
            self.one_of(b":")?;
            second = self.digits(2)?;
            if self.0.first() == Some(&b'.') {
                self.one_of(b".")?;
                micros = self.fraction()?;
            }
        }
        NaiveTime::from_hms_micro_opt(hour, minute, second, micros).ok_or(TimeError::OutOfRange)
    }

    fn with_offset(&mut self, local: NaiveDateTime) -> Result<DateTime<Utc>, TimeError> {
        let sign = self.one_of(b"Zz+-")?;
        let mut seconds = 0;
        if sign == b'+' || sign == b'-' {
            let hours = self.digits(2)?;
            self.one_of(b":")?;
            let minutes = self.digits(2)?;
            if hours > 23 || minutes > 59 {
                return Err(TimeError::OutOfRange);
            }
            seconds = i64::from(hours * 3600 + minutes * 60);
        }
        if !self.0.is_empty() {
            return Err(TimeError::Malformed);
        }
        let offset = TimeDelta::seconds(if sign == b'-' { -seconds } else { seconds });
        local.checked_sub_signed(offset).map(|utc| utc.and_utc()).ok_or(TimeError::OutOfRange)
    }

    fn fraction(&mut self) -> Result<u32, TimeError> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let kept = len.min(6);
        let mut micros = self.digits(kept)?;
        if kept == 0 {
            return Err(TimeError::Malformed);
        }
        for _ in kept..6 {
            micros *= 10;
        }
        self.0 = self.0.get(len - kept..).unwrap_or_default();
        Ok(micros)
    }

    /// The next `count` bytes as a number; at most 9.
    fn digits(&mut self, count: usize) -> Result<u32, TimeError> {
        let (digits, rest) = self.0.split_at_checked(count).ok_or(TimeError::Malformed)?;
        let mut number = 0;
        for digit in digits {
            let digit = char::from(*digit).to_digit(10).ok_or(TimeError::Malformed)?;
            number = number * 10 + digit;
        }
        self.0 = rest;
        Ok(number)
    }

    fn one_of(&mut self, bytes: &[u8]) -> Result<u8, TimeError> {
        let (first, rest) = self.0.split_first().ok_or(TimeError::Malformed)?;
        if !bytes.contains(first) {
            return Err(TimeError::Malformed);
        }
        self.0 = rest;
        Ok(*first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    #[test]
    fn a_time_is_written_with_the_offset_of_its_season() {
        assert_eq!(format(utc("2026-03-29T01:30:00Z")), "2026-03-29T03:30:00+02:00");
        assert_eq!(format(utc("2026-03-29T00:59:59Z")), "2026-03-29T01:59:59+01:00");
        assert_eq!(format(utc("2026-01-31T23:30:00.250Z")), "2026-02-01T00:30:00.250+01:00");
        assert_eq!(format(utc("2026-01-31T23:30:00.000001Z")), "2026-02-01T00:30:00.000001+01:00");
    }

    #[test]
    fn every_spelling_of_a_moment_is_that_moment() {
        let at = utc("2026-03-29T01:30:00Z");
        for text in [
            "2026-03-29T01:30:00Z",
            "2026-03-29t01:30:00z",
            "2026-03-29 01:30Z",
            "2026-03-29T03:30:00+02:00",
            "2026-03-28T20:30:00-05:00",
            "2026-03-29T07:15+05:45",
            "2026-03-29T03:30:00",
            "2026-03-29 03:30",
            "2026-03-29T03:30:00.0",
            "2026-03-29T01:30:00.0000009999Z",
            "2026-03-29T01:30:00-00:00",
        ] {
            assert_eq!(parse(text), Ok(at), "{text}");
        }
        assert_eq!(parse("2026-03-29T01:30:00.12Z"), Ok(at + TimeDelta::milliseconds(120)));
    }

    #[test]
    fn a_local_time_that_was_skipped_is_refused() {
        assert_eq!(parse("2026-03-29T02:00:00"), Err(TimeError::Nonexistent));
        assert_eq!(parse("2026-03-29 02:59:59.999999"), Err(TimeError::Nonexistent));
        assert!(parse("2026-03-29T01:59:59").is_ok() && parse("2026-03-29T03:00:00").is_ok());
        // With an offset the moment is certain, whatever the wall clock of Brussels showed.
        assert_eq!(parse("2026-03-29T02:30:00+01:00"), Ok(utc("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn a_local_time_that_occurs_twice_is_the_earlier() {
        assert_eq!(parse("2026-10-25T02:30:00"), Ok(utc("2026-10-25T00:30:00Z")));
        assert_eq!(parse("2026-10-25T02:30:00+01:00"), Ok(utc("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        use TimeError::{Malformed, OutOfRange};
        for (text, error) in [
            ("", Malformed),
            ("2026-03-29", Malformed),
            ("2026-3-29T01:30:00Z", Malformed),
            ("2026-03-29T1:30:00Z", Malformed),
            ("2026-03-29T01:30:00.Z", Malformed),
            ("2026-03-29T01:30:00,5Z", Malformed),
            ("2026-03-29T01:30:00+02", Malformed),
            ("2026-03-29T01:30:00+0200", Malformed),
            ("2026-03-29T01:30:00 02:00", Malformed),
            ("2026-03-29T01:30:00Z ", Malformed),
            (" 2026-03-29T01:30:00Z", Malformed),
            ("2026-03-29T01:30:00ZZ", Malformed),
            ("-001-03-29T01:30:00Z", Malformed),
            ("２026-03-29T01:30:00Z", Malformed),
            ("1767225600", OutOfRange),
            ("2026-02-29T01:30:00Z", OutOfRange),
            ("2026-13-01T01:30:00Z", OutOfRange),
            ("2026-03-29T24:00:00Z", OutOfRange),
            ("2026-03-29T23:59:60Z", OutOfRange),
            ("2026-03-29T01:30:00+24:00", OutOfRange),
            ("2026-03-29T01:30:00+02:60", OutOfRange),
            ("0000-03-29T01:30:00Z", OutOfRange),
            ("10000-01-01T00:00:00Z", OutOfRange),
            ("0001-01-01T00:00:00+02:00", OutOfRange),
            ("9999-12-31T23:59:59-05:00", OutOfRange),
            ("9999-12-31T23:30:00Z", OutOfRange),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_day_has_23_24_or_25_hours() {
        let hours = |text: &str| {
            let (start, end) = day_bounds(text.parse().unwrap());
            (end - start).num_minutes()
        };
        assert_eq!(hours("2026-03-28"), 24 * 60);
        assert_eq!(hours("2026-03-29"), 23 * 60);
        assert_eq!(hours("2026-10-25"), 25 * 60);
        assert_eq!(day_bounds("2026-03-29".parse().unwrap()).0, utc("2026-03-28T23:00:00Z"));
    }

    #[test]
    fn days_follow_each_other_without_gap_since_1800() {
        let first: NaiveDate = "1800-01-01".parse().unwrap();
        for date in first.iter_days().take(300 * 366) {
            let (start, end) = day_bounds(date);
            assert_eq!(day(start), date);
            assert_eq!(day(end - TimeDelta::microseconds(1)), date);
            assert_eq!(Some(day(end)), date.succ_opt());
        }
    }

    #[test]
    fn the_last_date_of_all_does_not_panic() {
        let _ = (day_bounds(NaiveDate::MAX), day_bounds(NaiveDate::MIN));
    }

    /// Any microsecond of the years that are accepted.
    fn moments() -> impl Strategy<Value = DateTime<Utc>> {
        let range =
            utc("0001-01-01T00:00:00Z").timestamp_micros()..utc("9999-12-31T22:00:00Z").timestamp_micros();
        let lately =
            utc("1880-01-01T00:00:00Z").timestamp_micros()..utc("2100-01-01T00:00:00Z").timestamp_micros();
        prop_oneof![range, lately].prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_moment(at in moments()) {
            prop_assert_eq!(parse(&format(at)), Ok(at));
        }

        #[test]
        fn a_moment_is_within_the_bounds_of_its_day(at in moments()) {
            let (start, end) = day_bounds(day(at));
            prop_assert!(start <= at && at < end);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", near in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z-]{0,30}") {
            let _ = (parse(&text), parse(&near));
        }
    }
}
