//! What the recount reads, row by row where there may be many: diesel would otherwise hold a whole answer of Postgres.
//!
//! Only the recounts call it.

use std::collections::BTreeSet;

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::dsl::{count_star, max, min};
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

/// Which tools are read: those whose ids lie between two, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ToolRange {
    pub low: i32,
    pub high: i32,
}

impl ToolRange {
    pub(super) const ALL: Self = Self {
        low: i32::MIN,
        high: i32::MAX,
    };

    pub(super) fn holds(self, tool: i32) -> bool {
        (self.low..=self.high).contains(&tool)
    }
}

/// Runs `work` on one state of the database. On SQLite any read transaction is a snapshot; Postgres must be asked for one.
pub(super) fn in_snapshot<T>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.batch_execute(match conn {
        DbConnection::Sqlite(_) => "BEGIN",
        // The ledger lies in its order already: to sort it would take the disk.
        DbConnection::Postgres(_) => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_sort = off"
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

/// Gives `take` each vote.
pub(super) fn each_vote(
    conn: &mut DbConnection,
    range: ToolRange,
    mut take: impl FnMut(VoteRow) -> QueryResult<()>,
) -> QueryResult<()> {
    type Columns = (i32, Vec<u8>, i16, Option<i64>, BindingColumns, bool);
    let ToolRange { low, high } = range;
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
    range: ToolRange,
    mut take: impl FnMut(i32, i64),
) -> QueryResult<()> {
    let ToolRange { low, high } = range;
    let query = origin_sums::table
        .filter(origin_sums::tool_id.between(low, high))
        .select(origins::SUMS);
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
pub(super) fn panels(
    conn: &mut DbConnection,
    range: ToolRange,
) -> QueryResult<Vec<(i32, i16, i64)>> {
    let ToolRange { low, high } = range;
    reviews::table
        .filter(reviews::tool_id.between(low, high))
        .group_by((reviews::tool_id, reviews::verdict))
        .select((reviews::tool_id, reviews::verdict, count_star()))
        .load(conn)
}

/// Where the last of each tool's periods in force ends.
pub(super) fn period_ends(
    conn: &mut DbConnection,
    range: ToolRange,
) -> QueryResult<Vec<(i32, i64)>> {
    let ToolRange { low, high } = range;
    let rows: Vec<(i32, Option<i64>)> = removals::table
        .filter(removals::tool_id.between(low, high))
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

pub(super) fn tallies(
    conn: &mut DbConnection,
    range: ToolRange,
) -> QueryResult<Vec<(String, TallyRow)>> {
    let ToolRange { low, high } = range;
    let rows: Vec<(String, store::Columns)> = tallies::table
        .inner_join(tools::table.on(tools::id.eq(tallies::tool_id)))
        .filter(tools::id.between(low, high))
        .order(tools::slug)
        .select((tools::slug, tallies::all_columns))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(slug, columns)| (slug, store::row(columns)))
        .collect())
}

/// Tools that have no tally.
pub(super) fn without_tally(
    conn: &mut DbConnection,
    range: ToolRange,
) -> QueryResult<Vec<(i32, String)>> {
    let ToolRange { low, high } = range;
    tools::table
        .left_join(tallies::table.on(tools::id.eq(tallies::tool_id)))
        .filter(tools::id.between(low, high))
        .filter(tallies::tool_id.nullable().is_null())
        .order(tools::id)
        .select((tools::id, tools::slug))
        .load(conn)
}

/// Every id that a row names whose tool may not exist; foreign keys hold the others, unless somebody wrote without them.
pub(super) fn named_tools(conn: &mut DbConnection) -> QueryResult<BTreeSet<i32>> {
    let mut found: BTreeSet<i32> = tools::table
        .select(tools::id)
        .load(conn)?
        .into_iter()
        .collect();
    // Down the index: a scan of all votes would cost as much as the recount.
    let mut after = i32::MIN;
    while let Some(tool) = votes::table
        .filter(votes::tool_id.gt(after))
        .select(min(votes::tool_id))
        .first::<Option<i32>>(conn)?
    {
        found.insert(tool);
        after = tool;
    }
    let of_origins: Vec<i32> = origin_sums::table
        .select(origin_sums::tool_id)
        .distinct()
        .load(conn)?;
    let of_reviews: Vec<i32> = reviews::table
        .select(reviews::tool_id)
        .distinct()
        .load(conn)?;
    let of_removals: Vec<i32> = removals::table
        .select(removals::tool_id)
        .distinct()
        .load(conn)?;
    found.extend(of_origins.into_iter().chain(of_reviews).chain(of_removals));
    Ok(found)
}
