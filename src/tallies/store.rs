//! Tally rows in the database, as everybody reads them. `verdicts::follow` and the recount call it; the ledger writes.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::TallyRow;
use crate::db::DbConnection;
use crate::db::schema::{tallies, tools};
use crate::vocabulary::{Moment, Slug, ToolState};

/// The columns of a tally row, as the database gives them.
pub type Columns = (i32, i64, i64, i32, i32, i16, i64, i64);

/// The row that `columns` spell.
#[must_use]
pub fn row(
    (tool, ship, skip, panel_ship, panel_skip, state, version, updated_at): Columns,
) -> TallyRow {
    let (state, updated_at) = (ToolState::from_code(state), Moment(updated_at));
    TallyRow {
        tool,
        ship,
        skip,
        panel_ship,
        panel_skip,
        state,
        version,
        updated_at,
    }
}

/// Tallies that changed at or after `since`, with their slugs. The table has one row a tool: a scan is cheap, and an
/// index on a column that every batch changes would not be.
///
/// # Errors
/// A failed query.
pub fn changed_since(conn: &mut DbConnection, since: Moment) -> QueryResult<Vec<(Slug, TallyRow)>> {
    let rows: Vec<(String, Columns)> = tallies::table
        .inner_join(tools::table.on(tools::id.eq(tallies::tool_id)))
        .filter(tallies::updated_at.ge(since.0))
        .select((
            tools::slug,
            (
                tallies::tool_id,
                tallies::ship,
                tallies::skip,
                tallies::panel_ship,
                tallies::panel_skip,
                tallies::state,
                tallies::version,
                tallies::updated_at,
            ),
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(slug, columns)| Some((Slug::parse(&slug)?, row(columns))))
        .collect())
}

/// One tool's row.
///
/// # Errors
/// A failed query.
pub fn find(conn: &mut DbConnection, tool: i32) -> QueryResult<Option<TallyRow>> {
    Ok(tallies::table
        .filter(tallies::tool_id.eq(tool))
        .first::<Columns>(conn)
        .optional()?
        .map(row))
}
