//! Repairing what a recount found. The votes are what was cast, so they stand: tally, ledger, panel, periods, and sums are made
//! to agree, and the public log states the tool anew. [`Fault::remedy`] says what that is, and which kinds only the operator can end.
//!
//! `tallyship verify --repair` calls it, while nobody else writes. Each tool is one transaction with its audit entry. The ledger stays
//! append-only: what it lacks is added as one entry of many votes, as a reset has one; torn or disordered entries are put in order first.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use serde_json::json;

use super::origins::bound_vote;
use super::stream;
use super::{Difference, Fault, recount, wrong_segments};
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, OriginHash, Timestamp, VoterId};
use crate::infra::db::schema::{
    bulk_events, ledger_entries, origin_sums, removals, reviews, tallies, votes,
};
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::store;
use crate::voting::fresh::book::OriginBook;
use crate::voting::fresh::store as origins;
use crate::voting::ledger::{voter_index, whole};

/// `bulk_events.removal_id` of a repair: no removal has it.
const REPAIR: i64 = 0;

/// Repairs every difference that a repair can end; returns how many tools it repaired.
///
/// # Errors
/// A failed statement; the tools before it are repaired.
pub fn repair(conn: &mut DbConnection, actor: &Actor, now: Timestamp) -> QueryResult<usize> {
    let mut repaired: BTreeSet<i32> = BTreeSet::new();
    for found in recount(conn)?.differences {
        let rows: Vec<Fault> = found
            .faults
            .iter()
            .copied()
            .filter(|fault| is_of_rows(*fault))
            .collect();
        if rows.is_empty() {
            continue;
        }
        write_transaction(conn, |conn| {
            repair_rows(conn, found.id, &rows, now)?;
            note(conn, &found.tool, &rows, actor, now)
        })?;
        repaired.insert(found.id);
    }
    repair_index(conn, actor, now)?;
    // Again: what is in order now may still add up to something else.
    for mut found in recount(conn)?.differences {
        found.faults.retain(|fault| fault.is_repairable());
        if found.faults.is_empty() {
            continue;
        }
        write_transaction(conn, |conn| {
            repair_tally(conn, &found, now)?;
            note(conn, &found.tool, &found.faults, actor, now)
        })?;
        repaired.insert(found.id);
    }
    Ok(repaired.len())
}

/// Whether a kind is repaired before the sums are, by rows of its own.
fn is_of_rows(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Unknown | Fault::Missing | Fault::Order | Fault::Origins
    )
}

fn repair_rows(
    conn: &mut DbConnection,
    tool: i32,
    faults: &[Fault],
    now: Timestamp,
) -> QueryResult<()> {
    if faults.contains(&Fault::Unknown) {
        return forget_unknown(conn, tool);
    }
    if faults.contains(&Fault::Missing) {
        diesel::insert_into(tallies::table)
            .values((tallies::tool_id.eq(tool), tallies::updated_at.eq(now.0)))
            .execute(conn)?;
        return Ok(());
    }
    store::lock(conn, tool)?;
    if faults.contains(&Fault::Order) {
        put_in_order(conn, tool)?;
    }
    if faults.contains(&Fault::Origins) {
        rebuild_origins(conn, tool)?;
    }
    Ok(())
}

/// Makes a tally and its ledger agree with the votes. The new version is in no journal, so the public log states the tool anew.
fn repair_tally(
    conn: &mut DbConnection,
    difference: &Difference,
    now: Timestamp,
) -> QueryResult<()> {
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
    Ok(())
}

/// Writes segments of the index of voters anew; entries that were put in order are other ones.
fn repair_index(conn: &mut DbConnection, actor: &Actor, now: Timestamp) -> QueryResult<()> {
    for segment in wrong_segments(conn)? {
        write_transaction(conn, |conn| {
            voter_index::rewrite(conn, segment)?;
            note(conn, "ledger", &[Fault::Index], actor, now)
        })?;
    }
    Ok(())
}

/// Computes a tool's sums of fresh voters from its votes; what a moderator trusts stays trusted. The lock of its row is held.
fn rebuild_origins(conn: &mut DbConnection, tool: i32) -> QueryResult<()> {
    let of_tool = || origin_sums::table.filter(origin_sums::tool_id.eq(tool));
    let trusted: Vec<(i64, i64)> = of_tool()
        .filter(origin_sums::trusted_until.gt(0))
        .select((origin_sums::origin, origin_sums::trusted_until))
        .load(conn)?;
    let mut book = OriginBook::default();
    for (origin, until) in trusted {
        book.trust(OriginHash(origin), tool, Timestamp(until));
    }
    stream::each_vote(conn, Some(tool), |row| {
        let voter = VoterId(row.voter.try_into().unwrap_or_default());
        let vote = bound_vote(row.binding, row.choice, row.mark).map(|(vote, _)| vote);
        // Sums of all votes begin at nothing.
        book.missing(origins::bound(&vote));
        book.replace(tool, voter, None, vote);
        Ok(())
    })?;
    diesel::delete(of_tool()).execute(conn)?;
    origins::save(conn, &book)
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

/// Every row that makes a tool known which does not exist: they are nobody's.
fn forget_unknown(conn: &mut DbConnection, tool: i32) -> QueryResult<()> {
    diesel::delete(votes::table.filter(votes::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(ledger_entries::table.filter(ledger_entries::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(bulk_events::table.filter(bulk_events::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(origin_sums::table.filter(origin_sums::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(reviews::table.filter(reviews::tool_id.eq(tool))).execute(conn)?;
    diesel::delete(removals::table.filter(removals::tool_id.eq(tool))).execute(conn)?;
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
