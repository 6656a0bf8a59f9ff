//! Rows as arrays, one a column: what the statements over `unnest` bind.
//!
//! The statements of this folder, and `import`, fill them.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt};

use crate::tallies::TallyRow;
use crate::voting::apply::{BallotWrites, ChangeSet, Key};
use crate::voting::journal;
use crate::voting::ledger::Entry;
use crate::voting::{VoteCommand, VoteRecord};

/// Binds arrays, with commas between them.
macro_rules! bind {
    ($out:ident, $kind:ty: $first:expr $(, $next:ty: $value:expr)*) => {
        $out.push_bind_param::<Array<$kind>, _>(&$first)?;
        $(
            $out.push_sql(", ");
            $out.push_bind_param::<Array<$next>, _>(&$value)?;
        )*
    };
}

/// Rows of `votes`.
#[derive(Default)]
pub(crate) struct Votes<'a> {
    tools: Vec<i32>,
    voters: Vec<&'a [u8]>,
    choices: Vec<i16>,
    cast_at: Vec<i64>,
    networks: Vec<&'a [u8]>,
    token_ages: Vec<i32>,
    ballots: Vec<Option<Vec<u8>>>,
}

impl<'a> Votes<'a> {
    fn of(rows: &'a [(VoteCommand, VoteRecord)]) -> Self {
        let mut votes = Self {
            tools: Vec::with_capacity(rows.len()),
            voters: Vec::with_capacity(rows.len()),
            choices: Vec::with_capacity(rows.len()),
            cast_at: Vec::with_capacity(rows.len()),
            networks: Vec::with_capacity(rows.len()),
            token_ages: Vec::with_capacity(rows.len()),
            ballots: Vec::with_capacity(rows.len()),
        };
        for (command, standing) in rows {
            votes.tools.push(command.tool);
            votes.voters.push(command.voter.0.as_slice());
            votes.choices.push(standing.choice.code());
            votes.cast_at.push(standing.cast_at.0);
            votes.networks.push(command.network.0.as_slice());
            votes.token_ages.push(command.token_age);
            let ballot = standing.ballot.map(|ballot| ballot.to_bytes().to_vec());
            votes.ballots.push(ballot);
        }
        votes
    }

    /// In the order of the table's columns.
    pub fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        bind!(
            out, Integer: self.tools, Binary: self.voters, SmallInt: self.choices, BigInt: self.cast_at,
            Binary: self.networks, Integer: self.token_ages, Nullable<Binary>: self.ballots
        );
        Ok(())
    }
}

/// What binds the voters of rows to be inserted.
#[derive(Default)]
pub(super) struct Bindings {
    origins: Vec<Option<i64>>,
    wide_origins: Vec<Option<i64>>,
    first_choices: Vec<Option<i16>>,
}

impl Bindings {
    fn of(rows: &[(VoteCommand, VoteRecord)]) -> Self {
        let mut bindings = Self::default();
        for (_, record) in rows {
            let binding = record.binding;
            let wide = binding.and_then(|binding| binding.origins.wide);
            (bindings.origins).push(binding.map(|binding| binding.origins.network.0));
            bindings.wide_origins.push(wide.map(|wide| wide.0));
            (bindings.first_choices).push(binding.map(|binding| binding.first_choice.code()));
        }
        bindings
    }

    /// In the order of the table's columns.
    pub fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        bind!(
            out, Nullable<BigInt>: self.origins, Nullable<BigInt>: self.wide_origins,
            Nullable<SmallInt>: self.first_choices
        );
        Ok(())
    }
}

/// Keys of `votes`.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    tools: Vec<i32>,
    voters: Vec<&'a [u8]>,
}

impl<'a> Keys<'a> {
    pub fn of(keys: impl IntoIterator<Item = &'a Key>) -> Self {
        let (tools, voters) = keys
            .into_iter()
            .map(|(tool, voter)| (*tool, voter.0.as_slice()))
            .unzip();
        Self { tools, voters }
    }

    pub fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        bind!(out, Integer: self.tools, Binary: self.voters);
        Ok(())
    }
}

/// Entries of the ledger.
#[derive(Default)]
pub(crate) struct Entries<'a> {
    tools: Vec<i32>,
    versions: Vec<i64>,
    at: Vec<i64>,
    changes: Vec<&'a [u8]>,
}

impl<'a> Entries<'a> {
    pub fn of(entries: &'a [Entry]) -> Self {
        let mut arrays = Self::default();
        for entry in entries {
            arrays.tools.push(entry.tool);
            arrays.versions.push(entry.version);
            arrays.at.push(entry.at.0);
            arrays.changes.push(&entry.changes);
        }
        arrays
    }

    pub(crate) fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        bind!(out, Integer: self.tools, BigInt: self.versions, BigInt: self.at, Binary: self.changes);
        Ok(())
    }

    /// The statement that writes them.
    pub fn insert<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO ledger_entries (tool_id, version, at, changes) SELECT * FROM unnest(",
        );
        self.walk(out)?;
        out.push_sql(")");
        Ok(())
    }
}

/// What votes change of `tallies`.
#[derive(Default)]
pub(crate) struct Tallies {
    tools: Vec<i32>,
    ship: Vec<i64>,
    skip: Vec<i64>,
    versions: Vec<i64>,
    updated_at: Vec<i64>,
    aside_ship: Vec<i64>,
    aside_skip: Vec<i64>,
    revisions: Vec<i64>,
}

impl Tallies {
    fn of(rows: &[TallyRow]) -> Self {
        let mut tallies = Self::default();
        for row in rows {
            tallies.tools.push(row.tool);
            tallies.ship.push(row.ship);
            tallies.skip.push(row.skip);
            tallies.versions.push(row.version);
            tallies.updated_at.push(row.updated_at.0);
            tallies.aside_ship.push(row.aside_ship);
            tallies.aside_skip.push(row.aside_skip);
            tallies.revisions.push(row.revision);
        }
        tallies
    }

    pub fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        bind!(
            out, Integer: self.tools, BigInt: self.ship, BigInt: self.skip, BigInt: self.versions,
            BigInt: self.updated_at, BigInt: self.aside_ship, BigInt: self.aside_skip,
            BigInt: self.revisions
        );
        Ok(())
    }
}

/// Ballots whose votes were withdrawn, and those that votes take back.
#[derive(Default)]
pub(super) struct Withdrawn<'a> {
    kept: Keys<'a>,
    ballots: Vec<Vec<u8>>,
    taken: Keys<'a>,
}

impl<'a> Withdrawn<'a> {
    pub fn of(writes: &'a BallotWrites) -> Self {
        let ballots = writes
            .kept
            .iter()
            .map(|(_, ballot)| ballot.to_bytes().to_vec());
        Self {
            kept: Keys::of(writes.kept.iter().map(|(key, _)| key)),
            ballots: ballots.collect(),
            taken: Keys::of(&writes.taken),
        }
    }

    pub fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk_kept(out)?;
        out.push_sql(", ");
        self.taken.walk(out)
    }

    pub fn walk_kept<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.kept.walk(out)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.ballots)
    }

    pub fn walk_taken<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.taken.walk(out)
    }
}

/// All that a folded batch writes.
#[derive(Default)]
pub(crate) struct Rows<'a> {
    pub inserts: Votes<'a>,
    /// Of the inserts.
    pub bindings: Bindings,
    pub updates: Votes<'a>,
    pub deletes: Keys<'a>,
    pub entries: Entries<'a>,
    pub tallies: Tallies,
    /// A record of the public log's journal.
    pub record: Option<Vec<u8>>,
}

impl<'a> Rows<'a> {
    /// `entries` are the packed events of `folded`.
    pub fn of(folded: &'a ChangeSet, entries: &'a [Entry]) -> Self {
        Self {
            inserts: Votes::of(&folded.inserts),
            bindings: Bindings::of(&folded.inserts),
            updates: Votes::of(&folded.updates),
            deletes: Keys::of(&folded.deletes),
            entries: Entries::of(entries),
            tallies: Tallies::of(&folded.tallies),
            record: (!folded.ballots.records.is_empty())
                .then(|| journal::encode(&folded.ballots.records)),
        }
    }
}
