//! [`HoldingPolicy`]: whether a fresh visitor's vote is held, by what the other fresh visitors of its network did.
//!
//! Whoever takes a vote calls [`HoldingPolicy::judge`] last before the vote is cast. A held vote is written and answered like any
//! other; it is in no tally until a moderator, or the all-clear of `moderation::held`, lets it count. All of this is in
//! memory and bounded: what one instance sees of a network is its own, but every instance learns within a second of what
//! the others hold ([`HoldingPolicy::follow`]), and after a start of what was held before it.
//!
//! Visitors older than a day and the site's users are never held, and never counted here. What is kept lasts between one
//! hour and two; where more networks come than there is room for, what is older than the newest of them goes first.

mod memory;
pub mod rule;
#[cfg(test)]
mod simulation;
pub mod store;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::abuse::attack_level::{AttackLevel, NetworkKey};
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use memory::Shard;

/// A visitor is fresh for so long after it was made.
pub const FRESH_SECONDS: i32 = 24 * 3600;
/// Networks are spread over so many parts, each with its lock.
const SHARDS: usize = 16;
/// The least that is judged of a network, and of the /48 around an IPv6 one, where many households are.
const LEAST: u32 = 0;
const LEAST_WIDE: u32 = 64;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A vote that is about to be cast by a fresh visitor.
#[derive(Debug, Clone, Copy)]
pub struct VoteAttempt {
    pub network: NetworkKey,
    /// The /48 around an IPv6 one.
    pub wide: Option<NetworkKey>,
    /// As the vote bears it.
    pub hash: NetworkHash,
    pub tool: i32,
    pub voter: VoterId,
    pub choice: Choice,
    /// A hash of the user agent.
    pub browser: u32,
}

/// What the database holds of a network's votes on a tool: ship, skip.
pub type RemoteCounts = Map<(i32, NetworkHash), (u32, u32)>;

/// A network whose held votes on a tool look like a crowd's by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoRelease {
    pub tool: i32,
    pub network: NetworkHash,
}

/// The memory of one instance.
pub struct HoldingPolicy {
    on: bool,
    shards: [Mutex<Shard>; SHARDS],
    elsewhere: ArcSwap<RemoteCounts>,
    /// Is told of every vote that is held.
    pressure: Arc<AttackLevel>,
    count: AtomicU64,
}

impl HoldingPolicy {
    /// Off, it holds nothing.
    #[must_use]
    pub fn new(on: bool, pressure: Arc<AttackLevel>) -> Self {
        Self {
            on,
            shards: std::array::from_fn(|_| Mutex::default()),
            elsewhere: ArcSwap::default(),
            pressure,
            count: AtomicU64::new(0),
        }
    }

    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Puts what the database holds of the last hours in the place of what was known of it.
    pub fn follow(&self, elsewhere: RemoteCounts) {
        self.elsewhere.store(elsewhere.into());
    }

    /// Whether this vote is to be held. `arrival` is only asked for a fresh visitor's.
    pub fn judge(
        &self,
        age_seconds: i32,
        arrival: impl FnOnce() -> VoteAttempt,
        now: Timestamp,
    ) -> bool {
        if !self.on || age_seconds >= FRESH_SECONDS {
            return false;
        }
        let arrival = arrival();
        let by_network = self.judge_by(arrival.network, LEAST, &arrival, now);
        let by_wide = arrival
            .wide
            .is_some_and(|wide| self.judge_by(wide, LEAST_WIDE, &arrival, now));
        let holds = by_network || by_wide;
        if holds {
            self.count.fetch_add(1, Ordering::Relaxed);
            self.pressure.held(arrival.network, arrival.tool, now);
        }
        holds
    }

    /// How many votes were held since the start.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn judge_by(&self, key: NetworkKey, least: u32, arrival: &VoteAttempt, now: Timestamp) -> bool {
        let Some(shard) = self.shards.get(usize::from(key[0]) % SHARDS) else {
            return false;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.turn(now);
        let pair_key = (key, arrival.tool);
        let Shard { current, previous } = &mut *shard;
        let before = previous.pairs.get(&pair_key);
        let pair = current.pairs.entry(pair_key).or_default();
        let last = pair.last.max(before.map_or(Timestamp(0), |pair| pair.last));
        let is_new = pair.know(arrival.voter, before);
        let all = current.networks.entry(key).or_default();
        if is_new {
            pair.add(arrival, last, now);
            *all += 1;
        }
        let mut all = *all;
        let mut crowd = pair.crowd;
        let (mut own_ship, mut own_skip) = (pair.held_ship, pair.held_skip);
        if let Some(before) = before {
            crowd = crowd.with(&before.crowd);
            own_ship += before.held_ship;
            own_skip += before.held_skip;
        }
        all += previous.networks.get(&key).copied().unwrap_or_default();
        let elsewhere = self.elsewhere.load();
        if !elsewhere.is_empty()
            && let Some((ship, skip)) = elsewhere.get(&(arrival.tool, arrival.hash))
        {
            // What others hold speaks as if it had come here.
            let (ship, skip) = (ship.saturating_sub(own_ship), skip.saturating_sub(own_skip));
            crowd.ship += ship;
            crowd.skip += skip;
            all += ship + skip;
        }
        let trusted = pair.trusted || before.is_some_and(|before| before.trusted);
        let holds = !trusted && crowd.is_one_hand(all, least);
        if holds {
            if is_new {
                match arrival.choice {
                    Choice::Ship => pair.held_ship += 1,
                    Choice::Skip => pair.held_skip += 1,
                }
            }
            pair.held = Some((arrival.hash, now));
        }
        holds
    }

    /// Votes of these networks on `tool` were let count: while this instance remembers them, no more are held.
    pub fn trust(&self, tool: i32, networks: &HashSet<NetworkHash>) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let Shard { current, previous } = &mut *shard;
            for ((_, of), pair) in current.pairs.iter_mut().chain(&mut previous.pairs) {
                if *of == tool && pair.held.is_some_and(|(hash, _)| networks.contains(&hash)) {
                    pair.trusted = true;
                }
            }
        }
    }

    /// Networks of which votes were held, the last of them before `quiet`, and which look like crowds by now. Each is told
    /// once.
    #[must_use]
    pub fn clear(&self, quiet: Timestamp) -> Vec<AutoRelease> {
        let mut found = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let cleared: Vec<((NetworkKey, i32), NetworkHash)> = shard
                .held()
                .filter(|(_, _, at)| *at < quiet)
                .filter(|(key, ..)| shard.crowd(key).is_a_crowd(shard.all(key.0)))
                .map(|(key, network, _)| (key, network))
                .collect();
            for (key, network) in cleared {
                let Shard { current, previous } = &mut *shard;
                for generation in [current, previous] {
                    if let Some(pair) = generation.pairs.get_mut(&key) {
                        pair.held = None;
                    }
                }
                found.push(AutoRelease {
                    tool: key.1,
                    network,
                });
            }
        }
        found
    }
}
