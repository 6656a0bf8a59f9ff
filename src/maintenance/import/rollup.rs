//! The hours of a tally made again from the ledger, where an import brought votes older than the present hour.
//!
//! Only `import` calls it. It reads without a lock and writes in small transactions; what it writes is a function of the
//! ledger alone, so a run that was killed is made good by the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, sql_query};

use crate::domain::{Choice, Timestamp};
use crate::infra::db::schema::{bulk_events, hours_to_make, tally_hours};
use crate::infra::db::{DbConnection, LockFairness, write_transaction};
use crate::tallies::{HourSnapshot, store};
use crate::voting::ledger::{self, unpacked};

/// Rows of one transaction.
const STEP: usize = 500;

/// Tools of one pass over the ledger.
const PASS: usize = 200;

/// By how much an hour moved a tool's tally.
struct Moved {
    tool_id: i32,
    hour: i64,
    ship: i64,
    skip: i64,
}

/// The tools whose hours are to be made again.
pub(super) fn to_make(conn: &mut DbConnection) -> QueryResult<Vec<i32>> {
    hours_to_make::table
        .select(hours_to_make::tool_id)
        .load(conn)
}

/// Makes all hours of `tools` before the present one.
pub(super) fn make(
    conn: &mut DbConnection,
    tools: &BTreeSet<i32>,
    now: Timestamp,
    fairness: &mut LockFairness,
) -> QueryResult<()> {
    let tools: Vec<i32> = tools.iter().copied().collect();
    for pass in tools.chunks(PASS) {
        let moved = moved(conn, pass, now.hour())?;
        for tool in pass {
            let of_tool: Vec<&Moved> = moved.iter().filter(|line| line.tool_id == *tool).collect();
            put(conn, *tool, &of_tool, now.hour(), fairness)?;
        }
    }
    Ok(())
}

fn put(
    conn: &mut DbConnection,
    tool: i32,
    moved: &[&Moved],
    before: Timestamp,
    fairness: &mut LockFairness,
) -> QueryResult<()> {
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
        let began = Instant::now();
        write_transaction(conn, |conn| {
            store::lock(conn, tool)?;
            close(conn, step)
        })?;
        fairness.pause(conn, began.elapsed())?;
    }
    diesel::delete(hours_to_make::table.filter(hours_to_make::tool_id.eq(tool))).execute(conn)?;
    Ok(())
}

/// Puts many hours in one statement: one for each would cost Postgres a round trip each.
fn close(conn: &mut DbConnection, closings: &[HourSnapshot]) -> QueryResult<()> {
    // Numbers only, all ours; every database reads them.
    let rows: Vec<String> = closings
        .iter()
        .map(|closing| {
            format!(
                "({}, {}, {}, {}, {}, {})",
                closing.tool,
                closing.hour.0,
                closing.ship,
                closing.skip,
                closing.aside_ship,
                closing.aside_skip
            )
        })
        .collect();
    sql_query(format!(
        "INSERT INTO tally_hours (tool_id, hour, ship, skip, aside_ship, aside_skip) VALUES {} \
         ON CONFLICT (tool_id, hour) DO UPDATE SET ship = excluded.ship, skip = excluded.skip, \
         aside_ship = excluded.aside_ship, aside_skip = excluded.aside_skip",
        rows.join(", ")
    ))
    .execute(conn)?;
    Ok(())
}

/// By how much each hour moved the tallies, as the ledger says: one pass, whatever the tools.
fn moved(conn: &mut DbConnection, tools: &[i32], before: Timestamp) -> QueryResult<Vec<Moved>> {
    let mut hours: BTreeMap<(i32, i64), (i64, i64)> = BTreeMap::new();
    ledger::each_before(conn, tools, before, |entry| {
        let (ship, skip) = hours.entry((entry.tool, entry.at.hour().0)).or_default();
        for change in unpacked(entry.version, &entry.changes) {
            for (choice, by) in [(change.old, -1), (change.new, 1)] {
                match choice {
                    Some(Choice::Ship) => *ship += by,
                    Some(Choice::Skip) => *skip += by,
                    None => {}
                }
            }
        }
    })?;
    let bulk: Vec<(i32, i64, i64, i64)> = bulk_events::table
        .filter(bulk_events::tool_id.eq_any(tools))
        .filter(bulk_events::at.lt(before.0))
        .select((
            bulk_events::tool_id,
            bulk_events::at,
            bulk_events::ship,
            bulk_events::skip,
        ))
        .load(conn)?;
    for (tool, at, ship, skip) in bulk {
        let hour = hours.entry((tool, Timestamp(at).hour().0)).or_default();
        *hour = (hour.0 + ship, hour.1 + skip);
    }
    let moved = |((tool_id, hour), (ship, skip))| Moved {
        tool_id,
        hour,
        ship,
        skip,
    };
    Ok(hours.into_iter().map(moved).collect())
}

/// The hours as they should be, those that are so already left out. What was set aside is as it was, or as the hour before.
fn closings(tool: i32, there: &[(i64, i64, i64, i64, i64)], moved: &[&Moved]) -> Vec<HourSnapshot> {
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
            closings.push(HourSnapshot {
                tool,
                hour: Timestamp(hour),
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
