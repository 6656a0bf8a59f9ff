//! What stands out by its network: on one tool, or across several. `memory`'s second half.

use super::{Facts, Memory};
use crate::detection::finding::{Filter, Finding, FindingKind};
use crate::detection::rule::{self, Expected};
use crate::detection::stats::VoteStats;
use crate::domain::{NetworkHash, SECOND_MICROS};

/// What a network that is large on a tool has of its votes, and at least.
const LARGE_NETWORK: f64 = 0.015;
const LARGE_NETWORK_LEAST: f64 = 2.0;
/// Networks that are judged at once.
const NETWORKS: usize = 50;
/// Votes of a network on one of several tools that make an alert there; and alerts at once.
const ACROSS_LEAST: u32 = 5;
const ACROSS_TOOLS: usize = 10;

impl Memory {
    /// What stands out by its network: on one tool, or across several. `facts` knows of tools.
    pub fn judge_networks(&mut self, mut facts: impl FnMut(i32) -> Option<Facts>) -> Vec<Finding> {
        let least = (self.limits.least / 2).max(1);
        let mut found = Vec::new();
        for (network, tools, across) in self.crowd.grown(least, NETWORKS) {
            let before = found.len();
            let known: Vec<(i32, Facts)> = tools
                .iter()
                .filter_map(|of| Some((of.tool, facts(of.tool)?)))
                .collect();
            for (tool, facts) in &known {
                found.extend(self.judge_network(network, *tool, facts, least));
            }
            if across && found.len() == before {
                found.extend(self.judge_across(network, &known));
            }
        }
        found
    }

    fn judge_network(
        &mut self,
        network: NetworkHash,
        tool: i32,
        facts: &Facts,
        least: u32,
    ) -> Option<Finding> {
        let of = self.tools.get(&tool)?;
        let (group, first, last) = of.of_network(network);
        if group.votes < least {
            return None;
        }
        let usual = self.usual(of, facts, (group, group.known));
        let usual = Expected {
            expected: (f64::from(of.untold.votes) * LARGE_NETWORK).max(LARGE_NETWORK_LEAST),
            rest: of.untold.without(group),
            ..usual
        };
        let parts = rule::judge_network(group, &usual);
        if parts.score() < self.limits.threshold {
            return None;
        }
        let filter = Filter {
            from: first,
            to: last + SECOND_MICROS,
            choice: parts.filter_side(),
            network: Some(network),
        };
        self.raise(FindingKind::Network, tool, parts, filter, (facts, 1))
    }

    fn judge_across(&mut self, network: NetworkHash, known: &[(i32, Facts)]) -> Vec<Finding> {
        let mut all = VoteStats::default();
        let mut of_tools = Vec::new();
        for (tool, facts) in known {
            let Some(of) = self.tools.get(tool) else {
                continue;
            };
            let (group, first, last) = of.of_network(network);
            let before = self.usual(of, facts, (group, group.known)).before;
            all = all.with(group);
            of_tools.push((*tool, facts, group, before, first, last));
        }
        of_tools.retain(|(_, _, group, ..)| group.votes > 0);
        if all.votes < self.limits.least || of_tools.len() < 3 {
            return Vec::new();
        }
        let (site, several) = self.crowd.sums();
        let usual = Expected {
            expected: (f64::from(site.votes) * LARGE_NETWORK).max(LARGE_NETWORK_LEAST),
            known_tool: true,
            before: VoteStats::default(),
            rest: VoteStats::default(),
            site: site.without(all),
            crowd: several.saturating_sub(all.known),
        };
        let sides: Vec<(VoteStats, VoteStats)> = of_tools
            .iter()
            .map(|(_, _, group, before, ..)| (*group, *before))
            .collect();
        let parts = rule::judge_across(all, &sides, &usual);
        if parts.score() < self.limits.threshold {
            return Vec::new();
        }
        let tools = u32::try_from(of_tools.len()).unwrap_or(u32::MAX);
        of_tools.retain(|(_, _, group, ..)| group.votes >= ACROSS_LEAST);
        of_tools.sort_by_key(|(tool, _, group, ..)| (std::cmp::Reverse(group.votes), *tool));
        of_tools
            .into_iter()
            .take(ACROSS_TOOLS)
            .filter_map(|(tool, facts, group, _, first, last)| {
                let filter = Filter {
                    from: first,
                    to: last + SECOND_MICROS,
                    choice: group.unanimous(),
                    network: Some(network),
                };
                self.raise(
                    FindingKind::AcrossTools,
                    tool,
                    parts,
                    filter,
                    (facts, tools),
                )
            })
            .collect()
    }
}
