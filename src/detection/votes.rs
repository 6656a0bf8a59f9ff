//! [`OfTool`]: the votes on one tool in the last day, as far as memory holds them. Pure. `memory` keeps one for each tool.

use std::collections::{HashSet, VecDeque};

use super::finding::{Filter, Finding, FindingKind, Numbers};
use crate::detection::stats::VoteStats;
use crate::domain::{Choice, NetworkHash, SECOND_MICROS};

/// The newest votes on a tool that are held.
pub(super) const MOST: usize = 20_000;
/// An alert goes on while the gap between two votes is at most so many times the mean, and at least this long.
const MAX_GAP_FACTOR: i64 = 8;
const MIN_PAUSE: i64 = 2 * SECOND_MICROS;
/// Alerts of a tool that are remembered.
const SPANS: usize = 64;

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub at: i64,
    pub voter: u64,
    pub network: NetworkHash,
    pub choice: Choice,
    /// Whether network and token are known.
    pub known: bool,
    pub fresh: bool,
    /// An alert tells of it: it is no evidence for another.
    pub told: bool,
}

/// What an alert told of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub kind: FindingKind,
    pub filter: Filter,
    pub finding: Finding,
}

/// A tool's votes, oldest first.
#[derive(Debug, Default)]
pub(super) struct OfTool {
    pub votes: VecDeque<Held>,
    voters: HashSet<u64, foldhash::fast::RandomState>,
    pub spans: Vec<Span>,
    /// All that are held; and those of which no alert tells.
    pub held: VoteStats,
    pub untold: VoteStats,
    /// There were votes since it was last judged.
    pub moved: bool,
    /// There were votes, told or not, since its alerts were last counted again.
    pub grew: bool,
    /// When its whole day was last judged.
    pub day_judged: i64,
    /// Older votes had to go before their time.
    pub cut: bool,
}

fn add(group: &mut VoteStats, vote: &Held) {
    group.add(vote.choice == Choice::Ship, vote.known, vote.fresh);
}

fn one(vote: &Held) -> VoteStats {
    let mut group = VoteStats::default();
    add(&mut group, vote);
    group
}

impl OfTool {
    fn count_out(&mut self, vote: &Held) {
        self.voters.remove(&vote.voter);
        self.held = self.held.without(one(vote));
        if !vote.told {
            self.untold = self.untold.without(one(vote));
        }
    }

    /// Takes a vote out; says whether there was one.
    pub fn remove(&mut self, voter: u64) -> bool {
        if !self.voters.contains(&voter) {
            return false;
        }
        let place = self.votes.iter().rposition(|vote| vote.voter == voter);
        if let Some(gone) = place.and_then(|place| self.votes.remove(place)) {
            self.count_out(&gone);
        }
        true
    }

    pub fn pop(&mut self) -> Option<Held> {
        let gone = self.votes.pop_front()?;
        self.count_out(&gone);
        Some(gone)
    }

    pub fn push(&mut self, mut vote: Held) {
        let covered = |span: &Span| span.filter.holds(vote.at, vote.choice, vote.network);
        vote.told = self.spans.iter().any(covered);
        self.voters.insert(vote.voter);
        self.grew = true;
        add(&mut self.held, &vote);
        if !vote.told {
            add(&mut self.untold, &vote);
            self.moved = true;
        }
        self.votes.push_back(vote);
    }

    /// The votes of one network of which no alert tells, with the first and the last moment.
    pub fn of_network(&self, network: NetworkHash) -> (VoteStats, i64, i64) {
        let mut found = (VoteStats::default(), i64::MAX, i64::MIN);
        for vote in &self.votes {
            if vote.network == network && !vote.told {
                add(&mut found.0, vote);
                found.1 = found.1.min(vote.at);
                found.2 = found.2.max(vote.at);
            }
        }
        found
    }

    /// What is counted of the votes that a filter means.
    pub fn numbers(&self, filter: &Filter, usual: f64, tools: u32) -> Numbers {
        let mut networks: HashSet<NetworkHash, foldhash::fast::RandomState> = HashSet::default();
        let mut group = VoteStats::default();
        for vote in &self.votes {
            if filter.holds(vote.at, vote.choice, vote.network) {
                add(&mut group, vote);
                if vote.known {
                    networks.insert(vote.network);
                }
            }
        }
        Numbers {
            votes: group.votes,
            ship: group.ship,
            networks: u32::try_from(networks.len()).unwrap_or(u32::MAX),
            fresh: group.fresh,
            usual: crate::detection::stats::rounded(usual),
            tools,
        }
    }

    /// Marks the votes of a filter as told; returns those that were not.
    pub fn tell(&mut self, filter: &Filter) -> Vec<Held> {
        let mut told = Vec::new();
        for vote in &mut self.votes {
            if !vote.told && filter.holds(vote.at, vote.choice, vote.network) {
                vote.told = true;
                told.push(*vote);
            }
        }
        for vote in &told {
            self.untold = self.untold.without(one(vote));
        }
        told
    }

    /// Up to where an alert's votes go on without a pause: a gap of several times the usual one ends it.
    pub fn goes_on_to(&self, filter: &Filter, votes: u32) -> i64 {
        let mean_gap = (filter.to - filter.from) / i64::from(votes.max(1));
        let pause = (MAX_GAP_FACTOR * mean_gap).max(MIN_PAUSE);
        // The end lies one second behind the last vote.
        let mut last = filter.to - SECOND_MICROS;
        for vote in &self.votes {
            let same = filter.choice.is_none_or(|choice| choice == vote.choice)
                && filter.network.is_none_or(|network| network == vote.network);
            if vote.at <= last || !same {
                continue;
            }
            if vote.at - last > pause {
                break;
            }
            last = vote.at;
        }
        last + SECOND_MICROS
    }

    /// Remembers what an alert tells of; the same thing going on is one.
    pub fn remember(&mut self, span: Span) {
        let same = |known: &&mut Span| {
            known.kind == span.kind
                && known.filter.from == span.filter.from
                && known.filter.network == span.filter.network
        };
        if let Some(known) = self.spans.iter_mut().find(same) {
            *known = span;
            return;
        }
        if self.spans.len() >= SPANS {
            self.spans.remove(0);
        }
        self.spans.push(span);
    }

    /// The alert that a new finding goes on with.
    pub fn earlier(&self, kind: FindingKind, filter: &Filter) -> Option<&Span> {
        self.spans
            .iter()
            .rev()
            .find(|span| span.kind == kind && filter.goes_on(&span.filter, kind))
    }
}
