//! [`NetworkIndex`]: how many voters each network has on the whole site, in a day. Pure.
//!
//! `memory` keeps one. A network has another hash on each day, so days never mix by themselves. It is bounded: when it is
//! full, networks of one voter go first, since nothing is lost by them.

use std::collections::{HashMap, VecDeque};

use crate::detection::stats::VoteStats;
use crate::domain::{DAY_MICROS, HOUR_MICROS, NetworkHash};

/// Networks that are remembered.
const MOST: usize = 100_000;
/// With so many voters a network is one with several.
pub const SEVERAL: u32 = 3;
/// Voters of a network who are told apart; one who votes on while more than these come between counts again.
const RECENT: usize = 8;
/// Tools of a network that are counted.
const TOOLS: usize = 32;

/// A network's votes on one tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfTool {
    pub tool: i32,
    pub votes: u32,
    /// How many there were when they were last judged.
    judged: u32,
}

#[derive(Debug, Default)]
struct Network {
    votes: u32,
    voters: u32,
    recent: [u32; RECENT],
    last: i64,
    tools: Vec<OfTool>,
    /// Voters when it was last judged across tools.
    judged: u32,
}

/// The networks of a site.
#[derive(Debug, Default)]
pub struct NetworkIndex {
    networks: HashMap<NetworkHash, Network, foldhash::fast::RandomState>,
    /// Votes of the last day by their hour: all, and those of networks with several voters. Networks that were let go
    /// stay in it, or those that remain would look like everybody.
    hours: VecDeque<(i64, VoteStats, u32)>,
    /// Networks with new votes since they were last asked for.
    moved: Vec<NetworkHash>,
}

fn short(voter: u64) -> u32 {
    // Zero is nobody.
    u32::try_from(voter >> 32).unwrap_or(1).max(1)
}

impl NetworkIndex {
    pub fn take(&mut self, network: NetworkHash, voter: u64, (tool, fresh): (i32, bool), at: i64) {
        if self.networks.len() >= MOST && !self.networks.contains_key(&network) {
            self.let_go(at);
        }
        let of = self.networks.entry(network).or_default();
        let (voter, before) = (short(voter), of.voters);
        if !of.recent.contains(&voter) {
            of.recent.rotate_right(1);
            if let Some(first) = of.recent.first_mut() {
                *first = voter;
            }
            of.voters += 1;
        }
        of.votes += 1;
        of.last = of.last.max(at);
        if let Some(known) = of.tools.iter_mut().find(|known| known.tool == tool) {
            known.votes += 1;
        } else if of.tools.len() < TOOLS {
            of.tools.push(OfTool {
                tool,
                votes: 1,
                judged: 0,
            });
        }
        let mut several = 0;
        if of.voters >= SEVERAL {
            several = if before >= SEVERAL { 1 } else { of.votes };
            if self.moved.last() != Some(&network) && self.moved.len() < MOST {
                self.moved.push(network);
            }
        }
        if let Some((_, all, of_several)) = self.hour(at) {
            all.add(false, true, fresh);
            *of_several += several;
        }
    }

    /// The sums of a moment's hour; of a past one that has none, the newest.
    fn hour(&mut self, at: i64) -> Option<&mut (i64, VoteStats, u32)> {
        let hour = at.div_euclid(HOUR_MICROS);
        if self.hours.back().is_none_or(|(newest, ..)| *newest < hour) {
            self.hours.push_back((hour, VoteStats::default(), 0));
        }
        let place = self.hours.iter().rposition(|(of, ..)| *of <= hour);
        self.hours.get_mut(place.unwrap_or_default())
    }

    pub fn has_several(&self, network: NetworkHash) -> bool {
        self.networks
            .get(&network)
            .is_some_and(|of| of.voters >= SEVERAL)
    }

    /// The votes of the last day, and how many of them come from networks with several voters.
    pub fn sums(&self) -> (VoteStats, u32) {
        let mut sums = (VoteStats::default(), 0);
        for (_, all, several) in &self.hours {
            sums.0.votes += all.votes;
            sums.0.known += all.known;
            sums.0.fresh += all.fresh;
            sums.1 += several;
        }
        sums
    }

    /// A vote that an alert tells of is no measure of what is usual.
    pub fn told(&mut self, network: NetworkHash, fresh: bool, at: i64) {
        let several = u32::from(self.has_several(network));
        let mut one = VoteStats::default();
        one.add(false, true, fresh);
        if let Some((_, all, of_several)) = self.hour(at) {
            *all = all.without(one);
            *of_several = of_several.saturating_sub(several);
        }
    }

    /// Networks that have moved since the last time, with the tools on which each has grown by a tenth, and `least`
    /// votes; and the tools of those that have `least` voters on several tools.
    pub fn grown(&mut self, least: u32, most: usize) -> Vec<(NetworkHash, Vec<OfTool>, bool)> {
        let mut moved = std::mem::take(&mut self.moved);
        moved.sort_unstable_by_key(|network| network.0);
        moved.dedup();
        let mut found = Vec::new();
        for network in moved {
            let Some(of) = self.networks.get_mut(&network) else {
                continue;
            };
            let grown = |now: u32, before: u32| now >= least && now * 10 >= before * 11;
            let across = of.tools.len() >= 3 && grown(of.voters, of.judged);
            let some = of.tools.iter().any(|of| grown(of.votes, of.judged));
            if (!some && !across) || found.len() >= most {
                continue;
            }
            let tools = if across {
                of.judged = of.voters;
                of.tools.clone()
            } else {
                let one = |of: &&OfTool| grown(of.votes, of.judged);
                of.tools.iter().filter(one).copied().collect()
            };
            for of in &mut of.tools {
                if grown(of.votes, of.judged) {
                    of.judged = of.votes;
                }
            }
            found.push((network, tools, across));
        }
        found
    }

    fn let_go(&mut self, now: i64) {
        let keep: [&dyn Fn(&Network) -> bool; 4] = [
            &|of| of.last > now - DAY_MICROS,
            &|of| of.voters > 1 || of.last > now - DAY_MICROS / 8,
            &|of| of.voters >= SEVERAL,
            &|of| of.voters >= 4 * SEVERAL,
        ];
        for kept in keep {
            if self.networks.len() < MOST / 10 * 9 {
                break;
            }
            self.networks.retain(|_, of| kept(of));
        }
        if self.networks.len() >= MOST / 10 * 9 {
            self.networks.clear();
        }
    }

    /// Lets go of what is older than a day.
    pub fn forget(&mut self, now: i64) {
        let first = (now - DAY_MICROS).div_euclid(HOUR_MICROS);
        if self.hours.front().is_some_and(|(hour, ..)| *hour < first) {
            self.hours.retain(|(hour, ..)| *hour >= first);
            self.networks.retain(|_, of| of.last > now - DAY_MICROS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(n: usize) -> NetworkHash {
        NetworkHash(u128::try_from(n + 1).expect("small").to_be_bytes())
    }

    fn voter(n: usize) -> u64 {
        u64::try_from(n + 1).expect("small") << 32
    }

    #[test]
    fn voters_of_a_network_are_counted_once() {
        let mut crowd = NetworkIndex::default();
        for round in 0..5 {
            for tool in 0..3 {
                crowd.take(network(0), voter(0), (tool, true), round);
            }
        }
        assert!(!crowd.has_several(network(0)), "one voter on three tools");
        crowd.take(network(0), voter(1), (0, true), 9);
        crowd.take(network(0), voter(2), (0, true), 9);
        assert!(crowd.has_several(network(0)));
        assert_eq!((crowd.sums().0.votes, crowd.sums().1), (17, 17));
        crowd.take(network(1), voter(9), (0, false), 9);
        assert_eq!((crowd.sums().0.votes, crowd.sums().1), (18, 17));
    }

    #[test]
    fn who_has_grown_is_told_once() {
        let mut crowd = NetworkIndex::default();
        for n in 0..12 {
            crowd.take(network(0), voter(n), (7, true), 0);
        }
        let grown = crowd.grown(10, 10);
        assert_eq!(grown.len(), 1);
        assert_eq!((grown[0].1[0].tool, grown[0].1[0].votes), (7, 12));
        crowd.take(network(0), voter(50), (7, true), 1);
        assert!(crowd.grown(10, 10).is_empty(), "by less than a tenth");
        crowd.take(network(0), voter(51), (7, true), 1);
        assert_eq!(crowd.grown(10, 10).len(), 1);
    }

    #[test]
    fn it_is_bounded_and_keeps_who_matters() {
        let mut crowd = NetworkIndex::default();
        for n in 0..20 {
            crowd.take(network(0), voter(n), (1, true), 0);
        }
        for n in 1..=MOST + 10 {
            crowd.take(network(n), voter(n), (1, false), 2 * DAY_MICROS / 3);
        }
        assert!(crowd.networks.len() <= MOST);
        assert!(crowd.has_several(network(0)));
        let votes = u32::try_from(MOST + 30).expect("small");
        assert_eq!(
            crowd.sums().0.votes,
            votes,
            "whoever is let go still counts"
        );
        crowd.forget(3 * DAY_MICROS);
        assert_eq!((crowd.networks.len(), crowd.sums().0.votes), (0, 0));
    }
}
