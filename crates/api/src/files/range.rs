//! `Range`: the part of a file that is asked for (RFC 9110, section 14).

use std::ops::RangeInclusive;

use actix_web::http::header::Range;

/// The meaning of a `Range` for content of a certain size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RequestedRange {
    /// All of it: nothing less was asked for, or not in a way that is understood.
    Whole,
    /// These bytes of it, the last one included.
    Bytes(RangeInclusive<u64>),
    /// Nothing of it: it has no such bytes.
    Unsatisfiable,
}

impl RequestedRange {
    /// The part of `size` bytes that this `Range` asks for.
    ///
    /// Several ranges are answered with the whole, which is allowed, and cheaper for everybody than parts
    /// that overlap.
    pub(super) fn of(range: &Range, size: u64) -> Self {
        let Range::Bytes(specs) = range else { return Self::Whole };
        let [spec] = specs.as_slice() else { return Self::Whole };
        match spec.to_satisfiable_range(size) {
            Some((first, last)) => Self::Bytes(first..=last),
            None => Self::Unsatisfiable,
        }
    }
}

/// The `Range` in this header; `None` when it is not one range, or cannot be read.
///
/// The type's own reader leaves out those of several ranges that it cannot read, takes a plus sign for part
/// of a number, and knows the unit in small letters alone. A number that is beyond all sizes counts as the
/// largest.
pub(super) fn read(header: &str) -> Option<Range> {
    let (unit, set) = header.split_once('=')?;
    let (first, last) = set.trim().split_once('-')?;
    let number = |digits: &str| match digits {
        "" => Some(String::new()),
        _ if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().unwrap_or(u64::MAX).to_string())
        }
        _ => None,
    };
    format!("{}={}-{}", unit.trim().to_ascii_lowercase(), number(first)?, number(last)?).parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(header: &str, size: u64) -> RequestedRange {
        read(header).map_or(RequestedRange::Whole, |range| RequestedRange::of(&range, size))
    }

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        for (range, expected) in [
            ("bytes=0-0", RequestedRange::Bytes(0..=0)),
            ("bytes=0-9", RequestedRange::Bytes(0..=9)),
            ("bytes=2-4", RequestedRange::Bytes(2..=4)),
            ("bytes=2-99", RequestedRange::Bytes(2..=9)),
            ("bytes=9-", RequestedRange::Bytes(9..=9)),
            ("bytes=0-", RequestedRange::Bytes(0..=9)),
            ("bytes=-1", RequestedRange::Bytes(9..=9)),
            ("bytes=-10", RequestedRange::Bytes(0..=9)),
            ("bytes=-99", RequestedRange::Bytes(0..=9)),
            ("bytes=3-99999999999999999999999", RequestedRange::Bytes(3..=9)),
            ("bytes=-99999999999999999999999", RequestedRange::Bytes(0..=9)),
            ("Bytes=1-2", RequestedRange::Bytes(1..=2)),
            ("bytes= 1-2 ", RequestedRange::Bytes(1..=2)),
            ("bytes=10-", RequestedRange::Unsatisfiable),
            ("bytes=10-20", RequestedRange::Unsatisfiable),
            ("bytes=99999999999999999999999-", RequestedRange::Unsatisfiable),
            ("bytes=-0", RequestedRange::Unsatisfiable),
        ] {
            assert_eq!(asked(range, 10), expected, "{range}");
        }
        for range in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"] {
            assert_eq!(asked(range, 0), RequestedRange::Unsatisfiable, "{range} of nothing");
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
            assert_eq!(asked(range, 10), RequestedRange::Whole, "{range}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_within_the_content(range in "\\PC{0,30}", near in "bytes=[0-9]{0,4}-[0-9]{0,4}", size in 0_u64..5_000) {
            for range in [range, near] {
                if let RequestedRange::Bytes(bytes) = asked(&range, size) {
                    prop_assert!(bytes.start() <= bytes.end() && *bytes.end() < size);
                }
            }
        }

        #[test]
        fn a_range_says_which_bytes(first in 0_u64..5_000, more in 0_u64..5_000, size in 0_u64..5_000) {
            let last = first + more;
            let expected = if first < size { RequestedRange::Bytes(first..=last.min(size - 1)) } else { RequestedRange::Unsatisfiable };
            prop_assert_eq!(asked(&format!("bytes={first}-{last}"), size), expected);
        }
    }
}
