//! Tally rows in the database. `verdicts` and `votes` call it. Batches of votes are written by the ledger's own statements;
//! everything else that changes a row goes through [`lock`] and [`save`] here.

use diesel::sql_types::{BigInt, Integer};
use diesel::{
    ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, QueryableByName,
    RunQueryDsl, sql_query,
};

use super::{HourChange, HourSnapshot, TallyRow};
use crate::domain::{DAY_MICROS, Slug, Timestamp, ToolState};
use crate::infra::db::DbConnection;
use crate::infra::db::lock_order::{Lock, taking};
use crate::infra::db::schema::{site_facts, tallies, tally_hours, tools};

/// Tools named in one statement.
const AT_ONCE: usize = 500;

/// The columns of a tally row, as the database gives them, in the order of the table.
pub type Columns = (i32, i64, i64, i32, i32, i16, i64, i64, i64, i64, i64, i64);

pub fn row(columns: Columns) -> TallyRow {
    let (tool, ship, skip, panel_ship, panel_skip, state, version, updated_at, ..) = columns;
    let (.., aside_ship, aside_skip, period_end, revision) = columns;
    TallyRow {
        tool,
        ship,
        skip,
        panel_ship,
        panel_skip,
        state: ToolState::from_code(state),
        version,
        updated_at: Timestamp(updated_at),
        aside_ship,
        aside_skip,
        period_end: Timestamp(period_end),
        revision,
    }
}

/// Every tally, with its tool's slug.
pub fn all(conn: &mut DbConnection) -> QueryResult<Vec<(Slug, TallyRow)>> {
    let rows = tallies::table
        .inner_join(tools::table.on(tools::id.eq(tallies::tool_id)))
        .select((tools::slug, tallies::all_columns))
        .load(conn)?;
    Ok(with_slugs(rows))
}

/// Tool and version of every tally: all that is asked of those that are shown already. No clock can say which of them changed, and the
/// table has one row a tool: a scan is cheap, and an index on a column that every batch changes would not be.
pub fn versions(conn: &mut DbConnection) -> QueryResult<Vec<(i32, i64)>> {
    tallies::table
        .select((tallies::tool_id, tallies::version))
        .load(conn)
}

/// The tallies of `some` tools, with their slugs.
pub fn of(conn: &mut DbConnection, some: &[i32]) -> QueryResult<Vec<(Slug, TallyRow)>> {
    let mut found = Vec::with_capacity(some.len());
    for some in some.chunks(AT_ONCE) {
        let rows = tallies::table
            .inner_join(tools::table.on(tools::id.eq(tallies::tool_id)))
            .filter(tallies::tool_id.eq_any(some))
            .select((tools::slug, tallies::all_columns))
            .load(conn)?;
        found.append(&mut with_slugs(rows));
    }
    Ok(found)
}

fn with_slugs(rows: Vec<(String, Columns)>) -> Vec<(Slug, TallyRow)> {
    rows.into_iter()
        .filter_map(|(slug, columns)| Some((Slug::parse(&slug)?, row(columns))))
        .collect()
}

pub fn find(conn: &mut DbConnection, tool: i32) -> QueryResult<Option<TallyRow>> {
    Ok(tallies::table
        .filter(tallies::tool_id.eq(tool))
        .first::<Columns>(conn)
        .optional()?
        .map(row))
}

/// Takes the row's lock by writing what is there, and reads it: the same on both databases. Whoever holds it is alone
/// with the tool's votes; within one transaction tools are locked in a fixed order.
///
/// # Errors
/// A failed statement; [`diesel::result::Error::NotFound`] for a tool that has no row.
pub fn lock(conn: &mut DbConnection, tool: i32) -> QueryResult<TallyRow> {
    taking(Lock::Tally(tool));
    diesel::update(tallies::table.filter(tallies::tool_id.eq(tool)))
        .set(tallies::version.eq(tallies::version))
        .execute(conn)?;
    find(conn, tool)?.ok_or(diesel::result::Error::NotFound)
}

/// Writes `row` over `before`, whose lock is held, as another revision; the first change of an hour closes the hour before it.
pub fn save(
    conn: &mut DbConnection,
    before: &TallyRow,
    row: &TallyRow,
    now: Timestamp,
) -> QueryResult<()> {
    if let Some(change) = before.hour_change(now) {
        change_hour(conn, &change)?;
    }
    diesel::update(tallies::table.filter(tallies::tool_id.eq(row.tool)))
        .set((
            tallies::ship.eq(row.ship),
            tallies::skip.eq(row.skip),
            tallies::panel_ship.eq(row.panel_ship),
            tallies::panel_skip.eq(row.panel_skip),
            tallies::state.eq(row.state.code()),
            tallies::version.eq(row.version),
            tallies::updated_at.eq(row.updated_at.0),
            tallies::aside_ship.eq(row.aside_ship),
            tallies::aside_skip.eq(row.aside_skip),
            tallies::period_end.eq(row.period_end.0),
            tallies::revision.eq(tallies::revision + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes that voters or marks of a tool's votes change, though its tally does not. The lock of the row is held.
pub fn raise_revision(conn: &mut DbConnection, tool: i32) -> QueryResult<()> {
    diesel::update(tallies::table.filter(tallies::tool_id.eq(tool)))
        .set(tallies::revision.eq(tallies::revision + 1))
        .execute(conn)?;
    Ok(())
}

/// Carries out a change of hours. The lock of the tool's row is held.
pub fn change_hour(conn: &mut DbConnection, change: &HourChange) -> QueryResult<()> {
    match change {
        HourChange::Close(snapshot) => close(conn, snapshot),
        HourChange::Reopen { tool, from } => {
            let of_tool = tally_hours::table.filter(tally_hours::tool_id.eq(tool));
            diesel::delete(of_tool.filter(tally_hours::hour.ge(from.0))).execute(conn)?;
            Ok(())
        }
    }
}

/// Puts what an hour left behind.
fn close(conn: &mut DbConnection, closing: &HourSnapshot) -> QueryResult<()> {
    let counts = (
        tally_hours::ship.eq(closing.ship),
        tally_hours::skip.eq(closing.skip),
        tally_hours::aside_ship.eq(closing.aside_ship),
        tally_hours::aside_skip.eq(closing.aside_skip),
    );
    let there = diesel::update(
        tally_hours::table
            .filter(tally_hours::tool_id.eq(closing.tool))
            .filter(tally_hours::hour.eq(closing.hour.0)),
    )
    .set(counts)
    .execute(conn)?;
    if there == 0 {
        let key = (
            tally_hours::tool_id.eq(closing.tool),
            tally_hours::hour.eq(closing.hour.0),
        );
        diesel::insert_into(tally_hours::table)
            .values((key.0, key.1, counts.0, counts.1, counts.2, counts.3))
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Earlier {
    #[diesel(sql_type = Integer)]
    tool_id: i32,
    #[diesel(sql_type = BigInt)]
    hour: i64,
}

/// The hours of `from..before` that a later one of their day (UTC) follows: a course by days needs none of them.
pub fn earlier_hours(
    conn: &mut DbConnection,
    (from, before): (Timestamp, Timestamp),
    most: i64,
) -> QueryResult<Vec<(i32, i64)>> {
    let found: Vec<Earlier> = sql_query(format!(
        "SELECT h.tool_id, h.hour FROM tally_hours h WHERE h.hour >= {from} AND h.hour < {before} AND EXISTS \
         (SELECT 1 FROM tally_hours l WHERE l.tool_id = h.tool_id AND l.hour > h.hour AND l.hour < h.hour - h.hour % {DAY_MICROS} + {DAY_MICROS}) \
         ORDER BY h.tool_id, h.hour LIMIT {most}",
        from = from.0,
        before = before.0,
    ))
    .load(conn)?;
    Ok(found
        .into_iter()
        .map(|row| (row.tool_id, row.hour))
        .collect())
}

/// Lets go of these hours.
pub fn forget_hours(conn: &mut DbConnection, hours: &[(i32, i64)]) -> QueryResult<usize> {
    let mut gone = 0;
    for (tool, hour) in hours {
        let of_tool = tally_hours::table.filter(tally_hours::tool_id.eq(tool));
        gone += diesel::delete(of_tool.filter(tally_hours::hour.eq(hour))).execute(conn)?;
    }
    Ok(gone)
}

/// The name of the fact that a tool was frozen when it was archived.
fn frozen_fact(tool: i32) -> String {
    format!("frozen.{tool}")
}

/// Notes that a frozen tool is archived: a moderator's freeze outlasts that, and the site's `PUT` that brings the tool back.
pub fn keep_freeze(conn: &mut DbConnection, tool: i32) -> QueryResult<()> {
    take_freeze(conn, tool)?;
    diesel::insert_into(site_facts::table)
        .values((
            site_facts::name.eq(frozen_fact(tool)),
            site_facts::value.eq("archived while frozen"),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether the tool was frozen when it was archived; it is forgotten with that.
pub fn take_freeze(conn: &mut DbConnection, tool: i32) -> QueryResult<bool> {
    let row = site_facts::table.filter(site_facts::name.eq(frozen_fact(tool)));
    Ok(diesel::delete(row).execute(conn)? > 0)
}
