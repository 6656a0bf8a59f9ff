//! What a replay reads: where tallies stood, what removals moved, where votes came from, what tools are called.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use crate::cli::simulate::comparison::Counts;
use crate::cli::simulate::rule::ReplayedVote;
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{bulk_events, tools, votes};
use crate::voting::ledger::each_change_before;

/// What a query gives, where it does not fail.
pub(super) type Found<T> = QueryResult<T>;

/// What a removal moved at once: when, on which tool, ship and skip.
pub(super) type Moved = (Timestamp, i32, Counts);

/// Every removal's moves, in the order of their time.
fn moved(conn: &mut DbConnection) -> QueryResult<Vec<Moved>> {
    let rows: Vec<(i64, i32, i64, i64)> = bulk_events::table
        .order((bulk_events::at, bulk_events::version))
        .select((
            bulk_events::at,
            bulk_events::tool_id,
            bulk_events::ship,
            bulk_events::skip,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(at, tool, ship, skip)| (Timestamp(at), tool, (ship, skip)))
        .collect())
}

/// Where every tally stood at `from`, and what removals moved in `from..to`.
pub(super) fn start(
    conn: &mut DbConnection,
    from: Timestamp,
    to: Timestamp,
) -> QueryResult<(BTreeMap<i32, Counts>, Vec<Moved>)> {
    let mut counts: BTreeMap<i32, Counts> = BTreeMap::new();
    let ids: Vec<i32> = tools::table.select(tools::id).load(conn)?;
    counts.extend(ids.into_iter().map(|tool| (tool, (0, 0))));
    each_change_before(conn, from, |tool, change| {
        let tally = counts.entry(tool).or_default();
        for (choice, by) in [(change.old, -1), (change.new, 1)] {
            match choice {
                Some(Choice::Ship) => tally.0 += by,
                Some(Choice::Skip) => tally.1 += by,
                None => {}
            }
        }
    })?;
    let mut within = Vec::new();
    for (at, tool, (ship, skip)) in moved(conn)? {
        if at < from {
            let tally = counts.entry(tool).or_default();
            *tally = (tally.0 + ship, tally.1 + skip);
        } else if at < to {
            within.push((at, tool, (ship, skip)));
        }
    }
    Ok((counts, within))
}

/// Adds to each change the network that it came from, where its vote still bears it.
pub(super) fn add_networks(conn: &mut DbConnection, casts: &mut [ReplayedVote]) -> QueryResult<()> {
    let tools: BTreeSet<i32> = casts.iter().map(|cast| cast.tool).collect();
    let mut known: HashMap<(i32, VoterId), (i64, NetworkHash, i32)> = HashMap::new();
    for tool in tools {
        let voters: BTreeSet<&[u8]> = casts
            .iter()
            .filter(|cast| cast.tool == tool)
            .map(|cast| cast.voter.0.as_slice())
            .collect();
        let rows: Vec<(Vec<u8>, i64, Vec<u8>, i32)> = votes::table
            .filter(votes::tool_id.eq(tool))
            .filter(votes::voter.eq_any(voters))
            .select((
                votes::voter,
                votes::cast_at,
                votes::network,
                votes::token_age,
            ))
            .load(conn)?;
        for (voter, cast_at, network, age) in rows {
            if let (Ok(voter), Ok(network)) = (voter.try_into(), network.try_into()) {
                known.insert((tool, VoterId(voter)), (cast_at, NetworkHash(network), age));
            }
        }
    }
    for cast in casts {
        // A vote bears the network of its last change alone.
        let of_vote = known.get(&(cast.tool, cast.voter));
        let of_vote = of_vote
            .filter(|(cast_at, network, _)| *cast_at == cast.at.0 && *network != NetworkHash::NONE);
        cast.network = of_vote.map(|(_, network, _)| *network);
        cast.token_age = of_vote.map(|(.., age)| *age);
    }
    Ok(())
}

/// What the tools are called.
pub(super) fn slugs(conn: &mut DbConnection) -> QueryResult<BTreeMap<i32, String>> {
    let rows: Vec<(i32, String)> = tools::table.select((tools::id, tools::slug)).load(conn)?;
    Ok(rows.into_iter().collect())
}
