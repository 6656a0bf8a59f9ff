//! [`AttackLevel`]: which networks and which tools have many votes held back, counted over the last hour by this instance.
//!
//! Whoever holds a vote calls [`AttackLevel::held`]; `challenge` asks [`AttackLevel::is_on`] before a vote and before a new visitor.
//! Where nothing is under pressure the question costs one atomic load. It counts in memory, bounded: it must never grow with
//! the number of networks that an attacker has.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::abuse::alerted_tools::AlertedTools;
use crate::domain::Timestamp;

/// A network as the limiter knows it: [`Client::limiter_key`](crate::auth::network::client::Client::limiter_key).
pub type NetworkKey = [u8; 16];

/// The hour is counted in spans of five minutes, so a held vote counts for 55 to 60 minutes.
const SPANS: usize = 12;
const RING: i64 = 12;
const SPAN_SECONDS: i64 = 300;
const HOUR_SECONDS: i64 = 3600;
/// So many networks, and so many tools, are counted at most: of more, those with the most held votes.
const MOST: usize = 16_384;
/// What stands for "at no time" and "at all times".
const NEVER: i64 = i64::MIN;
const ALWAYS: i64 = i64::MAX;

/// The held votes of one network or tool in the last hour.
#[derive(Clone, Copy, Default)]
struct SpanCounts {
    /// By span, as a ring.
    spans: [u32; SPANS],
    /// The number of the newest span.
    newest: i64,
}

impl SpanCounts {
    /// Lets go of what is older than an hour at span `now`.
    fn turn(&mut self, now: i64) {
        let passed = now.saturating_sub(self.newest);
        // A clock that was set back counts into the span that it left.
        if passed <= 0 {
            return;
        }
        for step in 1..=passed.min(RING) {
            if let Some(span) = self.spans.get_mut(place(self.newest + step)) {
                *span = 0;
            }
        }
        self.newest = now;
    }

    fn add(&mut self, now: i64) {
        self.turn(now);
        if let Some(span) = self.spans.get_mut(place(self.newest)) {
            *span = span.saturating_add(1);
        }
    }

    fn sum(&self) -> u64 {
        self.spans.iter().map(|span| u64::from(*span)).sum()
    }

    fn at(mut self, now: i64) -> u64 {
        self.turn(now);
        self.sum()
    }
}

fn place(span: i64) -> usize {
    usize::try_from(span.rem_euclid(RING)).unwrap_or_default()
}

/// KeyedCounts by key, of [`MOST`] keys at most.
struct KeyedCounts<K>(HashMap<K, SpanCounts, foldhash::fast::RandomState>);

impl<K: Eq + Hash + Copy> KeyedCounts<K> {
    /// One more; returns how many there are now.
    fn add(&mut self, key: K, now: i64) -> u64 {
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            self.evict(now);
        }
        let count = self.0.entry(key).or_insert(SpanCounts {
            newest: now,
            ..SpanCounts::default()
        });
        count.add(now);
        count.sum()
    }

    /// Lets go of what counts nothing any more, and of the lower half where that is not enough: whoever has the most stays.
    fn evict(&mut self, now: i64) {
        self.0.retain(|_, count| count.at(now) > 0);
        if self.0.len() < MOST {
            return;
        }
        let mut sums: Vec<u64> = self.0.values().map(|count| count.at(now)).collect();
        let middle = sums.len() / 2;
        let (_, median, _) = sums.select_nth_unstable(middle);
        let (median, mut to_drop) = (*median, middle);
        self.0.retain(|_, count| {
            let low = to_drop > 0 && count.at(now) <= median;
            to_drop -= usize::from(low);
            !low
        });
    }

    fn of(&self, key: &K, now: i64) -> u64 {
        self.0.get(key).map_or(0, |count| count.at(now))
    }
}

struct Counted {
    networks: KeyedCounts<NetworkKey>,
    tools: KeyedCounts<i32>,
}

/// What is under pressure. Shared by everybody who holds votes and everybody who takes them.
pub struct AttackLevel {
    /// Held votes within the hour that are not too many yet.
    after: u32,
    /// Until when something may be under pressure, in microseconds: before that, nothing needs to be looked up.
    until: AtomicI64,
    counted: Mutex<Counted>,
    /// Tools under an alert are under pressure too, where the site wants that.
    alerts: Option<Arc<AlertedTools>>,
}

impl AttackLevel {
    /// More than `after` held votes within the hour are pressure; with 0 everything always is.
    pub fn new(after: u32) -> Self {
        Self::starting(after, if after == 0 { ALWAYS } else { NEVER })
    }

    /// Nothing ever is under pressure: where votes are not held, nobody is challenged either.
    pub fn off() -> Self {
        Self::starting(0, NEVER)
    }

    /// The same, and a tool under an alert of the last hour is under pressure as well.
    #[must_use]
    pub fn with_alerts(self, alerts: Arc<AlertedTools>) -> Self {
        Self {
            alerts: Some(alerts),
            ..self
        }
    }

    fn starting(after: u32, until: i64) -> Self {
        Self {
            after,
            until: AtomicI64::new(until),
            counted: Mutex::new(Counted {
                networks: KeyedCounts(HashMap::default()),
                tools: KeyedCounts(HashMap::default()),
            }),
            alerts: None,
        }
    }

    /// A vote on `tool` (its id) from `network` was held back.
    pub fn held(&self, network: NetworkKey, tool: i32, now: Timestamp) {
        if self.after == 0 {
            return;
        }
        let span = now.seconds().div_euclid(SPAN_SECONDS);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let network = counted.networks.add(network, span);
        let tool = counted.tools.add(tool, span);
        if network.max(tool) > u64::from(self.after) {
            // The counts fall to nothing within an hour of the last vote that was held.
            let end = now.plus_seconds(HOUR_SECONDS).0;
            self.until.fetch_max(end, Ordering::Relaxed);
        }
    }

    /// Whether nothing at all is under pressure: one load.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.alerts.is_none() && self.holds_are_few(now)
    }

    fn holds_are_few(&self, now: Timestamp) -> bool {
        now.0 >= self.until.load(Ordering::Relaxed)
    }

    /// Whether `network` or `tool` (its id, where there is one) is under pressure. The network is asked for only where
    /// something is.
    pub fn is_on(
        &self,
        network: impl FnOnce() -> NetworkKey,
        tool: Option<i32>,
        now: Timestamp,
    ) -> bool {
        let alert = self.alerts.as_ref().zip(tool);
        if alert.is_some_and(|(alerts, tool)| alerts.press(tool, now)) {
            return true;
        }
        if self.holds_are_few(now) {
            return false;
        }
        if self.after == 0 {
            return true;
        }
        let network = network();
        let span = now.seconds().div_euclid(SPAN_SECONDS);
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let most = tool.map_or(0, |tool| counted.tools.of(&tool, span));
        most.max(counted.networks.of(&network, span)) > u64::from(self.after)
    }
}

#[cfg(test)]
mod tests;
