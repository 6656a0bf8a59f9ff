//! The worker that records events and delivers them, until each endpoint took its own or they are given up.
//!
//! `server` starts it if there is an endpoint. Of several instances one leads. Deliveries lie in the database, so a kill loses none;
//! one that was taken just before a kill is sent again, under the same `webhook-id`. An endpoint that does not answer delays no
//! other: each has its own attempt at a time, with a deadline.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ipnet::IpNet;
use tokio::time::{MissedTickBehavior, interval};

use super::address::AllowedAddresses;
use super::collect::Collector;
use super::post::{Batch, BoundClient, ReadyDelivery, post_all, ready};
use super::store::{self, Attempt, FailingEndpoint, Recording};
use crate::config::{self, WebhookEndpoint};
use crate::domain::{DAY_SECONDS, Timestamp};
use crate::infra::db::{self, DbConnection, Leader, Purpose, QueryResult, write_transaction};
use crate::infra::telemetry::Metrics;
use crate::infra::workers::{PassError, Worker};
use crate::tallies::cache::TallyCache;
use crate::voting::writer::Votes;

const INTERVAL: Duration = Duration::from_secs(2);
/// Deliveries of an endpoint that are sent before what became of them is written.
const MAX_BATCH: i64 = 20;
/// An endpoint that has taken nothing for so long is disabled.
const DISABLE_SECONDS: i64 = 5 * DAY_SECONDS;

/// What the worker is made of.
pub struct WebhookParts {
    pub database: config::Database,
    pub endpoints: Vec<WebhookEndpoint>,
    pub settings: config::Webhooks,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
    pub board: Arc<TallyCache>,
    pub votes: Votes,
    pub metrics: Arc<Metrics>,
}

/// Starts it. Dropping it ends the thread at once, also in the middle of an attempt.
///
/// # Errors
/// If the thread cannot be started, or TLS cannot be set up.
pub fn start(parts: WebhookParts) -> std::io::Result<Worker> {
    let networks: Arc<[IpNet]> = parts.settings.private_networks.into();
    let client = BoundClient::new(AllowedAddresses(networks)).map_err(std::io::Error::other)?;
    let unbound = BoundClient::new(AllowedAddresses::all()).map_err(std::io::Error::other)?;
    let endpoints: Arc<[WebhookEndpoint]> = parts.endpoints.into();
    for endpoint in endpoints.iter() {
        // A counter that begins at its first increment has no rate there.
        parts.metrics.webhook(&endpoint.name, 0, 0);
    }
    let collector = Collector::new(
        Arc::clone(&endpoints),
        parts.board,
        parts.site,
        parts.settings.moved_points,
    );
    let sender = WebhookSender {
        database: parts.database,
        endpoints,
        collector,
        client,
        unbound,
        votes: parts.votes,
        metrics: parts.metrics,
        leader: None,
        busy: HashSet::new(),
    };
    Worker::start_async("webhooks", move || sender.run())
}

/// The connection on which this instance leads, or waits to.
struct Connection {
    conn: DbConnection,
    leads: bool,
}

struct WebhookSender {
    database: config::Database,
    endpoints: Arc<[WebhookEndpoint]>,
    collector: Collector,
    client: BoundClient,
    /// For endpoints that may be in any network.
    unbound: BoundClient,
    votes: Votes,
    metrics: Arc<Metrics>,
    leader: Option<Connection>,
    /// Names of endpoints with a batch on its way.
    busy: HashSet<String>,
}

impl WebhookSender {
    async fn run(mut self) {
        let mut batches = FuturesUnordered::new();
        let mut tick = interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_failure = None;
        loop {
            let mut done: Result<(), PassError> = Ok(());
            tokio::select! {
                _ = tick.tick() => {}
                Some(batch) = batches.next(), if !batches.is_empty() => {
                    done = self.settle(batch).await;
                }
            }
            let now = Timestamp::now();
            if done.is_ok() {
                done = self.record(now).await;
            }
            let due = done.and_then(|()| self.due(now));
            match due {
                Ok(due) => {
                    last_failure = None;
                    for (endpoint, ready) in due {
                        self.busy.insert(endpoint.name.clone());
                        let client = if endpoint.may_be_private() {
                            &self.unbound
                        } else {
                            &self.client
                        };
                        batches.push(post_all(client.clone(), endpoint, ready));
                    }
                }
                Err(PassError::Stopped) => return,
                Err(PassError::Failed(cause)) => {
                    self.leader = None;
                    if last_failure.as_ref() != Some(&cause) {
                        tracing::error!(cause, "webhooks could not be recorded; will retry");
                    }
                    last_failure = Some(cause);
                }
            }
        }
    }

    /// The connection if this instance leads.
    fn lead(&mut self) -> Result<Option<&mut DbConnection>, PassError> {
        let mut leader = match self.leader.take() {
            Some(leader) => leader,
            None => Connection {
                conn: db::open(&self.database, Purpose::Read)?,
                leads: false,
            },
        };
        if !leader.leads && Leader::Webhooks.try_lead(&mut leader.conn)? {
            self.collector.load(&mut leader.conn)?;
            leader.leads = true;
        }
        let leader = self.leader.insert(leader);
        Ok(leader.leads.then_some(&mut leader.conn))
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PassError> {
        let edit = self.votes.edit(move |conn| write_transaction(conn, work));
        let done = edit.await;
        done.map_err(|cause| PassError::Failed(format!("the writer did not take it: {cause:?}")))
    }

    /// Records the events since the last pass.
    async fn record(&mut self, now: Timestamp) -> Result<(), PassError> {
        let Some(conn) = self.lead()? else {
            self.show_disabled(&[]);
            return Ok(());
        };
        let failing = store::failing(conn)?;
        self.show_disabled(&failing);
        let is_set = |name: &str| self.endpoints.iter().any(|each| each.name == name);
        if let Some(gone) = failing.iter().find(|each| !is_set(&each.endpoint)) {
            let name = gone.endpoint.clone();
            self.write(move |conn| store::enable(conn, &name)).await?;
        }
        let disabled = failing
            .into_iter()
            .filter(|each| each.disabled_at.is_some());
        let disabled: Vec<String> = disabled.map(|each| each.endpoint).collect();
        let acts = match &mut self.leader {
            Some(leader) => self.collector.acts(&mut leader.conn, &disabled, now)?,
            None => Recording::default(),
        };
        let tallies = self.collector.tallies(&disabled, now)?;
        for recording in std::iter::once(acts).chain(tallies) {
            if recording.is_empty() {
                continue;
            }
            let sent = recording.sent.clone();
            self.write(move |conn| store::record(conn, &recording, now))
                .await?;
            self.collector.note(sent);
        }
        Ok(())
    }

    fn show_disabled(&self, failing: &[FailingEndpoint]) {
        for endpoint in self.endpoints.iter() {
            let is_disabled = |each: &FailingEndpoint| {
                each.endpoint == endpoint.name && each.disabled_at.is_some()
            };
            let disabled = failing.iter().any(is_disabled);
            self.metrics.webhook_disabled(&endpoint.name, disabled);
        }
    }

    /// What is to be sent now, to each endpoint that waits for nothing.
    fn due(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<(WebhookEndpoint, Vec<ReadyDelivery>)>, PassError> {
        let endpoints = Arc::clone(&self.endpoints);
        let site = self.collector.site.clone();
        let mut all = Vec::new();
        for endpoint in endpoints.iter() {
            if self.busy.contains(&endpoint.name) {
                continue;
            }
            let Some(conn) = self.lead()? else {
                return Ok(Vec::new());
            };
            let due = store::due(conn, &endpoint.name, now, MAX_BATCH)?;
            if due.is_empty() {
                continue;
            }
            let ready = due
                .into_iter()
                .map(|delivery| ready(endpoint, delivery, &site));
            all.push((endpoint.clone(), ready.collect()));
        }
        Ok(all)
    }

    /// Writes what became of a batch.
    async fn settle(&mut self, batch: Batch) -> Result<(), PassError> {
        let Batch {
            endpoint,
            attempts,
            is_gone,
        } = batch;
        let name = endpoint.name;
        self.busy.remove(&name);
        let failed = u64::from(attempts.last().is_some_and(|last| last.failure.is_some()));
        let taken = attempts.len() as u64 - failed;
        self.metrics.webhook(&name, taken, failed);
        let (now, saved) = (Timestamp::now(), name.clone());
        let cause = attempts.last().and_then(|last| last.failure.as_ref());
        let cause = cause.map(|failure| failure.cause.clone());
        let health = self
            .write(move |conn| save_batch(conn, &saved, &attempts, is_gone, now))
            .await?;
        let (endpoint, cause) = (name, cause.unwrap_or_default());
        match health {
            Health::Same => {}
            Health::Recovered => tracing::info!(endpoint, "webhook endpoint recovered"),
            Health::Failing => {
                tracing::warn!(endpoint, cause, "webhook delivery failed; will retry");
            }
            Health::Disabled => {
                tracing::error!(
                    endpoint,
                    cause,
                    "webhook endpoint disabled; \"send again\" in the dashboard enables it"
                );
            }
        }
        Ok(())
    }
}

/// How an endpoint's health changed.
enum Health {
    Same,
    Recovered,
    Failing,
    Disabled,
}

fn save_batch(
    conn: &mut DbConnection,
    endpoint: &str,
    attempts: &[Attempt],
    is_gone: bool,
    now: Timestamp,
) -> QueryResult<Health> {
    let mut health = Health::Same;
    for attempt in attempts {
        store::save_attempt(conn, attempt, now)?;
        if attempt.failure.is_none() {
            if store::enable(conn, endpoint)? > 0 {
                health = Health::Recovered;
            }
            continue;
        }
        let failing = store::failing(conn)?;
        match failing.iter().find(|each| each.endpoint == endpoint) {
            Some(known) if known.disabled_at.is_some() => {}
            Some(known) if is_gone || now >= known.since.plus_seconds(DISABLE_SECONDS) => {
                store::disable(conn, endpoint, now)?;
                health = Health::Disabled;
            }
            Some(_) => {}
            None => {
                store::note_failing(conn, endpoint, now)?;
                health = Health::Failing;
                if is_gone {
                    store::disable(conn, endpoint, now)?;
                    health = Health::Disabled;
                }
            }
        }
    }
    Ok(health)
}
