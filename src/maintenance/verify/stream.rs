//! What the recount reads, row by row where there may be many: diesel would otherwise hold a whole answer of Postgres.
//!
//! Only the recounts call it.

use std::collections::BTreeSet;

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::dsl::{count_star, max};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, QueryResult, RunQueryDsl};

use super::origins;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{
    bulk_events, origin_sums, removals, reviews, tallies, tools, votes,
};
use crate::tallies::{TallyRow, store};
use crate::voting::exclusions::{IN_FORCE, PERIOD};

/// On SQLite any read transaction is a snapshot; Postgres must be asked for one.
pub(super) fn begin(conn: &mut DbConnection) -> QueryResult<()> {
    match conn {
        DbConnection::Sqlite(conn) => conn.batch_execute("BEGIN"),
        DbConnection::Postgres(conn) => {
            // The ledger lies in its order already: to sort it would take the disk.
            conn.batch_execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_sort = off",
            )
        }
    }
}

pub(super) fn end(conn: &mut DbConnection) -> QueryResult<()> {
    conn.batch_execute("ROLLBACK")
}

/// Gives `take` each vote: tool, voter, choice, mark, and what it adds to the checksum of fresh votes.
pub(super) fn each_vote(
    conn: &mut DbConnection,
    mut take: impl FnMut(i32, Vec<u8>, i16, Option<i64>, i64),
) -> QueryResult<()> {
    type Origin = (Option<i64>, Option<i64>, Option<i16>);
    type Row = (i32, Vec<u8>, i16, Option<i64>, Origin);
    let query = votes::table.select((
        votes::tool_id,
        votes::voter,
        votes::choice,
        votes::taken_out_by,
        (votes::origin, votes::wide_origin, votes::first_choice),
    ));
    let mut next = |row: QueryResult<Row>| {
        let (tool, voter, choice, mark, origin) = row?;
        let fresh = origins::checksum_of_vote(origin, choice, mark);
        take(tool, voter, choice, mark, fresh);
        Ok(())
    };
    match conn {
        DbConnection::Sqlite(conn) => query
            .load_iter::<Row, DefaultLoadingMode>(conn)?
            .try_for_each(&mut next),
        DbConnection::Postgres(conn) => query
            .load_iter::<Row, PgRowByRowLoadingMode>(conn)?
            .try_for_each(&mut next),
    }
}

/// Gives `take` the sums of fresh voters of each network on each tool: the tool, and their checksum.
pub(super) fn each_origin(
    conn: &mut DbConnection,
    mut take: impl FnMut(i32, i64),
) -> QueryResult<()> {
    let query = origin_sums::table.select(origins::SUMS);
    let mut next = |row: QueryResult<origins::SumsRow>| {
        let (tool, checksum) = origins::checksum_of_sums(row?);
        take(tool, checksum);
        Ok(())
    };
    match conn {
        DbConnection::Sqlite(conn) => query
            .load_iter::<origins::SumsRow, DefaultLoadingMode>(conn)?
            .try_for_each(&mut next),
        DbConnection::Postgres(conn) => query
            .load_iter::<origins::SumsRow, PgRowByRowLoadingMode>(conn)?
            .try_for_each(&mut next),
    }
}

pub(super) fn removals_in_force(conn: &mut DbConnection) -> QueryResult<BTreeSet<i64>> {
    let ids: Vec<i64> = removals::table
        .filter(removals::state.eq(IN_FORCE))
        .select(removals::id)
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Tool, version, ship, skip, sketch.
pub(super) type BulkEvent = (i32, i64, i64, i64, i64);

pub(super) fn bulk_events(conn: &mut DbConnection) -> QueryResult<Vec<BulkEvent>> {
    bulk_events::table
        .select((
            bulk_events::tool_id,
            bulk_events::version,
            bulk_events::ship,
            bulk_events::skip,
            bulk_events::sketch,
        ))
        .load(conn)
}

/// Tool, verdict, how many.
pub(super) fn panels(conn: &mut DbConnection) -> QueryResult<Vec<(i32, i16, i64)>> {
    reviews::table
        .group_by((reviews::tool_id, reviews::verdict))
        .select((reviews::tool_id, reviews::verdict, count_star()))
        .load(conn)
}

/// Where the last of each tool's periods in force ends.
pub(super) fn period_ends(conn: &mut DbConnection) -> QueryResult<Vec<(i32, i64)>> {
    let rows: Vec<(i32, Option<i64>)> = removals::table
        .filter(removals::state.eq(IN_FORCE))
        .filter(removals::kind.eq(PERIOD))
        .group_by(removals::tool_id)
        .select((removals::tool_id, max(removals::span_to)))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(tool, end)| (tool, end.unwrap_or_default()))
        .collect())
}

pub(super) fn tallies(conn: &mut DbConnection) -> QueryResult<Vec<(String, TallyRow)>> {
    let rows: Vec<(String, store::Columns)> = tallies::table
        .inner_join(tools::table.on(tools::id.eq(tallies::tool_id)))
        .order(tools::slug)
        .select((tools::slug, tallies::all_columns))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(slug, columns)| (slug, store::row(columns)))
        .collect())
}

/// Entries that were written, but do not show yet, have numbers so much lower at most than those that do: on Postgres they
/// appear a little later.
pub(super) const OVERLAP: i64 = 10_000;

/// Voter, choice, mark.
pub(super) type OfPage = (Vec<u8>, i16, Option<i64>);

/// The next votes of a tool after `after`, in the order of their voters.
pub(super) fn page(
    conn: &mut DbConnection,
    tool: i32,
    after: &[u8],
    size: usize,
) -> QueryResult<Vec<OfPage>> {
    votes::table
        .filter(votes::tool_id.eq(tool))
        .filter(votes::voter.gt(after.to_vec()))
        .order(votes::voter)
        .limit(i64::try_from(size).unwrap_or(i64::MAX))
        .select((votes::voter, votes::choice, votes::taken_out_by))
        .load(conn)
}

/// What would have moved many of a tool's votes at once, or renamed some; two that are equal say that nothing did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    bulk: Option<i64>,
    revision: i64,
}

pub(super) fn quiet(conn: &mut DbConnection, tool: i32) -> QueryResult<Quiet> {
    Ok(Quiet {
        bulk: bulk_events::table
            .filter(bulk_events::tool_id.eq(tool))
            .select(max(bulk_events::version))
            .first(conn)?,
        revision: tallies::table
            .filter(tallies::tool_id.eq(tool))
            .select(tallies::revision)
            .first(conn)?,
    })
}
