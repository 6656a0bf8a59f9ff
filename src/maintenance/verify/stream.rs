//! What the recount reads, row by row where there may be many: diesel would otherwise hold a whole answer of Postgres.
//!
//! Only the recounts call it.

use std::collections::BTreeSet;

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::dsl::{count_star, max};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, QueryResult, RunQueryDsl,
};

use super::origins::{self, BindingColumns};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{
    bulk_events, origin_sums, removals, reviews, tallies, tools, votes,
};
use crate::tallies::{TallyRow, store};
use crate::voting::exclusions::{IN_FORCE, PERIOD};

/// Runs `work` on one state of the database. On SQLite any read transaction is a snapshot; Postgres must be asked for one.
pub(super) fn in_snapshot<T>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.batch_execute(match conn {
        DbConnection::Sqlite(_) => "BEGIN",
        // The ledger lies in its order already: to sort it would take the disk. A stream that rests lasts long.
        DbConnection::Postgres(_) => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_sort = off; SET LOCAL statement_timeout = 0"
        }
    })?;
    let result = work(conn);
    let ended = conn.batch_execute("ROLLBACK");
    let value = result?;
    ended.map(|()| value)
}

/// A vote, as a recount sees it.
pub(super) struct VoteRow {
    pub tool: i32,
    pub voter: Vec<u8>,
    pub choice: i16,
    pub mark: Option<i64>,
    pub binding: BindingColumns,
    pub has_ballot: bool,
}

/// Gives `take` each vote, of one tool or of all.
pub(super) fn each_vote(
    conn: &mut DbConnection,
    tool: Option<i32>,
    mut take: impl FnMut(VoteRow) -> QueryResult<()>,
) -> QueryResult<()> {
    type Columns = (i32, Vec<u8>, i16, Option<i64>, BindingColumns, bool);
    let (low, high) = tool.map_or((i32::MIN, i32::MAX), |id| (id, id));
    let query = votes::table
        .filter(votes::tool_id.between(low, high))
        .select((
            votes::tool_id,
            votes::voter,
            votes::choice,
            votes::taken_out_by,
            (votes::origin, votes::wide_origin, votes::first_choice),
            votes::ballot.is_not_null(),
        ));
    let mut next = |row: QueryResult<Columns>| {
        let (tool, voter, choice, mark, binding, has_ballot) = row?;
        take(VoteRow {
            tool,
            voter,
            choice,
            mark,
            binding,
            has_ballot,
        })
    };
    match conn {
        DbConnection::Sqlite(conn) => query
            .load_iter::<Columns, DefaultLoadingMode>(conn)?
            .try_for_each(&mut next),
        DbConnection::Postgres(conn) => query
            .load_iter::<Columns, PgRowByRowLoadingMode>(conn)?
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

/// Tools that have no tally.
pub(super) fn without_tally(conn: &mut DbConnection) -> QueryResult<Vec<(i32, String)>> {
    tools::table
        .left_join(tallies::table.on(tools::id.eq(tallies::tool_id)))
        .filter(tallies::tool_id.nullable().is_null())
        .order(tools::id)
        .select((tools::id, tools::slug))
        .load(conn)
}
