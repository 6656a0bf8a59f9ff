//! [`Comparison`]: what became of every change then, and what would have become of it now. Pure.
//!
//! `replay` feeds it in the order of time. What it holds grows with hours, tools and the votes that differ, never with the
//! changes; of too many that differ it gives the tallies up and says so.

use std::collections::{BTreeMap, HashMap};

use crate::cli::simulate::rule::{Decision, ReplayedVote};
use crate::domain::{Choice, HOUR_MICROS, Timestamp, VoterId};

/// Ship and skip.
pub(super) type Counts = (i64, i64);

/// The most votes that may differ: some 100 MB.
const MOST: usize = 2_000_000;

/// What happened in an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hour {
    pub changes: u64,
    pub refused: u64,
}

/// A tool's counts then and now, and in how many hours' ends its percentage was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tool {
    pub changes: u64,
    pub refused: u64,
    pub then: Counts,
    pub now: Counts,
    pub shown_then: i64,
    pub shown_now: i64,
}

/// From how many votes on a percentage is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinVotes {
    pub then: i64,
    pub now: i64,
}

/// See the file's head.
pub(super) struct Comparison {
    min_votes: MinVotes,
    /// The end of the hour that is being filled.
    edge: Timestamp,
    /// The ends of hours that are past.
    pub ends: i64,
    pub hours: BTreeMap<i64, Hour>,
    pub tools: BTreeMap<i32, Tool>,
    pub refused_by: BTreeMap<&'static str, u64>,
    /// Where a voter's vote now differs from what it was then.
    differing: HashMap<(i32, VoterId), Option<Choice>, foldhash::fast::RandomState>,
    most: usize,
    /// Too many differ: the tallies of now are not known.
    pub gave_up: bool,
}

fn add(counts: &mut Counts, choice: Option<Choice>, by: i64) {
    match choice {
        Some(Choice::Ship) => counts.0 += by,
        Some(Choice::Skip) => counts.1 += by,
        None => {}
    }
}

impl Comparison {
    /// From `begin` on, where tallies stood at `start`.
    pub(super) fn new(begin: Timestamp, start: BTreeMap<i32, Counts>, min_votes: MinVotes) -> Self {
        let tools = start.into_iter().map(|(tool, counts)| {
            let tally = Tool {
                then: counts,
                now: counts,
                ..Tool::default()
            };
            (tool, tally)
        });
        Self {
            min_votes,
            edge: Timestamp(begin.hour().0 + HOUR_MICROS),
            ends: 0,
            hours: BTreeMap::new(),
            tools: tools.collect(),
            refused_by: BTreeMap::new(),
            differing: HashMap::default(),
            most: MOST,
            gave_up: false,
        }
    }

    /// Time goes on: hours that end before `at` are looked at.
    fn pass(&mut self, at: Timestamp) {
        if at < self.edge {
            return;
        }
        let ends = (at.0 - self.edge.0) / HOUR_MICROS + 1;
        self.look(ends);
        self.edge = Timestamp(self.edge.0 + ends * HOUR_MICROS);
    }

    fn look(&mut self, ends: i64) {
        self.ends += ends;
        for tool in self.tools.values_mut() {
            let shown = |(ship, skip): Counts, least: i64| i64::from(ship + skip >= least) * ends;
            tool.shown_then += shown(tool.then, self.min_votes.then);
            tool.shown_now += shown(tool.now, self.min_votes.now);
        }
    }

    /// A change of the past, and what is said of it now.
    pub(super) fn take(&mut self, cast: &ReplayedVote, verdict: Decision) {
        self.pass(cast.at);
        let hour = self.hours.entry(cast.at.hour().0).or_default();
        let tool = self.tools.entry(cast.tool).or_default();
        hour.changes += 1;
        tool.changes += 1;
        add(&mut tool.then, cast.old, -1);
        add(&mut tool.then, cast.new, 1);
        let key = (cast.tool, cast.voter);
        let stood = self.differing.get(&key).copied().unwrap_or(cast.old);
        let stands = match verdict {
            Decision::Admitted => cast.new,
            Decision::Refused(by) => {
                hour.refused += 1;
                tool.refused += 1;
                *self.refused_by.entry(by).or_default() += 1;
                stood
            }
        };
        add(&mut tool.now, stood, -1);
        add(&mut tool.now, stands, 1);
        if stands == cast.new {
            self.differing.remove(&key);
        } else if !self.gave_up {
            self.differing.insert(key, stands);
        }
        if self.differing.len() > self.most {
            self.gave_up = true;
            self.differing = HashMap::default();
        }
    }

    /// A removal moved many votes at once: then, and now as well.
    pub(super) fn moved(&mut self, tool: i32, (ship, skip): Counts, at: Timestamp) {
        self.pass(at);
        let tool = self.tools.entry(tool).or_default();
        for counts in [&mut tool.then, &mut tool.now] {
            *counts = (counts.0 + ship, counts.1 + skip);
        }
    }

    /// The end of the span: an hour that is not over counts as one that is.
    pub(super) fn close(&mut self, end: Timestamp) {
        self.pass(end);
        if end.0 > self.edge.0 - HOUR_MICROS {
            self.look(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Choice::{Ship, Skip};

    const REFUSED: Decision = Decision::Refused("a rule");

    fn course(start: Counts) -> Comparison {
        let min_votes = MinVotes { then: 2, now: 3 };
        Comparison::new(Timestamp(0), BTreeMap::from([(1, start)]), min_votes)
    }

    fn cast(minute: i64, voter: u8, old: Option<Choice>, new: Option<Choice>) -> ReplayedVote {
        ReplayedVote {
            at: Timestamp(minute * 60_000_000),
            tool: 1,
            voter: VoterId([voter; 16]),
            old,
            new,
            network: None,
            token_age: None,
        }
    }

    #[test]
    fn a_refused_change_leaves_the_vote_as_it_stood() {
        let mut course = course((10, 10));
        course.take(&cast(1, 1, None, Some(Ship)), Decision::Admitted);
        course.take(&cast(2, 1, Some(Ship), Some(Skip)), REFUSED);
        assert_eq!(
            (course.tools[&1].then, course.tools[&1].now),
            ((10, 11), (11, 10))
        );
        // Then it was withdrawn, now a ship is.
        course.take(&cast(3, 1, Some(Skip), None), Decision::Admitted);
        assert_eq!(
            (course.tools[&1].then, course.tools[&1].now),
            ((10, 10), (10, 10))
        );
        // Refused, and then the way back to where it stood: nothing differs any more.
        course.take(&cast(4, 2, None, Some(Skip)), REFUSED);
        course.take(&cast(5, 2, Some(Skip), None), REFUSED);
        assert!(course.differing.is_empty());
        assert_eq!(
            (course.tools[&1].then, course.tools[&1].now),
            ((10, 10), (10, 10))
        );
        course.moved(1, (-3, 0), Timestamp(6 * 60_000_000));
        assert_eq!(
            (course.tools[&1].then, course.tools[&1].now),
            ((7, 10), (7, 10))
        );
        let tool = &course.tools[&1];
        assert_eq!(
            (tool.changes, tool.refused, course.refused_by["a rule"]),
            (5, 3, 3)
        );
    }

    #[test]
    fn the_ends_of_hours_say_when_a_percentage_was_shown() {
        let mut course = course((1, 0));
        course.take(&cast(30, 1, None, Some(Ship)), Decision::Admitted);
        course.take(&cast(200, 2, None, Some(Ship)), Decision::Admitted);
        course.close(Timestamp(5 * HOUR_MICROS));
        // At 1, 2 and 3 o'clock two votes, at 4 and 5 three.
        let tool = &course.tools[&1];
        assert_eq!((course.ends, tool.shown_then, tool.shown_now), (5, 5, 2));
        let hours: Vec<_> = course
            .hours
            .iter()
            .map(|(at, hour)| (at / HOUR_MICROS, hour.changes))
            .collect();
        assert_eq!(hours, [(0, 1), (3, 1)]);
        let mut other = Comparison::new(
            Timestamp(HOUR_MICROS / 2),
            BTreeMap::new(),
            course.min_votes,
        );
        other.close(Timestamp(HOUR_MICROS * 3 / 2));
        assert_eq!(other.ends, 2, "half of one hour, half of another");
    }

    #[test]
    fn of_too_many_that_differ_no_tally_is_told() {
        let mut course = course((0, 0));
        course.most = 2;
        for voter in 0..5 {
            course.take(&cast(1, voter, None, Some(Ship)), REFUSED);
        }
        assert!(course.gave_up && course.differing.is_empty());
        assert_eq!(course.tools[&1].refused, 5);
    }
}
