//! A batch on SQLite: a loop of small cached statements in one transaction, measured faster than statements over many rows.
//!
//! `ledger` calls it, and `import` for its entries. A first vote is not looked for but written, since nearly all are first votes: the insert finds out
//! whether one stands, and only that one is read.

mod statements;
#[cfg(test)]
mod tests;
mod withdrawn;

use std::collections::hash_map::Entry as Mention;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::{OptionalExtension, QueryResult, RunQueryDsl, SqliteConnection};

use super::{Binding, VoteCommand, VoteRecord};
use crate::domain::{Ballot, Choice, Timestamp, ToolState};
use crate::infra::db::lock_order::{Lock, taking};
use crate::tallies::{TallyRow, store};
use crate::voting::apply::{self, ChangeSet, ExistingVotes, Key, WithdrawnBallots};
use crate::voting::exclusions::Period;
use crate::voting::fresh::book::OriginBook;
use crate::voting::journal;
use crate::voting::ledger::{self, Entry};
use statements::{
    DeleteVote, InsertEntry, InsertRecord, SelectTally, SelectVote, TryVote, UpdateTally,
    UpsertVote,
};

pub(crate) use withdrawn::WithdrawnFilter;

/// The tally rows of `tools`. The write lock is held since `BEGIN IMMEDIATE`.
pub(crate) fn lock(
    conn: &mut SqliteConnection,
    tools: &BTreeSet<i32>,
) -> QueryResult<BTreeMap<i32, TallyRow>> {
    let mut rows = BTreeMap::new();
    for tool in tools {
        taking(Lock::Tally(*tool));
        if let Some(columns) = SelectTally(tool)
            .get_result::<store::Columns>(conn)
            .optional()?
        {
            rows.insert(*tool, store::row(columns));
        }
    }
    Ok(rows)
}

/// The vote that stands under a key.
fn standing(conn: &mut SqliteConnection, (tool, voter): &Key) -> QueryResult<Option<VoteRecord>> {
    type Columns = (
        i16,
        i64,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i16>,
        Option<Vec<u8>>,
    );
    let found: Option<Columns> = SelectVote {
        tool,
        voter: &voter.0,
    }
    .get_result(conn)
    .optional()?;
    Ok(found.and_then(
        |(choice, cast_at, taken_out_by, origin, wide, first, ballot)| {
            Some(VoteRecord {
                choice: Choice::from_code(choice)?,
                cast_at: Timestamp(cast_at),
                aside: taken_out_by,
                ballot: ballot.as_deref().and_then(Ballot::from_bytes),
                binding: Binding::of_columns(origin, wide, first),
            })
        },
    ))
}

/// The votes that stand under `keys`.
pub(crate) fn present(
    conn: &mut SqliteConnection,
    keys: &BTreeSet<Key>,
) -> QueryResult<ExistingVotes> {
    let mut votes = apply::with_capacity(keys.len());
    for key in keys {
        votes.extend(standing(conn, key)?.map(|standing| (*key, standing)));
    }
    Ok(votes)
}

/// The keys that a batch names. Where a single command concerns a key, and casts a vote that will be taken: what that comes to if
/// none stands there. `None` for every other.
fn firsts<'a>(
    commands: &'a [VoteCommand],
    tallies: &BTreeMap<i32, TallyRow>,
    periods: &[Period],
    book: &OriginBook,
    now: Timestamp,
) -> HashMap<Key, Option<(&'a VoteCommand, VoteRecord)>, foldhash::fast::RandomState> {
    let hash = foldhash::fast::RandomState::default();
    let mut firsts = HashMap::with_capacity_and_hasher(commands.len(), hash);
    for command in commands {
        let open = |row: &TallyRow| row.state == ToolState::Open;
        let first = (tallies.get(&command.tool).is_some_and(open))
            .then(|| apply::first(command, periods, book, now))
            .flatten();
        match firsts.entry((command.tool, command.voter)) {
            Mention::Vacant(mention) => {
                mention.insert(first.map(|standing| (command, standing)));
            }
            Mention::Occupied(mut mention) => *mention.get_mut() = None,
        }
        if let Some(visitor) = command.visitor {
            firsts.insert((command.tool, visitor), None);
        }
    }
    firsts
}

/// The votes that stand under `keys`, and those of `certain` that were written because none did.
pub(crate) fn present_or_written(
    conn: &mut SqliteConnection,
    (keys, withdrawn): (&BTreeSet<Key>, &WithdrawnBallots),
    certain: &[VoteCommand],
    (tallies, periods): (&BTreeMap<i32, TallyRow>, &[Period]),
    book: &OriginBook,
    now: Timestamp,
) -> QueryResult<(ExistingVotes, ExistingVotes)> {
    let firsts = firsts(certain, tallies, periods, book, now);
    let (mut present, mut written) = (apply::with_capacity(0), apply::with_capacity(keys.len()));
    for key in keys {
        if let Some(Some((command, standing))) = firsts.get(key)
            && !withdrawn.contains_key(key)
            && TryVote::new(command, *standing).execute(conn)? == 1
        {
            written.insert(*key, *standing);
            continue;
        }
        present.extend(standing(conn, key)?.map(|standing| (*key, standing)));
    }
    Ok((present, written))
}

/// Writes a folded batch, of which `written` is there already.
pub(crate) fn write(
    conn: &mut SqliteConnection,
    folded: &ChangeSet,
    mut written: ExistingVotes,
    now: Timestamp,
) -> QueryResult<()> {
    for (command, standing) in folded.rows() {
        if written.remove(&(command.tool, command.voter)) != Some(*standing) {
            UpsertVote::new(command, *standing).execute(conn)?;
        }
    }
    // What was written is what the fold makes of it; should it not be, the fold is right.
    for (tool, voter) in folded.deletes.iter().chain(written.keys()) {
        DeleteVote {
            tool,
            voter: &voter.0,
        }
        .execute(conn)?;
    }
    note(
        conn,
        &ledger::packed(folded.events.iter().map(|event| (event, now))),
    )?;
    for row in &folded.tallies {
        UpdateTally(row, &row.updated_at.0).execute(conn)?;
    }
    withdrawn::write(conn, &folded.ballots)?;
    if !folded.ballots.records.is_empty() {
        InsertRecord(&journal::encode(&folded.ballots.records)).execute(conn)?;
    }
    Ok(())
}

/// Writes entries of the ledger.
pub(crate) fn note(conn: &mut SqliteConnection, entries: &[Entry]) -> QueryResult<()> {
    for entry in entries {
        InsertEntry(entry).execute(conn)?;
    }
    Ok(())
}
