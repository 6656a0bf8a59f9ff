//! What hours left behind, out of the database. Only `history` calls it.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Integer};
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    sql_query,
};

use super::{HistoryQuery, MOST, StepEnd};
use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::tally_hours;
use crate::tallies::percent::Counts;
use crate::tallies::store;

#[derive(QueryableByName)]
struct HourRow {
    #[diesel(sql_type = BigInt)]
    hour: i64,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    skip: i64,
    #[diesel(sql_type = BigInt)]
    aside_ship: i64,
    #[diesel(sql_type = BigInt)]
    aside_skip: i64,
}

fn left((hour, ship, skip, aside_ship, aside_skip): (i64, i64, i64, i64, i64)) -> StepEnd {
    StepEnd {
        hour,
        counted: (ship, skip),
        aside: (aside_ship, aside_skip),
    }
}

/// The tally itself, in the hour of its last change.
pub(super) fn newest(conn: &mut DbConnection, tool: i32) -> QueryResult<StepEnd> {
    let row = store::find(conn, tool)?.ok_or(diesel::result::Error::NotFound)?;
    Ok(left((
        row.updated_at.hour().0,
        row.ship,
        row.skip,
        row.aside_ship,
        row.aside_skip,
    )))
}

/// The last hour before the first that is asked for.
pub(super) fn before(
    conn: &mut DbConnection,
    tool: i32,
    ask: &HistoryQuery,
    newest: i64,
) -> QueryResult<Option<StepEnd>> {
    let found: Option<(i64, i64, i64, i64, i64)> = tally_hours::table
        .filter(tally_hours::tool_id.eq(tool))
        .filter(tally_hours::hour.lt(ask.first().min(newest)))
        .order(tally_hours::hour.desc())
        .select((
            tally_hours::hour,
            tally_hours::ship,
            tally_hours::skip,
            tally_hours::aside_ship,
            tally_hours::aside_skip,
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(left))
}

/// The last hour of each step that is asked for, up to `newest`, which the tally itself shows.
pub(super) fn hours(
    conn: &mut DbConnection,
    tool: i32,
    ask: &HistoryQuery,
    newest: i64,
) -> QueryResult<Vec<StepEnd>> {
    // Numbers only, all ours; every database reads them.
    let rows: Vec<HourRow> = sql_query(format!(
        "SELECT hour, ship, skip, aside_ship, aside_skip FROM tally_hours WHERE tool_id = {tool} AND hour IN ( \
           SELECT MAX(hour) FROM tally_hours \
           WHERE tool_id = {tool} AND hour >= {first} AND hour <= {last} AND hour < {newest} \
           GROUP BY hour - hour % {step} \
         ) ORDER BY hour LIMIT {most}",
        first = ask.first().max(0),
        last = ask.last(),
        step = ask.step.micros(),
        most = MOST + 1,
    ))
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| left((row.hour, row.ship, row.skip, row.aside_ship, row.aside_skip)))
        .collect())
}

#[derive(QueryableByName)]
struct CountsRow {
    #[diesel(sql_type = Integer)]
    tool_id: i32,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    skip: i64,
}

/// The counted votes at `moment` of each tool that was changed since; a tool that had no tally then is left out.
pub(super) fn counts_at(
    conn: &mut DbConnection,
    moment: Timestamp,
) -> QueryResult<HashMap<i32, Counts>> {
    // A number only, ours; every database reads it. For each tool one seek in the primary key.
    let rows: Vec<CountsRow> = sql_query(format!(
        "SELECT h.tool_id, h.ship, h.skip FROM tallies t JOIN tally_hours h ON h.tool_id = t.tool_id AND h.hour = ( \
           SELECT MAX(x.hour) FROM tally_hours x WHERE x.tool_id = t.tool_id AND x.hour < {moment} \
         ) WHERE t.updated_at >= {moment}",
        moment = moment.0,
    ))
    .load(conn)?;
    let counts = rows.into_iter();
    Ok(counts
        .map(|row| (row.tool_id, (row.ship, row.skip)))
        .collect())
}
