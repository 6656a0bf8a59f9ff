//! [`Collector`]: makes events of what happened since the last, and says for which endpoints they are.
//!
//! The worker calls it on the leading instance. It reads, and writes nothing: what it found comes as [`Recording`]s.

use std::collections::HashMap;
use std::sync::Arc;

use crate::auth::audit::{self, Entry};
use crate::config::{WebhookEndpoint, WebhookEvent};
use crate::detection::alerts::store as alerts;
use crate::domain::{DAY_SECONDS, Slug, Timestamp};
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
/// Deliveries and tallies of one recording, so that votes wait for a short write only.
const MAX_RECORDING: usize = 100;
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

    /// Whether the endpoint takes such events of the tool. Either may name the tool by a former slug.
    fn takes(&self, endpoint: &WebhookEndpoint, event: WebhookEvent, tool: &Slug) -> bool {
        let id = |slug: &Slug| {
            self.board
                .find(slug.as_str())
                .map(|entry| entry.tally().row.tool)
        };
        let is_named = || {
            let tool = id(tool);
            tool.is_some() && endpoint.tools.iter().any(|named| id(named) == tool)
        };
        endpoint.takes(event)
            && (endpoint.tools.is_empty() || endpoint.tools.contains(tool) || is_named())
    }

    /// The endpoints that take an event, less those that are disabled.
    fn deliveries(
        &self,
        events: impl IntoIterator<Item = Event>,
        disabled: &[String],
    ) -> Vec<(String, Event)> {
        let mut deliveries = Vec::new();
        for event in events {
            let takers = self.endpoints.iter().filter(|endpoint| {
                self.takes(endpoint, event.kind, &event.tool) && !disabled.contains(&endpoint.name)
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
        let mut recording = Recording::default();
        let entries = match store::audit_cursor(conn)? {
            None => {
                recording.audit = Some(audit::head(conn)?.id);
                Vec::new()
            }
            Some(cursor) => audit::after(conn, cursor)?,
        };
        for entry in entries {
            if recording.deliveries.len() >= MAX_RECORDING {
                break;
            }
            if entry.at >= since {
                let event = self.act_event(conn, &entry)?;
                let deliveries = self.deliveries(event, disabled);
                recording.deliveries.extend(deliveries);
            }
            recording.audit = Some(entry.id);
        }
        for alert in alerts::untold(conn, since, MAX_ALERTS)? {
            if recording.deliveries.len() >= MAX_RECORDING {
                break;
            }
            let deliveries = self.deliveries([event::alert(&alert)], disabled);
            recording.deliveries.extend(deliveries);
            recording.alerts.push((alert.id, alert.raised_at));
        }
        Ok(recording)
    }

    fn act_event(
        &self,
        conn: &mut DbConnection,
        entry: &Entry,
    ) -> Result<Option<Event>, PassError> {
        let made = match (entry.act.as_str(), entry.subject.parse()) {
            ("tool.state", _) => event::frozen(entry, &self.site),
            (act @ ("reset" | "reset.undo"), Ok(id)) => {
                let kind = if act == "reset" {
                    WebhookEvent::ResetMade
                } else {
                    WebhookEvent::ResetUndone
                };
                let removal = removals::find(conn, id, RemovalKind::Reset)?;
                let event = |removal| event::reset(kind, entry, &removal, &self.site);
                removal.map(event).transpose()
            }
            _ => Ok(None),
        };
        // One entry must not hold up all that came after it.
        Ok(made.unwrap_or_else(|cause| {
            tracing::error!(entry = entry.id, %cause, "invalid audit entry; no webhook event");
            None
        }))
    }

    /// What moved, in recordings of a few tools each. The caller gives back those that were written, by [`Self::note`].
    pub(super) fn tallies(
        &self,
        disabled: &[String],
        now: Timestamp,
    ) -> Result<Vec<Recording>, PassError> {
        let mut found = Vec::new();
        for entry in self.board.all() {
            found.extend(self.tally(&entry, disabled, now)?);
        }
        Ok(Recording::join(found, MAX_RECORDING))
    }

    /// Whether any endpoint is told of the tool's tally.
    fn is_watched(&self, entry: &TallyEntry) -> bool {
        let events = [WebhookEvent::TallyMoved, WebhookEvent::VerdictChanged];
        let slug = entry.slug();
        let mut endpoints = self.endpoints.iter();
        endpoints.any(|endpoint| {
            events
                .iter()
                .any(|event| self.takes(endpoint, *event, &slug))
        })
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
        // A clock that was put back must not hold events up.
        let is_recent = (sent.sent_at..sent.sent_at.plus_seconds(TALLY_SECONDS)).contains(&now);
        if !is_newer || is_recent {
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
    pub(super) fn note(&mut self, sent: &[SentTally]) {
        self.sent
            .extend(sent.iter().map(|sent| (sent.row.tool, *sent)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{WebhookFormat, WebhookKey};
    use crate::tallies::TallyRow;

    fn slug(text: &str) -> Slug {
        Slug::parse(text).expect("a slug")
    }

    fn row(tool: i32) -> TallyRow {
        TallyRow {
            tool,
            version: 1,
            ..TallyRow::default()
        }
    }

    #[test]
    fn a_filter_by_tools_outlives_a_rename() {
        let board = Arc::new(TallyCache::new(1));
        board.admit(&slug("present"), row(1));
        board.admit(&slug("other"), row(2));
        board.set_redirects([(slug("former"), 1)].into());
        let endpoint = |tool: &str| WebhookEndpoint {
            name: "site".to_owned(),
            url: "https://site.example".parse().expect("a URL"),
            key: WebhookKey(vec![0; 32]),
            format: WebhookFormat::Json,
            events: Vec::new(),
            tools: vec![slug(tool)],
        };
        let collector = Collector::new(Arc::new([]), board, String::new(), 0);
        let takes = |filter: &str, tool: &str| {
            collector.takes(&endpoint(filter), WebhookEvent::TallyMoved, &slug(tool))
        };
        assert!(takes("former", "present") && takes("present", "former"));
        assert!(takes("present", "present") && takes("gone", "gone"));
        assert!(!takes("former", "other") && !takes("gone", "unknown"));
    }

    #[test]
    fn a_recording_has_a_bounded_length() {
        let found = |tool: i32| {
            let event = Event {
                id: format!("tally_{tool}_1"),
                kind: WebhookEvent::TallyMoved,
                tool: slug("tool"),
                content: event::EventContent::Alert(1),
                summary: String::new(),
            };
            Recording {
                sent: vec![SentTally {
                    row: row(tool),
                    sent_at: Timestamp(0),
                }],
                deliveries: vec![("site".to_owned(), event); 3],
                ..Recording::default()
            }
        };
        let joined = |max_len| -> Vec<(usize, usize)> {
            let joined = Recording::join((0..5).map(found).collect(), max_len);
            let lengths = joined
                .iter()
                .map(|each| (each.sent.len(), each.deliveries.len()));
            lengths.collect()
        };
        assert_eq!(joined(9), [(2, 6), (2, 6), (1, 3)]);
        assert_eq!(joined(1), [(1, 3); 5]);
        assert_eq!(joined(100), [(5, 15)]);
    }
}
