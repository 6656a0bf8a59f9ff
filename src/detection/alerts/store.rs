//! Alerts in the database: kept by the detector, read and dismissed by moderators, and posted by webhooks.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::{Alert, AlertState};
use crate::detection::finding::{Filter, Finding, FindingKind, Numbers};
use crate::detection::rule::ScorePartsView;
use crate::domain::{Choice, NetworkHash, Slug, Timestamp};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{alerts, tools};
use crate::moderation::removals::store::Found;

type Columns = (
    (i64, i32, String, i16, i16),
    (i32, i32, i32, i32, i32),
    (i64, i64, i64, i64, i64, i64),
    (i64, i64, Option<i16>, Vec<u8>),
    (i64, i64, Option<i64>, Option<String>, Option<String>),
);

fn count(n: i64) -> u32 {
    u32::try_from(n.max(0)).unwrap_or(u32::MAX)
}

fn alert(columns: Columns) -> Option<Alert> {
    let (
        (id, tool, slug, kind, state),
        (score, burst, concentration, freshness, one_sidedness),
        (votes, ship, networks, fresh, usual, tools),
        (from, to, choice, network),
        (raised_at, updated_at, dismissed_at, dismissed_by, dismiss_reason),
    ) = columns;
    let kind = FindingKind::from_code(kind)?;
    let network = NetworkHash(network.try_into().ok()?);
    // One that was forgotten stays what it is: a network that nobody is, so that its filter means no vote.
    let by_network = matches!(kind, FindingKind::Network | FindingKind::AcrossTools);
    Some(Alert {
        id,
        slug: Slug::parse(&slug)?,
        state: if state == AlertState::Open.code() {
            AlertState::Open
        } else {
            AlertState::Dismissed
        },
        finding: Finding {
            kind,
            tool,
            filter: Filter {
                from,
                to,
                choice: choice.and_then(Choice::from_code),
                network: by_network.then_some(network),
            },
            score,
            parts: ScorePartsView {
                burst,
                concentration,
                freshness,
                one_sidedness,
            },
            numbers: Numbers {
                votes: count(votes),
                ship: count(ship),
                networks: count(networks),
                fresh: count(fresh),
                usual: count(usual),
                tools: count(tools),
            },
        },
        raised_at: Timestamp(raised_at),
        updated_at: Timestamp(updated_at),
        dismissed_at: dismissed_at.map(Timestamp),
        dismissed_by,
        dismiss_reason,
    })
}

macro_rules! all {
    () => {
        alerts::table
            .inner_join(tools::table.on(tools::id.eq(alerts::tool_id)))
            .select((
                (
                    alerts::id,
                    alerts::tool_id,
                    tools::slug,
                    alerts::kind,
                    alerts::state,
                ),
                (
                    alerts::score,
                    alerts::burst,
                    alerts::concentration,
                    alerts::freshness,
                    alerts::one_sidedness,
                ),
                (
                    alerts::votes,
                    alerts::ship,
                    alerts::networks,
                    alerts::fresh,
                    alerts::usual,
                    alerts::tools,
                ),
                (
                    alerts::span_from,
                    alerts::span_to,
                    alerts::choice,
                    alerts::network,
                ),
                (
                    alerts::raised_at,
                    alerts::updated_at,
                    alerts::dismissed_at,
                    alerts::dismissed_by,
                    alerts::dismiss_reason,
                ),
            ))
    };
}

pub fn find(conn: &mut DbConnection, id: i64) -> Found<Option<Alert>> {
    let found: Option<Columns> = all!().filter(alerts::id.eq(id)).first(conn).optional()?;
    Ok(found.and_then(alert))
}

/// How many alerts are open.
pub(super) fn count_open(conn: &mut DbConnection) -> Found<i64> {
    alerts::table
        .filter(alerts::state.eq(AlertState::Open.code()))
        .count()
        .get_result(conn)
}

/// The newest alerts below number `before`, newest first.
pub(super) fn newest(
    conn: &mut DbConnection,
    tool: Option<i32>,
    state: Option<AlertState>,
    before: i64,
    limit: i64,
) -> Found<Vec<Alert>> {
    let (low, high) = tool.map_or((i32::MIN, i32::MAX), |tool| (tool, tool));
    let (least, most) = state.map_or((0, 1), |state| (state.code(), state.code()));
    let rows: Vec<Columns> = all!()
        .filter(alerts::id.lt(before))
        .filter(alerts::tool_id.ge(low))
        .filter(alerts::tool_id.le(high))
        .filter(alerts::state.ge(least))
        .filter(alerts::state.le(most))
        .order(alerts::id.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(alert).collect())
}

/// Alerts that were raised or grew since a moment; the newest `limit` of them.
pub(in crate::detection) fn since(
    conn: &mut DbConnection,
    since: Timestamp,
    limit: i64,
) -> Found<Vec<Alert>> {
    let rows: Vec<Columns> = all!()
        .filter(alerts::updated_at.gt(since.0))
        .order(alerts::updated_at.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(alert).collect())
}

/// Alerts raised since a moment of which no event for webhooks was made yet, oldest first.
pub fn untold(conn: &mut DbConnection, since: Timestamp, limit: i64) -> Found<Vec<Alert>> {
    let rows: Vec<Columns> = all!()
        .filter(alerts::updated_at.gt(since.0))
        .filter(alerts::raised_at.gt(since.0))
        .filter(alerts::told_at.is_null())
        .order(alerts::id)
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(alert).collect())
}

/// Notes that the event of an alert was made.
pub fn note_told(
    conn: &mut DbConnection,
    id: i64,
    raised_at: Timestamp,
    now: Timestamp,
) -> Found<()> {
    // One that was raised anew meanwhile is to be told anew.
    diesel::update(
        alerts::table
            .filter(alerts::id.eq(id))
            .filter(alerts::raised_at.eq(raised_at.0)),
    )
    .set(alerts::told_at.eq(now.0))
    .execute(conn)?;
    Ok(())
}

pub(super) fn dismiss(
    conn: &mut DbConnection,
    alert: &Alert,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Found<()> {
    diesel::update(alerts::table.filter(alerts::id.eq(alert.id)))
        .set((
            alerts::state.eq(AlertState::Dismissed.code()),
            alerts::dismissed_at.eq(now.0),
            alerts::dismissed_by.eq(by),
            alerts::dismiss_reason.eq(reason),
            alerts::dismissed_votes.eq(i64::from(alert.finding.numbers.votes)),
        ))
        .execute(conn)?;
    Ok(())
}

/// What an alert's end may lie after its last vote.
const PAST_THE_LAST: i64 = 2_000_000;

/// Takes the networks out of alerts whose last vote was before `end`, as they are taken out of votes; returns from how many.
pub fn forget_networks(conn: &mut DbConnection, end: Timestamp) -> Found<usize> {
    let none = NetworkHash::NONE.0.to_vec();
    diesel::update(
        alerts::table
            .filter(alerts::span_to.lt(end.0 + PAST_THE_LAST))
            .filter(alerts::network.ne(none.clone())),
    )
    .set(alerts::network.eq(none))
    .execute(conn)
}
