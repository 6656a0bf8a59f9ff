//! A whole history against the database: each vote as a register, all votes as a set, each tally as a recount, and the last
//! event of each subscriber against both.
//!
//! `matrix` calls it once all is quiet. It must never ask a server; what is held it is given.
use super::register::{self, Verdict};
use super::{Call, Findings, Kind, Shown};
use crate::book::{Choice, TOOLS};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One vote as the database holds it: tool, voter's name, choice, time.
pub type Row = (String, String, String, String);

/// What is held once all is quiet.
pub struct Held {
    /// What each voter is shown of its own: choice and time, by voter and tool.
    pub own: BTreeMap<(usize, usize), (Choice, Option<String>)>,
    /// Every vote of the database.
    pub rows: Vec<Row>,
    /// Those that were there before this history began, and that nobody has touched since.
    pub earlier: Vec<Row>,
    /// The tallies of each instance.
    pub tallies: Vec<[Shown; TOOLS.len()]>,
    /// The last event of each subscriber.
    pub events: Vec<[Shown; TOOLS.len()]>,
}

/// Everything that is wrong. `away` are the spans in which no database could take a vote.
pub fn check(calls: &[Call], away: &[(Duration, Duration)], held: &Held) -> Findings {
    let mut findings = Findings::default();
    registers(calls, held, &mut findings);
    for call in calls.iter().filter(|call| call.acknowledged()) {
        if away
            .iter()
            .any(|(from, to)| call.began > *from && call.ended < *to)
        {
            let what = format!("answered while the database was away: {call:?}");
            findings.false_success.push(what);
        }
    }
    statuses(calls, &mut findings.other);
    versions(calls, held, &mut findings.other);
    set(held, &mut findings.other);
    recount(held, &mut findings.other);
    findings
}

fn registers(calls: &[Call], held: &Held, findings: &mut Findings) {
    let mut keys: BTreeMap<(usize, usize), Vec<Call>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.kind != Kind::Tally) {
        keys.entry((call.voter, call.tool)).or_default().push(*call);
    }
    for (key, calls) in keys {
        let last = held.own.get(&key).and_then(|(choice, _)| *choice);
        match register::check(&calls, last) {
            Verdict::Fine => {}
            Verdict::Lost => findings
                .lost
                .push(format!("{key:?} is held as {last:?} after {calls:#?}")),
            Verdict::Contradiction => findings
                .false_success
                .push(format!("{key:?}: no order of {calls:#?}")),
        }
    }
}

/// Success, 503 or no answer at all: anything else is wrong under a fault.
fn statuses(calls: &[Call], wrong: &mut Vec<String>) {
    let odd = calls
        .iter()
        .filter(|call| !call.success() && ![0, 503].contains(&call.status));
    wrong.extend(odd.map(|call| format!("an answer of another kind: {call:?}")));
}

/// One version, one tally; and on one instance it never goes back.
fn versions(calls: &[Call], held: &Held, wrong: &mut Vec<String>) {
    let mut known: BTreeMap<(usize, i64), (i64, i64)> = BTreeMap::new();
    let last = held.tallies.iter().chain(&held.events);
    let last = last.flat_map(|tallies| tallies.iter().copied().enumerate());
    let seen = calls.iter().filter_map(|c| Some((c.tool, c.tally?)));
    for (tool, shown) in seen.chain(last) {
        let counts = *known.entry((tool, shown.version)).or_insert(shown.counts);
        if counts != shown.counts {
            wrong.push(format!("two tallies of one version: {counts:?}, {shown:?}"));
        }
    }
    let places: BTreeSet<(usize, usize)> = calls.iter().map(|c| (c.instance, c.tool)).collect();
    for place in places {
        let mut by_start: Vec<&Call> = calls
            .iter()
            .filter(|c| (c.instance, c.tool) == place && c.tally.is_some())
            .collect();
        let mut by_end = by_start.clone();
        by_start.sort_by_key(|call| call.began);
        by_end.sort_by_key(|call| call.ended);
        let mut by_end = by_end.into_iter().peekable();
        let mut newest = 0;
        for call in by_start {
            while let Some(before) = by_end.next_if(|before| before.ended < call.began) {
                newest = newest.max(before.tally.map_or(0, |shown| shown.version));
            }
            if call.tally.is_some_and(|shown| shown.version < newest) {
                wrong.push(format!("older than version {newest}: {call:?}"));
            }
        }
    }
}

/// The votes of the database are those that their voters are shown, each once.
fn set(held: &Held, wrong: &mut Vec<String>) {
    let mut once = BTreeSet::new();
    for (tool, voter, ..) in &held.rows {
        if !once.insert((tool, voter)) {
            wrong.push(format!("two votes of {voter} on {tool}"));
        }
    }
    let mut rows: Vec<(&str, &str, &str)> = held
        .rows
        .iter()
        .map(|(tool, _, choice, at)| (tool.as_str(), choice.as_str(), at.as_str()))
        .collect();
    let own = held
        .own
        .iter()
        .filter_map(|((_, tool), (choice, at))| Some((TOOLS[*tool], (*choice)?, at.as_deref()?)));
    let earlier = held.earlier.iter();
    let earlier = earlier.map(|row| (row.0.as_str(), row.2.as_str(), row.3.as_str()));
    let mut own: Vec<(&str, &str, &str)> = own.chain(earlier).collect();
    rows.sort_unstable();
    own.sort_unstable();
    if rows != own {
        let stray = rows.iter().find(|row| own.binary_search(row).is_err());
        let missing = own.iter().find(|row| rows.binary_search(row).is_err());
        wrong.push(format!(
            "{} votes are held, {} shown to their voters: {stray:?} is nobody's, {missing:?} is not there",
            rows.len(),
            own.len()
        ));
    }
}

/// Each tally that is shown last is what the rows count up to.
fn recount(held: &Held, wrong: &mut Vec<String>) {
    let count = |tool: &str, choice: &str| {
        let rows = held
            .rows
            .iter()
            .filter(|row| row.0 == tool && row.2 == choice);
        rows.count() as i64
    };
    let counted = TOOLS.map(|tool| (count(tool, "ship"), count(tool, "skip")));
    for (who, shown) in [("an instance", &held.tallies), ("a stream", &held.events)] {
        for tallies in shown {
            let shown = tallies.map(|shown| shown.counts);
            if shown != counted {
                wrong.push(format!("{who} shows {shown:?}, the votes are {counted:?}"));
            }
        }
    }
}
