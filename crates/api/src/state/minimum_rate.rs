//! The rate at which a body has to arrive.

use std::time::Duration;

/// The least rate at which a body has to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinimumRate {
    /// The time that is not counted, for whatever is slow at the beginning.
    pub grace: Duration,
    /// Bytes a second, on average over the time after that.
    pub bytes_per_second: u64,
}

impl MinimumRate {
    /// The time that the server waits, in all, for a body of which so many bytes have arrived.
    pub(crate) fn patience(self, arrived: u64) -> Duration {
        let nanoseconds = u128::from(arrived) * 1_000_000_000 / u128::from(self.bytes_per_second.max(1));
        self.grace.saturating_add(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn more_bytes_are_never_given_less_time(bytes in any::<u64>(), more in any::<u64>(), rate in any::<u64>()) {
            let rate = MinimumRate { grace: Duration::from_secs(5), bytes_per_second: rate };
            prop_assert!(rate.patience(0) == rate.grace);
            prop_assert!(rate.patience(bytes) <= rate.patience(bytes.saturating_add(more)));
        }
    }
}
