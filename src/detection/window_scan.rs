//! One pass over a tool's votes, newest first: every window is judged on the way, and the most suspicious is kept. Pure.
//!
//! `memory` calls it. A pass costs a step for each vote in memory, so it can be made again every few seconds.

use super::finding::{Filter, FindingKind};
use super::memory::{Facts, Limits};
use super::rule::{self, Expected, ScoreParts};
use super::votes::OfTool;
use crate::detection::network_index::NetworkIndex;
use crate::detection::stats::VoteStats;
use crate::domain::{Choice, DAY_SECONDS, SECOND_MICROS};

/// What is looked at: the last ten minutes, half an hour, three hours, and the day.
const WINDOWS: [(FindingKind, i64); 4] = [
    (FindingKind::Burst, 600),
    (FindingKind::Burst, 1_800),
    (FindingKind::Burst, 10_800),
    (FindingKind::Drip, DAY_SECONDS),
];

/// Votes that crowd into this many seconds are judged by themselves, beside those of the time before.
const SUDDEN_SECONDS: i64 = 120;
const BEFORE_SECONDS: i64 = 600;
/// Fewer of them prove nothing: a newsletter brings as many.
const MIN_SUDDEN_VOTES: u32 = 50;

/// The most suspicious window.
pub(super) struct SuspiciousWindow {
    pub kind: FindingKind,
    pub parts: ScoreParts,
    pub filter: Filter,
}

/// A window with its score.
struct Suspect {
    kind: FindingKind,
    begin: i64,
    parts: ScoreParts,
    /// Only votes of networks with several voters are meant.
    crowd: bool,
}

/// From when on no alert tells of the votes on a tool already, and memory reaches back.
fn untold_since(of: &OfTool) -> i64 {
    let told = of.spans.iter().filter(|span| span.filter.network.is_none());
    let since = told.map(|span| span.filter.to).max().unwrap_or(i64::MIN);
    if of.cut {
        since.max(of.votes.front().map_or(i64::MIN, |oldest| oldest.at))
    } else {
        since
    }
}

/// Judges the votes on a tool of which no alert tells. `usual` gives what to compare with, the votes that are judged
/// left out of the site's.
pub(super) fn pass(
    of: &OfTool,
    crowd: &NetworkIndex,
    facts: &Facts,
    limits: Limits,
    usual: impl Fn((VoteStats, u32)) -> Expected,
    with_day: bool,
    now: i64,
) -> Option<SuspiciousWindow> {
    let since = untold_since(of);
    let (mut all, mut several) = (VoteStats::default(), VoteStats::default());
    let mut best: Option<Suspect> = None;
    let mut judge = |(kind, seconds): (FindingKind, i64), all: VoteStats, several: VoteStats| {
        if all.votes < limits.least || (kind == FindingKind::Drip && !with_day) {
            return;
        }
        let begin = now - seconds * SECOND_MICROS;
        let span = seconds.min((now.saturating_sub(since) / SECOND_MICROS).max(1));
        let usual = Expected {
            expected: facts.rhythm.expected(now, span),
            ..usual((all, several.known))
        };
        let mut suspects = vec![(rule::judge_all(all, several.known, &usual), false)];
        if several.votes >= limits.least {
            suspects.push((rule::judge_crowd(all, several, &usual), true));
        }
        for (parts, crowd) in suspects {
            let better = best
                .as_ref()
                .is_none_or(|best| best.parts.score() < parts.score());
            if better {
                best = Some(Suspect {
                    kind,
                    begin,
                    parts,
                    crowd,
                });
            }
        }
    };
    let mut windows = WINDOWS.iter().copied().peekable();
    for vote in of.votes.iter().rev() {
        while let Some(window) =
            windows.next_if(|(_, seconds)| vote.at <= now - seconds * SECOND_MICROS)
        {
            judge(window, all, several);
        }
        if vote.told {
            continue;
        }
        let ship = vote.choice == Choice::Ship;
        all.add(ship, vote.known, vote.fresh);
        if vote.known && crowd.has_several(vote.network) {
            several.add(ship, vote.known, vote.fresh);
        }
    }
    for window in windows {
        judge(window, all, several);
    }
    let sudden = sudden(of, facts, usual, now);
    let worst = best.into_iter().chain(sudden);
    let worst = worst.max_by_key(|suspect| suspect.parts.score());
    let suspect = worst.filter(|best| best.parts.score() >= limits.threshold)?;
    Some(SuspiciousWindow {
        kind: suspect.kind,
        parts: suspect.parts,
        filter: filter(of, crowd, &suspect)?,
    })
}

/// Judges the newest votes by how suddenly they came, whatever their networks.
fn sudden(
    of: &OfTool,
    facts: &Facts,
    usual: impl Fn((VoteStats, u32)) -> Expected,
    now: i64,
) -> Option<Suspect> {
    let (mut newest, mut before) = (VoteStats::default(), VoteStats::default());
    for vote in of.votes.iter().rev() {
        let age = now - vote.at;
        let ship = vote.choice == Choice::Ship;
        if age >= (SUDDEN_SECONDS + BEFORE_SECONDS) * SECOND_MICROS {
            break;
        } else if age >= SUDDEN_SECONDS * SECOND_MICROS {
            before.add(ship, vote.known, vote.fresh);
        } else if !vote.told {
            newest.add(ship, vote.known, vote.fresh);
        }
    }
    if newest.votes < MIN_SUDDEN_VOTES || of.cut {
        return None;
    }
    let scale = f64::from(u32::try_from(SUDDEN_SECONDS).ok()?)
        / f64::from(u32::try_from(BEFORE_SECONDS).ok()?);
    let usual = Expected {
        expected: facts
            .rhythm
            .expected(now, SUDDEN_SECONDS)
            .max(f64::from(before.votes) * scale),
        known_tool: true,
        rest: before,
        ..usual((newest, 0))
    };
    let parts = rule::judge_sudden(newest, &usual);
    // A crowd is sudden too, but it is of two minds.
    if parts.one_sidedness <= 0.0 {
        return None;
    }
    Some(Suspect {
        kind: FindingKind::Burst,
        begin: now - SUDDEN_SECONDS * SECOND_MICROS,
        parts,
        crowd: false,
    })
}

/// From the first of the suspicious votes to the last; the first in a hundred is left to chance.
fn filter(of: &OfTool, crowd: &NetworkIndex, suspect: &Suspect) -> Option<Filter> {
    let choice = suspect.parts.filter_side();
    let times: Vec<i64> = of
        .votes
        .iter()
        .filter(|vote| !vote.told && vote.at > suspect.begin)
        .filter(|vote| choice.is_none_or(|choice| choice == vote.choice))
        .filter(|vote| !suspect.crowd || crowd.has_several(vote.network))
        .map(|vote| vote.at)
        .collect();
    Some(Filter {
        from: *times.get(times.len() / 100)?,
        to: times.last()? + SECOND_MICROS,
        choice,
        network: None,
    })
}
