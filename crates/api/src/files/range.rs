//! `Range`: which part of a file is asked for (RFC 9110, section 14).

use std::ops::RangeInclusive;

/// What a `Range` means for content of a certain size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it: nothing less was asked for, or not in a way that is understood.
    Whole,
    /// These bytes of it, the last one included.
    Bytes(RangeInclusive<u64>),
    /// Nothing of it: it has no such bytes.
    Nothing,
}

/// The part of `size` bytes that this `Range` asks for.
///
/// Several ranges are answered with the whole, which is allowed, and cheaper for everybody than parts that overlap.
pub(crate) fn part(range: &str, size: u64) -> Part {
    let Some((unit, set)) = range.split_once('=') else { return Part::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else { return Part::Whole };
    let end = size.saturating_sub(1);
    let bytes = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..=last.min(end),
        (Some(first), None) if last.is_empty() => first..=end,
        (None, Some(0)) if first.is_empty() => return Part::Nothing,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..=end,
        _ => return Part::Whole,
    };
    if *bytes.start() < size { Part::Bytes(bytes) } else { Part::Nothing }
}

/// Digits as a number; what is beyond all sizes counts as the largest.
fn number(digits: &str) -> Option<u64> {
    let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0..=0)),
            ("bytes=0-9", Part::Bytes(0..=9)),
            ("bytes=2-4", Part::Bytes(2..=4)),
            ("bytes=2-99", Part::Bytes(2..=9)),
            ("bytes=9-", Part::Bytes(9..=9)),
            ("bytes=0-", Part::Bytes(0..=9)),
            ("bytes=-1", Part::Bytes(9..=9)),
            ("bytes=-10", Part::Bytes(0..=9)),
            ("bytes=-99", Part::Bytes(0..=9)),
            ("bytes=3-99999999999999999999999", Part::Bytes(3..=9)),
            ("bytes=-99999999999999999999999", Part::Bytes(0..=9)),
            ("Bytes=1-2", Part::Bytes(1..=2)),
            ("bytes= 1-2 ", Part::Bytes(1..=2)),
            ("bytes=10-", Part::Nothing),
            ("bytes=10-20", Part::Nothing),
            ("bytes=99999999999999999999999-", Part::Nothing),
            ("bytes=-0", Part::Nothing),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        for range in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"] {
            assert_eq!(part(range, 0), Part::Nothing, "{range} of nothing");
        }
    }

    #[test]
    fn what_is_not_understood_asks_for_the_whole() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=4-2",
            "bytes=+1-2",
            "bytes=1-+2",
            "bytes=1 - 2",
            "bytes=--1",
            "bytes=1--2",
            "bytes=0x1-2",
            "bytes=0-1,3-4",
            "bytes=0-1,",
            "bytes=,",
            "lines=1-2",
            "bytes: 1-2",
            "bytes=１-2",
            "none",
        ] {
            assert_eq!(part(range, 10), Part::Whole, "{range}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_within_the_content(range in "\\PC{0,30}", near in "bytes=[0-9]{0,4}-[0-9]{0,4}", size in 0_u64..5_000) {
            for range in [range, near] {
                if let Part::Bytes(bytes) = part(&range, size) {
                    prop_assert!(bytes.start() <= bytes.end() && *bytes.end() < size);
                }
            }
        }

        #[test]
        fn a_range_says_which_bytes(first in 0_u64..5_000, more in 0_u64..5_000, size in 0_u64..5_000) {
            let last = first + more;
            let expected = if first < size { Part::Bytes(first..=last.min(size - 1)) } else { Part::Nothing };
            prop_assert_eq!(part(&format!("bytes={first}-{last}"), size), expected);
        }
    }
}
