//! Merges in the database: which tool was merged into which, how far that is, and the votes that each brought to its target.
//!
//! `moderation` carries merges out, a step at a time; `catalog` and `import` ask where a merged tool leads, and an erasure renames the
//! voters of merged votes. Functions that write are called under the locks of both tools.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult,
    RunQueryDsl,
};

use crate::domain::{Choice, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{merged_votes, merges, votes};

/// `merges.state`: the target gets the votes; it has them all. Up to here the tool is merged.
pub const COPYING: i16 = 1;
pub const MERGED: i16 = 2;
/// The tool has its votes again, and the target loses them; it has lost them all.
pub const RETURNING: i16 = 3;
pub const UNDONE: i16 = 4;

/// A merge of one tool into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub removal: i64,
    pub tool: i32,
    pub into: i32,
    pub state: i16,
    /// The last voter whose vote was copied; empty before the first.
    pub copied: Vec<u8>,
}

/// A vote as a merge wrote it on its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergedVote {
    pub voter: VoterId,
    pub choice: Choice,
    pub cast_at: Timestamp,
    /// The voter's vote there before, if there was one.
    pub old: Option<(Choice, Timestamp)>,
}

type MergeColumns = (i64, i32, i32, i16, Vec<u8>);

fn merge((removal, tool, into, state, copied): MergeColumns) -> Merge {
    Merge {
        removal,
        tool,
        into,
        state,
        copied,
    }
}

/// Notes that a merge came into force, and has copied nothing yet.
pub fn begin(conn: &mut DbConnection, removal: i64, tool: i32, into: i32) -> QueryResult<()> {
    diesel::insert_into(merges::table)
        .values((
            merges::removal_id.eq(removal),
            merges::tool_id.eq(tool),
            merges::into_tool.eq(into),
            merges::state.eq(COPYING),
            merges::copied.eq(Vec::<u8>::new()),
        ))
        .execute(conn)?;
    Ok(())
}

/// One merge.
pub fn find(conn: &mut DbConnection, removal: i64) -> QueryResult<Merge> {
    let row: MergeColumns = merges::table.find(removal).first(conn)?;
    Ok(merge(row))
}

/// The merges whose votes are still on their way.
pub fn unfinished(conn: &mut DbConnection) -> QueryResult<Vec<Merge>> {
    let rows: Vec<MergeColumns> = merges::table
        .filter(merges::state.eq_any([COPYING, RETURNING]))
        .order(merges::removal_id)
        .load(conn)?;
    Ok(rows.into_iter().map(merge).collect())
}

/// The merge by which `tool` is merged into another.
pub fn of_tool(conn: &mut DbConnection, tool: i32) -> QueryResult<Option<i64>> {
    merges::table
        .filter(merges::tool_id.eq(tool))
        .filter(merges::state.le(MERGED))
        .select(merges::removal_id)
        .first(conn)
        .optional()
}

/// Says how far a merge is.
pub fn set(conn: &mut DbConnection, removal: i64, state: i16, copied: &[u8]) -> QueryResult<()> {
    diesel::update(merges::table.find(removal))
        .set((merges::state.eq(state), merges::copied.eq(copied)))
        .execute(conn)?;
    Ok(())
}

/// Notes votes that a merge brought to `into`.
pub fn note(
    conn: &mut DbConnection,
    removal: i64,
    into: i32,
    merged: &[MergedVote],
) -> QueryResult<()> {
    for vote in merged {
        diesel::insert_into(merged_votes::table)
            .values((
                merged_votes::removal_id.eq(removal),
                merged_votes::tool_id.eq(into),
                merged_votes::voter.eq(vote.voter.0.as_slice()),
                merged_votes::choice.eq(vote.choice.code()),
                merged_votes::cast_at.eq(vote.cast_at.0),
                merged_votes::old_choice.eq(vote.old.map(|(choice, _)| choice.code())),
                merged_votes::old_cast_at.eq(vote.old.map(|(_, at)| at.0)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Some votes that a merge brought to its target, by voter.
pub fn noted(conn: &mut DbConnection, removal: i64, limit: i64) -> QueryResult<Vec<MergedVote>> {
    type Row = (Vec<u8>, i16, i64, Option<i16>, Option<i64>);
    let rows: Vec<Row> = merged_votes::table
        .filter(merged_votes::removal_id.eq(removal))
        .order(merged_votes::voter)
        .limit(limit)
        .select((
            merged_votes::voter,
            merged_votes::choice,
            merged_votes::cast_at,
            merged_votes::old_choice,
            merged_votes::old_cast_at,
        ))
        .load(conn)?;
    let vote = |(voter, choice, cast_at, old_choice, old_cast_at): Row| {
        Some(MergedVote {
            voter: VoterId(voter.try_into().ok()?),
            choice: Choice::from_code(choice)?,
            cast_at: Timestamp(cast_at),
            old: old_choice
                .and_then(Choice::from_code)
                .zip(old_cast_at.map(Timestamp)),
        })
    };
    Ok(rows.into_iter().filter_map(vote).collect())
}

/// Forgets votes that are no longer a merge's.
pub fn forget(conn: &mut DbConnection, removal: i64, voters: &[VoterId]) -> QueryResult<()> {
    let voters = voters.iter().map(|voter| voter.0.as_slice());
    let of_merge = merged_votes::table.filter(merged_votes::removal_id.eq(removal));
    diesel::delete(of_merge.filter(merged_votes::voter.eq_any(voters))).execute(conn)?;
    Ok(())
}

/// A later merge replaced `vote` on `into`: undone, it brings back what was there before both.
pub fn replace_old(conn: &mut DbConnection, into: i32, vote: &MergedVote) -> QueryResult<()> {
    let of_voter = merged_votes::table
        .filter(merged_votes::tool_id.eq(into))
        .filter(merged_votes::voter.eq(vote.voter.0.as_slice()));
    diesel::update(
        of_voter
            .filter(merged_votes::old_choice.eq(vote.choice.code()))
            .filter(merged_votes::old_cast_at.eq(vote.cast_at.0)),
    )
    .set((
        merged_votes::old_choice.eq(vote.old.map(|(choice, _)| choice.code())),
        merged_votes::old_cast_at.eq(vote.old.map(|(_, at)| at.0)),
    ))
    .execute(conn)?;
    Ok(())
}

/// How many of the votes that a merge has out are new on its target, and how many replaced an older one. Held ones are in no number.
pub fn count(conn: &mut DbConnection, removal: i64) -> QueryResult<(i64, i64)> {
    let out = || {
        let out = votes::table.filter(votes::taken_out_by.eq(removal));
        out.select(votes::voter)
    };
    let of_merge = || {
        merged_votes::table
            .filter(merged_votes::removal_id.eq(removal))
            .filter(merged_votes::voter.eq_any(out()))
    };
    let added = of_merge()
        .filter(merged_votes::old_choice.is_null())
        .count()
        .get_result(conn)?;
    let all: i64 = of_merge().count().get_result(conn)?;
    Ok((added, all - added))
}

/// Whether a merge is copying the votes of a tool on which `voter` has one.
pub fn is_copying_votes_of(conn: &mut DbConnection, voter: VoterId) -> QueryResult<bool> {
    let copying = merges::table
        .inner_join(votes::table.on(votes::tool_id.eq(merges::tool_id)))
        .filter(
            merges::state
                .eq(COPYING)
                .and(votes::voter.eq(voter.0.as_slice())),
        );
    let found: Option<i64> = copying.select(merges::removal_id).first(conn).optional()?;
    Ok(found.is_some())
}

/// The tools to which merges brought votes of `voter`.
pub fn targets_of(conn: &mut DbConnection, voter: VoterId) -> QueryResult<Vec<i32>> {
    merged_votes::table
        .filter(merged_votes::voter.eq(voter.0.as_slice()))
        .select(merged_votes::tool_id)
        .distinct()
        .load(conn)
}

/// The votes that merges brought to `into` for `voter` are `nobody`'s from now on.
pub fn rename(
    conn: &mut DbConnection,
    into: i32,
    (voter, nobody): (VoterId, VoterId),
) -> QueryResult<()> {
    let of_voter = merged_votes::table
        .filter(merged_votes::tool_id.eq(into))
        .filter(merged_votes::voter.eq(voter.0.as_slice()));
    diesel::update(of_voter)
        .set(merged_votes::voter.eq(nobody.0.as_slice()))
        .execute(conn)?;
    Ok(())
}
