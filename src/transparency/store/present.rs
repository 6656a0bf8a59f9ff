//! The present as records: every ballot as it stands. A log that begins states them in its first epoch.

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::tools_now;
use crate::domain::{Ballot, Choice};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{ballots, withdrawn_ballots};
use crate::voting::exclusions::{all_in_force, is_held, is_withdrawn, removal_of};
use crate::voting::journal::{BallotChange, BallotState, ToolRecord};

/// Votes that one query reads.
const PAGE: i64 = 20_000;

/// One record a tool, with all its ballots.
pub fn records(conn: &mut DbConnection) -> QueryResult<Vec<ToolRecord>> {
    let mut records = Vec::new();
    for (tool, (now, tally)) in tools_now(conn)? {
        records.push(ToolRecord {
            tool,
            tally,
            version: now.version,
            changes: changes(conn, tool)?,
            ..ToolRecord::default()
        });
    }
    Ok(records)
}

/// A tool's ballots as they stand, each as if it were new.
pub fn changes(conn: &mut DbConnection, tool: i32) -> QueryResult<Vec<BallotChange>> {
    type Row = (Vec<u8>, i16, Option<i64>, Option<Vec<u8>>);
    let in_force = all_in_force(conn, tool)?;
    let mut changes = Vec::new();
    let mut after: Vec<u8> = Vec::new();
    loop {
        let page: Vec<Row> = ballots::table
            .filter(ballots::tool_id.eq(tool))
            .filter(ballots::voter.gt(&after))
            .order(ballots::voter)
            .select((
                ballots::voter,
                ballots::choice,
                ballots::taken_out_by,
                ballots::ballot,
            ))
            .limit(PAGE)
            .load(conn)?;
        let Some((last, ..)) = page.last() else { break };
        after.clone_from(last);
        for (_, choice, mark, ballot) in page {
            let mark = mark.filter(|mark| in_force.contains(mark));
            let choice = Choice::from_code(choice).filter(|_| !mark.is_some_and(is_withdrawn));
            changes.extend(change(ballot.as_deref(), choice, mark));
        }
    }
    let withdrawn: Vec<Vec<u8>> = withdrawn_ballots::table
        .filter(withdrawn_ballots::tool_id.eq(tool))
        .select(withdrawn_ballots::ballot)
        .load(conn)?;
    changes.extend(
        withdrawn
            .iter()
            .filter_map(|ballot| change(Some(ballot), None, None)),
    );
    Ok(changes)
}

fn change(
    ballot: Option<&[u8]>,
    choice: Option<Choice>,
    mark: Option<i64>,
) -> Option<BallotChange> {
    Some(BallotChange {
        ballot: Ballot::from_bytes(ballot?)?.name,
        old: BallotState::default(),
        choice,
        is_held: mark.is_some_and(is_held),
        is_stated: true,
        excluded_by: mark.and_then(removal_of),
    })
}
