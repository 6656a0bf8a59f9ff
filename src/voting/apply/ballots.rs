//! What becomes of ballots as commands are applied: who has which, and what the journal of the public log says of it.
//!
//! A voter has one ballot a tool. It stays through changes and withdrawals; a claim moves it, unless the user has one.

use std::collections::{BTreeMap, HashMap};

use super::{ExistingVotes, Key};
use crate::domain::{Ballot, BallotName};
use crate::tallies::TallyRow;
use crate::voting::VoteRecord;
use crate::voting::journal::{BallotChange, BallotState, ToolRecord};

/// Ballots of votes that were withdrawn, and of which no row stays.
pub(crate) type WithdrawnBallots = HashMap<Key, Ballot, foldhash::fast::RandomState>;

/// See the file's head.
pub(super) struct BallotBook<'a> {
    before: &'a WithdrawnBallots,
    /// What the batch changed of it.
    after: HashMap<Key, Option<Ballot>, foldhash::fast::RandomState>,
    made: Vec<(i32, BallotName)>,
}

impl<'a> BallotBook<'a> {
    pub fn new(before: &'a WithdrawnBallots) -> Self {
        Self {
            before,
            after: HashMap::default(),
            made: Vec::new(),
        }
    }

    /// The ballot that a voter without a row has.
    pub fn withdrawn(&self, key: &Key) -> Option<Ballot> {
        match self.after.get(key) {
            Some(ballot) => *ballot,
            None => self.before.get(key).copied(),
        }
    }

    /// From now on a voter without a row has this ballot; `None` if there is a row, which has it.
    pub fn withdraw(&mut self, key: Key, ballot: Option<Ballot>) {
        if self.withdrawn(&key) != ballot {
            self.after.insert(key, ballot);
        }
    }

    /// A ballot was made: the log states it, whatever becomes of it.
    pub fn make(&mut self, tool: i32, ballot: Ballot) -> Ballot {
        self.made.push((tool, ballot.name));
        ballot
    }
}

/// What is to be written of ballots.
#[derive(Debug, Default)]
pub(crate) struct BallotWrites {
    /// Ballots whose votes were withdrawn.
    pub kept: Vec<(Key, Ballot)>,
    /// Those that votes took back.
    pub taken: Vec<Key>,
    /// For the journal.
    pub records: Vec<ToolRecord>,
}

/// A ballot before and after a batch, each with the vote that it had.
type Change = (Option<Option<VoteRecord>>, Option<Option<VoteRecord>>);

impl BallotBook<'_> {
    /// Closes the book. `after` are the rows that changed; `tallies` are before and after the batch.
    pub fn close<'r>(
        self,
        before: &ExistingVotes,
        after: impl Iterator<Item = (&'r Key, Option<VoteRecord>)>,
        (old_tallies, tallies): (&BTreeMap<i32, TallyRow>, &BTreeMap<i32, TallyRow>),
        is_logged: bool,
    ) -> BallotWrites {
        let mut changes: BTreeMap<i32, HashMap<BallotName, Change, foldhash::fast::RandomState>> =
            BTreeMap::new();
        let mut writes = BallotWrites::default();
        // What stays of a withdrawn vote is no vote, and keeps the ballot.
        let named = |row: Option<VoteRecord>| {
            row.and_then(|row| Some((row.ballot?.name, Some(row).filter(VoteRecord::stands))))
        };
        for (key, new) in after {
            let of_tool = changes.entry(key.0).or_default();
            if let Some((ballot, vote)) = named(before.get(key).copied()) {
                of_tool.entry(ballot).or_default().0 = Some(vote);
            }
            if let Some((ballot, vote)) = named(new) {
                of_tool.entry(ballot).or_default().1 = Some(vote);
            }
        }
        for (key, ballot) in &self.after {
            let of_tool = changes.entry(key.0).or_default();
            let old = self.before.get(key);
            if let Some(old) = old {
                of_tool.entry(old.name).or_default().0 = Some(None);
            }
            if let Some(new) = ballot {
                of_tool.entry(new.name).or_default().1.get_or_insert(None);
            }
            match (old, ballot) {
                (None, Some(ballot)) => writes.kept.push((*key, *ballot)),
                (Some(_), None) => writes.taken.push(*key),
                _ => {}
            }
        }
        for (tool, ballot) in self.made {
            changes.entry(tool).or_default().entry(ballot).or_default();
        }
        writes.kept.sort_unstable_by_key(|(key, _)| *key);
        writes.taken.sort_unstable();
        for (tool, row) in tallies {
            let changed = changes.remove(tool).unwrap_or_default();
            let mut record = ToolRecord::of(row);
            let changed = changed
                .into_iter()
                .filter_map(|(name, change)| stated(name, change));
            record.changes = changed.collect();
            // Also of a claim, which takes two versions: the journal leads to each tally's version.
            let moved = (old_tallies.get(tool)).is_some_and(|old| old.version != row.version);
            if !record.changes.is_empty() || is_logged && moved {
                writes.records.push(record);
            }
        }
        writes
    }
}

/// What a vote is to the log's sums.
fn state(vote: Option<VoteRecord>) -> BallotState {
    let counted = vote.filter(|vote| vote.removal().is_none());
    BallotState {
        choice: counted.map(|vote| vote.choice),
        is_held: counted.is_some_and(VoteRecord::is_held),
    }
}

/// What the journal says of a vote's ballot if the vote changes from `old` to `new`.
pub(crate) fn ballot_change(old: VoteRecord, new: VoteRecord) -> Option<BallotChange> {
    stated(new.ballot?.name, (Some(Some(old)), Some(Some(new))))
}

/// What the journal says of a ballot; `None` if it stands as it stood.
fn stated(ballot: BallotName, (before, after): Change) -> Option<BallotChange> {
    let (old, new) = (before.flatten(), after.flatten());
    let said = |vote: Option<VoteRecord>| vote.map(|vote| (vote.choice, vote.aside));
    if before.is_some() && said(old) == said(new) {
        return None;
    }
    Some(BallotChange {
        ballot,
        old: state(old),
        choice: new.map(|vote| vote.choice),
        is_held: new.is_some_and(VoteRecord::is_held),
        is_stated: before.is_none() || old.is_some_and(|old| old.removal().is_some()),
        excluded_by: new.and_then(VoteRecord::removal),
    })
}
