//! Marks: `votes.taken_out_by` names a removal, and takes effect only while that removal is in force; two marks name none
//! and take effect always: of votes that are held back, which no tally has ever counted.
//!
//! The ledger asks here whether a marked vote counts; `moderation` marks votes here in small steps that nobody sees, and
//! moves the tally in one. A vote may bear the mark of a removal that is being prepared, was undone or given up: it counts.

mod marks;
pub mod merges;
mod postgres;
mod sqlite;
pub mod unfinished;

use std::collections::{BTreeSet, HashSet};

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{bulk_events, removals, renamed_votes, votes};
use crate::tallies::TallyRow;
use crate::tallies::store as tallies;
use crate::voting::checksum::Sketch;
pub use marks::{
    HELD, REJECTED, WITHDRAWN, WITHDRAWN_HELD, WITHDRAWN_REJECTED, held_as, held_range, held_under,
    is_held, is_in_no_sum, is_withdrawn, lasting, marks_of, removal_of, withdrawn,
};

/// Voters that one statement names.
const MAX_VOTERS: usize = 1_000;

/// `removals.kind`.
pub const RESET: i16 = 1;
pub const PERIOD: i16 = 2;

/// `removals.state`.
pub const PREPARING: i16 = 0;
pub const IN_FORCE: i16 = 1;
pub const UNDONE: i16 = 2;
pub const ABANDONED: i16 = 3;

/// An excluded period in force: votes cast in `from..to` are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub id: i64,
    pub tool: i32,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Period {
    pub fn holds(&self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// The period of `tool` that a vote cast `at` falls into; the oldest if several overlap.
pub(crate) fn covering(periods: &[Period], tool: i32, at: Timestamp) -> Option<i64> {
    periods
        .iter()
        .filter(|period| period.tool == tool && period.holds(at))
        .map(|period| period.id)
        .min()
}

/// A vote as it was when it was chosen for a mark; one that has changed since is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    pub voter: VoterId,
    pub choice: Choice,
    pub cast_at: Timestamp,
}

/// The votes that bear one mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marked {
    pub ship: i64,
    pub skip: i64,
    /// How many networks they came from.
    pub networks: i64,
    /// As if all of them came into the tally.
    pub sketch: Sketch,
}

impl Marked {
    /// (ship, skip).
    pub fn counts(&self) -> (i64, i64) {
        (self.ship, self.skip)
    }

    pub fn votes(&self) -> i64 {
        self.ship + self.skip
    }

    /// Adds a vote; its network is counted elsewhere.
    pub fn add(&mut self, voter: VoterId, choice: Choice) {
        match choice {
            Choice::Ship => self.ship += 1,
            Choice::Skip => self.skip += 1,
        }
        self.sketch.moved(voter, None, Some(choice));
    }
}

/// What a removal's marks added up to, and of which revision of the tally that is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkedAt {
    pub marked: Marked,
    revision: i64,
}

/// Which way a removal moves its votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExclusionChange {
    Out,
    Back,
}

/// Which of `ids` take effect: of removals in force, and of votes that are held.
pub fn in_force(conn: &mut DbConnection, ids: &BTreeSet<i64>) -> QueryResult<BTreeSet<i64>> {
    let mut found: BTreeSet<i64> = ids.iter().copied().filter(|id| is_in_no_sum(*id)).collect();
    // A batch bears marks of few removals, each found by its key.
    for id in ids.iter().filter(|id| !is_in_no_sum(**id)) {
        let state: Vec<i16> = removals::table
            .filter(removals::id.eq(id))
            .select(removals::state)
            .load(conn)?;
        if state.first() == Some(&IN_FORCE) {
            found.insert(*id);
        }
    }
    Ok(found)
}

/// The marks that take effect on `tool`: those of its removals in force, and those of held and of withdrawn votes.
pub fn all_in_force(conn: &mut DbConnection, tool: i32) -> QueryResult<BTreeSet<i64>> {
    let ids: Vec<i64> = removals::table
        .filter(removals::tool_id.eq(tool))
        .filter(removals::state.eq(IN_FORCE))
        .select(removals::id)
        .load(conn)?;
    let always = [
        HELD,
        REJECTED,
        WITHDRAWN,
        WITHDRAWN_HELD,
        WITHDRAWN_REJECTED,
    ];
    let of_removals = ids.into_iter().flat_map(marks_of);
    Ok(of_removals.chain(always).collect())
}

/// The excluded periods of `tool` that are in force, oldest first.
pub fn periods(conn: &mut DbConnection, tool: i32) -> QueryResult<Vec<Period>> {
    let rows: Vec<(i64, Option<i64>, Option<i64>)> = removals::table
        .filter(removals::tool_id.eq(tool))
        .filter(removals::state.eq(IN_FORCE))
        .filter(removals::kind.eq(PERIOD))
        .order(removals::id)
        .select((removals::id, removals::span_from, removals::span_to))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, from, to)| Period {
            id,
            tool,
            from: Timestamp(from.unwrap_or(i64::MIN)),
            to: Timestamp(to.unwrap_or(i64::MAX)),
        })
        .collect())
}

/// Puts a mark on those of `chosen` that are as they were chosen and count now; returns how many. The lock of the tool's
/// row is held.
pub fn mark(
    conn: &mut DbConnection,
    tool: i32,
    removal: i64,
    chosen: &[Chosen],
) -> QueryResult<usize> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::mark(conn, tool, removal, chosen),
        DbConnection::Postgres(conn) => postgres::mark(conn, tool, removal, chosen),
    }
}

/// Hands votes that are out by `from` over to `to`, which takes them out as well; returns how many. The lock of the
/// tool's row is held.
pub fn hand_over(
    conn: &mut DbConnection,
    tool: i32,
    (from, to): (i64, i64),
    voters: &[VoterId],
) -> QueryResult<usize> {
    let mut moved = 0;
    for voters in voters.chunks(MAX_VOTERS) {
        let voters: Vec<&[u8]> = voters.iter().map(|voter| voter.0.as_slice()).collect();
        moved += diesel::update(
            votes::table
                .filter(votes::tool_id.eq(tool))
                .filter(votes::voter.eq_any(voters))
                .filter(votes::taken_out_by.eq(from)),
        )
        .set(votes::taken_out_by.eq(to))
        .execute(conn)?;
    }
    if moved > 0 {
        // One has more members, the other fewer: their sums are to be made again.
        tallies::raise_revision(conn, tool)?;
    }
    Ok(moved)
}

/// Puts the mark of `removal` on held votes of `voters`. The lock of the tool's row is held.
pub fn mark_held(
    conn: &mut DbConnection,
    tool: i32,
    (held, removal): (i64, i64),
    voters: &[VoterId],
) -> QueryResult<()> {
    for voters in voters.chunks(MAX_VOTERS) {
        let voters: Vec<&[u8]> = voters.iter().map(|voter| voter.0.as_slice()).collect();
        diesel::update(
            votes::table
                .filter(votes::tool_id.eq(tool))
                .filter(votes::voter.eq_any(voters))
                .filter(votes::taken_out_by.eq(held)),
        )
        .set(votes::taken_out_by.eq(held_under(held, Some(removal))))
        .execute(conn)?;
    }
    Ok(())
}

/// The held votes that `removal` has out are held by themselves from now on. The lock of the tool's row is held.
pub fn unmark_held(conn: &mut DbConnection, removal: i64) -> QueryResult<()> {
    for held in [HELD, REJECTED] {
        let mark = held_under(held, Some(removal));
        diesel::update(votes::table.filter(votes::taken_out_by.eq(mark)))
            .set(votes::taken_out_by.eq(held))
            .execute(conn)?;
    }
    Ok(())
}

/// Notes for the removals that are being prepared on `tool` that a vote there has another voter: a scan that went past that id has not
/// seen it. The lock of the tool's row is held.
pub fn note_renamed(conn: &mut DbConnection, tool: i32, voter: VoterId) -> QueryResult<()> {
    let preparing: Vec<i64> = removals::table
        .filter(removals::tool_id.eq(tool))
        .filter(removals::state.eq(PREPARING))
        .select(removals::id)
        .load(conn)?;
    for removal in preparing {
        diesel::insert_into(renamed_votes::table)
            .values((
                renamed_votes::removal_id.eq(removal),
                renamed_votes::voter.eq(voter.0.as_slice()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes the voters that were renamed while `removal` was being prepared, each once. The lock of the tool's row is held.
pub fn take_renamed(conn: &mut DbConnection, removal: i64) -> QueryResult<Vec<VoterId>> {
    let of_removal = || renamed_votes::table.filter(renamed_votes::removal_id.eq(removal));
    let voters: Vec<Vec<u8>> = of_removal().select(renamed_votes::voter).load(conn)?;
    if !voters.is_empty() {
        diesel::delete(of_removal()).execute(conn)?;
    }
    let voters = voters.into_iter();
    Ok(voters
        .filter_map(|bytes| bytes.try_into().ok().map(VoterId))
        .collect())
}

/// How many votes bear the mark of `removal`, by choice: (ship, skip).
pub fn count(conn: &mut DbConnection, removal: i64) -> QueryResult<(i64, i64)> {
    let mut of = |choice: Choice| {
        votes::table
            .filter(votes::taken_out_by.eq(removal))
            .filter(votes::choice.eq(choice.code()))
            .count()
            .get_result::<i64>(conn)
    };
    Ok((of(Choice::Ship)?, of(Choice::Skip)?))
}

/// The votes that bear the mark of `removal`, added up.
pub fn sum(conn: &mut DbConnection, removal: i64) -> QueryResult<Marked> {
    let rows: Vec<(Vec<u8>, i16, Vec<u8>)> = votes::table
        .filter(votes::taken_out_by.eq(removal))
        .select((votes::voter, votes::choice, votes::network))
        .load(conn)?;
    let mut marked = Marked::default();
    let mut networks = HashSet::new();
    for (voter, choice, network) in rows {
        if network != NetworkHash::NONE.0 {
            networks.insert(network);
        }
        if let (Ok(voter), Some(choice)) = (voter.try_into(), Choice::from_code(choice)) {
            marked.add(VoterId(voter), choice);
        }
    }
    marked.networks = i64::try_from(networks.len()).unwrap_or(i64::MAX);
    Ok(marked)
}

/// The same beside votes that arrive.
pub fn sum_beside(conn: &mut DbConnection, tool: i32, removal: i64) -> QueryResult<MarkedAt> {
    // The revision first: what is summed after it is at least as new.
    let revision = tallies::find(conn, tool)?.map_or(0, |row| row.revision);
    let marked = sum(conn, removal)?;
    Ok(MarkedAt { marked, revision })
}

/// What `removal` has marked, if that is still what was summed. The lock of `row` is held.
pub fn still(
    conn: &mut DbConnection,
    row: &TallyRow,
    removal: i64,
    summed: &MarkedAt,
) -> QueryResult<Option<Marked>> {
    // Whatever adds a mark or renames a voter raises the revision; all else loses marks. So at the same revision as many are the same.
    let same = row.revision == summed.revision && count(conn, removal)? == summed.marked.counts();
    Ok(same.then_some(summed.marked))
}

/// Moves what `removal` has marked out of the tally or back, as one change with one entry in the ledger; returns the row
/// to be saved. Nothing moved changes nothing. The lock of the row is held, and the caller sets the removal's state.
pub fn turn(
    conn: &mut DbConnection,
    row: &TallyRow,
    removal: i64,
    marked: &Marked,
    turn: ExclusionChange,
    now: Timestamp,
) -> QueryResult<TallyRow> {
    let mut row = *row;
    if marked.votes() == 0 {
        return Ok(row);
    }
    let sign = match turn {
        ExclusionChange::Out => -1,
        ExclusionChange::Back => 1,
    };
    row.set_aside(-sign * marked.ship, -sign * marked.skip, now);
    diesel::insert_into(bulk_events::table)
        .values((
            bulk_events::tool_id.eq(row.tool),
            bulk_events::version.eq(row.version),
            bulk_events::removal_id.eq(removal),
            bulk_events::ship.eq(sign * marked.ship),
            bulk_events::skip.eq(sign * marked.skip),
            bulk_events::sketch.eq(marked.sketch.0.wrapping_mul(sign)),
            bulk_events::at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(row)
}
