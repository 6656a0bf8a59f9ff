//! Which votes are set aside, found and marked.

use std::collections::BTreeMap;

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::take;
use crate::domain::{Ballot, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::votes;
use crate::tallies::TallyRow;
use crate::voting::apply::ChangeSet;
use crate::voting::exclusions::{self, HELD};
use crate::voting::fresh::book::{Excess, OriginBook};
use crate::voting::fresh::store as origins;
use crate::voting::{Binding, VoteRecord};

/// Voters that one statement names.
const MAX_VOTERS: usize = 500;

/// The votes of the leading side that count, those of the newest voters first. A walk back from the end of the tool's votes: few of
/// a hand's votes are old, and no vote pays for an index.
fn newest(conn: &mut DbConnection, excess: &Excess) -> QueryResult<Vec<(VoterId, VoteRecord)>> {
    type Columns = (
        Vec<u8>,
        i64,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i16>,
        Option<Vec<u8>>,
    );
    let out: Vec<i64> = exclusions::all_in_force(conn, excess.tool)?
        .into_iter()
        .collect();
    let rows: Vec<Columns> = votes::table
        .filter(votes::tool_id.eq(excess.tool))
        .filter(
            votes::origin
                .eq(excess.origin.0)
                .or(votes::wide_origin.eq(excess.origin.0)),
        )
        .filter(votes::choice.eq(excess.choice.code()))
        .filter(
            votes::taken_out_by
                .is_null()
                .or(votes::taken_out_by.ne_all(out)),
        )
        .order(votes::voter.desc())
        .limit(excess.votes)
        .select((
            votes::voter,
            votes::cast_at,
            votes::taken_out_by,
            votes::origin,
            votes::wide_origin,
            votes::first_choice,
            votes::ballot,
        ))
        .load(conn)?;
    let record = |(voter, cast_at, _, origin, wide, first, ballot): Columns| {
        let record = VoteRecord {
            choice: excess.choice,
            cast_at: Timestamp(cast_at),
            aside: None,
            ballot: ballot.as_deref().and_then(Ballot::from_bytes),
            binding: Binding::of_columns(origin, wide, first),
        };
        Some((VoterId(voter.try_into().ok()?), record))
    };
    Ok(rows.into_iter().filter_map(record).collect())
}

/// Marks votes of the tool as held.
fn mark(conn: &mut DbConnection, tool: i32, found: &[(VoterId, VoteRecord)]) -> QueryResult<()> {
    let voters: Vec<&[u8]> = found.iter().map(|(voter, _)| voter.0.as_slice()).collect();
    for some in voters.chunks(MAX_VOTERS) {
        let of_tool = votes::table.filter(votes::tool_id.eq(tool));
        diesel::update(of_tool.filter(votes::voter.eq_any(some.to_vec())))
            .set(votes::taken_out_by.eq(HELD))
            .execute(conn)?;
    }
    Ok(())
}

/// Sets aside what the networks in `book` have too much. Returns what that changed, already written but for ledger and tallies; `None`
/// if nothing.
pub(crate) fn set_aside(
    conn: &mut DbConnection,
    book: &mut OriginBook,
    tallies: &BTreeMap<i32, TallyRow>,
    now: Timestamp,
) -> QueryResult<Option<ChangeSet>> {
    let mut changes = ChangeSet::default();
    let mut rows: BTreeMap<i32, TallyRow> = BTreeMap::new();
    // What is set aside for one network may leave another, of which the votes are as well, beyond its limit on the other side.
    loop {
        let before = changes.set_aside.len();
        for excess in book.excess() {
            let still = book.excess_of(excess.origin, excess.tool);
            let (Some(excess), Some(tally)) = (still, tallies.get(&excess.tool)) else {
                continue;
            };
            let row = rows.entry(excess.tool).or_insert(*tally);
            let found = newest(conn, &excess)?;
            // A vote of a /48 is in the sums of its /64 too, of which the batch may have no vote.
            origins::read(
                conn,
                book,
                origins::bound(found.iter().map(|(_, vote)| vote)),
            )?;
            origins::read_excluded(conn, book, [&*row])?;
            take(book, row, &found, &mut changes, now);
            mark(conn, excess.tool, &found)?;
        }
        if changes.set_aside.len() == before {
            break;
        }
    }
    changes.tallies = rows.into_values().collect();
    changes
        .events
        .sort_by_key(|event| (event.tool, event.version));
    Ok((!changes.events.is_empty()).then_some(changes))
}
