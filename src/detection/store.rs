//! The detector's queries: the ledger from where it was read last, a tool's history, and the alerts that it keeps.
//!
//! Reads are short pages by key; what is written goes through the writer, a few rows at a time.

use diesel::dsl::max;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, sql_query};

use super::finding::Finding;
use crate::abuse::alerted_tools::raise_version;
use crate::detection::alerts::AlertState;
use crate::detection::baseline::{Baseline, DAYS};
use crate::domain::{Choice, DAY_SECONDS, NetworkHash, Timestamp};
use crate::infra::db::schema::{alerts, ledger_entries, tally_hours};
use crate::infra::db::{DbConnection, Scalar, write_transaction};
use crate::moderation::removals::store::Found;

/// An entry of the ledger: its place, its tool, the version of its first change, when, and its changes, packed.
pub(super) type Row = (i64, i32, i64, i64, Vec<u8>);

/// The entries after place `seq`, in order.
pub(super) fn after(conn: &mut DbConnection, seq: i64, limit: i64) -> Found<Vec<Row>> {
    ledger_entries::table
        .filter(ledger_entries::seq.gt(seq))
        .order(ledger_entries::seq)
        .select((
            ledger_entries::seq,
            ledger_entries::tool_id,
            ledger_entries::version,
            ledger_entries::at,
            ledger_entries::changes,
        ))
        .limit(limit)
        .load(conn)
}

/// The entries at these places, as far as they are there.
pub(super) fn at(conn: &mut DbConnection, places: &[i64]) -> Found<Vec<Row>> {
    ledger_entries::table
        .filter(ledger_entries::seq.eq_any(places))
        .order(ledger_entries::seq)
        .select((
            ledger_entries::seq,
            ledger_entries::tool_id,
            ledger_entries::version,
            ledger_entries::at,
            ledger_entries::changes,
        ))
        .load(conn)
}

/// Where the ledger ends.
pub(super) fn end(conn: &mut DbConnection) -> Found<i64> {
    let newest: Option<i64> = ledger_entries::table
        .select(max(ledger_entries::seq))
        .first(conn)?;
    Ok(newest.unwrap_or_default())
}

/// The place that is `entries` before `seq`, and when that was; `None` where there are not so many.
pub(super) fn back(
    conn: &mut DbConnection,
    seq: i64,
    entries: i64,
) -> Found<Option<(i64, Timestamp)>> {
    let found: Option<(i64, i64)> = ledger_entries::table
        .filter(ledger_entries::seq.le(seq))
        .order(ledger_entries::seq.desc())
        .select((ledger_entries::seq, ledger_entries::at))
        .offset(entries)
        .first(conn)
        .optional()?;
    Ok(found.map(|(seq, at)| (seq, Timestamp(at))))
}

/// How long the changes between two places are.
pub(super) fn bytes(conn: &mut DbConnection, after: i64, upto: i64) -> Found<i64> {
    // Numbers only, all ours; every database reads them.
    let bytes: Scalar<BigInt, i64> = sql_query(format!(
        "SELECT CAST(COALESCE(SUM(LENGTH(changes)), 0) AS BIGINT) FROM ledger_entries \
         WHERE seq > {after} AND seq <= {upto}"
    ))
    .get_result(conn)?;
    Ok(bytes.0)
}

/// How many votes a tool has in an hour of the day, by the history before the hour of `now`.
pub fn rhythm(conn: &mut DbConnection, tool: i32, now: Timestamp) -> Found<Baseline> {
    let hour = now.hour();
    let mut hours = hours(conn, tool, now.plus_seconds(-DAYS * DAY_SECONDS))?;
    hours.retain(|(at, _)| *at < hour.0);
    Ok(Baseline::of(&hours, hour.0))
}

/// A tool's votes at the end of each hour since a moment, set aside or not: begin of the hour and how many; oldest first.
fn hours(conn: &mut DbConnection, tool: i32, since: Timestamp) -> Found<Vec<(i64, i64)>> {
    let rows: Vec<(i64, i64, i64, i64, i64)> = tally_hours::table
        .filter(tally_hours::tool_id.eq(tool))
        .filter(tally_hours::hour.ge(since.0))
        .order(tally_hours::hour)
        .select((
            tally_hours::hour,
            tally_hours::ship,
            tally_hours::skip,
            tally_hours::aside_ship,
            tally_hours::aside_skip,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(hour, a, b, c, d)| (hour, a + b + c + d))
        .collect())
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlertChange {
    /// It is a new alert, or one that was dismissed and has grown to twice of it.
    Raised,
    Grown,
}

/// Keeps a finding, in a transaction of its own: a thing is one alert, by its tool, kind, network and begin.
pub(super) fn keep(
    conn: &mut DbConnection,
    finding: &Finding,
    now: Timestamp,
) -> Found<AlertChange> {
    let Finding {
        kind,
        tool,
        filter,
        score,
        parts,
        numbers,
    } = *finding;
    let network = filter.network.unwrap_or(NetworkHash::NONE).0.to_vec();
    let grown = (
        (
            alerts::score.eq(score),
            alerts::burst.eq(parts.burst),
            alerts::concentration.eq(parts.concentration),
            alerts::freshness.eq(parts.freshness),
            alerts::one_sidedness.eq(parts.one_sidedness),
        ),
        (
            alerts::votes.eq(i64::from(numbers.votes)),
            alerts::ship.eq(i64::from(numbers.ship)),
            alerts::networks.eq(i64::from(numbers.networks)),
            alerts::fresh.eq(i64::from(numbers.fresh)),
            alerts::usual.eq(i64::from(numbers.usual)),
            alerts::tools.eq(i64::from(numbers.tools)),
        ),
        (alerts::span_to.eq(filter.to), alerts::updated_at.eq(now.0)),
    );
    write_transaction(conn, |conn| {
        // First: whoever writes an alert waits here for whoever does.
        raise_version(conn)?;
        let there: Option<(i64, i16, i64)> = alerts::table
            .filter(alerts::tool_id.eq(tool))
            .filter(alerts::kind.eq(kind.code()))
            .filter(alerts::span_from.eq(filter.from))
            .filter(alerts::network.eq(network.clone()))
            .select((alerts::id, alerts::state, alerts::dismissed_votes))
            .first(conn)
            .optional()?;
        let Some((id, state, dismissed_votes)) = there else {
            diesel::insert_into(alerts::table)
                .values((
                    (
                        alerts::tool_id.eq(tool),
                        alerts::kind.eq(kind.code()),
                        alerts::span_from.eq(filter.from),
                        alerts::network.eq(network),
                        alerts::choice.eq(filter.choice.map(Choice::code)),
                        alerts::raised_at.eq(now.0),
                    ),
                    grown,
                ))
                .execute(conn)?;
            return Ok(AlertChange::Raised);
        };
        diesel::update(alerts::table.filter(alerts::id.eq(id)))
            .set(grown)
            .execute(conn)?;
        let back = state == AlertState::Dismissed.code()
            && i64::from(numbers.votes) >= 2 * dismissed_votes.max(1);
        if !back {
            return Ok(AlertChange::Grown);
        }
        diesel::update(alerts::table.filter(alerts::id.eq(id)))
            .set((
                alerts::state.eq(AlertState::Open.code()),
                alerts::raised_at.eq(now.0),
                alerts::told_at.eq(None::<i64>),
            ))
            .execute(conn)?;
        Ok(AlertChange::Raised)
    })
}
