//! What this instance knows of Postgres without asking: tallies as it wrote them last, and votes that it saw.
//!
//! `unmoved` works with it, and the ledger tells it what the careful way found. It may be wrong, since other instances and
//! commands write too: nothing that it says is used unless the database agrees under its locks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{Ballot, OriginHash};
use crate::tallies::TallyRow;
use crate::voting::apply::{ChangeSet, ExistingVotes, Key};
use crate::voting::batch::Read;
use crate::voting::exclusions::Period;
use crate::voting::fresh::book::{OriginBook, OriginRow};
use crate::voting::postgres::seen_filter::SeenFilter;
use crate::voting::postgres::vote_cache::{Epoch, Last, VoteCache};
use crate::voting::sqlite::WithdrawnFilter;
use crate::voting::{VoteAction, VoteRecord};

/// Tools that are known at most, some hundred bytes each; with more, all is learnt anew.
const TOOLS: usize = 32_768;
/// Networks that are known at most, some hundred bytes a tool each; with more, all is learnt anew.
const ORIGINS: usize = 32_768;
/// After a failure this many batches go the careful way; after the next twice as many.
const CAREFUL: u32 = 8;
/// And never more than these: then it is tried again.
const MOST_CAREFUL: u32 = 512;

/// A tally as it was left, and the periods in force that were not over then.
struct Tally {
    row: TallyRow,
    /// Whether the database had that row when it was last asked. If not, it may be the same for all that.
    is_current: bool,
    periods: Vec<Period>,
    run: Epoch,
}

/// Of a vote, before a batch is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CachedVote {
    /// It stands like this, if its tally is still the one that is known.
    Stands(VoteRecord),
    /// There is none, as far as is known. There may be one, which an insert is told.
    None,
    /// There is none, and the voter has this ballot.
    Withdrawn(Ballot),
    /// It has to be read.
    Unsure,
}

/// See the file's head. One writer's own.
pub(crate) struct TallyRowCache {
    tallies: HashMap<i32, Tally, foldhash::fast::RandomState>,
    seen: SeenFilter,
    recent: VoteCache,
    /// On SQLite, which voters have a ballot without a vote.
    pub withdrawn: WithdrawnFilter,
    /// Sums of fresh voters by network and tool, each as it was left in a course of the tool's tally.
    origins: HashMap<OriginHash, BTreeMap<i32, (Epoch, OriginRow)>, foldhash::fast::RandomState>,
    /// The last that was begun.
    run: Epoch,
    /// Batches that go the careful way before the short one is tried again.
    careful: u32,
    /// How many that will be after the next failure.
    penalty: u32,
}

impl Default for TallyRowCache {
    fn default() -> Self {
        Self {
            tallies: HashMap::default(),
            seen: SeenFilter::default(),
            recent: VoteCache::default(),
            withdrawn: WithdrawnFilter::default(),
            origins: HashMap::default(),
            run: Epoch::default(),
            careful: 0,
            penalty: CAREFUL,
        }
    }
}

impl TallyRowCache {
    /// Whether the next batch may try the short way.
    pub fn trusts(&self) -> bool {
        self.careful == 0
    }

    /// A batch went the careful way.
    pub fn went_carefully(&mut self) {
        self.careful = self.careful.saturating_sub(1);
    }

    /// A batch was written as it was known: the next failure costs a little less.
    pub fn was_right(&mut self) {
        self.penalty = self.penalty.saturating_sub(1).max(CAREFUL);
    }

    /// Something of `tools` is not as it was known.
    pub fn was_wrong(&mut self, tools: &BTreeSet<i32>) {
        for tool in tools {
            if let Some(tally) = self.tallies.get_mut(tool) {
                tally.is_current = false;
            }
        }
        self.careful = self.penalty;
        self.penalty = (2 * self.penalty).min(MOST_CAREFUL);
    }

    /// A connection was opened, or the outcome of a commit is not known: a promoted standby may have less than is known here.
    pub fn forget(&mut self) {
        self.tallies.clear();
        self.origins.clear();
    }

    /// Enters the sums of `origin` into `book`, if those on all of `tools` are known.
    pub fn enter_origin(
        &self,
        book: &mut OriginBook,
        origin: OriginHash,
        tools: &BTreeSet<i32>,
    ) -> bool {
        let Some(rows) = self.origins.get(&origin) else {
            return false;
        };
        let epoch = |tool: &i32| self.tallies.get(tool).map(|tally| tally.run);
        let is_known = |tool: &i32| rows.get(tool).map(|(of, _)| *of) == epoch(tool);
        if !tools
            .iter()
            .all(|tool| rows.contains_key(tool) && is_known(tool))
        {
            return false;
        }
        for (tool, (_, row)) in rows {
            book.enter(origin, *tool, row.clone());
        }
        true
    }

    /// Notes the sums in `book`: those on `tools` stand as they are, for as long as the tallies do.
    pub fn note_origins(&mut self, book: &OriginBook, tools: &BTreeSet<i32>) {
        if self.origins.len() >= ORIGINS {
            self.origins.clear();
        }
        for (origin, rows) in book.origins() {
            let known = self.origins.entry(origin).or_default();
            for (tool, row) in rows {
                // On other tools they are a hint: nothing was locked there.
                known.insert(*tool, (Epoch::default(), row.clone()));
            }
            for tool in tools {
                if let Some(tally) = self.tallies.get(tool) {
                    let row = rows.get(tool).cloned().unwrap_or_default();
                    known.insert(*tool, (tally.run, row));
                }
            }
        }
    }

    /// Those of `tools` that are not known.
    pub fn missing(&self, tools: &BTreeSet<i32>) -> Vec<i32> {
        let known = |tool| self.tallies.get(tool).is_some_and(|of| of.is_current);
        let missing = tools.iter().filter(|tool| !known(*tool));
        missing.copied().collect()
    }

    /// A tally that has no period ahead, as it was read.
    pub fn found(&mut self, row: TallyRow) {
        self.read(row, Vec::new());
    }

    /// A tally's row as it was read, with the periods ahead. Every change of a tool's votes makes a version or a revision: if the row is
    /// the one that was left, none was missed, and the run goes on.
    fn read(&mut self, row: TallyRow, periods: Vec<Period>) {
        if self.tallies.len() >= TOOLS && !self.tallies.contains_key(&row.tool) {
            self.tallies.clear();
        }
        let tally = self.tallies.entry(row.tool).or_insert(Tally {
            row,
            is_current: true,
            periods: Vec::new(),
            run: Epoch::default(),
        });
        if tally.run == Epoch::default() || tally.row != row {
            self.run.0 += 1;
            (tally.row, tally.run) = (row, self.run);
        }
        (tally.is_current, tally.periods) = (true, periods);
    }

    /// What the careful way read and wrote.
    pub fn learn(&mut self, read: &Read, folded: &ChangeSet) {
        for row in read.tallies.values() {
            let periods = read.periods.iter();
            let periods = periods.filter(|period| period.tool == row.tool).copied();
            self.read(*row, periods.collect());
        }
        self.wrote(&read.votes, folded);
    }

    /// What the short way read and wrote.
    pub fn wrote(&mut self, before: &ExistingVotes, folded: &ChangeSet) {
        self.note(before, folded);
        for row in &folded.tallies {
            if let Some(tally) = self.tallies.get_mut(&row.tool) {
                tally.row = *row;
            }
        }
    }

    /// Votes as they stood `before`, and as they stand now. Their tallies' runs are those of the batch.
    fn note(&mut self, before: &ExistingVotes, folded: &ChangeSet) {
        for (key, vote) in before {
            self.seen.note(key);
            self.note_one(key, Last::Stands(*vote));
        }
        for (command, _) in &folded.inserts {
            self.seen.note(&(command.tool, command.voter));
        }
        for (command, vote) in folded.rows() {
            self.note_one(&(command.tool, command.voter), Last::Stands(*vote));
        }
        for (key, vote) in &folded.set_aside {
            self.note_one(key, Last::Stands(*vote));
        }
        for key in &folded.deletes {
            let kept = &folded.ballots.kept;
            let at = kept.binary_search_by_key(key, |(key, _)| *key).ok();
            let ballot = at.and_then(|at| kept.get(at)).map(|(_, ballot)| *ballot);
            self.note_one(key, Last::Gone(ballot));
        }
    }

    fn note_one(&mut self, (tool, voter): &Key, last: Last) {
        if let Some(tally) = self.tallies.get(tool) {
            self.recent.note(tally.run, *voter, last);
        }
    }

    /// What is known of the vote under `key`, on which somebody commands for `act`.
    pub fn recall(&self, key: &Key, act: VoteAction) -> CachedVote {
        let tally = self.tallies.get(&key.0);
        let last = tally.and_then(|tally| self.recent.last(tally.run, &key.1));
        match (last, act) {
            (Some(Last::Stands(vote)), _) => CachedVote::Stands(vote),
            // An insert looks for a vote that came another way; a withdrawal of none would not.
            (Some(Last::Gone(ballot)), VoteAction::Cast(_)) => {
                ballot.map_or(CachedVote::None, CachedVote::Withdrawn)
            }
            (None, VoteAction::Cast(_)) if !self.seen.has(key) => CachedVote::None,
            _ => CachedVote::Unsure,
        }
    }

    /// What a batch on `tools` is folded over; unknown ones are not among them.
    pub fn of(&self, tools: &BTreeSet<i32>) -> Tallies {
        let mut tallies = Tallies::default();
        for tally in tools.iter().filter_map(|tool| self.tallies.get(tool)) {
            if tally.is_current {
                tallies.rows.insert(tally.row.tool, tally.row);
                tallies.periods.extend_from_slice(&tally.periods);
            }
        }
        tallies
    }
}

/// Tallies as they are known.
#[derive(Default)]
pub(crate) struct Tallies {
    pub rows: BTreeMap<i32, TallyRow>,
    /// Those that may cover a vote.
    pub periods: Vec<Period>,
}

#[cfg(test)]
mod tests;
