//! The limiter in process: governor's GCRA, with what it charged kept where it can be given back.
//!
//! `permit` charges it for every call, with Redis or without. Its keys must not stay for ever: `sweep` is called on a schedule.

#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use governor::RateLimiter;
use governor::clock::{Clock, MonotonicClock, ReasonablyRealtime, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;

use super::{Charge, Charges, Decision, Decisions, Policy};
use crate::domain::Quota;
use crate::rate_limit::tat_store::{Key, RecordingKey, TatStore};

/// One policy's limiter.
struct Bucket<C: Clock> {
    policy: Policy,
    quota: Quota,
    arrivals: TatStore,
    limiter: RateLimiter<RecordingKey, TatStore, C, NoOpMiddleware<C::Instant>>,
    /// Close to the instant that the limiter counts from; only headers are computed with it.
    start: C::Instant,
}

impl<C: Clock + Clone> Bucket<C> {
    fn new(policy: Policy, quota: Quota, clock: &C) -> Self {
        let arrivals = TatStore::default();
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
        let asked = RecordingKey::of(*key);
        let refused = self.limiter.check_key(&asked).err();
        let now = self.limiter.clock().now();
        let ahead = if let Some(until) = &refused {
            // Told by the refusal itself: what others give back meanwhile must not make it say that calls are left.
            let wait = until.wait_time_from(now).as_micros();
            let wait = u64::try_from(wait).unwrap_or(u64::MAX).max(1);
            self.quota.tolerance_micros().saturating_add(wait)
        } else {
            let now = now.duration_since(self.start).as_u64();
            asked.arrival().saturating_sub(now) / 1_000
        };
        Decision {
            policy: self.policy,
            quota: self.quota,
            ahead,
            allowed: refused.is_none(),
        }
    }

    fn give_back(&self, key: &Key) {
        let interval = self.quota.interval_micros() * 1_000;
        // Where the arrival time has passed meanwhile, taking the interval off changes nothing that counts.
        let _ =
            self.arrivals
                .measure_and_replace::<(), _, ()>(&RecordingKey::of(*key), |arrival| {
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
    pub fn keys(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.limiter.len()).sum()
    }
}
