//! Own votes, as their voter reads them. Routes call it through the pool of readers.

use std::collections::{BTreeSet, HashMap};

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{VoteRecord, exclusions};
use crate::domain::{Ballot, Choice, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{ballots, votes, withdrawn_ballots};

/// The voter's votes on `tools`, by tool. Each look-up is one step down the primary key.
pub fn own(
    conn: &mut DbConnection,
    voter: VoterId,
    tools: &[i32],
) -> QueryResult<HashMap<i32, VoteRecord>> {
    let mut found = HashMap::with_capacity(tools.len());
    for tool in tools {
        let row: Option<(i16, i64, Option<i64>)> = votes::table
            .filter(votes::tool_id.eq(tool))
            .filter(votes::voter.eq(voter.0.as_slice()))
            .select((votes::choice, votes::cast_at, votes::taken_out_by))
            .first(conn)
            .optional()?;
        if let Some((choice, cast_at, taken_out_by)) = row
            && let Some(choice) = Choice::from_code(choice)
        {
            found.insert(
                *tool,
                VoteRecord {
                    choice,
                    cast_at: Timestamp(cast_at),
                    aside: taken_out_by,
                    ballot: ballot(conn, *tool, voter)?,
                    binding: None,
                },
            );
        }
    }
    found.retain(|_, vote| vote.stands());
    let marks: BTreeSet<i64> = found.values().filter_map(|vote| vote.aside).collect();
    if !marks.is_empty() {
        let in_force = exclusions::in_force(conn, &marks)?;
        for vote in found.values_mut() {
            vote.aside = vote.aside.filter(|mark| in_force.contains(mark));
        }
    }
    Ok(found)
}

/// The voter's ballot on `tool`, also if the vote was withdrawn.
pub fn ballot(conn: &mut DbConnection, tool: i32, voter: VoterId) -> QueryResult<Option<Ballot>> {
    let of_vote: Option<Option<Vec<u8>>> = ballots::table
        .find((tool, voter.0.as_slice()))
        .select(ballots::ballot)
        .first(conn)
        .optional()?;
    let bytes = match of_vote {
        Some(bytes) => bytes,
        None => withdrawn_ballots::table
            .find((tool, voter.0.as_slice()))
            .select(withdrawn_ballots::ballot)
            .first(conn)
            .optional()?,
    };
    Ok(bytes.as_deref().and_then(Ballot::from_bytes))
}

/// The ballots of a voter's withdrawn votes, with their tools.
pub fn withdrawn_of(conn: &mut DbConnection, voter: VoterId) -> QueryResult<Vec<(i32, Ballot)>> {
    let rows: Vec<(i32, Vec<u8>)> = withdrawn_ballots::table
        .filter(withdrawn_ballots::voter.eq(voter.0.as_slice()))
        .order(withdrawn_ballots::tool_id)
        .select((withdrawn_ballots::tool_id, withdrawn_ballots::ballot))
        .load(conn)?;
    let ballot = |(tool, bytes): (i32, Vec<u8>)| Some((tool, Ballot::from_bytes(&bytes)?));
    Ok(rows.into_iter().filter_map(ballot).collect())
}
