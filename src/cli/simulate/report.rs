//! [`Report`]: what a replay found, as JSON has it; `drawing` makes text and a page of it. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::name;
use crate::cli::simulate::comparison::{Comparison, Counts, MinVotes, Tool};
use crate::cli::simulate::detector::AlertCounts;
use crate::domain::{HOUR_MICROS, Timestamp};
use crate::tallies::percent::percent;

/// An hour in which something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HourRow {
    /// Its start.
    pub at: Timestamp,
    /// Changes that the ledger has, all of them admitted then.
    pub changes: u64,
    /// Those of them that would have been refused now.
    pub refused: u64,
}

/// A tally at the span's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Side {
    pub ship: i64,
    pub skip: i64,
    /// `None` while there are too few votes.
    pub percent: Option<i64>,
    /// In how many of the hours' ends a percentage was shown.
    pub hours_shown: i64,
}

impl Side {
    fn of((ship, skip): Counts, hours_shown: i64, min_votes: i64) -> Self {
        Self {
            ship,
            skip,
            percent: percent(ship, skip).filter(|_| ship + skip >= min_votes),
            hours_shown,
        }
    }
}

/// A tool, then and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolRow {
    pub tool: String,
    pub changes: u64,
    pub refused: u64,
    pub then: Side,
    /// `None` where too many votes differ to say.
    pub now: Option<Side>,
}

impl ToolRow {
    fn of(slug: String, tool: &Tool, min_votes: MinVotes, gave_up: bool) -> Self {
        let now = Side::of(tool.now, tool.shown_now, min_votes.now);
        Self {
            tool: slug,
            changes: tool.changes,
            refused: tool.refused,
            then: Side::of(tool.then, tool.shown_then, min_votes.then),
            now: (!gave_up).then_some(now),
        }
    }

    /// Whether anything would have been different.
    pub fn differs(&self) -> bool {
        self.refused > 0 || self.now.is_none_or(|now| now != self.then)
    }
}

/// See the file's head.
#[derive(Debug, Serialize)]
pub struct Report {
    pub from: Timestamp,
    pub to: Timestamp,
    pub changes: u64,
    pub refused: u64,
    pub refused_by: BTreeMap<&'static str, u64>,
    /// Changes whose network is not known any more, and was not asked about; `None` where no rule asks.
    pub networks_unknown: Option<u64>,
    pub min_votes_then: i64,
    pub min_votes_now: i64,
    /// The hours' ends within the span.
    pub hours_in_all: i64,
    pub hours: Vec<HourRow>,
    /// Those that changed, or would have looked different, by name.
    pub tools: Vec<ToolRow>,
    /// What the detector would have raised; `None` where nobody asked.
    pub alerts: Option<AlertCounts>,
    /// What to keep in mind.
    pub notes: Vec<&'static str>,
}

const NOTES: [&str; 3] = [
    "The ledger has what was admitted then and changed a tally: calls that were refused, or said the same again, are not in it.",
    "A refused change leaves the vote as it stood; nobody tries again.",
    "What moderators took out or put back within the span is so on both sides.",
];
const OF_NETWORKS: &str = "Networks are known for two days, and of each vote's last change; a hash is of one day, so a quota \
                           begins anew at midnight (UTC). The /48 around an IPv6 network is not known.";
const OF_ALERTS: &str = "AlertCounts begin with an empty memory: for what began the day before, begin the span a day earlier.";
const GAVE_UP: &str = "Too many votes differ to say what the tallies would be.";

impl Report {
    pub(super) fn of(
        (from, to): (Timestamp, Timestamp),
        course: Comparison,
        min_votes: MinVotes,
        (networks_unknown, alerts): (Option<u64>, Option<AlertCounts>),
        slugs: &BTreeMap<i32, String>,
    ) -> Self {
        let hours: Vec<HourRow> = course
            .hours
            .iter()
            .map(|(at, hour)| HourRow {
                at: Timestamp(*at),
                changes: hour.changes,
                refused: hour.refused,
            })
            .collect();
        let mut tools: Vec<ToolRow> = course
            .tools
            .iter()
            .map(|(id, tool)| ToolRow::of(name(slugs, *id), tool, min_votes, course.gave_up))
            .filter(|row| row.changes > 0 || row.differs())
            .collect();
        tools.sort_by(|a, b| a.tool.cmp(&b.tool));
        let mut notes = NOTES.to_vec();
        notes.extend(networks_unknown.map(|_| OF_NETWORKS));
        notes.extend(alerts.is_some().then_some(OF_ALERTS));
        notes.extend(course.gave_up.then_some(GAVE_UP));
        Self {
            from,
            to,
            changes: hours.iter().map(|hour| hour.changes).sum(),
            refused: hours.iter().map(|hour| hour.refused).sum(),
            refused_by: course.refused_by,
            networks_unknown,
            min_votes_then: min_votes.then,
            min_votes_now: min_votes.now,
            hours_in_all: course.ends,
            hours,
            tools,
            alerts,
            notes,
        }
    }

    /// The hours gathered into at most `most` steps of whole hours, those without a change among them; and how many hours
    /// a step has.
    pub fn steps(&self, most: i64) -> (Vec<HourRow>, i64) {
        let begin = self.from.hour().0;
        let hours = ((self.to.0 - begin - 1).div_euclid(HOUR_MICROS) + 1).max(1);
        let wanted = (hours + most - 1) / most.max(1);
        let width = [1, 2, 3, 4, 6, 12, 24, 48, 168]
            .into_iter()
            .find(|width| *width >= wanted)
            .unwrap_or(wanted);
        let mut steps: Vec<HourRow> = (0..(hours + width - 1) / width)
            .map(|n| HourRow {
                at: Timestamp(begin + n * width * HOUR_MICROS),
                changes: 0,
                refused: 0,
            })
            .collect();
        for hour in &self.hours {
            let place = (hour.at.0 - begin) / (width * HOUR_MICROS);
            if let Some(step) = usize::try_from(place).ok().and_then(|n| steps.get_mut(n)) {
                step.changes += hour.changes;
                step.refused += hour.refused;
            }
        }
        (steps, width)
    }
}
