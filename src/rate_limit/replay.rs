//! [`ReplayLimiter`]: the limiter in process, asked about calls of the past at the times at which they came.
//!
//! `replay` calls it. What it decides is `local`'s, to the letter; only the clock is told the time. Nothing that serves a
//! call may use it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock, ReasonablyRealtime};
use governor::nanos::Nanos;

use super::local::Local;
use super::{Charge, Policy};
use crate::domain::{Quota, Timestamp};

/// A clock that stands where it was put, in nanoseconds since the first call. Clones stand together.
#[derive(Clone, Default)]
struct ManualClock(Arc<AtomicU64>);

impl Clock for ManualClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

impl ReasonablyRealtime for ManualClock {}

/// See the file's head.
pub struct ReplayLimiter {
    clock: ManualClock,
    local: Local<ManualClock>,
    first: Option<Timestamp>,
}

impl ReplayLimiter {
    pub fn new(quotas: &[(Policy, Quota)]) -> Self {
        let clock = ManualClock::default();
        Self {
            local: Local::with_clock(quotas, &clock),
            clock,
            first: None,
        }
    }

    /// Charges a call that came at `at` to all, or to none where one refuses. Calls come in the order of their time; one that
    /// is late counts as of the moment of the last.
    ///
    /// # Errors
    /// The policy that refuses.
    pub fn check(
        &mut self,
        charges: impl IntoIterator<Item = Charge>,
        at: Timestamp,
    ) -> Result<(), Policy> {
        let first = *self.first.get_or_insert(at);
        let micros = u64::try_from(at.0.saturating_sub(first.0)).unwrap_or_default();
        let nanos = micros.saturating_mul(1_000);
        self.clock.0.fetch_max(nanos, Ordering::Relaxed);
        let (_, decisions) = self.local.check(charges);
        decisions
            .iter()
            .find(|decision| !decision.allowed)
            .map_or(Ok(()), |refused| Err(refused.policy))
    }

    /// Forgets keys that are back at full quota.
    pub fn sweep(&self) {
        self.local.sweep();
    }

    /// Keys held.
    pub fn keys(&self) -> usize {
        self.local.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_what_is_refilled_by_the_time_that_it_is_told() {
        // 5/1m: one each 12 s, five at once. Called each second, the sixth waits until the twelfth.
        let quota = Quota::parse("5/1m").expect("quota");
        let charge = Charge {
            policy: Policy::VotesPerVoter,
            quota,
            key: [1; 16],
        };
        let mut past = ReplayLimiter::new(&[(charge.policy, quota)]);
        let begin = Timestamp(1_763_000_000_000_000);
        let admitted: Vec<i64> = (0..=24)
            .filter(|second| {
                let at = begin.plus_seconds(*second);
                past.check([charge], at).is_ok()
            })
            .collect();
        assert_eq!(admitted, [0, 1, 2, 3, 4, 12, 24]);
        // A clock that was behind changes nothing.
        assert_eq!(past.check([charge], begin), Err(Policy::VotesPerVoter));
        past.sweep();
        assert_eq!(past.keys(), 1);
        past.check([], begin.plus_seconds(120))
            .expect("nothing is charged");
        past.sweep();
        assert_eq!(past.keys(), 0, "back at full quota");
    }
}
