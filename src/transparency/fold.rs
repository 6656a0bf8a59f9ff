//! The fold of the log: what every tally must be, by the entries alone. `log verify` applies it to a log from end to end.
//!
//! A ballot takes some 30 bytes here. Its name is kept as a hash under a random key: the log's server cannot look for names
//! that collide under it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;

use super::entry::Entry;
use super::merkle::Hash;
use crate::domain::{BallotName, Choice, Counts};

/// What the log says of one tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToolSums {
    /// Ballots without exclusion.
    pub named: Counts,
    pub unnamed: Counts,
    pub held: Counts,
    /// As last stated.
    pub tally: Counts,
    pub version: i64,
    /// An entry named the tool, and no tally has followed.
    is_open: bool,
}

impl ToolSums {
    /// The tally that follows from the entries.
    pub fn computed(&self) -> Counts {
        self.named.plus(self.unnamed).minus(self.held)
    }
}

/// Of a line that cannot be read.
const MAX_SHOWN_CHARS: usize = 100;

/// A ballot as the fold keeps it, in four bytes.
#[derive(Clone, Copy)]
struct BallotState {
    tool: u32,
    choice: Option<Choice>,
    is_excluded: bool,
}

impl BallotState {
    fn pack(self) -> u32 {
        let choice = self
            .choice
            .map_or(0, |choice| u32::from(choice.code().unsigned_abs()));
        self.tool << 3 | choice << 1 | u32::from(self.is_excluded)
    }

    fn unpack(packed: u32) -> Self {
        let choice = i16::try_from(packed >> 1 & 3).unwrap_or_default();
        Self {
            tool: packed >> 3,
            choice: Choice::from_code(choice),
            is_excluded: packed & 1 == 1,
        }
    }

    fn counted(self) -> Counts {
        if self.is_excluded {
            Counts::default()
        } else {
            Counts::of(self.choice)
        }
    }
}

/// See the file's head.
#[derive(Default)]
pub struct Fold {
    hash: foldhash::quality::RandomState,
    /// Tools by the name that they have now.
    slugs: BTreeMap<String, u32>,
    sums: Vec<ToolSums>,
    ballots: HashMap<u64, u32, foldhash::fast::RandomState>,
    /// The removals that exclude a ballot.
    excluded_by: HashMap<u64, BTreeSet<i64>>,
    entries: u64,
    /// The part of an epoch that the last entry belongs to.
    part: Part,
    last_ballot_line: Option<String>,
}

/// What a ballot line is about, without its choice.
fn without_choice(line: &str) -> &str {
    line.rsplit_once(' ').map_or(line, |(ballot, _)| ballot)
}

/// The parts of an epoch, in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    #[default]
    Ballots,
    Removals,
    Sums,
}

impl Fold {
    /// Applies the next entry; `list` gives a list of ballots by its hash. Returns what is wrong with the entry.
    pub fn apply(
        &mut self,
        line: &str,
        list: impl FnOnce(&Hash) -> Vec<BallotName>,
    ) -> Vec<String> {
        let index = self.entries;
        self.entries += 1;
        let Some(entry) = Entry::parse(line) else {
            let start: String = line.chars().take(MAX_SHOWN_CHARS).collect();
            return vec![format!("entry {index}: not a line of this log: {start:?}")];
        };
        let mut wrong = self.follow_order(&entry, line);
        match entry {
            Entry::Ballot {
                tool,
                ballot,
                choice,
            } => wrong.extend(self.ballot(tool, ballot, choice)),
            Entry::Removal { list: ref hash, .. } => {
                let ballots = list(hash);
                wrong.extend(self.removal(&entry, &ballots));
            }
            Entry::Unnamed { tool, counts } => self.open(tool).unnamed = counts,
            Entry::Held { tool, counts } => self.open(tool).held = counts,
            Entry::Tally {
                tool,
                counts,
                version,
            } => wrong.extend(self.tally(tool, counts, version)),
            Entry::Rename { old, new } => wrong.extend(self.rename(old, new)),
            Entry::Follows { .. } if index > 0 => {
                wrong.push("only the first entry may follow another log".to_owned());
            }
            Entry::Follows { .. } => {}
        }
        let at = |what: String| format!("entry {index}: {what}");
        wrong.into_iter().map(at).collect()
    }

    /// What must hold at a checkpoint: an epoch has ended.
    pub fn end_of_epoch(&self) -> Vec<String> {
        let open = self.slugs.iter().filter(|(_, at)| {
            usize::try_from(**at).is_ok_and(|at| self.sums.get(at).is_some_and(|sums| sums.is_open))
        });
        open.map(|(slug, _)| format!("{slug}: the epoch ends without its tally"))
            .collect()
    }

    /// Every tool with its sums, by name.
    pub fn tools(&self) -> impl Iterator<Item = (&str, &ToolSums)> {
        self.slugs.iter().filter_map(|(slug, at)| {
            Some((slug.as_str(), self.sums.get(usize::try_from(*at).ok()?)?))
        })
    }

    /// The sums of the tool that has this name now.
    pub fn tool(&self, slug: &str) -> Option<&ToolSums> {
        let at = self.slugs.get(slug)?;
        self.sums.get(usize::try_from(*at).ok()?)
    }

    /// Entries so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Ballots so far.
    pub fn ballots(&self) -> usize {
        self.ballots.len()
    }

    /// An epoch has ballots sorted by bytes, then removals, then sums; an earlier part begins the next epoch.
    fn follow_order(&mut self, entry: &Entry<'_>, line: &str) -> Vec<String> {
        let part = match entry {
            Entry::Ballot { .. } | Entry::Rename { .. } | Entry::Follows { .. } => Part::Ballots,
            Entry::Removal { .. } => Part::Removals,
            Entry::Unnamed { .. } | Entry::Held { .. } | Entry::Tally { .. } => Part::Sums,
        };
        let mut wrong = Vec::new();
        if part < self.part {
            wrong = self.end_of_epoch();
            self.last_ballot_line = None;
        }
        self.part = part;
        if matches!(entry, Entry::Ballot { .. }) {
            match self.last_ballot_line.as_deref() {
                Some(last) if without_choice(last) == without_choice(line) => {
                    wrong.push("an epoch states a ballot twice".to_owned());
                }
                Some(last) if last >= line => {
                    wrong.push("the ballot lines of an epoch are not sorted".to_owned());
                }
                _ => {}
            }
            let last = self.last_ballot_line.get_or_insert_default();
            last.clear();
            last.push_str(line);
        }
        wrong
    }

    fn at(&mut self, slug: &str) -> u32 {
        if let Some(at) = self.slugs.get(slug) {
            return *at;
        }
        let at = u32::try_from(self.sums.len()).unwrap_or(u32::MAX);
        self.sums.push(ToolSums::default());
        self.slugs.insert(slug.to_owned(), at);
        at
    }

    fn sums(&mut self, at: u32) -> &mut ToolSums {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if at >= self.sums.len() {
            self.sums.resize(at.saturating_add(1), ToolSums::default());
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "the vector was just made long enough"
        )]
        &mut self.sums[at]
    }

    /// The sums of a tool, which a line names: its tally has to follow.
    fn open(&mut self, slug: &str) -> &mut ToolSums {
        let at = self.at(slug);
        let sums = self.sums(at);
        sums.is_open = true;
        sums
    }

    fn ballot(&mut self, slug: &str, ballot: BallotName, choice: Option<Choice>) -> Option<String> {
        let tool = self.at(slug);
        let key = self.hash.hash_one(ballot);
        let new = BallotState {
            tool,
            choice,
            is_excluded: false,
        };
        let old = self
            .ballots
            .insert(key, new.pack())
            .map(BallotState::unpack);
        self.excluded_by.remove(&key);
        let sums = self.open(slug);
        sums.named = sums.named.plus(new.counted());
        match old {
            Some(old) if old.tool == tool => {
                sums.named = sums.named.minus(old.counted());
                None
            }
            Some(old) => {
                let other = self.sums(old.tool);
                other.named = other.named.minus(old.counted());
                Some(format!("ballot {ballot} was of another tool before"))
            }
            None => None,
        }
    }

    fn removal(&mut self, entry: &Entry<'_>, ballots: &[BallotName]) -> Vec<String> {
        let Entry::Removal {
            excludes,
            id,
            tool: slug,
            counts,
            ..
        } = *entry
        else {
            return Vec::new();
        };
        let tool = self.at(slug);
        let (mut wrong, mut listed, mut moved) = (Vec::new(), Counts::default(), Counts::default());
        for ballot in ballots {
            let key = self.hash.hash_one(ballot);
            let Some(old) = self.ballots.get(&key).copied().map(BallotState::unpack) else {
                wrong.push(format!(
                    "removal {id} names ballot {ballot}, which is not in the log"
                ));
                continue;
            };
            if old.tool != tool {
                wrong.push(format!(
                    "removal {id} names ballot {ballot} of another tool"
                ));
                continue;
            }
            listed.add(old.choice, 1);
            let by = self.excluded_by.entry(key).or_default();
            let did_change = if excludes {
                by.insert(id)
            } else {
                by.remove(&id)
            };
            let new = BallotState {
                is_excluded: !by.is_empty(),
                ..old
            };
            if by.is_empty() {
                self.excluded_by.remove(&key);
            }
            if !did_change {
                wrong.push(format!("removal {id} names ballot {ballot} a second time"));
            }
            moved = moved.plus(new.counted()).minus(old.counted());
            self.ballots.insert(key, new.pack());
        }
        if listed != counts {
            wrong.push(format!(
                "removal {id} states other counts than those of its list"
            ));
        }
        let sums = self.open(slug);
        sums.named = sums.named.plus(moved);
        wrong
    }

    fn tally(&mut self, slug: &str, counts: Counts, version: i64) -> Vec<String> {
        let mut wrong = Vec::new();
        let at = self.at(slug);
        let sums = self.sums(at);
        if !sums.is_open {
            wrong.push(format!(
                "the tally of {slug} follows no line of its epoch about it"
            ));
        }
        let computed = sums.computed();
        if sums.named.minus(sums.held).is_negative() {
            wrong.push(format!("{slug} has more held ballots than ballots"));
        }
        if computed != counts {
            wrong.push(format!(
                "the tally of {slug} is {} ship, {} skip; its ballots make {} and {}",
                counts.ship, counts.skip, computed.ship, computed.skip
            ));
        }
        if version == sums.version && counts != sums.tally {
            wrong.push(format!("version {version} of {slug} has two tallies"));
        }
        if version < sums.version {
            wrong.push(format!(
                "the version of {slug} goes back from {} to {version}",
                sums.version
            ));
        }
        (sums.tally, sums.version, sums.is_open) = (counts, version, false);
        wrong
    }

    fn rename(&mut self, old: &str, new: &str) -> Option<String> {
        let Some(at) = self.slugs.remove(old) else {
            self.open(new);
            return Some(format!("{old} is renamed, and no entry named it before"));
        };
        let replaced = self.slugs.insert(new.to_owned(), at);
        self.open(new);
        replaced.map(|_| format!("{new} has entries of its own before {old} is renamed to it"))
    }
}
