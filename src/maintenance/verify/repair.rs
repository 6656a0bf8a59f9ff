//! Repairing what a recount found. The votes are what was cast, so they stand: tally, ledger, panel and periods are made to agree.
//!
//! `tallyship verify --repair` calls it, while nobody else writes. Each tool is one transaction with its audit entry. The ledger stays
//! append-only: what it lacks is added as one entry of many votes, as a reset has one; torn or disordered entries are put in order first.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use serde_json::json;

use super::{Fault, recount};
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Timestamp};
use crate::infra::db::schema::{bulk_events, ledger_entries, tallies, votes};
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::store;
use crate::voting::journal::{self, ToolRecord};
use crate::voting::ledger::whole;

/// `bulk_events.removal_id` of a repair: no removal has it.
const REPAIR: i64 = 0;

/// Repairs every difference; returns how many tools it repaired.
///
/// # Errors
/// A failed statement; the tools before it are repaired.
pub fn repair(conn: &mut DbConnection, actor: &Actor, now: Timestamp) -> QueryResult<usize> {
    let mut repaired: BTreeSet<i32> = BTreeSet::new();
    for difference in recount(conn)?.differences {
        let tool = difference.id;
        if difference.faults.contains(&Fault::Unknown) {
            write_transaction(conn, |conn| {
                forget_unknown(conn, tool)?;
                note(conn, &difference.tool, &difference.faults, actor, now)
            })?;
            repaired.insert(tool);
        } else if difference.faults.contains(&Fault::Order) {
            write_transaction(conn, |conn| {
                store::lock(conn, tool)?;
                put_in_order(conn, tool)?;
                note(conn, &difference.tool, &[Fault::Order], actor, now)
            })?;
            repaired.insert(tool);
        }
    }
    // Again: what is in order now may still add up to something else.
    for difference in recount(conn)?.differences {
        write_transaction(conn, |conn| {
            let before = store::lock(conn, difference.id)?;
            let mut row = before;
            let found = &difference.found;
            (row.ship, row.skip) = difference.votes;
            [_, (row.aside_ship, row.aside_skip)] = difference.aside;
            row.panel_ship = i32::try_from(found.panel.0).unwrap_or(i32::MAX);
            row.panel_skip = i32::try_from(found.panel.1).unwrap_or(i32::MAX);
            row.period_end = Timestamp(found.period_end);
            row.version = row.version.max(found.newest);
            row.touch(now);
            store::save(conn, &before, &row, now)?;
            journal::store::write(conn, &[ToolRecord::of(&row)])?;
            let (ship, skip) = (
                difference.votes.0 - difference.ledger.0,
                difference.votes.1 - difference.ledger.1,
            );
            let sketch = found.of_votes.0.wrapping_sub(found.of_ledger.0);
            if (ship, skip, sketch) != (0, 0, 0) {
                diesel::insert_into(bulk_events::table)
                    .values((
                        bulk_events::tool_id.eq(row.tool),
                        bulk_events::version.eq(row.version),
                        bulk_events::removal_id.eq(REPAIR),
                        bulk_events::ship.eq(ship),
                        bulk_events::skip.eq(skip),
                        bulk_events::sketch.eq(sketch),
                        bulk_events::at.eq(now.0),
                    ))
                    .execute(conn)?;
            }
            note(conn, &difference.tool, &difference.faults, actor, now)
        })?;
        repaired.insert(difference.id);
    }
    Ok(repaired.len())
}

fn note(
    conn: &mut DbConnection,
    tool: &str,
    faults: &[Fault],
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<()> {
    let act = AuditAction {
        act: "verify.repair",
        subject: tool.to_owned(),
        after: json!({ "faults": faults }),
        ..AuditAction::default()
    };
    audit::append(conn, actor, &act, now)?;
    Ok(())
}

/// Votes and entries of a tool that is not there are nobody's.
fn forget_unknown(conn: &mut DbConnection, tool: i32) -> QueryResult<()> {
    diesel::delete(votes::table.filter(votes::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(ledger_entries::table.filter(ledger_entries::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(bulk_events::table.filter(bulk_events::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(tallies::table.filter(tallies::tool_id.eq(tool))).execute(conn)?;
    Ok(())
}

/// Gives each entry of a tool's ledger a version of its own, in the order in which they were written, and takes torn bytes away.
fn put_in_order(conn: &mut DbConnection, tool: i32) -> QueryResult<()> {
    let bulk: Vec<i64> = bulk_events::table
        .filter(bulk_events::tool_id.eq(tool))
        .select(bulk_events::version)
        .load(conn)?;
    let bulk: BTreeSet<i64> = bulk.into_iter().collect();
    let (mut after, mut next) = (i64::MIN, i64::MIN);
    loop {
        let page: Vec<(i64, i64, Vec<u8>)> = ledger_entries::table
            .filter(ledger_entries::tool_id.eq(tool))
            .filter(ledger_entries::seq.gt(after))
            .order(ledger_entries::seq)
            .select((
                ledger_entries::seq,
                ledger_entries::version,
                ledger_entries::changes,
            ))
            .limit(PAGE)
            .load(conn)?;
        let Some((last, ..)) = page.last() else {
            return Ok(());
        };
        after = *last;
        for (seq, version, mut changes) in page {
            let entry = ledger_entries::table.filter(ledger_entries::seq.eq(seq));
            let (bytes, count) = whole(&changes);
            let torn = bytes < changes.len();
            changes.truncate(bytes);
            if changes.is_empty() {
                diesel::delete(entry).execute(conn)?;
                continue;
            }
            let mut from = version.max(next);
            while let Some(taken) = bulk.range(from..from + count).next_back() {
                from = taken + 1;
            }
            next = from + count;
            if torn || from != version {
                diesel::update(entry)
                    .set((
                        ledger_entries::version.eq(from),
                        ledger_entries::changes.eq(changes),
                    ))
                    .execute(conn)?;
            }
        }
    }
}

/// Entries that one query reads.
const PAGE: i64 = 1_000;
