//! Adding up and rounding.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;

use belfort_ids::{TagId, TaskId, UserId};
use belfort_values::Euro;

/// Microseconds in an hour.
const HOUR: i128 = 3_600_000_000;

/// The group of a line, without the day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupKey {
    pub(super) user: Option<UserId>,
    pub(super) task: Option<TaskId>,
    pub(super) tags: Option<Vec<TagId>>,
}

/// A group, and the index of the day.
pub(super) type LineKey = (GroupKey, usize);

/// The share of one day in the entries of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DayPart {
    /// Microseconds of entries that begin or end on the day.
    pub(super) micros: i128,
    /// The same, each times its cents an hour.
    pub(super) cost: i128,
    /// The number of entries that have this whole day, less the number of those that have the whole day
    /// before.
    pub(super) whole: i128,
    /// The same, each times its cents an hour.
    pub(super) whole_cents: i128,
}

/// The sums of a line: microseconds, and microseconds times cents an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Worked {
    micros: i128,
    cost: i128,
}

/// A number of seconds, with all their decimals and no zero after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(i128);

/// A number of hours, rounded to two decimals, half to even.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours(i128);

/// The lines, by day and key; `None` when there are more than `most`. `lengths` are the microseconds of each
/// day.
///
/// A part is only there where something begins or ends. Between two of them every day is whole for the same
/// entries.
pub(super) fn unfold(
    parts: BTreeMap<LineKey, DayPart>,
    lengths: &[i128],
    most: usize,
) -> Option<BTreeMap<(usize, GroupKey), Worked>> {
    let mut lines = BTreeMap::new();
    let (mut open, mut running) = (None::<LineKey>, DayPart::default());
    for ((key, at), part) in parts {
        if let Some((known, since)) = open.filter(|(known, _)| *known == key) {
            for between in since.saturating_add(1)..at {
                let length = lengths.get(between).copied().unwrap_or_default();
                add(&mut lines, (between, known.clone()), whole(running, length), most)?;
            }
        } else {
            running = DayPart::default();
        }
        running.whole += part.whole;
        running.whole_cents += part.whole_cents;
        let all = whole(running, lengths.get(at).copied().unwrap_or_default());
        let worked = Worked { micros: part.micros + all.micros, cost: part.cost + all.cost };
        add(&mut lines, (at, key.clone()), worked, most)?;
        open = Some((key, at));
    }
    Some(lines)
}

fn whole(running: DayPart, length: i128) -> Worked {
    Worked { micros: running.whole * length, cost: running.whole_cents * length }
}

fn add(
    lines: &mut BTreeMap<(usize, GroupKey), Worked>,
    at: (usize, GroupKey),
    worked: Worked,
    most: usize,
) -> Option<()> {
    if worked.micros == 0 {
        return Some(());
    }
    lines.insert(at, worked);
    (lines.len() <= most).then_some(())
}

impl Worked {
    pub(super) fn seconds(self) -> Seconds {
        Seconds(self.micros)
    }

    pub(super) fn hours(self) -> Hours {
        Hours(divide(self.micros, HOUR / 100))
    }

    /// `None` when it is more than a [`Euro`] can be.
    pub(super) fn amount(self) -> Option<Euro> {
        i64::try_from(divide(self.cost, HOUR)).ok().map(Euro::from_cents)
    }
}

/// The quotient of what is not negative, half to even.
fn divide(number: i128, by: i128) -> i128 {
    let (quotient, rest) = (number / by, number % by);
    let up = match (2 * rest).cmp(&by) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient % 2,
        std::cmp::Ordering::Greater => 1,
    };
    quotient + up
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Sum for Hours {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.map(|hours| hours.0).sum())
    }
}

impl Sum for Seconds {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.map(|seconds| seconds.0).sum())
    }
}

#[cfg(test)]
mod tests {
    use belfort_values::Decimal;
    use proptest::prelude::*;

    use super::*;

    fn worked(micros: i128, cents: i128) -> Worked {
        Worked { micros, cost: micros * cents }
    }

    #[test]
    fn what_is_exactly_half_goes_to_the_even_one() {
        for (micros, hours, seconds) in [
            (0, "0.00", "0"),
            (18_000_000, "0.00", "18"),
            (18_000_001, "0.01", "18.000001"),
            (54_000_000, "0.02", "54"),
            (90_000_000, "0.02", "90"),
            (5_400_500_000, "1.50", "5400.5"),
            (3_600_000_000_000, "1000.00", "3600000"),
        ] {
            let worked = worked(micros, 1);
            assert_eq!(
                (worked.hours().to_string(), worked.seconds().to_string()),
                (hours.into(), seconds.into())
            );
        }
        // Half an hour at 0.01, 0.03 and 0.05.
        for (cents, amount) in [(1, "0.00"), (3, "0.02"), (5, "0.02")] {
            assert_eq!(worked(HOUR / 2, cents).amount().unwrap().to_string(), amount);
        }
        assert_eq!(worked(HOUR * i128::from(i64::MAX), 2).amount(), None);
    }

    /// An entry as a test has it: the microseconds in which it lies, and its cents.
    #[derive(Debug, Clone, Copy)]
    struct Entry {
        key: u8,
        begins: i128,
        ends: i128,
        cents: i128,
    }

    fn key(number: u8) -> GroupKey {
        GroupKey {
            user: None,
            task: None,
            tags: Some(vec![TagId::from(uuid::Uuid::from_u128(u128::from(number)))]),
        }
    }

    /// Days of different lengths, and where they begin.
    fn days() -> impl Strategy<Value = Vec<i128>> {
        proptest::collection::vec(prop_oneof![Just(23_i128), Just(24), Just(25)], 1..40)
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let entry = (0_u8..3, 0_i128..1000, 0_i128..900, 0_i128..5)
            .prop_map(|(key, begins, length, cents)| Entry { key, begins, ends: begins + length, cents });
        proptest::collection::vec(entry, 0..20)
    }

    /// The slow way: every entry on every day.
    fn slowly(entries: &[Entry], lengths: &[i128]) -> BTreeMap<(usize, GroupKey), Worked> {
        let mut lines: BTreeMap<(usize, GroupKey), Worked> = BTreeMap::new();
        let mut begins = 0;
        for (at, length) in lengths.iter().enumerate() {
            for entry in entries {
                let micros = (entry.ends.min(begins + length) - entry.begins.max(begins)).max(0);
                if micros > 0 {
                    let line = lines.entry((at, key(entry.key))).or_insert(Worked { micros: 0, cost: 0 });
                    line.micros += micros;
                    line.cost += micros * entry.cents;
                }
            }
            begins += length;
        }
        lines
    }

    /// The parts that the database makes of the entries, told anew.
    fn parts(entries: &[Entry], lengths: &[i128]) -> BTreeMap<LineKey, DayPart> {
        let cuts: Vec<i128> = std::iter::once(0)
            .chain(lengths.iter().scan(0, |sum, length| {
                *sum += length;
                Some(*sum)
            }))
            .collect();
        let (mut parts, last_cut) = (BTreeMap::<LineKey, DayPart>::new(), cuts[lengths.len()]);
        let day_of = |micro: i128| cuts.iter().rposition(|cut| *cut <= micro).unwrap();
        for Entry { key: number, begins, ends, cents } in entries.iter().copied() {
            let ends = ends.min(last_cut);
            if begins >= ends {
                continue;
            }
            let (first, last) = (day_of(begins), day_of(ends - 1));
            let mut put = |at, micros, whole| {
                let part = parts.entry((key(number), at)).or_default();
                part.micros += micros;
                part.cost += micros * cents;
                part.whole += whole;
                part.whole_cents += whole * cents;
            };
            put(first, ends.min(cuts[first + 1]) - begins, 0);
            if last > first {
                put(last, ends - cuts[last], 0);
            }
            if last > first + 1 {
                put(first + 1, 0, 1);
                put(last, 0, -1);
            }
        }
        parts
    }

    proptest! {
        #[test]
        fn the_lines_are_what_counting_every_entry_on_every_day_gives(entries in entries(), lengths in days()) {
            let quick = unfold(parts(&entries, &lengths), &lengths, usize::MAX).unwrap();
            prop_assert_eq!(&quick, &slowly(&entries, &lengths));
            // Each part is of a line of its own: so there are too many lines wherever there are too many
            // parts.
            prop_assert!(parts(&entries, &lengths).len() <= quick.len());
            prop_assert_eq!(unfold(parts(&entries, &lengths), &lengths, quick.len()).map(|lines| lines.len()), Some(quick.len()));
            if let Some(fewer) = quick.len().checked_sub(1) {
                prop_assert_eq!(unfold(parts(&entries, &lengths), &lengths, fewer), None);
            }
        }

        #[test]
        fn splitting_loses_no_microsecond(entries in entries(), lengths in days()) {
            let all: i128 = lengths.iter().sum();
            let split = unfold(parts(&entries, &lengths), &lengths, usize::MAX).unwrap();
            let (micros, cost) = split.values().fold((0, 0), |sum, line| (sum.0 + line.micros, sum.1 + line.cost));
            let lasting = |entry: &Entry| (entry.ends.min(all) - entry.begins).max(0);
            prop_assert_eq!(micros, entries.iter().map(lasting).sum::<i128>());
            prop_assert_eq!(cost, entries.iter().map(|entry| lasting(entry) * entry.cents).sum::<i128>());
        }

        #[test]
        fn an_amount_is_rounded_as_decimals_are(micros in 0_i64..1_000_000_000_000, cents in 0_i64..100_000_000) {
            let exact = Decimal::from(micros) * Decimal::new(cents, 2) / Decimal::from(3_600_000_000_i64);
            let worked = worked(micros.into(), cents.into());
            // A quotient that never ends is cut by the decimals, far behind the half.
            prop_assert_eq!(worked.amount(), Euro::round(exact).ok());
        }
    }
}
