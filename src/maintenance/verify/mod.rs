//! The recount: every tally against its votes, its ledger, its panel, its periods, the sums of the holding rule and the public log.
//!
//! `tallyship verify` calls it on one snapshot of the database. It reads only, takes no lock that a vote would wait for, and goes
//! over votes and ledger as streams: what it holds grows with the tools, never with the votes. Beside a running server [`worker`] looks
//! for the same kinds.

pub mod fault;
mod ledger_sums;
mod origins;
mod repair;
mod stated;
mod stream;
#[cfg(test)]
mod tests;
pub mod worker;

pub use fault::{Fault, Remedy};
pub use repair::repair;

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;
use serde::Serialize;

use self::ledger_sums::{LedgerAccount, LedgerSums};
use self::stated::BallotCounts;
use self::stream::VoteRow;
use crate::domain::{Choice, VoterId};
use crate::infra::db::DbConnection;
use crate::tallies::TallyRow;
use crate::voting::checksum::Sketch;
use crate::voting::exclusions::{is_held, is_in_no_sum, is_withdrawn, removal_of};
use crate::voting::ledger::voter_index;

type Counts = (i64, i64);

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

impl Difference {
    /// By how many votes the tally differs from its votes, or from its ledger if that is more.
    fn drift(&self) -> u64 {
        let of = |found: Counts| self.tally.0.abs_diff(found.0) + self.tally.1.abs_diff(found.1);
        of(self.votes).max(of(self.ledger))
    }
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
    /// Records of the public log's journal that cannot be read.
    pub unreadable_records: Vec<i64>,
    /// Segments of the ledger's index of voters that are not those of their entries.
    pub wrong_segments: Vec<i64>,
}

/// What is found of one tool, beside what its tally says.
#[derive(Default)]
struct Account {
    votes: Counts,
    aside: Counts,
    of_votes: Sketch,
    ledger: LedgerAccount,
    panel: Counts,
    period_end: i64,
    /// Of the fresh votes by network, and of their sums.
    fresh_votes: i64,
    fresh_sums: i64,
    ballots: BallotCounts,
    /// Those that the public log has; `None` if there is no log.
    stated: Option<BallotCounts>,
}

impl Account {
    /// Adds a vote; whether there is one, and not just what stays of a withdrawn one.
    fn add_vote(&mut self, row: VoteRow, in_force: &BTreeSet<i64>) -> bool {
        let fresh = origins::checksum_of_vote(row.binding, row.choice, row.mark);
        self.fresh_votes = self.fresh_votes.wrapping_add(fresh);
        let takes_effect =
            |mark: &i64| removal_of(*mark).is_none_or(|removal| in_force.contains(&removal));
        if row.mark.is_some_and(is_withdrawn) {
            return false;
        }
        let choice = Choice::from_code(row.choice);
        let mark = row.mark.filter(takes_effect);
        if row.has_ballot && mark.and_then(removal_of).is_none() {
            self.ballots.named.add(choice, 1);
            let held = choice.filter(|_| mark.is_some_and(is_held));
            self.ballots.held.add(held, 1);
        }
        if row.mark.is_some_and(is_held) {
            // In no sum.
        } else if let Some(choice) = counted(row.choice, row.mark, in_force) {
            add(&mut self.votes, Some(choice), 1);
            self.of_votes.moved(id(row.voter), None, Some(choice));
        } else {
            add(&mut self.aside, choice, 1);
        }
        true
    }

    fn newest(&self) -> i64 {
        self.ledger.newest.max(self.ledger.newest_bulk)
    }

    fn found(&self) -> Found {
        Found {
            of_votes: self.of_votes,
            of_ledger: self.ledger.sketch,
            newest: self.newest(),
            panel: self.panel,
            period_end: self.period_end,
        }
    }

    fn difference(
        &self,
        (id, tool): (i32, String),
        row: &TallyRow,
        faults: Vec<Fault>,
    ) -> Option<Difference> {
        (!faults.is_empty()).then(|| Difference {
            id,
            found: self.found(),
            tool,
            tally: (row.ship, row.skip),
            votes: self.votes,
            ledger: self.ledger.counts,
            aside: [(row.aside_ship, row.aside_skip), self.aside],
            faults,
        })
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
pub fn recount(conn: &mut DbConnection) -> QueryResult<Recount> {
    stream::in_snapshot(conn, |conn| {
        let mut accounts = Accounts::read(conn, |_| Ok(()))?;
        let mut ledger = LedgerSums::default();
        ledger.read_all(conn)?;
        let events = ledger.events;
        for (tool, sums) in ledger.by_tool {
            accounts.by_tool.entry(tool).or_default().ledger = sums;
        }
        Ok(Recount {
            tools: accounts.tallies.len() + accounts.without_tally.len(),
            votes: accounts.votes,
            events,
            wrong_segments: wrong_segments(conn)?,
            unreadable_records: accounts.unreadable_records.clone(),
            differences: accounts.differences(),
        })
    })
}

/// Says that a record for the public log cannot be read.
pub fn unreadable_record(seq: i64) -> String {
    format!("log: record {seq} of the journal cannot be read")
}

/// Says that a segment of the index of voters is not that of its entries.
pub fn wrong_segment(segment: i64) -> String {
    format!("ledger: segment {segment} of the index of voters is wrong")
}

fn wrong_segments(conn: &mut DbConnection) -> QueryResult<Vec<i64>> {
    let mut wrong = Vec::new();
    for segment in 0..voter_index::segments(conn)? {
        if !voter_index::is_right(conn, segment)? {
            wrong.push(segment);
        }
    }
    Ok(wrong)
}

/// What one snapshot has of tools, but for their ledgers.
#[derive(Default)]
struct Accounts {
    tallies: Vec<(String, TallyRow)>,
    without_tally: Vec<(i32, String)>,
    by_tool: BTreeMap<i32, Account>,
    votes: i64,
    unreadable_records: Vec<i64>,
}

impl Accounts {
    /// Reads them. `pause` is called after each vote, with how many there were.
    fn read(
        conn: &mut DbConnection,
        mut pause: impl FnMut(i64) -> QueryResult<()>,
    ) -> QueryResult<Self> {
        let mut accounts = Self {
            tallies: stream::tallies(conn)?,
            without_tally: stream::without_tally(conn)?,
            ..Self::default()
        };
        let in_force = stream::removals_in_force(conn)?;
        let mut rows = 0;
        let by_tool = &mut accounts.by_tool;
        stream::each_vote(conn, None, |row| {
            let account = by_tool.entry(row.tool).or_default();
            accounts.votes += i64::from(account.add_vote(row, &in_force));
            rows += 1;
            pause(rows)
        })?;
        stream::each_origin(conn, |tool, fresh| {
            let account = by_tool.entry(tool).or_default();
            account.fresh_sums = account.fresh_sums.wrapping_add(fresh);
        })?;
        for (tool, verdict, reviews) in stream::panels(conn)? {
            let panel = &mut by_tool.entry(tool).or_default().panel;
            add(panel, Choice::from_code(verdict), reviews);
        }
        for (tool, end) in stream::period_ends(conn)? {
            // A tally begins at 0, in 1970: what ended before then moves nothing.
            by_tool.entry(tool).or_default().period_end = end.max(0);
        }
        if let Some(stated) = stated::read(conn)? {
            for (_, row) in &accounts.tallies {
                by_tool.entry(row.tool).or_default().stated = stated.ballots_of(row);
            }
            accounts.unreadable_records = stated.unreadable;
        }
        Ok(accounts)
    }

    /// Adds a ledger that was read up to the versions of these tallies; `now` are the tallies when it ended.
    fn add_ledger(&mut self, ledger: LedgerSums, now: impl Iterator<Item = TallyRow>) {
        let now: BTreeMap<i32, TallyRow> = now.map(|row| (row.tool, row)).collect();
        let then = self.tallies.iter().map(|(_, row)| (row.tool, *row));
        let then: BTreeMap<i32, TallyRow> = then.collect();
        for (tool, mut sums) in ledger.by_tool {
            let account = match (then.get(&tool), now.get(&tool)) {
                (Some(then), Some(now)) => {
                    let account = self.by_tool.entry(tool).or_default();
                    if sums.newest.max(sums.newest_bulk) <= now.version {
                        sums.newest = sums.newest.min(then.version);
                        sums.newest_bulk = sums.newest_bulk.min(then.version);
                    }
                    // Voters were renamed meanwhile: the counts are comparable, and the next recount compares the voters.
                    if then.revision != now.revision {
                        sums.sketch = account.of_votes;
                    }
                    account
                }
                // It was created meanwhile.
                (None, Some(_)) => continue,
                (_, None) => self.by_tool.entry(tool).or_default(),
            };
            account.ledger = sums;
        }
    }

    fn differences(mut self) -> Vec<Difference> {
        let is_journal_whole = self.unreadable_records.is_empty();
        let mut differences = Vec::new();
        for (slug, row) in self.tallies {
            let account = self.by_tool.remove(&row.tool).unwrap_or_default();
            let mut faults = faults(&row, &account);
            let stated = account.stated.filter(|_| is_journal_whole);
            if stated.is_some_and(|stated| stated != account.ballots) {
                faults.push(Fault::Ballots);
            }
            differences.extend(account.difference((row.tool, slug), &row, faults));
        }
        for (tool, slug) in self.without_tally {
            let account = self.by_tool.remove(&tool).unwrap_or_default();
            let faults = vec![Fault::Missing];
            differences.extend(account.difference((tool, slug), &TallyRow::default(), faults));
        }
        for (tool, account) in self.by_tool {
            let name = format!("(tool {tool}, which does not exist)");
            let faults = vec![Fault::Unknown];
            differences.extend(account.difference((tool, name), &TallyRow::default(), faults));
        }
        differences
    }
}

/// What of a tally differs from its account.
fn faults(row: &TallyRow, account: &Account) -> Vec<Fault> {
    let tally = (row.ship, row.skip);
    let panel = (i64::from(row.panel_ship), i64::from(row.panel_skip));
    let checks = [
        (tally == account.votes, Fault::Votes),
        (tally == account.ledger.counts, Fault::Ledger),
        (
            (row.aside_ship, row.aside_skip) == account.aside,
            Fault::Aside,
        ),
        (account.of_votes == account.ledger.sketch, Fault::Voters),
        (account.newest() <= row.version, Fault::Ahead),
        (!account.ledger.disordered, Fault::Order),
        (panel == account.panel, Fault::Panel),
        (row.period_end.0 == account.period_end, Fault::Periods),
        (account.fresh_votes == account.fresh_sums, Fault::Origins),
    ];
    let wrong = checks.into_iter().filter(|(is_right, _)| !is_right);
    wrong.map(|(_, fault)| fault).collect()
}

/// A voter's id; bytes of another length are nobody's, and show as a difference.
fn id(bytes: Vec<u8>) -> VoterId {
    VoterId(bytes.try_into().unwrap_or_default())
}
