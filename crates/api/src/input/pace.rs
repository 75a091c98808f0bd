//! The pace at which a body has to arrive.
//!
//! A time limit alone would let a sender hold a place with a byte now and then, until an upload has taken its hour.

use std::io;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::stream::LocalBoxStream;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout};

use crate::error::{Problem, ProblemCode};
use crate::state::MinimumRate;

/// A body as it arrives.
pub(crate) type Arriving = LocalBoxStream<'static, Result<Bytes, PayloadError>>;

/// The body, which ends with an error where it arrives too slowly.
///
/// Only the time counts in which the server waits for more of it, not the one in which it deals with what has arrived.
pub(crate) fn paced(body: Payload, rate: MinimumRate) -> Arriving {
    stream::unfold(Some((body, Duration::ZERO, 0_u64)), move |state| async move {
        let (mut body, waited, arrived) = state?;
        let began = Instant::now();
        let Ok(next) = timeout(rate.patience(arrived).saturating_sub(waited), body.next()).await else {
            return Some((Err(PayloadError::Io(io::ErrorKind::TimedOut.into())), None));
        };
        let waited = waited.saturating_add(began.elapsed());
        let length = next.as_ref()?.as_ref().map_or(0, Bytes::len);
        let arrived = arrived.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Some((next?, Some((body, waited, arrived))))
    })
    .fuse()
    .boxed_local()
}

/// The problem of a body that did not arrive.
pub(crate) fn broken(error: &PayloadError) -> Problem {
    if matches!(error, PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut) {
        return Problem::request_timeout();
    }
    Problem::new(ProblemCode::BrokenBody, "The body ended before it was complete. Send the request again.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::{MissedTickBehavior, interval_at};

    use super::*;

    const RATE: MinimumRate = MinimumRate { grace: Duration::from_secs(5), bytes_per_second: 4096 };

    /// The seconds that go by until a body is given up or complete, and whether it is complete: of `chunks` chunks one arrives
    /// every `every`, the first at once.
    fn receive(size: usize, chunks: usize, every: Duration) -> (Duration, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async move {
            let mut clock = interval_at(Instant::now(), every);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let body = stream::unfold((clock, chunks), move |(mut clock, left)| async move {
                let left = left.checked_sub(1)?;
                clock.tick().await;
                Some((Ok(Bytes::from(vec![0; size])), (clock, left)))
            });
            let began = Instant::now();
            let mut body = paced(Payload::Stream { payload: body.boxed_local() }, RATE);
            while let Some(chunk) = body.next().await {
                if let Err(error) = chunk {
                    assert_eq!(broken(&error).code(), ProblemCode::RequestTimeout);
                    return (began.elapsed(), false);
                }
            }
            (began.elapsed(), true)
        })
    }

    #[test]
    fn a_trickle_is_given_up_soon_after_the_grace() {
        let (after, complete) = receive(1, 1_000_000, Duration::from_secs(1));
        assert!(!complete && (5..6).contains(&after.as_secs()), "{after:?}");
    }

    #[test]
    fn what_is_fast_enough_on_average_may_pause() {
        // 4 KiB a second, in pieces that are four seconds apart, for an hour.
        assert!(receive(16_384, 900, Duration::from_secs(4)).1);
        // A hundredth slower is too slow in the long run.
        let (after, complete) = receive(16_384, 900, Duration::from_millis(4_100));
        assert!(!complete && after.as_secs() > 100, "{after:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The rule, told of a body that arrives evenly.
        #[test]
        fn a_body_is_received_exactly_when_its_rate_allows(size in 1_usize..65_536, chunks in 1_usize..200, every in 1_u64..30_000) {
            let every = Duration::from_millis(every);
            // The wait for each chunk is over in time; it is the first one that is not that ends the body.
            let patience = |n: usize| RATE.patience(u64::try_from(n * size).unwrap());
            // The clock of the runtime goes by milliseconds.
            let wait =
                |n: usize| (every * u32::try_from(n).unwrap()).saturating_sub(Duration::from_millis(1));
            let in_time = (1..chunks).all(|n| wait(n) < patience(n));
            prop_assert_eq!(receive(size, chunks, every).1, in_time);
        }
    }
}
