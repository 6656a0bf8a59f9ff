//! One step of a merge: some votes are copied to the target, or taken back from it, in one short transaction.
//!
//! `merges` calls it until all is done. Each step reads how far the merge is under the locks of both tools, so that a step that another
//! instance took, or that a killed server did not, makes no difference.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::Found;
use crate::auth::denylist;
use crate::domain::{Choice, Timestamp, ToolState, VoterId};
use crate::infra::db::schema::{tools, votes};
use crate::infra::db::{DbConnection, write_transaction};
use crate::moderation::removals::carry::{self, MovedVote, TargetChange};
use crate::tallies::{TallyRow, store as tallies};
use crate::voting::apply::{ExistingVotes, Key};
use crate::voting::exclusions::merges::{
    self, COPYING, MERGED, Merge, MergedVote, RETURNING, UNDONE,
};
use crate::voting::fresh::book::OriginBook;
use crate::voting::fresh::store as origins;
use crate::voting::{Binding, batch, claims, exclusions};

/// Votes of one step: some ten milliseconds of the writer.
const STEP: i64 = 250;

/// What a step did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MergeStep {
    /// The target's tally.
    pub row: TallyRow,
    pub is_done: bool,
}

/// Takes a step of a merge, or of its undo.
pub(crate) fn step(conn: &mut DbConnection, removal: i64, now: Timestamp) -> Found<MergeStep> {
    write_transaction(conn, |conn| {
        denylist::lock_shared(conn)?;
        let Merge { tool, into, .. } = merges::find(conn, removal)?;
        let rows = batch::lock(conn, &BTreeSet::from([tool, into]))?;
        let row = *rows.get(&into).ok_or(diesel::result::Error::NotFound)?;
        let merge = merges::find(conn, removal)?;
        match merge.state {
            COPYING => copy(conn, &merge, &row, now),
            RETURNING => take_back(conn, &merge, &row, now),
            _ => Ok(MergeStep { row, is_done: true }),
        }
    })
}

/// Why one tool cannot be merged into another.
pub(crate) fn refusal(conn: &mut DbConnection, (tool, into): (i32, i32)) -> Found<Option<String>> {
    for of in [tool, into] {
        let slug = slug(conn, of)?;
        if let Some(merge) = merges::of_tool(conn, of)? {
            return Ok(Some(format!(
                "{slug} was merged into another tool by merge {merge}. Undo that first."
            )));
        }
        let row = tallies::find(conn, of)?;
        if row.is_some_and(|row| row.state == ToolState::Archived) {
            return Ok(Some(format!(
                "{slug} is archived. A PUT of the tool brings it back."
            )));
        }
    }
    let is_touched = |id| [tool, into].contains(&id);
    let mut unfinished = merges::unfinished(conn)?.into_iter();
    let other = unfinished.find(|merge| is_touched(merge.tool) || is_touched(merge.into));
    Ok(other.map(|merge| {
        let id = merge.removal;
        format!("Merge {id} of one of these tools is not finished. Try again.")
    }))
}

/// A tool's slug.
pub(crate) fn slug(conn: &mut DbConnection, tool: i32) -> Found<String> {
    tools::table.find(tool).select(tools::slug).first(conn)
}

/// The votes of `voters` on the target as they stand.
pub(crate) fn present(conn: &mut DbConnection, keys: &BTreeSet<Key>) -> Found<ExistingVotes> {
    let mut present = batch::present(conn, keys)?;
    batch::resolve(conn, &mut present)?;
    Ok(present)
}

/// Copies the votes of the next voters.
fn copy(
    conn: &mut DbConnection,
    merge: &Merge,
    row: &TallyRow,
    now: Timestamp,
) -> Found<MergeStep> {
    let votes = out_after(conn, merge)?;
    let keys: BTreeSet<Key> = votes.iter().map(|vote| (merge.into, vote.voter)).collect();
    let before = present(conn, &keys)?;
    let linked = claims::store::spent(conn, &keys)?;
    let periods = exclusions::periods(conn, merge.into)?;
    let changes = carry::copied(&votes, merge.into, &before, &linked, &periods);
    let row = write(conn, row, &changes, &before, now)?;
    let merged: Vec<MergedVote> = changes.iter().filter_map(TargetChange::merged).collect();
    merges::note(conn, merge.removal, merge.into, &merged)?;
    let is_done = is_last(votes.len());
    let copied = votes.last().map_or(&merge.copied[..], |vote| &vote.voter.0);
    let state = if is_done { MERGED } else { COPYING };
    merges::set(conn, merge.removal, state, copied)?;
    Ok(MergeStep { row, is_done })
}

/// Takes votes back from the target that are still as the merge wrote them.
fn take_back(
    conn: &mut DbConnection,
    merge: &Merge,
    row: &TallyRow,
    now: Timestamp,
) -> Found<MergeStep> {
    let votes = merges::noted(conn, merge.removal, STEP)?;
    let voters: Vec<_> = votes.iter().map(|vote| vote.voter).collect();
    let keys = voters.iter().map(|voter| (merge.into, *voter)).collect();
    let before = present(conn, &keys)?;
    let periods = exclusions::periods(conn, merge.into)?;
    let (changes, others) = carry::returned(&votes, merge.into, &before, &periods);
    let row = write(conn, row, &changes, &before, now)?;
    for other in &others {
        merges::replace_old(conn, merge.into, other)?;
    }
    merges::forget(conn, merge.removal, &voters)?;
    let is_done = is_last(votes.len());
    if is_done {
        merges::set(conn, merge.removal, UNDONE, &merge.copied)?;
    }
    Ok(MergeStep { row, is_done })
}

fn is_last(votes: usize) -> bool {
    i64::try_from(votes).is_ok_and(|votes| votes < STEP)
}

/// The votes that the merge took out, held ones too, of the voters behind those that were copied.
fn out_after(conn: &mut DbConnection, merge: &Merge) -> Found<Vec<MovedVote>> {
    type BindingColumns = (Option<i64>, Option<i64>, Option<i16>);
    type Columns = (Vec<u8>, i16, i64, i32, Option<i64>, BindingColumns);
    let rows: Vec<Columns> = votes::table
        .filter(votes::tool_id.eq(merge.tool))
        .filter(votes::voter.gt(&merge.copied))
        .filter(votes::taken_out_by.eq_any(exclusions::marks_of(merge.removal)))
        .order(votes::voter)
        .limit(STEP)
        .select((
            votes::voter,
            votes::choice,
            votes::cast_at,
            votes::token_age,
            votes::taken_out_by,
            (votes::origin, votes::wide_origin, votes::first_choice),
        ))
        .load(conn)?;
    let moved = |(voter, choice, cast_at, token_age, mark, binding): Columns| {
        let (origin, wide, first) = binding;
        Some(MovedVote {
            voter: VoterId(voter.try_into().ok()?),
            choice: Choice::from_code(choice)?,
            cast_at: Timestamp(cast_at),
            token_age,
            binding: Binding::of_columns(origin, wide, first),
            held: mark.and_then(exclusions::held_as),
        })
    };
    Ok(rows.into_iter().filter_map(moved).collect())
}

/// Writes what changes on the target, and sets aside what one hand has too much there then; returns its tally.
fn write(
    conn: &mut DbConnection,
    row: &TallyRow,
    changes: &[TargetChange],
    before: &ExistingVotes,
    now: Timestamp,
) -> Found<TallyRow> {
    let tool = row.tool;
    let (mut folded, after) = carry::change_set(row, changes, now);
    let mut book = OriginBook::default();
    let written = changes.iter().filter_map(|change| change.new.as_ref());
    let bound = origins::bound(before.values().chain(written));
    origins::read(conn, &mut book, bound)?;
    // Before votes are written, which the book does not know yet.
    origins::read_excluded(conn, &mut book, [row])?;
    batch::write(conn, &folded, now)?;
    for change in changes {
        book.replace(tool, change.voter, change.old, change.new);
        let (Some(old), Some(new)) = (change.old, change.new) else {
            continue;
        };
        let vote = || votes::table.find((tool, change.voter.0.as_slice()));
        diesel::update(vote())
            .set((
                votes::choice.eq(new.choice.code()),
                votes::cast_at.eq(new.cast_at.0),
            ))
            .execute(conn)?;
        // Else the mark of a removal that is being prepared would go.
        if old.aside != new.aside {
            diesel::update(vote())
                .set(votes::taken_out_by.eq(new.aside))
                .execute(conn)?;
        }
    }
    batch::bound_hands(conn, &mut book, &[], &mut folded, now)?;
    Ok(folded.tallies.first().copied().unwrap_or(after))
}
