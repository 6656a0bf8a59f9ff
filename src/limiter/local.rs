//! The limiter in process: governor's GCRA, with what it charged kept where it can be given back.
//!
//! `permit` charges it for every call, with Redis or without. Its keys must not stay for ever: `sweep` is called on a schedule.

use std::num::NonZeroU32;

use governor::RateLimiter;
use governor::clock::{Clock, MonotonicClock, ReasonablyRealtime, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;

use super::arrivals::{Arrivals, Key};
use super::{Charge, Charges, Decision, Decisions, Policy};
use crate::vocabulary::Quota;

/// One policy's limiter.
struct Bucket<C: Clock> {
    policy: Policy,
    quota: Quota,
    arrivals: Arrivals,
    limiter: RateLimiter<Key, Arrivals, C, NoOpMiddleware<C::Instant>>,
    /// Close to the instant that the limiter counts from; only headers are computed with it.
    start: C::Instant,
}

impl<C: Clock + Clone> Bucket<C> {
    fn new(policy: Policy, quota: Quota, clock: &C) -> Self {
        let arrivals = Arrivals::default();
        let count = NonZeroU32::new(quota.count).unwrap_or(NonZeroU32::MIN);
        let interval = std::time::Duration::from_micros(quota.interval_micros());
        let rule = governor::Quota::with_period(interval)
            .unwrap_or_else(|| governor::Quota::per_second(count))
            .allow_burst(count);
        let start = clock.now();
        Self {
            policy,
            quota,
            limiter: RateLimiter::new(rule, arrivals.clone(), clock.clone()),
            arrivals,
            start,
        }
    }

    fn check(&self, key: &Key) -> Decision {
        let refused = self.limiter.check_key(key).err();
        let now = self.limiter.clock().now();
        let ahead = match &refused {
            // Told by the refusal itself: what others give back meanwhile must not make it say that calls are left.
            Some(until) => {
                let wait = until.wait_time_from(now).as_micros();
                self.quota.tolerance_micros() + u64::try_from(wait).unwrap_or(u64::MAX).max(1)
            }
            None => self.ahead(key, now),
        };
        Decision {
            policy: self.policy,
            quota: self.quota,
            ahead,
            allowed: refused.is_none(),
        }
    }

    /// How far the arrival time lies ahead, in microseconds.
    fn ahead(&self, key: &Key, now: C::Instant) -> u64 {
        let now = now.duration_since(self.start).as_u64();
        self.arrivals
            .measure_and_replace::<(), _, u64>(key, |arrival| Err(arrival.map_or(0, Nanos::as_u64)))
            .err()
            .map_or(0, |arrival| arrival.saturating_sub(now) / 1_000)
    }

    fn give_back(&self, key: &Key) {
        let interval = self.quota.interval_micros() * 1_000;
        // Where the arrival time has passed meanwhile, taking the interval off changes nothing that counts.
        let _ = self
            .arrivals
            .measure_and_replace::<(), _, ()>(key, |arrival| {
                let arrival = arrival.ok_or(())?.as_u64();
                Ok(((), Nanos::new(arrival.saturating_sub(interval))))
            });
    }
}

/// Every policy's quota, counted in this process.
pub struct Local<C: Clock = MonotonicClock> {
    buckets: Vec<Bucket<C>>,
}

impl Local {
    #[must_use]
    pub fn new(quotas: &[(Policy, Quota)]) -> Self {
        Self::with_clock(quotas, &MonotonicClock)
    }
}

impl<C: Clock + Clone> Local<C> {
    pub(super) fn with_clock(quotas: &[(Policy, Quota)], clock: &C) -> Self {
        Self {
            buckets: quotas
                .iter()
                .map(|(policy, quota)| Bucket::new(*policy, *quota, clock))
                .collect(),
        }
    }

    fn bucket(&self, charge: &Charge) -> Option<&Bucket<C>> {
        let counts =
            |bucket: &&Bucket<C>| (bucket.policy, bucket.quota) == (charge.policy, charge.quota);
        self.buckets.iter().find(counts)
    }

    /// Charges all, or none where one refuses; returns what was charged. A charge after a refusal is not even made.
    #[must_use]
    pub fn check(&self, charges: impl IntoIterator<Item = Charge>) -> (Charges, Decisions) {
        let mut charged = Charges::new();
        let mut decisions = Decisions::new();
        for charge in charges {
            let Some(bucket) = self.bucket(&charge) else {
                continue;
            };
            let decision = bucket.check(&charge.key);
            decisions.push(decision);
            if !decision.allowed {
                self.give_back(&charged);
                charged.clear();
                break;
            }
            charged.push(charge);
        }
        (charged, decisions)
    }

    /// Takes back what a call was charged that came to nothing through no fault of its caller.
    pub fn give_back(&self, charges: &[Charge]) {
        for charge in charges {
            if let Some(bucket) = self.bucket(charge) {
                bucket.give_back(&charge.key);
            }
        }
    }

    /// Forgets keys that are back at full quota. governor's maps never free by themselves.
    pub fn sweep(&self)
    where
        C: ReasonablyRealtime,
    {
        for bucket in &self.buckets {
            bucket.limiter.retain_recent();
            bucket.limiter.shrink_to_fit();
        }
    }

    /// Keys held, for the metrics.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.limiter.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::admitted;
    use super::*;
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;
    use std::thread;
    use std::time::{Duration, Instant};

    fn charge(policy: Policy, quota: &str, key: u8) -> Charge {
        Charge {
            policy,
            quota: Quota::parse(quota).expect("quota"),
            key: [key; 16],
        }
    }

    fn local(charges: &[Charge]) -> Local {
        Local::new(
            &charges
                .iter()
                .map(|charge| (charge.policy, charge.quota))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_burst_of_the_quota_and_no_more() {
        let voter = charge(Policy::VotesPerVoter, "30/1h", 1);
        let local = local(&[voter]);
        for left in (0..30).rev() {
            let decisions = local.check([voter]).1;
            assert!(admitted(&decisions));
            assert_eq!(decisions[0].remaining(), left);
        }
        let refused = local.check([voter]).1;
        assert!(!admitted(&refused));
        assert!(
            (119..=120).contains(&refused[0].retry_after()),
            "{}",
            refused[0].retry_after()
        );
        local.give_back(&[voter]);
        assert!(admitted(&local.check([voter]).1) && !admitted(&local.check([voter]).1));
    }

    /// Redis refuses what was charged here, and it is given back while others are being refused: they have none left.
    #[test]
    fn a_refusal_leaves_nothing_whatever_is_given_back_beside_it() {
        let voter = charge(Policy::VotesPerVoter, "2/1h", 1);
        let local = local(&[voter]);
        assert!(admitted(&local.check([voter]).1));
        let refusals: usize = thread::scope(|scope| {
            let callers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut refusals = 0;
                        for _ in 0..20_000 {
                            let (charged, decisions) = local.check([voter]);
                            if !admitted(&decisions) {
                                refusals += 1;
                                assert_eq!(decisions[0].remaining(), 0);
                            }
                            local.give_back(&charged);
                        }
                        refusals
                    })
                })
                .collect();
            let done = callers.into_iter().map(thread::ScopedJoinHandle::join);
            done.map(|refusals| refusals.expect("none panicked")).sum()
        });
        assert!(refusals > 0, "they met");
    }

    #[test]
    fn what_one_quota_refuses_is_charged_to_none() {
        let (voter, network) = (
            charge(Policy::VotesPerVoter, "2/1h", 1),
            charge(Policy::VotesPerNetwork, "1/1h", 2),
        );
        let local = local(&[voter, network]);
        assert!(admitted(&local.check([voter, network]).1));
        for _ in 0..5 {
            assert!(!admitted(&local.check([voter, network]).1));
        }
        assert_eq!(
            local.check([voter]).1[0].remaining(),
            0,
            "one of the voter's two was left"
        );
    }

    #[test]
    fn keys_at_full_quota_are_forgotten() {
        let quick = charge(Policy::VotesPerVoter, "1000/1s", 1);
        let local = local(&[quick]);
        assert!(admitted(&local.check([quick]).1));
        let start = Instant::now();
        while local.keys() > 0 {
            local.sweep();
            assert!(start.elapsed().as_secs() < 5, "never swept");
        }
    }

    /// What happens to a limiter: time passes, calls come, a call that failed is given back.
    #[derive(Debug, Clone)]
    enum Step {
        Pass(u64),
        Call,
        GiveBack,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0u64..400_000).prop_map(Step::Pass),
            6 => Just(Step::Call),
            1 => Just(Step::GiveBack),
        ];
        prop::collection::vec(step, 1..200)
    }

    proptest! {
        /// Against GCRA as the literature writes it, in whole microseconds, and against the quota itself: in any span
        /// of time no more than its count and what was refilled meanwhile.
        #[test]
        fn it_is_gcra_and_never_admits_more_than_the_quota(count in 1u32..8, per_call in 1u64..300, steps in steps()) {
            let period = Duration::from_millis(per_call * u64::from(count));
            let quota = Quota { count, period };
            let charge = Charge { policy: Policy::VotesPerVoter, quota, key: [1; 16] };
            let clock = FakeRelativeClock::default();
            let local = Local::with_clock(&[(charge.policy, quota)], &clock);
            let interval = quota.interval_micros();
            let (mut now, mut arrival) = (0_u64, 0_u64);
            let mut admitted_at: Vec<u64> = Vec::new();
            for step in steps {
                match step {
                    Step::Pass(micros) => {
                        now += micros;
                        clock.advance(Duration::from_micros(micros));
                    }
                    Step::Call => {
                        let decision = local.check([charge]).1[0];
                        let ahead = arrival.max(now) - now;
                        let allowed = ahead <= interval * u64::from(count - 1);
                        prop_assert_eq!(decision.allowed, allowed);
                        if allowed {
                            arrival = now + ahead + interval;
                            admitted_at.push(now);
                        } else {
                            let enough = decision.retry_after() * 1_000_000;
                            prop_assert!(ahead <= interval * u64::from(count - 1) + enough, "waiting as told is enough");
                        }
                        prop_assert!(decision.ahead.abs_diff(arrival.saturating_sub(now)) <= 1);
                    }
                    Step::GiveBack => {
                        if admitted_at.pop().is_some() {
                            local.give_back(&[charge]);
                            arrival = arrival.saturating_sub(interval);
                        }
                    }
                }
            }
            for (n, from) in admitted_at.iter().enumerate() {
                for (m, to) in admitted_at.iter().enumerate().skip(n) {
                    prop_assert!(((m - n) as u64) < u64::from(count) + (to - from) / interval);
                }
            }
        }
    }
}
