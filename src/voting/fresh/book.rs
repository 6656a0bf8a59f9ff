//! [`OriginBook`]: what a batch knows of the networks that its fresh voters came from, read under the tallies' locks, changed by
//! `apply`, and saved with the batch. It is pure; `store` reads and writes it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::abuse::holding::FRESH_SECONDS;
use crate::abuse::holding::rule::{ByChoice, FreshSums, FreshVote};
use crate::abuse::holding::sample::VoterSample;
use crate::domain::{Choice, OriginHash, Timestamp, VoterId};
use crate::voting::{Binding, VoteAction, VoteCommand, VoteRecord};

/// The fresh voters of one network on one tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginRow {
    pub sums: FreshSums,
    pub sample: VoterSample,
    /// Until then its new voters are not bound, since a moderator let the held ones count.
    pub trusted_until: Timestamp,
}

/// Votes that a network has to lose on a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excess {
    pub tool: i32,
    pub origin: OriginHash,
    pub choice: Choice,
    pub votes: i64,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(crate) struct OriginBook {
    rows: HashMap<OriginHash, BTreeMap<i32, OriginRow>, foldhash::fast::RandomState>,
    /// Voters with older tokens who are not fresh, since a vote of theirs stands from an earlier day.
    established: HashSet<VoterId>,
    changed: BTreeSet<(OriginHash, i32)>,
    /// Rows whose excluded votes were entered.
    with_excluded: BTreeSet<(OriginHash, i32)>,
}

impl OriginBook {
    /// The networks of `origins` that are not in the book yet; from now on they are.
    pub fn missing(
        &mut self,
        origins: impl IntoIterator<Item = OriginHash>,
    ) -> BTreeSet<OriginHash> {
        let missing: BTreeSet<OriginHash> = origins
            .into_iter()
            .filter(|origin| !self.rows.contains_key(origin))
            .collect();
        for origin in &missing {
            self.rows.insert(*origin, BTreeMap::new());
        }
        missing
    }

    /// Enters a row as the database has it.
    pub fn enter(&mut self, origin: OriginHash, tool: i32, row: OriginRow) {
        self.rows.entry(origin).or_default().insert(tool, row);
    }

    /// The networks that have a row on the tool, but no sums of excluded votes yet.
    pub fn without_excluded(&self, tool: i32) -> Vec<OriginHash> {
        let rows = self.rows.iter().filter(|(origin, rows)| {
            rows.contains_key(&tool) && !self.with_excluded.contains(&(**origin, tool))
        });
        rows.map(|(origin, _)| *origin).collect()
    }

    /// Enters which votes of a row's voters a reset or an excluded period keeps from counting.
    pub fn enter_excluded(&mut self, origin: OriginHash, tool: i32, excluded: ByChoice) {
        if let Some(row) = self
            .rows
            .get_mut(&origin)
            .and_then(|rows| rows.get_mut(&tool))
        {
            row.sums.excluded = excluded;
        }
        self.with_excluded.insert((origin, tool));
    }

    /// Enters voters who are not fresh, whatever the age of their tokens.
    pub fn enter_established(&mut self, voters: impl IntoIterator<Item = VoterId>) {
        self.established.extend(voters);
    }

    /// Whose earlier votes decide whether they are fresh: voters of older tokens who cast.
    pub fn older_voters<'a>(
        commands: impl IntoIterator<Item = &'a VoteCommand>,
    ) -> BTreeSet<VoterId> {
        let is_older = |command: &&VoteCommand| {
            command.origins.is_some()
                && command.token_age >= FRESH_SECONDS
                && matches!(command.act, VoteAction::Cast(_))
        };
        let older = commands.into_iter().filter(is_older);
        older.map(|command| command.voter).collect()
    }

    fn row(&self, origin: OriginHash, tool: i32) -> Option<&OriginRow> {
        self.rows.get(&origin)?.get(&tool)
    }

    /// What binds the voter who casts the first vote on a tool by `command`; nothing if the voter is not fresh.
    pub fn binding(
        &self,
        command: &VoteCommand,
        choice: Choice,
        now: Timestamp,
    ) -> Option<Binding> {
        let origins = command.origins?;
        let is_fresh =
            command.token_age < FRESH_SECONDS || !self.established.contains(&command.voter);
        let is_trusted = |origin| {
            let row = self.row(origin, command.tool);
            row.is_some_and(|row| now < row.trusted_until)
        };
        (is_fresh && !origins.each().any(is_trusted)).then_some(Binding {
            origins,
            first_choice: choice,
        })
    }

    /// Whether a vote with `binding` is to be held, which would say `choice` if it counted. `old` and `new` are the voter's
    /// vote before, and as it would be.
    pub fn is_to_be_held(
        &self,
        tool: i32,
        binding: Binding,
        old: Option<FreshVote>,
        new: Option<FreshVote>,
        choice: Choice,
    ) -> bool {
        binding.origins.each().any(|origin| {
            let sums = self.row(origin, tool).map(|row| row.sums);
            let sums = sums.unwrap_or_default().replaced(old, new);
            sums.exceeds_with(choice, || self.is_one_hand(origin, tool, &sums))
        })
    }

    fn is_one_hand(&self, origin: OriginHash, tool: i32, sums: &FreshSums) -> bool {
        sums.is_one_hand(|| {
            let mut elsewhere = VoterSample::default();
            for (other, row) in self.rows.get(&origin).into_iter().flatten() {
                if *other != tool {
                    elsewhere.unite(&row.sample);
                }
            }
            elsewhere.voters()
        })
    }

    /// Whether votes of fresh voters of `origin` are held on `tool`.
    pub fn has_held(&self, origin: OriginHash, tool: i32) -> bool {
        let row = self.row(origin, tool);
        row.is_some_and(|row| row.sums.now != row.sums.counted)
    }

    /// Whether the network is one hand on the tool.
    pub fn is_hand(&self, origin: OriginHash, tool: i32) -> bool {
        let row = self.row(origin, tool);
        row.is_some_and(|row| self.is_one_hand(origin, tool, &row.sums))
    }

    /// Replaces a voter's vote on a tool in the sums of the networks that it is bound to. The book has those networks: sums that
    /// begin at nothing would replace what the database has.
    pub fn replace(
        &mut self,
        tool: i32,
        voter: VoterId,
        old: Option<VoteRecord>,
        new: Option<VoteRecord>,
    ) {
        let fresh = |record: Option<VoteRecord>| record.and_then(|record| record.fresh());
        let (was, is) = (fresh(old), fresh(new));
        if was.is_none() && is.is_none() {
            return;
        }
        let bound = |record: Option<VoteRecord>| {
            let binding = record.and_then(|record| record.binding);
            binding
                .into_iter()
                .flat_map(|binding| binding.origins.each())
        };
        let origins: BTreeSet<OriginHash> = bound(old).chain(bound(new)).collect();
        for origin in origins {
            let of = |record| bound(record).any(|of| of == origin);
            let (was, is) = (was.filter(|_| of(old)), is.filter(|_| of(new)));
            debug_assert!(
                self.rows.contains_key(&origin),
                "the sums of a network were not read"
            );
            let row = self
                .rows
                .entry(origin)
                .or_default()
                .entry(tool)
                .or_default();
            let sums = row.sums.replaced(was, is);
            if was.is_none() {
                row.sample.add(origin, voter);
            } else if sums == row.sums {
                continue;
            }
            row.sums = sums;
            self.changed.insert((origin, tool));
        }
    }

    /// Lets the network's new voters on the tool count until `until`.
    pub fn trust(&mut self, origin: OriginHash, tool: i32, until: Timestamp) {
        let row = self
            .rows
            .entry(origin)
            .or_default()
            .entry(tool)
            .or_default();
        row.trusted_until = row.trusted_until.max(until);
        self.changed.insert((origin, tool));
    }

    /// What the networks that were changed have to lose.
    pub fn excess(&self) -> Vec<Excess> {
        let changed = self.changed.iter();
        changed
            .filter_map(|(origin, tool)| self.excess_of(*origin, *tool))
            .collect()
    }

    /// The same of one network on one tool.
    pub fn excess_of(&self, origin: OriginHash, tool: i32) -> Option<Excess> {
        let sums = self.row(origin, tool)?.sums;
        let (choice, votes) = sums.excess(|| self.is_one_hand(origin, tool, &sums))?;
        Some(Excess {
            tool,
            origin,
            choice,
            votes,
        })
    }

    /// Every row that is known, by network.
    pub fn origins(&self) -> impl Iterator<Item = (OriginHash, &BTreeMap<i32, OriginRow>)> {
        self.rows.iter().map(|(origin, rows)| (*origin, rows))
    }

    pub fn changes(&self) -> impl Iterator<Item = (OriginHash, i32, &OriginRow)> {
        self.changed
            .iter()
            .filter_map(|(origin, tool)| Some((*origin, *tool, self.row(*origin, *tool)?)))
    }
}
