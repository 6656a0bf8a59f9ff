//! The recount: every tally against its votes, its ledger, its panel and its periods, in one snapshot of the database.
//!
//! `tallyship verify` calls it. It reads only, takes no lock that a vote would wait for, and goes over votes and ledger
//! as streams: what it holds grows with the tools, never with the votes. Beside a running server `watch` recounts less, and
//! more gently.

mod origins;
mod pages;
mod repair;
mod stream;
mod sums;
#[cfg(test)]
mod tests;
pub mod worker;

pub use repair::repair;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::QueryResult;
use serde::Serialize;

use crate::domain::{Choice, VoterId};
use crate::infra::db::DbConnection;
use crate::voting::checksum::Sketch;
use crate::voting::exclusions::{is_held, is_in_no_sum, is_withdrawn};
use crate::voting::ledger::{self, is_whole, unpacked};

/// Ship and skip.
type Counts = (i64, i64);

/// What does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The counted votes are not the tally's.
    Votes,
    /// The ledger does not add up to the tally.
    Ledger,
    /// The votes set aside are not as many as the tally says.
    Aside,
    /// Counts agree, but ledger and votes are not of the same voters and choices.
    Voters,
    /// The ledger holds a version beyond the tally's.
    Ahead,
    /// The ledger holds a version twice, or out of its order, or an entry that is torn.
    Order,
    /// The tally's panel is not that of the reviews.
    Panel,
    /// The tally's last period ends at another time than its periods do.
    Periods,
    /// The sums of fresh voters by network are not those of their votes.
    Origins,
    /// Votes or entries of a tool that is not there.
    Unknown,
}

impl Fault {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Votes => "the votes add up to something else",
            Self::Ledger => "the ledger adds up to something else",
            Self::Aside => "the votes set aside add up to something else",
            Self::Voters => "the ledger knows other voters or choices than the votes",
            Self::Ahead => "the ledger is ahead of the tally's version",
            Self::Order => "the ledger has a version twice, or out of its order, or a torn entry",
            Self::Panel => "the panel is not that of the reviews",
            Self::Periods => "the last period ends at another time",
            Self::Origins => "the sums of fresh voters by network add up to something else",
            Self::Unknown => "there is no such tool",
        }
    }
}

/// A tool whose accounts do not agree. All counts are (ship, skip).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    #[serde(skip)]
    id: i32,
    #[serde(skip)]
    found: Found,
    pub tool: String,
    /// As the tally says.
    pub tally: Counts,
    /// As the votes add up.
    pub votes: Counts,
    /// As the ledger adds up.
    pub ledger: Counts,
    /// Set aside, as the tally says and as the votes add up.
    pub aside: [Counts; 2],
    pub faults: Vec<Fault>,
}

/// What a repair needs besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Found {
    of_votes: Sketch,
    of_ledger: Sketch,
    /// The ledger's newest version.
    newest: i64,
    panel: Counts,
    period_end: i64,
}

/// What a recount went over.
#[derive(Debug, Default, Serialize)]
pub struct Recount {
    pub tools: usize,
    pub votes: i64,
    pub events: i64,
    pub differences: Vec<Difference>,
}

/// What is found of one tool, beside what its tally says.
#[derive(Default)]
struct Account {
    votes: Counts,
    aside: Counts,
    ledger: Counts,
    of_votes: Sketch,
    of_ledger: Sketch,
    newest: i64,
    newest_bulk: i64,
    disordered: bool,
    panel: Counts,
    period_end: i64,
    /// Of the fresh votes by network, and of their sums.
    fresh_votes: i64,
    fresh_sums: i64,
}

impl Account {
    fn found(&self) -> Found {
        Found {
            of_votes: self.of_votes,
            of_ledger: self.of_ledger,
            newest: self.newest.max(self.newest_bulk),
            panel: self.panel,
            period_end: self.period_end,
        }
    }
}

fn add(counts: &mut Counts, choice: Option<Choice>, by: i64) {
    match choice {
        Some(Choice::Ship) => counts.0 += by,
        Some(Choice::Skip) => counts.1 += by,
        None => {}
    }
}

/// What a vote adds to its tally, while those removals are in force.
fn counted(choice: i16, mark: Option<i64>, in_force: &BTreeSet<i64>) -> Option<Choice> {
    let aside = mark.is_some_and(|mark| is_in_no_sum(mark) || in_force.contains(&mark));
    Choice::from_code(choice).filter(|_| !aside)
}

/// Recounts everything.
///
/// # Errors
/// A failed query.
pub fn recount(conn: &mut DbConnection) -> QueryResult<Recount> {
    stream::begin(conn)?;
    let result = in_snapshot(conn);
    stream::end(conn)?;
    result
}

fn in_snapshot(conn: &mut DbConnection) -> QueryResult<Recount> {
    let mut accounts: BTreeMap<i32, Account> = BTreeMap::new();
    let mut recount = Recount::default();
    let in_force: BTreeSet<i64> = stream::removals_in_force(conn)?;
    stream::each_vote(conn, |tool, voter, choice, mark, fresh| {
        let account = accounts.entry(tool).or_default();
        account.fresh_votes = account.fresh_votes.wrapping_add(fresh);
        if mark.is_some_and(is_withdrawn) {
            return;
        }
        recount.votes += 1;
        if mark.is_some_and(is_held) {
            // In no sum.
        } else if let Some(choice) = counted(choice, mark, &in_force) {
            add(&mut account.votes, Some(choice), 1);
            account.of_votes.moved(id(voter), None, Some(choice));
        } else {
            add(&mut account.aside, Choice::from_code(choice), 1);
        }
    })?;
    stream::each_origin(conn, |tool, fresh| {
        let account = accounts.entry(tool).or_default();
        account.fresh_sums = account.fresh_sums.wrapping_add(fresh);
    })?;
    let mut bulk: HashSet<(i32, i64)> = HashSet::new();
    for (tool, version, ship, skip, sketch) in stream::bulk_events(conn)? {
        recount.events += 1;
        let account = accounts.entry(tool).or_default();
        account.ledger.0 += ship;
        account.ledger.1 += skip;
        account.of_ledger.add(Sketch(sketch));
        account.newest_bulk = account.newest_bulk.max(version);
        bulk.insert((tool, version));
    }
    ledger::each(conn, |entry| {
        let account = accounts.entry(entry.tool).or_default();
        account.disordered |= !is_whole(&entry.changes);
        for change in unpacked(entry.version, &entry.changes) {
            recount.events += 1;
            add(&mut account.ledger, change.old, -1);
            add(&mut account.ledger, change.new, 1);
            account
                .of_ledger
                .moved(change.voter, change.old, change.new);
            // Whoever writes holds the tally's row: within a tool, versions only grow.
            let known = bulk.contains(&(entry.tool, change.version));
            account.disordered |= change.version <= account.newest || known;
            account.newest = account.newest.max(change.version);
        }
    })?;
    for (tool, verdict, reviews) in stream::panels(conn)? {
        let panel = &mut accounts.entry(tool).or_default().panel;
        add(panel, Choice::from_code(verdict), reviews);
    }
    for (tool, end) in stream::period_ends(conn)? {
        // A tally begins at 0, in 1970: what ended before then moves nothing.
        accounts.entry(tool).or_default().period_end = end.max(0);
    }
    for (slug, row) in stream::tallies(conn)? {
        recount.tools += 1;
        let account = accounts.remove(&row.tool).unwrap_or_default();
        let mut faults = Vec::new();
        let mut check = |right: bool, fault| {
            if !right {
                faults.push(fault);
            }
        };
        let tally = (row.ship, row.skip);
        let aside = [(row.aside_ship, row.aside_skip), account.aside];
        let panel = (i64::from(row.panel_ship), i64::from(row.panel_skip));
        check(tally == account.votes, Fault::Votes);
        check(tally == account.ledger, Fault::Ledger);
        check(aside[0] == aside[1], Fault::Aside);
        check(account.of_votes == account.of_ledger, Fault::Voters);
        let newest = account.newest.max(account.newest_bulk);
        check(newest <= row.version, Fault::Ahead);
        check(!account.disordered, Fault::Order);
        check(panel == account.panel, Fault::Panel);
        check(row.period_end.0 == account.period_end, Fault::Periods);
        check(account.fresh_votes == account.fresh_sums, Fault::Origins);
        if !faults.is_empty() {
            recount.differences.push(Difference {
                id: row.tool,
                found: account.found(),
                tool: slug,
                tally,
                votes: account.votes,
                ledger: account.ledger,
                aside,
                faults,
            });
        }
    }
    for (tool, account) in accounts {
        recount.differences.push(Difference {
            id: tool,
            found: account.found(),
            tool: format!("(tool {tool}, which does not exist)"),
            tally: (0, 0),
            votes: account.votes,
            ledger: account.ledger,
            aside: [(0, 0), account.aside],
            faults: vec![Fault::Unknown],
        });
    }
    Ok(recount)
}

/// A voter's id; bytes of another length are nobody's, and show as a difference.
fn id(bytes: Vec<u8>) -> VoterId {
    VoterId(bytes.try_into().unwrap_or_default())
}
