//! The holding rule over votes in memory. `simulation` plays attackers and crowds on it, and `simulate` the recorded past; the
//! server itself applies the rule in `voting::apply`.

use std::collections::{BTreeMap, HashMap};

use super::rule::{FreshSums, FreshVote};
use super::sample::VoterSample;
use crate::domain::{Choice, OriginHash, VoterId};

/// A vote, and when it was last changed in the order of acts.
#[derive(Debug, Clone, Copy)]
struct ModelVote {
    origin: OriginHash,
    vote: FreshVote,
    order: u64,
}

/// The fresh votes of some networks.
#[derive(Debug, Default)]
pub struct Model {
    sums: HashMap<(OriginHash, i32), FreshSums>,
    samples: HashMap<OriginHash, BTreeMap<i32, VoterSample>>,
    votes: HashMap<i32, HashMap<VoterId, ModelVote>>,
    acts: u64,
}

impl Model {
    pub fn sums(&self, origin: OriginHash, tool: i32) -> FreshSums {
        self.sums.get(&(origin, tool)).copied().unwrap_or_default()
    }

    /// Whether the network is one hand on the tool.
    pub fn is_one_hand(&self, origin: OriginHash, tool: i32) -> bool {
        self.judge(origin, tool, &self.sums(origin, tool))
    }

    fn judge(&self, origin: OriginHash, tool: i32, sums: &FreshSums) -> bool {
        sums.is_one_hand(|| {
            let mut elsewhere = VoterSample::default();
            for (other, sample) in self.samples.get(&origin).into_iter().flatten() {
                if *other != tool {
                    elsewhere.unite(sample);
                }
            }
            elsewhere.voters()
        })
    }

    /// A fresh voter casts, changes or withdraws (`None`) a vote; returns whether it is held then. Only the first act of a voter
    /// on a tool binds it to `origin`.
    pub fn act(
        &mut self,
        origin: OriginHash,
        tool: i32,
        voter: VoterId,
        now: Option<Choice>,
    ) -> bool {
        self.acts += 1;
        let old = self.votes.get(&tool).and_then(|votes| votes.get(&voter));
        let old = old.copied();
        let Some(first) = old.map(|old| old.vote.first).or(now) else {
            return false;
        };
        let origin = old.map_or(origin, |old| old.origin);
        let vote = FreshVote {
            first,
            now,
            held: old.is_some_and(|old| old.vote.held),
            excluded: false,
        };
        if old.is_some_and(|old| old.vote == vote) {
            return vote.held;
        }
        if old.is_none() {
            let samples = self.samples.entry(origin).or_default();
            samples.entry(tool).or_default().add(origin, voter);
        }
        self.put(
            tool,
            voter,
            ModelVote {
                origin,
                vote,
                order: self.acts,
            },
        );
        // An act on a held vote may be what makes it one hand.
        self.set_aside(origin, tool);
        let votes = self.votes.get(&tool);
        votes.is_some_and(|votes| votes.get(&voter).is_some_and(|vote| vote.vote.held))
    }

    fn put(&mut self, tool: i32, voter: VoterId, new: ModelVote) {
        let old = self.votes.entry(tool).or_default().insert(voter, new);
        let sums = self.sums.entry((new.origin, tool)).or_default();
        *sums = sums.replaced(old.map(|old| old.vote), Some(new.vote));
    }

    /// By how many votes the network exceeds its limit on the tool, and on which side.
    pub fn excess(&self, origin: OriginHash, tool: i32) -> Option<(Choice, i64)> {
        let sums = self.sums(origin, tool);
        sums.excess(|| self.judge(origin, tool, &sums))
    }

    /// Sets the newest votes of the leading side aside until the network is within its limit.
    fn set_aside(&mut self, origin: OriginHash, tool: i32) {
        let Some((leading, excess)) = self.excess(origin, tool) else {
            return;
        };
        let votes = self.votes.get(&tool).into_iter().flatten();
        let mut counted: Vec<(VoterId, ModelVote)> = votes
            .filter(|(_, of)| of.origin == origin && of.vote.now == Some(leading) && !of.vote.held)
            .map(|(voter, of)| (*voter, *of))
            .collect();
        counted.sort_by_key(|(_, of)| std::cmp::Reverse(of.order));
        for (voter, mut of) in counted
            .into_iter()
            .take(usize::try_from(excess).unwrap_or(0))
        {
            of.vote.held = true;
            self.put(tool, voter, of);
        }
    }

    /// The all-clear: if the network is not one hand on the tool, its held votes count.
    pub fn release(&mut self, origin: OriginHash, tool: i32) {
        if self.is_one_hand(origin, tool) {
            return;
        }
        let votes = self.votes.get(&tool).into_iter().flatten();
        let held: Vec<(VoterId, ModelVote)> = votes
            .filter(|(_, of)| of.origin == origin && of.vote.held)
            .map(|(voter, of)| (*voter, *of))
            .collect();
        for (voter, mut of) in held {
            of.vote.held = false;
            self.put(tool, voter, of);
        }
    }
}
