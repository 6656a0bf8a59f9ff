//! What this instance knows of Postgres without asking: tallies as it wrote them last, and which voters had a vote.
//!
//! `unmoved` works with it, and the ledger tells it what the careful way found. It may be wrong, since other instances and
//! commands write too: nothing that it says is used unless the database agrees under its locks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;

use crate::tallies::TallyRow;
use crate::votes::fold::{Folded, Key, Present};
use crate::votes::marks::Period;

/// Tools that are known at most, some hundred bytes each; with more, all is learnt anew.
const TOOLS: usize = 32_768;
/// Voters' keys that are remembered at most, four bytes each.
const SEEN: usize = 1 << 20;
/// After a failure this many batches go the careful way; after the next twice as many.
const CAREFUL: u32 = 8;
/// And never more than these: then it is tried again.
const MOST_CAREFUL: u32 = 512;

/// Which transaction wrote a row (PostgreSQL, "System Columns"). Whoever changes a tool's counted votes writes its tally's
/// row, if only to hold its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::votes) struct Xmin(pub i64);

/// A tally as it was left, and the periods in force that were not over then.
struct Tally {
    row: TallyRow,
    xmin: Xmin,
    periods: Vec<Period>,
}

/// Votes that were there once: a fingerprint of each key, in a slot of its own until another key takes it.
struct Seen {
    hash: foldhash::fast::RandomState,
    prints: Vec<u32>,
}

impl Seen {
    fn place(&self, key: &Key) -> (usize, u32) {
        let hash = self.hash.hash_one(key);
        let slot = usize::try_from(hash % SEEN as u64).unwrap_or_default();
        // 0 is of an empty slot.
        (slot, u32::try_from(hash >> 32).unwrap_or_default() | 1)
    }

    fn note(&mut self, key: &Key) {
        if self.prints.is_empty() {
            self.prints = vec![0; SEEN];
        }
        let (slot, print) = self.place(key);
        if let Some(place) = self.prints.get_mut(slot) {
            *place = print;
        }
    }

    fn has(&self, key: &Key) -> bool {
        let (slot, print) = self.place(key);
        self.prints.get(slot) == Some(&print)
    }
}

/// See the file's head. One writer's own.
pub(in crate::votes) struct Known {
    tallies: HashMap<i32, Tally, foldhash::fast::RandomState>,
    seen: Seen,
    /// Batches that go the careful way before the short one is tried again.
    careful: u32,
    /// How many that will be after the next failure.
    penalty: u32,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            tallies: HashMap::default(),
            seen: Seen {
                hash: foldhash::fast::RandomState::default(),
                prints: Vec::new(),
            },
            careful: 0,
            penalty: CAREFUL,
        }
    }
}

impl Known {
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
            self.tallies.remove(tool);
        }
        self.careful = self.penalty;
        self.penalty = (2 * self.penalty).min(MOST_CAREFUL);
    }

    /// The connection went, or the outcome of a commit is not known.
    pub fn forget(&mut self) {
        self.tallies.clear();
    }

    /// Those of `tools` that are not known.
    pub fn missing(&self, tools: &BTreeSet<i32>) -> Vec<i32> {
        let missing = tools.iter().filter(|tool| !self.tallies.contains_key(tool));
        missing.copied().collect()
    }

    /// A tally that has no period ahead.
    pub fn found(&mut self, row: TallyRow, xmin: Xmin) {
        self.put(row, xmin, Vec::new());
    }

    fn put(&mut self, row: TallyRow, xmin: Xmin, periods: Vec<Period>) {
        if self.tallies.len() >= TOOLS && !self.tallies.contains_key(&row.tool) {
            self.tallies.clear();
        }
        let tally = Tally { row, xmin, periods };
        self.tallies.insert(row.tool, tally);
    }

    /// What the careful way read and wrote: `before` are the votes that stood, `xmin` is of the tallies that changed.
    pub fn learn(
        &mut self,
        folded: &Folded,
        before: &Present,
        periods: &[Period],
        xmin: Option<Xmin>,
    ) {
        for key in before.keys() {
            self.seen.note(key);
        }
        self.note_inserts(folded);
        for row in &folded.tallies {
            let periods = periods.iter().filter(|period| period.tool == row.tool);
            match xmin {
                Some(xmin) => self.put(*row, xmin, periods.copied().collect()),
                None => drop(self.tallies.remove(&row.tool)),
            }
        }
    }

    /// What the short way wrote.
    pub fn wrote(&mut self, folded: &Folded, xmin: Xmin) {
        self.note_inserts(folded);
        for row in &folded.tallies {
            if let Some(tally) = self.tallies.get_mut(&row.tool) {
                (tally.row, tally.xmin) = (*row, xmin);
            }
        }
    }

    fn note_inserts(&mut self, folded: &Folded) {
        for (wish, _) in &folded.inserts {
            self.seen.note(&(wish.tool, wish.voter));
        }
    }

    /// Whether there was a vote under `key`; there may have been one that is not remembered.
    pub fn has_seen(&self, key: &Key) -> bool {
        self.seen.has(key)
    }

    /// What a batch on `tools` is folded over; unknown ones are not among them.
    pub fn of(&self, tools: &BTreeSet<i32>) -> Tallies {
        let mut tallies = Tallies::default();
        for tally in tools.iter().filter_map(|tool| self.tallies.get(tool)) {
            tallies.rows.insert(tally.row.tool, tally.row);
            tallies.xmins.insert(tally.row.tool, tally.xmin);
            tallies.periods.extend_from_slice(&tally.periods);
        }
        tallies
    }
}

/// Tallies as they are known.
#[derive(Default)]
pub(in crate::votes) struct Tallies {
    pub rows: BTreeMap<i32, TallyRow>,
    /// Which write each row is of.
    pub xmins: BTreeMap<i32, Xmin>,
    /// Those that may cover a vote.
    pub periods: Vec<Period>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::VoterId;

    #[test]
    fn failures_make_it_careful_for_longer_and_longer_and_success_bold_again() {
        let mut known = Known::default();
        assert!(known.trusts());
        let mut careful = Vec::new();
        for _ in 0..9 {
            known.was_wrong(&BTreeSet::new());
            let mut batches = 0;
            while !known.trusts() {
                known.went_carefully();
                batches += 1;
            }
            careful.push(batches);
        }
        assert_eq!(careful, [8, 16, 32, 64, 128, 256, 512, 512, 512]);
        for _ in 0..512 {
            known.was_right();
        }
        known.was_wrong(&BTreeSet::new());
        assert_eq!(known.careful, CAREFUL);
    }

    #[test]
    fn seen_are_those_noted_and_no_others() {
        let mut known = Known::default();
        let key = |n: u128| (7, VoterId(n.to_be_bytes()));
        assert!(!known.has_seen(&key(1)));
        for n in 0..1000 {
            known.seen.note(&key(n));
        }
        let kept = (0..1000).filter(|n| known.has_seen(&key(*n))).count();
        assert!(kept > 990, "{kept} of 1000");
        assert!((1000..100_000).all(|n| !known.has_seen(&key(n))));
    }

    #[test]
    fn a_tally_whose_write_is_not_known_is_forgotten() {
        let mut known = Known::default();
        let tools = BTreeSet::from([7]);
        let row = TallyRow {
            tool: 7,
            ..TallyRow::default()
        };
        known.found(row, Xmin(3));
        assert_eq!(known.of(&tools).xmins, BTreeMap::from([(7, Xmin(3))]));
        let folded = Folded {
            tallies: vec![row],
            ..Folded::default()
        };
        known.wrote(&folded, Xmin(4));
        assert_eq!(known.of(&tools).xmins, BTreeMap::from([(7, Xmin(4))]));
        known.learn(&folded, &Present::default(), &[], None);
        assert_eq!(known.missing(&tools), [7]);
    }
}
