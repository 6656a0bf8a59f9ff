//! [`Memory`]: the votes of the last day, bounded, and what stands out among them. Pure: it knows no clock and no database.
//!
//! `run` feeds it from the ledger and asks it what stands out. A vote of which an alert tells is no evidence for another,
//! so an attack is told once, and told on only while more of it comes.

mod networks;

use std::collections::HashMap;

use super::finding::{Filter, Finding, FindingKind};
use super::rule::{Expected, ScoreParts};
use super::votes::{Held, MOST, OfTool, Span};
use crate::detection::baseline::Baseline;
use crate::detection::network_index::NetworkIndex;
use crate::detection::stats::VoteStats;
use crate::detection::window_scan::{SuspiciousWindow, pass};
use crate::domain::{Choice, DAY_MICROS, NetworkHash, SECOND_MICROS, Timestamp, VoterId};

/// Votes that are held in all: some ten megabytes.
const MOST_IN_ALL: usize = 200_000;
/// A token younger than this was made for the vote, it seems.
const FRESH_SECONDS: i32 = 600;
/// The whole day of a tool is judged at most this often.
const DAY_EVERY: i64 = 60_000_000;

/// What an operator sets.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The score from which an alert is raised.
    pub threshold: i32,
    /// Votes that are needed for one.
    pub least: u32,
}

/// A vote as it was cast.
#[derive(Debug, Clone, Copy)]
pub struct Vote {
    pub tool: i32,
    pub voter: VoterId,
    pub choice: Choice,
    pub at: Timestamp,
    /// Network and age of the token in seconds; `None` where nobody looked.
    pub known: Option<(NetworkHash, i32)>,
}

/// What is known of a tool besides the votes of the day.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    pub rhythm: Baseline,
    /// All its votes at present.
    pub ship: u32,
    pub skip: u32,
}

/// The votes of the last day.
pub struct Memory {
    limits: Limits,
    tools: HashMap<i32, OfTool, foldhash::fast::RandomState>,
    held: usize,
    crowd: NetworkIndex,
}

/// The random part of an id.
fn short(voter: VoterId) -> u64 {
    let number = u128::from_be_bytes(voter.0);
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default()
}

impl Memory {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            tools: HashMap::default(),
            held: 0,
            crowd: NetworkIndex::default(),
        }
    }

    /// Takes a vote in; a voter's newest counts.
    pub fn take(&mut self, vote: &Vote, now: Timestamp) {
        if vote.at.0 <= now.0 - DAY_MICROS {
            return;
        }
        let of = self.tools.entry(vote.tool).or_default();
        let voter = short(vote.voter);
        let again = of.remove(voter);
        self.held -= usize::from(again);
        let known = vote.known.filter(|(network, _)| network.is_some());
        let (network, fresh) = known.map_or((NetworkHash::NONE, false), |(network, age)| {
            (network, age < FRESH_SECONDS)
        });
        if known.is_some() && !again {
            self.crowd
                .take(network, voter, (vote.tool, fresh), vote.at.0);
        }
        if of.votes.len() >= MOST {
            of.cut = true;
            self.held -= usize::from(of.pop().is_some());
        }
        of.push(Held {
            at: vote.at.0,
            voter,
            network,
            choice: vote.choice,
            known: known.is_some(),
            fresh,
            told: false,
        });
        self.held += 1;
        if self.held > MOST_IN_ALL {
            self.evict();
        }
    }

    /// A voter's vote is no more.
    pub fn withdraw(&mut self, tool: i32, voter: VoterId) {
        if let Some(of) = self.tools.get_mut(&tool) {
            self.held -= usize::from(of.remove(short(voter)));
        }
    }

    /// The tool that has the most gives up its older half.
    fn evict(&mut self) {
        if let Some(of) = self.tools.values_mut().max_by_key(|of| of.votes.len()) {
            of.cut = true;
            for _ in 0..of.votes.len() / 2 {
                self.held -= usize::from(of.pop().is_some());
            }
        }
    }

    /// Lets go of what is older than a day.
    pub fn forget(&mut self, now: Timestamp) {
        let end = now.0 - DAY_MICROS;
        for of in self.tools.values_mut() {
            while of.votes.front().is_some_and(|vote| vote.at <= end) {
                of.cut = false;
                self.held -= usize::from(of.pop().is_some());
            }
            of.spans.retain(|span| span.filter.to > end);
        }
        self.tools
            .retain(|_, of| !of.votes.is_empty() || !of.spans.is_empty());
        self.crowd.forget(now.0);
    }

    /// What was raised before, so that it is not raised anew.
    pub fn remember(&mut self, finding: &Finding) {
        let of = self.tools.entry(finding.tool).or_default();
        of.remember(Span {
            kind: finding.kind,
            filter: finding.filter,
            finding: *finding,
        });
        for vote in of.tell(&finding.filter) {
            if vote.known {
                self.crowd.told(vote.network, vote.fresh, vote.at);
            }
        }
    }

    /// Tools that have enough new votes to be judged.
    pub fn moved(&self) -> Vec<i32> {
        let ready = |of: &OfTool| of.moved && of.untold.votes >= self.limits.least;
        let tools = self.tools.iter().filter(|(_, of)| ready(of));
        tools.map(|(tool, _)| *tool).collect()
    }

    /// Alerts of which more votes came since they were last told: each with its end moved on and its numbers counted
    /// again, so that the alert, its filter and the preview of its reset agree.
    pub fn grown(&mut self, mut facts: impl FnMut(i32) -> Option<Facts>) -> Vec<Finding> {
        let mut grown = Vec::new();
        let tools: Vec<i32> = self
            .tools
            .iter()
            .filter(|(_, of)| of.grew && !of.spans.is_empty())
            .map(|(tool, _)| *tool)
            .collect();
        for tool in tools {
            let Some(facts) = facts(tool) else { continue };
            let Some(of) = self.tools.get_mut(&tool) else {
                continue;
            };
            of.grew = false;
            for span in of.spans.clone() {
                let mut finding = span.finding;
                if finding.kind != FindingKind::Drip {
                    finding.filter.to = of.goes_on_to(&span.filter, span.finding.numbers.votes);
                }
                let filter = finding.filter;
                let seconds = (filter.to - filter.from) / SECOND_MICROS;
                let expected = facts.rhythm.expected(filter.to, seconds);
                finding.numbers = of.numbers(&filter, expected, finding.numbers.tools);
                if finding.numbers.votes > span.finding.numbers.votes {
                    grown.push(finding);
                }
            }
        }
        for finding in &grown {
            self.remember(finding);
        }
        grown
    }

    /// What is compared with, of a tool; `mine` of the site's votes are those that are judged.
    fn usual(&self, of: &OfTool, facts: &Facts, mine: (VoteStats, u32)) -> Expected {
        let (site, several) = self.crowd.sums();
        let total = VoteStats {
            votes: facts.ship.saturating_add(facts.skip),
            ship: facts.ship,
            ..VoteStats::default()
        };
        Expected {
            expected: 0.0,
            known_tool: facts.rhythm.is_known(),
            before: total.without(of.held),
            rest: VoteStats::default(),
            site: VoteStats {
                known: site.known.saturating_sub(mine.0.known),
                fresh: site.fresh.saturating_sub(mine.0.fresh),
                ..site
            },
            crowd: several.saturating_sub(mine.1),
        }
    }

    /// What stands out on a tool: a burst, or a drip over the day.
    pub fn judge(&mut self, tool: i32, facts: &Facts, now: Timestamp) -> Option<Finding> {
        let of = self.tools.get(&tool)?;
        let with_day = now.0 - of.day_judged >= DAY_EVERY;
        let usual = |mine| self.usual(of, facts, mine);
        let found = pass(of, &self.crowd, facts, self.limits, usual, with_day, now.0);
        let of = self.tools.get_mut(&tool)?;
        of.moved = false;
        if with_day {
            of.day_judged = now.0;
        }
        let SuspiciousWindow {
            kind,
            parts,
            filter,
        } = found?;
        self.raise(kind, tool, parts, filter, (facts, 1))
    }

    /// Tells of a finding: joined with what it goes on, its votes told.
    fn raise(
        &mut self,
        kind: FindingKind,
        tool: i32,
        parts: ScoreParts,
        mut filter: Filter,
        (facts, tools): (&Facts, u32),
    ) -> Option<Finding> {
        let of = self.tools.get(&tool)?;
        let (mut score, mut shown) = (parts.score(), parts.shown());
        if let Some(earlier) = of.earlier(kind, &filter) {
            // Its begin names the alert, so it stays.
            filter.from = earlier.filter.from;
            filter.to = filter.to.max(earlier.filter.to);
            filter.choice = earlier.filter.choice;
            if earlier.finding.score > score {
                (score, shown) = (earlier.finding.score, earlier.finding.parts);
            }
        }
        let seconds = (filter.to - filter.from) / SECOND_MICROS;
        let expected = facts.rhythm.expected(filter.to, seconds);
        let finding = Finding {
            kind,
            tool,
            filter,
            score,
            parts: shown,
            numbers: of.numbers(&filter, expected, tools),
        };
        self.remember(&finding);
        Some(finding)
    }
}
