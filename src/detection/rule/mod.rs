//! The rule: how far some votes on a tool are from what people look like there, as a score of 0 to 100. Pure.
//!
//! `memory` calls it for each set of votes that a filter could mean. Four parts, each from 0 (as usual) to 1 (as an attack
//! is), are added by their weights; no part alone reaches the usual threshold. Shares are judged by the end of their
//! interval that is kinder to the voters, so few votes prove little. `docs/detector.md` has the formula with its reasons.

use serde::Serialize;
use utoipa::ToSchema;

use crate::detection::stats::{VoteStats, beyond, bounds, part};
use crate::domain::Choice;

/// What each part can add to the score.
const BURST: f64 = 22.0;
const CONCENTRATION: f64 = 33.0;
const FRESHNESS: f64 = 18.0;
const ONE_SIDEDNESS: f64 = 27.0;
/// Votes of others that are enough to compare with.
const ENOUGH: u32 = 20;
/// The same for what is usual on the whole site.
const ENOUGH_OF_SITE: u32 = 50;
/// So many times the expected votes are a full burst.
const FULL_BURST: f64 = 8.0;
/// The concentration of one network by itself: not all of it, since an office and a class are one as well.
const ONE_NETWORK: f64 = 0.85;
/// Of the votes of twelve minutes, the share of the last two while a tool goes viral.
const USUAL_SUDDEN: f64 = 0.3;
/// From here on one side is so clear that a filter names it.
const CLEAR_SIDE: f64 = 0.25;
/// Where nothing is known of a tool yet, people may like it this much, or dislike it.
const UNKNOWN_SIDE: f64 = 0.75;
/// Where nothing is known of a site yet: the share of votes by young tokens and by old ones, either as it may be at most,
/// and from networks with several voters.
const UNKNOWN_FRESH: f64 = 0.6;
const UNKNOWN_OLD: f64 = 0.9;
const UNKNOWN_CROWD: f64 = 0.2;

/// What people look like: whom some votes are compared with.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// Votes that would come in the same time.
    pub expected: f64,
    /// Whether the tool has a history that says so.
    pub known_tool: bool,
    /// The tool's votes before.
    pub before: VoteStats,
    /// The other votes of the same time on this tool.
    pub rest: VoteStats,
    /// The other votes of this day on the site; of `crowd` of them the network has several voters.
    pub site: VoteStats,
    pub crowd: u32,
}

/// The four parts, each 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScoreParts {
    pub burst: f64,
    pub concentration: f64,
    pub freshness: f64,
    pub one_sidedness: f64,
    /// The side that stands out.
    pub side: Option<Choice>,
}

/// What a score is made of, each 0 to 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AlertParts)]
pub struct ScorePartsView {
    /// Far more votes than the tool has at this hour.
    pub burst: i32,
    /// Votes from networks with several voters.
    pub concentration: i32,
    /// Votes by tokens that were minutes old.
    pub freshness: i32,
    /// Votes for one side.
    pub one_sidedness: i32,
}

impl ScoreParts {
    /// 0 to 100.
    pub fn score(&self) -> i32 {
        whole(
            BURST * self.burst
                + CONCENTRATION * self.concentration
                + FRESHNESS * self.freshness
                + ONE_SIDEDNESS * self.one_sidedness,
        )
    }

    /// The side that a filter is to name: where it stands out clearly.
    pub fn filter_side(&self) -> Option<Choice> {
        self.side.filter(|_| self.one_sidedness >= CLEAR_SIDE)
    }

    pub fn shown(&self) -> ScorePartsView {
        ScorePartsView {
            burst: whole(100.0 * self.burst),
            concentration: whole(100.0 * self.concentration),
            freshness: whole(100.0 * self.freshness),
            one_sidedness: whole(100.0 * self.one_sidedness),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "between 0 and 100")]
fn whole(value: f64) -> i32 {
    value.clamp(0.0, 100.0).round() as i32
}

/// `count` of so many where one is expected: 0 up to twice, 1 from [`FULL_BURST`] times on. What chance adds is taken off.
pub fn burst(count: u32, expected: f64) -> f64 {
    let count = f64::from(count);
    let ratio = (count - count.sqrt()) / (expected + 3.0);
    (ratio.max(1.0).ln() / FULL_BURST.ln()).clamp(0.0, 1.0)
}

/// The larger of the two sides' ways beyond what is usual for it.
fn one_sidedness(group: VoteStats, usual: &Expected) -> (f64, Option<Choice>) {
    let of = |choice: Choice| {
        let mut known: Option<f64> = None;
        if usual.before.votes >= ENOUGH {
            let (_, most) = bounds(usual.before.of_side(choice), usual.before.votes);
            known = Some(most);
        }
        if usual.rest.votes >= ENOUGH {
            let rest = part(usual.rest.of_side(choice), usual.rest.votes);
            known = Some(known.map_or(rest, |most| most.max(rest)));
        }
        let (least, _) = bounds(group.of_side(choice), group.votes);
        beyond(least, known.unwrap_or(UNKNOWN_SIDE))
    };
    let (ship, skip) = (of(Choice::Ship), of(Choice::Skip));
    if ship <= 0.0 && skip <= 0.0 {
        (0.0, None)
    } else if ship >= skip {
        (ship, Some(Choice::Ship))
    } else {
        (skip, Some(Choice::Skip))
    }
}

/// How far the share of young tokens is from that of people, either way: a ring makes its tokens for the vote, or has laid
/// them by for it, and people come with both.
fn freshness(group: VoteStats, usual: &Expected) -> f64 {
    let mut young = UNKNOWN_FRESH;
    let mut old = 1.0 - UNKNOWN_OLD;
    if usual.site.known >= ENOUGH_OF_SITE {
        let share = part(usual.site.fresh, usual.site.known);
        (young, old) = (share, share);
    }
    if usual.rest.known >= ENOUGH {
        let share = part(usual.rest.fresh, usual.rest.known);
        (young, old) = (young.max(share), old.min(share));
    }
    let (least, most) = bounds(group.fresh, group.known);
    beyond(least, young).max(beyond(1.0 - most, 1.0 - old))
}

/// The usual share of votes whose network has several voters.
fn crowd_share(usual: &Expected) -> f64 {
    if usual.site.known >= ENOUGH_OF_SITE {
        part(usual.crowd, usual.site.known)
    } else {
        UNKNOWN_CROWD
    }
}

/// Judges all votes of a time, of which `crowded` are from networks with several voters; `usual.rest` is of nobody.
pub fn judge_all(all: VoteStats, crowded: u32, usual: &Expected) -> ScoreParts {
    let (one_sidedness, side) = one_sidedness(all, usual);
    let (least, _) = bounds(crowded, all.known);
    ScoreParts {
        burst: burst_of(all.votes, usual.expected, usual),
        concentration: beyond(least, crowd_share(usual)),
        freshness: freshness(all, usual),
        one_sidedness,
        side,
    }
}

/// Judges those votes of a time that came from networks with several voters, beside the rest of the same time.
pub fn judge_crowd(all: VoteStats, crowd: VoteStats, usual: &Expected) -> ScoreParts {
    let beside = Expected {
        rest: all.without(crowd),
        ..*usual
    };
    let share = crowd_share(usual);
    let (one_sidedness, side) = one_sidedness(crowd, &beside);
    let (least, _) = bounds(crowd.known, all.known);
    ScoreParts {
        burst: burst_of(crowd.votes, usual.expected * share, usual),
        concentration: beyond(least, share),
        freshness: freshness(crowd, &beside),
        one_sidedness,
        side,
    }
}

/// Judges votes that came within a short time; `usual.rest` are those of the time before. Their concentration is in time
/// instead of in networks.
pub fn judge_sudden(newest: VoteStats, usual: &Expected) -> ScoreParts {
    let (one_sidedness, side) = one_sidedness(newest, usual);
    let all = newest.votes.saturating_add(usual.rest.votes);
    let (least, _) = bounds(newest.votes, all);
    ScoreParts {
        burst: burst(newest.votes, usual.expected),
        concentration: beyond(least, USUAL_SUDDEN),
        freshness: freshness(newest, usual),
        one_sidedness,
        side,
    }
}

/// Judges the votes of one network in a day; `usual.expected` are those of a network that is large there.
pub fn judge_network(of: VoteStats, usual: &Expected) -> ScoreParts {
    let (one_sidedness, side) = one_sidedness(of, usual);
    ScoreParts {
        burst: burst(of.votes, usual.expected),
        concentration: ONE_NETWORK,
        freshness: freshness(of, usual),
        one_sidedness,
        side,
    }
}

/// Judges the votes of one network on several tools: `sides` has its votes on each, and the tool's votes before.
pub fn judge_across(
    all: VoteStats,
    sides: &[(VoteStats, VoteStats)],
    usual: &Expected,
) -> ScoreParts {
    // On each tool the network may be for another side: what counts is how far it is from the people there.
    let (mut moved, mut possible) = (0.0, 0.0);
    for (of, before) in sides {
        let usual = if before.votes >= ENOUGH {
            part(before.ship, before.votes)
        } else {
            0.5
        };
        let votes = f64::from(of.votes);
        let more = f64::from(of.ship) - votes * usual;
        // What chance moves: the mean of |x| of a normal distribution.
        let chance = 0.8 * (votes * usual * (1.0 - usual)).sqrt();
        moved += (more.abs() - chance).max(0.0);
        possible += votes * if more > 0.0 { 1.0 - usual } else { usual };
    }
    ScoreParts {
        burst: burst(all.votes, usual.expected),
        concentration: ONE_NETWORK,
        freshness: freshness(all, usual),
        one_sidedness: if possible > 0.0 {
            (moved / possible).clamp(0.0, 1.0)
        } else {
            0.0
        },
        side: None,
    }
}

/// Without a history nobody knows what is usual, and a burst says half.
fn burst_of(count: u32, expected: f64, usual: &Expected) -> f64 {
    let sure = if usual.known_tool { 1.0 } else { 0.5 };
    sure * burst(count, expected)
}

#[cfg(test)]
mod tests;
