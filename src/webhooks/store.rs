//! Webhooks in the database: deliveries, endpoints that fail, and what the last event of each tool said.

use diesel::dsl::exists;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};

use super::backoff::latest_attempt;
use super::event::{Event, EventContent, SentTally};
use super::{Delivery, DeliveryState};
use crate::detection::alerts::{Alert, store as alerts};
use crate::domain::{Slug, Timestamp};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{site_facts, webhook_deliveries, webhook_failures, webhook_tallies};
use crate::tallies::TallyRow;

/// Up to which entry of the audit chain events were made.
const AUDIT_CURSOR: &str = "webhooks.audit";

pub(super) fn audit_cursor(conn: &mut DbConnection) -> QueryResult<Option<i64>> {
    let text: Option<String> = site_facts::table
        .filter(site_facts::name.eq(AUDIT_CURSOR))
        .select(site_facts::value)
        .first(conn)
        .optional()?;
    Ok(text.and_then(|text| text.parse().ok()))
}

fn set_audit_cursor(conn: &mut DbConnection, id: i64) -> QueryResult<()> {
    let value = site_facts::value.eq(id.to_string());
    let row = site_facts::table.filter(site_facts::name.eq(AUDIT_CURSOR));
    if diesel::update(row).set(value.clone()).execute(conn)? == 0 {
        diesel::insert_into(site_facts::table)
            .values((site_facts::name.eq(AUDIT_CURSOR), value))
            .execute(conn)?;
    }
    Ok(())
}

/// What the last event of each tool said.
pub(super) fn sent_tallies(conn: &mut DbConnection) -> QueryResult<Vec<SentTally>> {
    let rows: Vec<(i32, i64, i64, i32, i32, i64, i64)> = webhook_tallies::table.load(conn)?;
    let sent = |(tool, ship, skip, panel_ship, panel_skip, version, sent_at)| SentTally {
        row: TallyRow {
            tool,
            ship,
            skip,
            panel_ship,
            panel_skip,
            version,
            ..TallyRow::default()
        },
        sent_at: Timestamp(sent_at),
    };
    Ok(rows.into_iter().map(sent).collect())
}

fn save_sent(conn: &mut DbConnection, sent: &SentTally) -> QueryResult<()> {
    let row = &sent.row;
    let values = (
        webhook_tallies::ship.eq(row.ship),
        webhook_tallies::skip.eq(row.skip),
        webhook_tallies::panel_ship.eq(row.panel_ship),
        webhook_tallies::panel_skip.eq(row.panel_skip),
        webhook_tallies::version.eq(row.version),
        webhook_tallies::sent_at.eq(sent.sent_at.0),
    );
    let key = webhook_tallies::tool_id.eq(row.tool);
    if diesel::update(webhook_tallies::table.filter(key))
        .set(values)
        .execute(conn)?
        == 0
    {
        let key = webhook_tallies::tool_id.eq(row.tool);
        diesel::insert_into(webhook_tallies::table)
            .values((
                key, values.0, values.1, values.2, values.3, values.4, values.5,
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// What one transaction records: events for their endpoints, and up to where they were made.
#[derive(Debug, Clone, Default)]
pub(super) struct Recording {
    pub deliveries: Vec<(String, Event)>,
    pub sent: Vec<SentTally>,
    pub audit: Option<i64>,
    pub alerts: Vec<(i64, Timestamp)>,
}

impl Recording {
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.audit.is_none() && self.alerts.is_empty()
    }

    /// How many statements write the tallies and their deliveries.
    fn len(&self) -> usize {
        self.sent.len() + self.deliveries.len()
    }

    /// Joins recordings of tallies, up to `max_len` each; one that is longer by itself stays alone.
    pub(super) fn join(found: Vec<Self>, max_len: usize) -> Vec<Self> {
        let mut joined: Vec<Self> = Vec::new();
        for next in found {
            match joined.last_mut() {
                Some(last) if last.len() + next.len() <= max_len => {
                    last.sent.extend(next.sent);
                    last.deliveries.extend(next.deliveries);
                }
                _ => joined.push(next),
            }
        }
        joined
    }
}

pub(super) fn record(
    conn: &mut DbConnection,
    recording: &Recording,
    now: Timestamp,
) -> QueryResult<()> {
    for (endpoint, event) in &recording.deliveries {
        insert(conn, endpoint, event, now)?;
    }
    for sent in &recording.sent {
        save_sent(conn, sent)?;
    }
    for (id, raised_at) in &recording.alerts {
        alerts::note_told(conn, *id, *raised_at, now)?;
    }
    recording
        .audit
        .map_or(Ok(()), |id| set_audit_cursor(conn, id))
}

fn insert(
    conn: &mut DbConnection,
    endpoint: &str,
    event: &Event,
    now: Timestamp,
) -> QueryResult<()> {
    let name = event.kind.as_str();
    // The write before may have been done though its end was not known.
    let recorded = webhook_deliveries::table
        .filter(webhook_deliveries::endpoint.eq(endpoint))
        .filter(webhook_deliveries::event_id.eq(&event.id));
    if diesel::select(exists(recorded)).get_result(conn)? {
        return Ok(());
    }
    if event.kind == crate::config::WebhookEvent::TallyMoved {
        // A newer tally replaces one that still waits, so what waits is bounded by the number of tools.
        let waiting = webhook_deliveries::table
            .filter(webhook_deliveries::endpoint.eq(endpoint))
            .filter(webhook_deliveries::state.eq(DeliveryState::Pending.code()))
            .filter(webhook_deliveries::event.eq(name))
            .filter(webhook_deliveries::tool.eq(event.tool.as_str()));
        diesel::delete(waiting).execute(conn)?;
    }
    let (payload, alert) = match &event.content {
        EventContent::Payload(payload) => (Some(payload), None),
        EventContent::Alert(id) => (None, Some(*id)),
    };
    diesel::insert_into(webhook_deliveries::table)
        .values((
            webhook_deliveries::endpoint.eq(endpoint),
            webhook_deliveries::event_id.eq(&event.id),
            webhook_deliveries::event.eq(name),
            webhook_deliveries::tool.eq(event.tool.as_str()),
            webhook_deliveries::alert_id.eq(alert),
            webhook_deliveries::payload.eq(payload),
            webhook_deliveries::summary.eq(&event.summary),
            webhook_deliveries::created_at.eq(now.0),
            webhook_deliveries::next_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// A delivery as the worker sends it.
#[derive(Debug)]
pub(super) struct DueDelivery {
    pub id: i64,
    pub event_id: String,
    pub event: String,
    pub tool: String,
    pub summary: String,
    pub attempts: i32,
    pub created_at: Timestamp,
    pub content: DueContent,
}

#[derive(Debug)]
pub(super) enum DueContent {
    Payload(String),
    Alert(Box<Alert>),
}

type DueColumns = (
    i64,
    String,
    String,
    String,
    String,
    i32,
    i64,
    Option<String>,
    Option<i64>,
);

/// What an endpoint is to be sent now; the longest due first.
pub(super) fn due(
    conn: &mut DbConnection,
    endpoint: &str,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<DueDelivery>> {
    let rows: Vec<DueColumns> = webhook_deliveries::table
        .filter(webhook_deliveries::endpoint.eq(endpoint))
        .filter(webhook_deliveries::state.eq(DeliveryState::Pending.code()))
        .filter(
            (webhook_deliveries::next_at.le(now.0))
                .or(webhook_deliveries::next_at.gt(latest_attempt(now).0)),
        )
        .order((webhook_deliveries::next_at, webhook_deliveries::id))
        .limit(limit)
        .select((
            webhook_deliveries::id,
            webhook_deliveries::event_id,
            webhook_deliveries::event,
            webhook_deliveries::tool,
            webhook_deliveries::summary,
            webhook_deliveries::attempts,
            webhook_deliveries::created_at,
            webhook_deliveries::payload,
            webhook_deliveries::alert_id,
        ))
        .load(conn)?;
    let mut found = Vec::with_capacity(rows.len());
    for (id, event_id, event, tool, summary, attempts, created_at, payload, alert) in rows {
        let content = match (payload, alert) {
            (None, Some(alert)) => match alerts::find(conn, alert)? {
                Some(alert) => DueContent::Alert(Box::new(alert)),
                None => continue,
            },
            (payload, _) => DueContent::Payload(payload.unwrap_or_default()),
        };
        found.push(DueDelivery {
            id,
            event_id,
            event,
            tool,
            summary,
            attempts,
            created_at: Timestamp(created_at),
            content,
        });
    }
    Ok(found)
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub delivery: i64,
    /// `None`: it was taken.
    pub failure: Option<Failure>,
}

#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub cause: String,
    /// `None`: it is not tried again.
    pub next_at: Option<Timestamp>,
}

pub(super) fn save_attempt(
    conn: &mut DbConnection,
    attempt: &Attempt,
    now: Timestamp,
) -> QueryResult<()> {
    let (state, next_at, cause) = match &attempt.failure {
        None => (DeliveryState::Delivered, None, None),
        Some(failure) => (
            failure
                .next_at
                .map_or(DeliveryState::GivenUp, |_| DeliveryState::Pending),
            failure.next_at,
            Some(&failure.cause),
        ),
    };
    diesel::update(webhook_deliveries::table.filter(webhook_deliveries::id.eq(attempt.delivery)))
        .set((
            webhook_deliveries::state.eq(state.code()),
            webhook_deliveries::attempts.eq(webhook_deliveries::attempts + 1),
            webhook_deliveries::next_at.eq(next_at.unwrap_or(now).0),
            webhook_deliveries::failure.eq(cause),
        ))
        .execute(conn)?;
    Ok(())
}

/// An endpoint that fails: since when, and since when it is disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingEndpoint {
    pub endpoint: String,
    pub since: Timestamp,
    /// Attempts since then.
    pub failures: i32,
    pub disabled_at: Option<Timestamp>,
}

type FailingColumns = (String, i64, i32, Option<i64>);

fn failing_endpoint((endpoint, since, failures, disabled_at): FailingColumns) -> FailingEndpoint {
    FailingEndpoint {
        endpoint,
        since: Timestamp(since),
        failures,
        disabled_at: disabled_at.map(Timestamp),
    }
}

pub fn failing(conn: &mut DbConnection) -> QueryResult<Vec<FailingEndpoint>> {
    let rows: Vec<FailingColumns> = webhook_failures::table
        .order(webhook_failures::endpoint)
        .load(conn)?;
    Ok(rows.into_iter().map(failing_endpoint).collect())
}

/// Notes that an attempt at an endpoint failed.
pub(super) fn note_failure(
    conn: &mut DbConnection,
    endpoint: &str,
    now: Timestamp,
) -> QueryResult<FailingEndpoint> {
    let key = webhook_failures::endpoint.eq(endpoint);
    let failures = webhook_failures::failures.eq(webhook_failures::failures + 1);
    let row = webhook_failures::table.filter(key);
    if diesel::update(row).set(failures).execute(conn)? == 0 {
        let since = webhook_failures::failing_since.eq(now.0);
        diesel::insert_into(webhook_failures::table)
            .values((key, since, webhook_failures::failures.eq(1)))
            .execute(conn)?;
    }
    let known: FailingColumns = row.first(conn)?;
    Ok(failing_endpoint(known))
}

pub(super) fn has_pending(conn: &mut DbConnection, endpoint: &str) -> QueryResult<bool> {
    let pending = webhook_deliveries::table
        .filter(webhook_deliveries::endpoint.eq(endpoint))
        .filter(webhook_deliveries::state.eq(DeliveryState::Pending.code()));
    diesel::select(exists(pending)).get_result(conn)
}

/// Nothing is recorded for the endpoint any more, and what waits for it is given up.
pub(super) fn disable(conn: &mut DbConnection, endpoint: &str, now: Timestamp) -> QueryResult<()> {
    diesel::update(webhook_failures::table.filter(webhook_failures::endpoint.eq(endpoint)))
        .set(webhook_failures::disabled_at.eq(now.0))
        .execute(conn)?;
    let waiting = webhook_deliveries::table
        .filter(webhook_deliveries::endpoint.eq(endpoint))
        .filter(webhook_deliveries::state.eq(DeliveryState::Pending.code()));
    diesel::update(waiting)
        .set(webhook_deliveries::state.eq(DeliveryState::GivenUp.code()))
        .execute(conn)?;
    Ok(())
}

/// The endpoint is as if it had never failed.
pub(super) fn enable(conn: &mut DbConnection, endpoint: &str) -> QueryResult<usize> {
    let row = webhook_failures::table.filter(webhook_failures::endpoint.eq(endpoint));
    diesel::delete(row).execute(conn)
}

type Columns = (
    (i64, String, String, String, String, String),
    (i16, i32, i64, i64, Option<String>),
);

macro_rules! all {
    () => {
        webhook_deliveries::table.select((
            (
                webhook_deliveries::id,
                webhook_deliveries::endpoint,
                webhook_deliveries::event_id,
                webhook_deliveries::event,
                webhook_deliveries::tool,
                webhook_deliveries::summary,
            ),
            (
                webhook_deliveries::state,
                webhook_deliveries::attempts,
                webhook_deliveries::created_at,
                webhook_deliveries::next_at,
                webhook_deliveries::failure,
            ),
        ))
    };
}

fn delivery(columns: Columns) -> Option<Delivery> {
    let (
        (id, endpoint, event_id, event, tool, summary),
        (state, attempts, created_at, next_at, failure),
    ) = columns;
    Some(Delivery {
        id,
        endpoint,
        event_id,
        event,
        tool: Slug::parse(&tool)?,
        summary,
        state: DeliveryState::from_code(state),
        attempts,
        created_at: Timestamp(created_at),
        next_at: Timestamp(next_at),
        failure,
    })
}

/// The newest deliveries below number `before`, newest first.
pub(super) fn newest(
    conn: &mut DbConnection,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<Delivery>> {
    let rows: Vec<Columns> = all!()
        .filter(webhook_deliveries::id.lt(before))
        .order(webhook_deliveries::id.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(delivery).collect())
}

pub(super) fn find(conn: &mut DbConnection, id: i64) -> QueryResult<Option<Delivery>> {
    let found: Option<Columns> = all!()
        .filter(webhook_deliveries::id.eq(id))
        .first(conn)
        .optional()?;
    Ok(found.and_then(delivery))
}

/// The worker sends it at once, under the same `webhook-id`.
pub(super) fn send_again(conn: &mut DbConnection, id: i64, now: Timestamp) -> QueryResult<()> {
    diesel::update(webhook_deliveries::table.filter(webhook_deliveries::id.eq(id)))
        .set((
            webhook_deliveries::state.eq(DeliveryState::Pending.code()),
            webhook_deliveries::next_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deliveries that were made before `before`, and those that are no longer pending beyond the newest `most`.
pub fn outdated(
    conn: &mut DbConnection,
    before: Timestamp,
    most: i64,
    limit: i64,
) -> QueryResult<Vec<i64>> {
    let last_kept: Option<i64> = webhook_deliveries::table
        .order(webhook_deliveries::id.desc())
        .offset(most)
        .select(webhook_deliveries::id)
        .first(conn)
        .optional()?;
    let is_over = webhook_deliveries::state.ne(DeliveryState::Pending.code());
    let is_beyond = webhook_deliveries::id.le(last_kept.unwrap_or(i64::MIN));
    webhook_deliveries::table
        .filter(
            webhook_deliveries::created_at
                .lt(before.0)
                .or(is_over.and(is_beyond)),
        )
        .order(webhook_deliveries::id)
        .select(webhook_deliveries::id)
        .limit(limit)
        .load(conn)
}

pub fn forget(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<usize> {
    diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::id.eq_any(ids)))
        .execute(conn)
}
