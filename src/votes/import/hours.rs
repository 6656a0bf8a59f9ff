//! The hours of a tally made again from the ledger, where an import brought votes older than the present hour.
//!
//! Only `import` calls it. It reads without a lock and writes in small transactions; what it writes is a function of the
//! ledger alone, so a run that was killed is made good by the next.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::{BigInt, Integer};
use diesel::{ExpressionMethods, QueryDsl, QueryResult, QueryableByName, RunQueryDsl, sql_query};

use crate::db::schema::{hours_to_make, tally_hours};
use crate::db::{DbConnection, write_transaction};
use crate::tallies::{Closing, store};
use crate::vocabulary::Moment;

/// Rows of one transaction.
const STEP: usize = 200;

/// Tools of one pass over the ledger.
const PASS: usize = 200;

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = Integer)]
    tool_id: i32,
    #[diesel(sql_type = BigInt)]
    hour: i64,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    skip: i64,
}

/// The tools whose hours are to be made again.
pub(super) fn to_make(conn: &mut DbConnection) -> QueryResult<Vec<i32>> {
    hours_to_make::table
        .select(hours_to_make::tool_id)
        .load(conn)
}

/// Makes all hours of `tools` before the present one.
pub(super) fn make(conn: &mut DbConnection, tools: &BTreeSet<i32>, now: Moment) -> QueryResult<()> {
    let tools: Vec<i32> = tools.iter().copied().collect();
    for pass in tools.chunks(PASS) {
        let moved = moved(conn, pass, now.hour())?;
        for tool in pass {
            let of_tool: Vec<&Moved> = moved.iter().filter(|line| line.tool_id == *tool).collect();
            put(conn, *tool, &of_tool, now.hour())?;
        }
    }
    Ok(())
}

fn put(conn: &mut DbConnection, tool: i32, moved: &[&Moved], before: Moment) -> QueryResult<()> {
    let there: Vec<(i64, i64, i64, i64, i64)> = tally_hours::table
        .filter(tally_hours::tool_id.eq(tool))
        .filter(tally_hours::hour.lt(before.0))
        .order(tally_hours::hour)
        .select((
            tally_hours::hour,
            tally_hours::ship,
            tally_hours::skip,
            tally_hours::aside_ship,
            tally_hours::aside_skip,
        ))
        .load(conn)?;
    for step in closings(tool, &there, moved).chunks(STEP) {
        write_transaction(conn, |conn| {
            store::lock(conn, tool)?;
            for closing in step {
                store::close(conn, closing)?;
            }
            Ok::<_, diesel::result::Error>(())
        })?;
    }
    diesel::delete(hours_to_make::table.filter(hours_to_make::tool_id.eq(tool))).execute(conn)?;
    Ok(())
}

/// By how much each hour moved the tallies, as the ledger says: one pass, whatever the tools.
fn moved(conn: &mut DbConnection, tools: &[i32], before: Moment) -> QueryResult<Vec<Moved>> {
    let tools: Vec<String> = tools.iter().map(i32::to_string).collect();
    // Numbers only, all ours; every database reads them.
    let which = format!("tool_id IN ({}) AND at < {}", tools.join(", "), before.0);
    sql_query(format!(
        "SELECT tool_id, hour, CAST(SUM(ship) AS BIGINT) AS ship, CAST(SUM(skip) AS BIGINT) AS skip FROM ( \
           SELECT tool_id, at - at % 3600000000 AS hour, \
             CASE WHEN new = 1 THEN 1 ELSE 0 END - CASE WHEN old = 1 THEN 1 ELSE 0 END AS ship, \
             CASE WHEN new = 2 THEN 1 ELSE 0 END - CASE WHEN old = 2 THEN 1 ELSE 0 END AS skip \
           FROM vote_events WHERE {which} \
           UNION ALL \
           SELECT tool_id, at - at % 3600000000 AS hour, ship, skip FROM bulk_events WHERE {which} \
         ) AS moves GROUP BY tool_id, hour ORDER BY tool_id, hour",
    ))
    .load(conn)
}

/// The hours as they should be, those that are so already left out. What was set aside is as it was, or as the hour before.
fn closings(tool: i32, there: &[(i64, i64, i64, i64, i64)], moved: &[&Moved]) -> Vec<Closing> {
    let there: BTreeMap<i64, (i64, i64, i64, i64)> = there
        .iter()
        .map(|(hour, ship, skip, aside_ship, aside_skip)| {
            (*hour, (*ship, *skip, *aside_ship, *aside_skip))
        })
        .collect();
    let moved: BTreeMap<i64, &Moved> = moved.iter().map(|line| (line.hour, *line)).collect();
    let hours: BTreeSet<i64> = there.keys().chain(moved.keys()).copied().collect();
    let (mut ship, mut skip, mut aside) = (0, 0, (0, 0));
    let mut closings = Vec::new();
    for hour in hours {
        if let Some(line) = moved.get(&hour) {
            ship += line.ship;
            skip += line.skip;
        }
        let before = there.get(&hour);
        if let Some((_, _, aside_ship, aside_skip)) = before {
            aside = (*aside_ship, *aside_skip);
        }
        if before.is_none_or(|(old_ship, old_skip, ..)| (*old_ship, *old_skip) != (ship, skip)) {
            closings.push(Closing {
                tool,
                hour: Moment(hour),
                ship,
                skip,
                aside_ship: aside.0,
                aside_skip: aside.1,
            });
        }
    }
    closings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_running_totals_of_the_ledger() {
        const H: i64 = 3_600_000_000;
        let moved = |hour: i64, ship, skip| Moved {
            tool_id: 9,
            hour: hour * H,
            ship,
            skip,
        };
        // The hour 5 was closed before votes of the hours 2 and 3 came in; 7 is right already.
        let there = [(5 * H, 1, 0, 2, 0), (7 * H, 4, 1, 0, 0)];
        let made = closings(
            9,
            &there,
            &[&moved(2, 2, 1), &moved(3, 1, 0), &moved(5, 1, 0)],
        );
        let short: Vec<_> = made
            .iter()
            .map(|c| (c.hour.0 / H, c.ship, c.skip, c.aside_ship))
            .collect();
        assert_eq!(short, [(2, 2, 1, 0), (3, 3, 1, 0), (5, 4, 1, 2)]);
    }
}
