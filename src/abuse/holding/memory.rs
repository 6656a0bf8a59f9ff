//! What [`super::HoldingPolicy`] remembers: pairs of network and tool, in two generations, in parts with a lock each. It decides
//! nothing.

use super::rule::Crowd;
use super::{Map, VoteAttempt};
use crate::abuse::attack_level::NetworkKey;
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};

/// A generation of what is kept; two of them are asked.
pub(super) const GENERATION_SECONDS: i64 = 3600;

/// Pairs of network and tool that a part of one generation keeps.
const PAIRS: usize = 4096;

/// Voters of a pair that are known again: one who votes to and fro is one.
const KNOWN: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) crowd: Crowd,
    pub(super) last: Timestamp,
    pub(super) voters: Vec<u32>,
    /// The place of the oldest of them, once there are as many as are kept.
    oldest: usize,
    /// Held ones among them, by this instance.
    pub(super) held_ship: u32,
    pub(super) held_skip: u32,
    /// The newest hash that a held one bore, and when.
    pub(super) held: Option<(NetworkHash, Timestamp)>,
    /// A moderator let its votes count: the next are not held.
    pub(super) trusted: bool,
}

#[derive(Debug, Default)]
pub(super) struct Generation {
    pub(super) began: Timestamp,
    pub(super) pairs: Map<(NetworkKey, i32), Pair>,
    /// What each network's fresh visitors voted on any tool.
    pub(super) networks: Map<NetworkKey, u32>,
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) current: Generation,
    pub(super) previous: Generation,
}

impl Shard {
    /// Begins a generation where the present one is full or old.
    pub(super) fn turn(&mut self, now: Timestamp) {
        let end = self.current.began.plus_seconds(GENERATION_SECONDS);
        if now < end && self.current.pairs.len() < PAIRS {
            return;
        }
        let fresh = Generation {
            began: now,
            ..Generation::default()
        };
        self.previous = std::mem::replace(&mut self.current, fresh);
        // Nobody came for a generation: what was before that is over.
        if now >= end.plus_seconds(GENERATION_SECONDS) {
            self.previous = Generation::default();
        }
    }

    pub(super) fn crowd(&self, key: &(NetworkKey, i32)) -> Crowd {
        let of = |generation: &Generation| generation.pairs.get(key).map(|pair| pair.crowd);
        let before = of(&self.previous).unwrap_or_default();
        of(&self.current).unwrap_or_default().with(&before)
    }

    pub(super) fn all(&self, network: NetworkKey) -> u32 {
        [&self.current, &self.previous]
            .into_iter()
            .filter_map(|generation| generation.networks.get(&network))
            .sum()
    }

    /// Every pair of which a vote was held, with the newest that it bore.
    pub(super) fn held(&self) -> impl Iterator<Item = ((NetworkKey, i32), NetworkHash, Timestamp)> {
        let of = |generation: &'_ Generation, key| {
            generation.pairs.get(key).and_then(|pair: &Pair| pair.held)
        };
        let newer = self.current.pairs.iter();
        let newer = newer.filter_map(|(key, pair)| Some((*key, pair.held?)));
        let older = self.previous.pairs.iter();
        let older = older.filter_map(move |(key, pair)| {
            of(&self.current, key)
                .is_none()
                .then_some((*key, pair.held?))
        });
        newer
            .chain(older)
            .map(|(key, (network, at))| (key, network, at))
    }
}

impl Pair {
    /// Whether this voter is new here; from now on it is known.
    pub(super) fn know(&mut self, voter: VoterId, before: Option<&Self>) -> bool {
        // The last bytes of an id are random, or a hash's.
        let [.., a, b, c, d] = voter.0;
        let voter = u32::from_le_bytes([a, b, c, d]);
        let known = |pair: &Self| pair.voters.contains(&voter);
        if known(self) || before.is_some_and(known) {
            return false;
        }
        if self.voters.len() < KNOWN {
            self.voters.push(voter);
        } else if let Some(oldest) = self.voters.get_mut(self.oldest) {
            *oldest = voter;
            self.oldest = (self.oldest + 1) % KNOWN;
        }
        true
    }

    pub(super) fn add(&mut self, arrival: &VoteAttempt, last: Timestamp, now: Timestamp) {
        match arrival.choice {
            Choice::Ship => self.crowd.ship += 1,
            Choice::Skip => self.crowd.skip += 1,
        }
        self.crowd.browsers.add(arrival.browser);
        if last > Timestamp(0) {
            let micros = i32::try_from(now.0.saturating_sub(last.0)).unwrap_or(i32::MAX);
            self.crowd.pace.add(f64::from(micros.max(0)) / 1e6);
        }
        self.last = now;
    }
}
