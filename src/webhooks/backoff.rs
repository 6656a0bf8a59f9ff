//! When a delivery that failed is tried next, and for how long an endpoint that fails is left out. Pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::domain::{DAY_SECONDS, Timestamp};

/// After a failure the next attempt waits so long, and then twice as long each time.
const MIN_BACKOFF_SECONDS: i64 = 5;
const MAX_DELIVERY_BACKOFF_SECONDS: i64 = 3_600;
/// An endpoint that is back is noticed within this.
const MAX_ENDPOINT_BACKOFF_SECONDS: i64 = 60;
/// A delivery that fails for so long, and in [`MIN_FAILURES`] attempts at least, is given up.
const GIVE_UP_SECONDS: i64 = 3 * DAY_SECONDS;
/// Fewer failures end nothing: they guard against a clock that jumps, and against an endpoint that was not tried meanwhile.
pub(super) const MIN_FAILURES: i32 = 10;

fn backoff_seconds(failures: i32, max: i64) -> i64 {
    let doublings = u32::try_from(failures).unwrap_or_default().min(20);
    (MIN_BACKOFF_SECONDS << doublings).min(max)
}

/// When a delivery that failed `attempts` times before is tried next; `None` if it is given up.
pub(super) fn next_attempt(
    attempts: i32,
    created_at: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let wait = backoff_seconds(attempts, MAX_DELIVERY_BACKOFF_SECONDS);
    let goes_on = attempts + 1 < MIN_FAILURES || now < created_at.plus_seconds(GIVE_UP_SECONDS);
    goes_on.then(|| now.plus_seconds(wait))
}

/// The latest moment that an attempt can wait for `now`. One that is to be made later was put off by a clock that has been put back since.
pub(super) fn latest_attempt(now: Timestamp) -> Timestamp {
    now.plus_seconds(MAX_DELIVERY_BACKOFF_SECONDS)
}

/// Endpoints that fail. Each is left out for a while, so that thousands of waiting deliveries do not each cost an attempt and a write.
#[derive(Default)]
pub(super) struct EndpointBackoffs(HashMap<String, EndpointBackoff>);

struct EndpointBackoff {
    failures: i32,
    until: Instant,
}

impl EndpointBackoffs {
    pub(super) fn note_success(&mut self, endpoint: &str) {
        self.0.remove(endpoint);
    }

    pub(super) fn note_failure(&mut self, endpoint: &str, now: Instant) {
        let failures = self.0.get(endpoint).map_or(0, |known| known.failures);
        let wait = backoff_seconds(failures, MAX_ENDPOINT_BACKOFF_SECONDS);
        let backoff = EndpointBackoff {
            failures: failures.saturating_add(1),
            until: now + Duration::from_secs(wait.unsigned_abs()),
        };
        self.0.insert(endpoint.to_owned(), backoff);
    }

    pub(super) fn is_left_out(&self, endpoint: &str, now: Instant) -> bool {
        self.0.get(endpoint).is_some_and(|known| now < known.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_further_and_further_apart_until_the_delivery_is_given_up() {
        let mut now = Timestamp(0);
        let mut waits = Vec::new();
        while let Some(next) =
            next_attempt(i32::try_from(waits.len()).expect("few"), Timestamp(0), now)
        {
            waits.push(next.seconds() - now.seconds());
            now = next;
        }
        assert_eq!(waits.get(..4), Some([5, 10, 20, 40].as_slice()));
        assert_eq!(waits.last(), Some(&MAX_DELIVERY_BACKOFF_SECONDS));
        assert_eq!(now.seconds() / DAY_SECONDS, 3);
    }

    #[test]
    fn a_clock_that_jumps_gives_up_no_delivery() {
        let later = Timestamp(0).plus_seconds(400 * DAY_SECONDS);
        assert!(next_attempt(0, Timestamp(0), later).is_some());
        assert!(next_attempt(MIN_FAILURES, Timestamp(0), later).is_none());
    }

    #[test]
    fn an_endpoint_that_fails_is_left_out_for_longer_each_time() {
        let mut backoffs = EndpointBackoffs::default();
        let start = Instant::now();
        for wait in [5, 10, 20, 40, 60, 60] {
            backoffs.note_failure("site", start);
            let after = |millis| start + Duration::from_millis(millis);
            assert!(backoffs.is_left_out("site", after(wait * 1_000 - 1)));
            assert!(!backoffs.is_left_out("site", after(wait * 1_000)));
            assert!(!backoffs.is_left_out("team", start));
        }
        backoffs.note_success("site");
        assert!(!backoffs.is_left_out("site", start));
        backoffs.note_failure("site", start);
        assert!(!backoffs.is_left_out("site", start + Duration::from_secs(5)));
    }
}
