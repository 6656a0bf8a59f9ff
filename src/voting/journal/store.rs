//! The journal in the database, and what acts of moderation read of ballots. Callers hold the lock of the tool's tally.

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::{BallotState, RemovalChange, ToolRecord, encode};
use crate::domain::{Ballot, BallotName, Choice, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{ballots, log_journal};
use crate::voting::exclusions::{is_held, marks_of};

/// Voters that one statement names.
const MAX_VOTERS: usize = 1_000;

/// Writes what the caller's transaction did.
pub fn write(conn: &mut DbConnection, records: &[ToolRecord]) -> QueryResult<()> {
    if records.is_empty() {
        return Ok(());
    }
    diesel::insert_into(log_journal::table)
        .values(log_journal::record.eq(encode(records)))
        .execute(conn)?;
    Ok(())
}

type BallotColumns = (Vec<u8>, i16, Option<i64>, Option<Vec<u8>>);

fn listed((_, choice, mark, ballot): BallotColumns) -> Option<(BallotName, BallotState)> {
    let state = BallotState {
        choice: Choice::from_code(choice),
        is_held: mark.is_some_and(is_held),
    };
    Some((Ballot::from_bytes(ballot?.as_slice())?.name, state))
}

/// The ballots of the votes that `removal` has out, held ones too.
pub fn marked(
    conn: &mut DbConnection,
    removal: i64,
) -> QueryResult<Vec<(BallotName, BallotState)>> {
    let rows: Vec<BallotColumns> = ballots::table
        .filter(ballots::taken_out_by.eq_any(marks_of(removal)))
        .filter(ballots::ballot.is_not_null())
        .select((
            ballots::voter,
            ballots::choice,
            ballots::taken_out_by,
            ballots::ballot,
        ))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(listed).collect())
}

/// The ballots of those of `voters` on `tool` whose votes bear `mark`.
pub fn marked_of(
    conn: &mut DbConnection,
    tool: i32,
    mark: i64,
    voters: &[VoterId],
) -> QueryResult<Vec<(BallotName, BallotState)>> {
    let mut found = Vec::new();
    for voters in voters.chunks(MAX_VOTERS) {
        let voters: Vec<&[u8]> = voters.iter().map(|voter| voter.0.as_slice()).collect();
        let rows: Vec<BallotColumns> = ballots::table
            .filter(ballots::tool_id.eq(tool))
            .filter(ballots::voter.eq_any(voters))
            .filter(ballots::taken_out_by.eq(mark))
            .filter(ballots::ballot.is_not_null())
            .select((
                ballots::voter,
                ballots::choice,
                ballots::taken_out_by,
                ballots::ballot,
            ))
            .load(conn)?;
        found.extend(rows.into_iter().filter_map(listed));
    }
    Ok(found)
}

/// A removal that takes `ballots` out, or gives them back.
pub fn removal(excludes: bool, id: i64, ballots: Vec<(BallotName, BallotState)>) -> RemovalChange {
    RemovalChange {
        excludes,
        id,
        is_handed_over: false,
        ballots,
    }
}

/// What is stated when the votes of `voters` that bear `mark` and that `from` has out are handed over to `to`, which has them
/// out as well.
pub fn handed_over(
    conn: &mut DbConnection,
    tool: i32,
    mark: i64,
    (from, to): (i64, i64),
    voters: &[VoterId],
) -> QueryResult<Vec<RemovalChange>> {
    let ballots = marked_of(conn, tool, mark, voters)?;
    let handed = |excludes, id| RemovalChange {
        is_handed_over: true,
        ..removal(excludes, id, ballots.clone())
    };
    Ok(if ballots.is_empty() {
        Vec::new()
    } else {
        vec![handed(true, to), handed(false, from)]
    })
}
