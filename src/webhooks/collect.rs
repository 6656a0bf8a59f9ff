//! [`Collector`]: makes events of what happened since the last, and says for which endpoints they are.
//!
//! The worker calls it on the leading instance. It reads, and writes nothing: what it found comes as [`Recording`]s.

use std::collections::HashMap;
use std::sync::Arc;

use crate::auth::audit::{self, Entry};
use crate::config::{WebhookEndpoint, WebhookEvent};
use crate::detection::alerts::store as alerts;
use crate::domain::{DAY_SECONDS, Timestamp};
use crate::infra::db::{DbConnection, QueryResult};
use crate::infra::workers::PassError;
use crate::moderation::removals::removal::RemovalKind;
use crate::moderation::removals::store as removals;
use crate::tallies::cache::{TallyCache, TallyEntry};
use crate::webhooks::event::{self, Event, SentTally, TallyRules};
use crate::webhooks::store::{self, Recording};

/// A tool's tally has no second event within this.
const TALLY_SECONDS: i64 = 60;
/// Of what happened longer ago, while no webhook was set, there is no event.
const MAX_AGE_SECONDS: i64 = DAY_SECONDS;
/// Tools of one recording, so that votes wait for a short write only.
const MAX_TOOLS: usize = 50;
const MAX_ALERTS: i64 = 20;

pub(super) struct Collector {
    pub endpoints: Arc<[WebhookEndpoint]>,
    pub board: Arc<TallyCache>,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
    pub moved_points: i64,
    /// What the last event of each tool said; read from the database when this instance begins to lead.
    sent: HashMap<i32, SentTally>,
}

impl Collector {
    pub(super) fn new(
        endpoints: Arc<[WebhookEndpoint]>,
        board: Arc<TallyCache>,
        site: String,
        moved_points: i64,
    ) -> Self {
        Self {
            endpoints,
            board,
            site,
            moved_points,
            sent: HashMap::new(),
        }
    }

    /// Begins where another instance, or this one, ended.
    pub(super) fn load(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let sent = store::sent_tallies(conn)?;
        self.sent = sent.into_iter().map(|sent| (sent.row.tool, sent)).collect();
        Ok(())
    }

    /// The endpoints that take an event, less those that are disabled.
    fn deliveries(&self, events: Vec<Event>, disabled: &[String]) -> Vec<(String, Event)> {
        let mut deliveries = Vec::new();
        for event in events {
            let takers = self.endpoints.iter().filter(|endpoint| {
                endpoint.takes(event.kind, &event.tool) && !disabled.contains(&endpoint.name)
            });
            deliveries.extend(takers.map(|taker| (taker.name.clone(), event.clone())));
        }
        deliveries
    }

    /// What moderators did and the detector raised.
    pub(super) fn acts(
        &self,
        conn: &mut DbConnection,
        disabled: &[String],
        now: Timestamp,
    ) -> Result<Recording, PassError> {
        let since = now.plus_seconds(-MAX_AGE_SECONDS);
        let mut events = Vec::new();
        let audit = match store::audit_cursor(conn)? {
            None => Some(audit::head(conn)?.id),
            Some(cursor) => {
                let entries = audit::after(conn, cursor)?;
                for entry in entries.iter().filter(|entry| entry.at >= since) {
                    events.extend(self.act(conn, entry)?);
                }
                entries.last().map(|entry| entry.id)
            }
        };
        let mut raised = Vec::new();
        for alert in alerts::untold(conn, since, MAX_ALERTS)? {
            events.push(event::alert(&alert));
            raised.push((alert.id, alert.raised_at));
        }
        Ok(Recording {
            deliveries: self.deliveries(events, disabled),
            sent: Vec::new(),
            audit,
            alerts: raised,
        })
    }

    fn act(&self, conn: &mut DbConnection, entry: &Entry) -> Result<Option<Event>, PassError> {
        let event = match entry.act.as_str() {
            "tool.state" => return Ok(event::frozen(entry, &self.site)?),
            "reset" => WebhookEvent::ResetMade,
            "reset.undo" => WebhookEvent::ResetUndone,
            _ => return Ok(None),
        };
        let Ok(id) = entry.subject.parse() else {
            return Ok(None);
        };
        let removal = removals::find(conn, id, RemovalKind::Reset)?;
        let made = removal.map(|removal| event::reset(event, entry, &removal, &self.site));
        Ok(made.transpose()?)
    }

    /// What moved, in recordings of a few tools each. The caller gives back those that were written, by [`Self::note`].
    pub(super) fn tallies(
        &self,
        disabled: &[String],
        now: Timestamp,
    ) -> Result<Vec<Recording>, PassError> {
        let mut recordings: Vec<Recording> = Vec::new();
        for entry in self.board.all() {
            let Some(found) = self.tally(&entry, disabled, now)? else {
                continue;
            };
            match recordings.last_mut() {
                Some(last) if last.sent.len() < MAX_TOOLS => {
                    last.sent.extend(found.sent);
                    last.deliveries.extend(found.deliveries);
                }
                _ => recordings.push(found),
            }
        }
        Ok(recordings)
    }

    /// Whether any endpoint is told of the tool's tally.
    fn is_watched(&self, entry: &TallyEntry) -> bool {
        let events = [WebhookEvent::TallyMoved, WebhookEvent::VerdictChanged];
        let slug = entry.slug();
        let mut endpoints = self.endpoints.iter();
        endpoints.any(|endpoint| events.iter().any(|event| endpoint.takes(*event, &slug)))
    }

    fn tally(
        &self,
        entry: &TallyEntry,
        disabled: &[String],
        now: Timestamp,
    ) -> Result<Option<Recording>, PassError> {
        let recording = |sent, deliveries| Recording {
            sent: vec![sent],
            deliveries,
            ..Recording::default()
        };
        if !self.is_watched(entry) {
            return Ok(None);
        }
        let row = entry.tally().row;
        let Some(sent) = self.sent.get(&row.tool) else {
            // What a tool has when it is first seen is no news.
            let sent_at = Timestamp(0);
            return Ok(Some(recording(SentTally { row, sent_at }, Vec::new())));
        };
        // What this instance shows may be older than what another sent.
        let is_newer = row.version > sent.row.version;
        if !is_newer || now < sent.sent_at.plus_seconds(TALLY_SECONDS) {
            return Ok(None);
        }
        let rules = TallyRules {
            site: &self.site,
            min_votes: self.board.min_votes(),
            moved_points: self.moved_points,
        };
        let events = rules.events(&sent.row, entry)?;
        if events.is_empty() {
            return Ok(None);
        }
        let sent = SentTally { row, sent_at: now };
        Ok(Some(recording(sent, self.deliveries(events, disabled))))
    }

    /// These were written.
    pub(super) fn note(&mut self, sent: Vec<SentTally>) {
        self.sent
            .extend(sent.into_iter().map(|sent| (sent.row.tool, sent)));
    }
}
