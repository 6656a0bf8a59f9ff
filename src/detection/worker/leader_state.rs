//! [`LeaderState`]: what there is while this instance is the one that detects; and how an entry of the ledger comes into it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use diesel::QueryResult;

use crate::detection::finding::Finding;
use crate::detection::ledger_tail::Cursor;
use crate::detection::memory::{Memory, Vote};
use crate::detection::store::Row;
use crate::domain::{DAY_SECONDS, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::moderation::removals::store::of_voters;
use crate::voting::ledger::unpacked;

/// Voters of one query.
const VOTERS: usize = 500;

/// What there is while this instance is the one.
pub(super) struct LeaderState {
    pub conn: DbConnection,
    pub cursor: Cursor,
    pub memory: Memory,
    /// Findings that the writer has not taken yet.
    pub unkept: Vec<Finding>,
    /// Nothing was read yet.
    pub is_new: bool,
}

/// How long ago the last of these votes came.
pub(super) fn behind(rows: &[Row], now: Timestamp) -> Duration {
    let newest = rows.iter().map(|(_, _, _, at, _)| *at).max();
    let micros = newest.map_or(0, |newest| now.0.saturating_sub(newest));
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

/// A change as it came: a vote, or none any more.
enum Came {
    Cast(Vote),
    Withdrawn(i32, VoterId),
}

fn unpack((_, tool, version, at, changes): &Row) -> impl Iterator<Item = Came> {
    unpacked(*version, changes).map(|change| match change.new {
        Some(choice) => Came::Cast(Vote {
            tool: *tool,
            voter: change.voter,
            choice,
            at: Timestamp(*at),
            known: None,
        }),
        None => Came::Withdrawn(*tool, change.voter),
    })
}

/// Takes a page of entries in. Networks and tokens of the first votes are looked up, as far as `budget` goes: in one query
/// for many voters of a tool.
pub(super) fn take(
    place: &mut LeaderState,
    rows: &[Row],
    budget: &mut usize,
    now: Timestamp,
) -> QueryResult<()> {
    // Older ones are of an import, or of before the start.
    let begin = now.plus_seconds(-DAY_SECONDS);
    let rows = rows
        .iter()
        .filter(|(_, _, _, at, _)| begin <= Timestamp(*at));
    let came: Vec<Came> = rows.flat_map(unpack).collect();
    let mut asked: BTreeMap<i32, Vec<VoterId>> = BTreeMap::new();
    let mut left = *budget;
    for change in &came {
        if let Came::Cast(vote) = change
            && left > 0
        {
            asked.entry(vote.tool).or_default().push(vote.voter);
            left -= 1;
        }
    }
    let mut seen = HashMap::with_capacity(*budget - left);
    for (tool, voters) in &asked {
        for some in voters.chunks(VOTERS) {
            let found = of_voters(&mut place.conn, *tool, some)?;
            seen.extend(found.into_iter().map(|vote| ((*tool, vote.voter), vote)));
        }
    }
    for change in came {
        let mut vote = match change {
            Came::Withdrawn(tool, voter) => {
                place.memory.withdraw(tool, voter);
                continue;
            }
            Came::Cast(vote) => vote,
        };
        let looked_up = *budget > 0;
        *budget = budget.saturating_sub(1);
        match seen.get(&(vote.tool, vote.voter)) {
            // Taken out already: there is nothing to propose.
            Some(known) if known.mark.is_some() => continue,
            Some(known) => vote.known = Some((known.network, known.token_age)),
            // Withdrawn since, or erased.
            None if looked_up => continue,
            None => {}
        }
        place.memory.take(&vote, now);
    }
    Ok(())
}
