//! The worker that records events and delivers them, until each endpoint took its own or they are given up.
//!
//! `server` starts it if there is an endpoint. Of several instances one leads. Deliveries lie in the database, so a kill loses none;
//! one that was taken just before a kill is sent again, under the same `webhook-id`. An endpoint that does not answer delays no
//! other: each has its own attempt at a time, with a deadline.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ipnet::IpNet;
use tokio::time::{MissedTickBehavior, interval};

use super::address::AllowedAddresses;
use super::backoff::{EndpointBackoffs, MIN_FAILURES};
use super::collect::Collector;
use super::post::{Batch, BoundClient, ReadyDelivery, post_all, ready};
use super::store::{self, FailingEndpoint};
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
/// An endpoint that has taken nothing for so long, in [`MIN_FAILURES`] attempts at least, is disabled.
const DISABLE_SECONDS: i64 = 5 * DAY_SECONDS;
/// A write is tried again so many times if the writer's queue is full.
const MAX_RETRIES: usize = 40;

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
    let worker = WebhookWorker {
        database: parts.database,
        endpoints,
        collector,
        client,
        unbound,
        votes: parts.votes,
        metrics: parts.metrics,
        leader: None,
        busy: HashSet::new(),
        backoffs: EndpointBackoffs::default(),
        unsaved: VecDeque::new(),
    };
    Worker::start_async("webhooks", move || worker.run())
}

/// The connection on which this instance leads, or waits to.
struct LeaderConnection {
    conn: DbConnection,
    leads: bool,
}

struct WebhookWorker {
    database: config::Database,
    endpoints: Arc<[WebhookEndpoint]>,
    collector: Collector,
    client: BoundClient,
    /// For endpoints that may be in any network.
    unbound: BoundClient,
    votes: Votes,
    metrics: Arc<Metrics>,
    leader: Option<LeaderConnection>,
    /// Names of endpoints with a batch that is on its way or not saved.
    busy: HashSet<String>,
    backoffs: EndpointBackoffs,
    /// Batches whose outcomes are not in the database: while they are not, their deliveries look due.
    unsaved: VecDeque<Arc<Batch>>,
}

impl WebhookWorker {
    async fn run(mut self) {
        let mut batches = FuturesUnordered::new();
        let mut tick = interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_failure = None;
        loop {
            let is_tick = tokio::select! {
                _ = tick.tick() => true,
                Some(batch) = batches.next(), if !batches.is_empty() => {
                    self.settle(batch);
                    false
                }
            };
            let now = Timestamp::now();
            let mut done = self.save_batches().await;
            if done.is_ok() && is_tick {
                done = self.record(now).await;
            }
            // Also if nothing can be written: an endpoint is sent no second batch before its first is saved.
            let due = self.due(now);
            let due = due.unwrap_or_else(|cause| {
                done = Err(cause);
                Vec::new()
            });
            for (endpoint, ready) in due {
                self.busy.insert(endpoint.name.clone());
                let client = if endpoint.may_be_private() {
                    &self.unbound
                } else {
                    &self.client
                };
                batches.push(post_all(client.clone(), endpoint, ready));
            }
            match done {
                Ok(()) => last_failure = None,
                Err(PassError::Stopped) => return,
                Err(PassError::Failed(cause)) => {
                    if last_failure.as_ref() != Some(&cause) {
                        tracing::error!(cause, "webhooks could not be recorded; will retry");
                    }
                    last_failure = Some(cause);
                }
            }
        }
    }

    /// Runs a query if this instance leads. A connection whose query fails is opened anew.
    fn read<T>(
        &mut self,
        query: impl FnOnce(&Collector, &mut DbConnection) -> Result<T, PassError>,
    ) -> Result<Option<T>, PassError> {
        let mut leader = match self.leader.take() {
            Some(leader) => leader,
            None => LeaderConnection {
                conn: db::open(&self.database, Purpose::Read)?,
                leads: false,
            },
        };
        if !leader.leads && Leader::Webhooks.try_lead(&mut leader.conn)? {
            self.collector.load(&mut leader.conn)?;
            leader.leads = true;
        }
        let found = if leader.leads {
            Some(query(&self.collector, &mut leader.conn)?)
        } else {
            None
        };
        self.leader = Some(leader);
        Ok(found)
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConnection) -> QueryResult<T> + Clone + Send + 'static,
    ) -> Result<T, PassError> {
        let edit = move |conn: &mut DbConnection| write_transaction(conn, work);
        let done = self.votes.edit_with_retries(MAX_RETRIES, edit).await;
        done.map_err(|cause| PassError::Failed(format!("the writer did not take it: {cause:?}")))
    }

    /// Records the events since the last pass.
    async fn record(&mut self, now: Timestamp) -> Result<(), PassError> {
        let failing = self.read(|_, conn| Ok(store::failing(conn)?))?;
        let Some(failing) = failing else {
            self.show_disabled(&[]);
            return Ok(());
        };
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
        let acts = self.read(|collector, conn| collector.acts(conn, &disabled, now))?;
        let tallies = self.collector.tallies(&disabled, now)?;
        for recording in acts.into_iter().chain(tallies) {
            if recording.is_empty() {
                continue;
            }
            let recording = Arc::new(recording);
            let written = Arc::clone(&recording);
            self.write(move |conn| store::record(conn, &written, now))
                .await?;
            self.collector.note(&recording.sent);
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
        let mut all = Vec::new();
        for endpoint in endpoints.iter() {
            let name = &endpoint.name;
            if self.busy.contains(name) || self.backoffs.is_left_out(name, Instant::now()) {
                continue;
            }
            let due = self.read(|collector, conn| {
                let due = store::due(conn, name, now, MAX_BATCH)?;
                let ready = |delivery| ready(endpoint, delivery, &collector.site);
                Ok(due.into_iter().map(ready).collect::<Vec<_>>())
            })?;
            let due = due.unwrap_or_default();
            if !due.is_empty() {
                all.push((endpoint.clone(), due));
            }
        }
        Ok(all)
    }

    /// Counts what became of a batch; [`Self::save_batches`] writes it.
    fn settle(&mut self, batch: Batch) {
        let name = &batch.endpoint.name;
        let failed = u64::from(batch.failure().is_some());
        let taken = batch.attempts.len() as u64 - failed;
        self.metrics.webhook(name, taken, failed);
        if taken > 0 {
            self.backoffs.note_success(name);
        }
        if failed > 0 {
            self.backoffs.note_failure(name, Instant::now());
        }
        self.unsaved.push_back(Arc::new(batch));
    }

    /// Writes what became of batches. One that is not written stays, and its endpoint busy: its deliveries were sent.
    async fn save_batches(&mut self) -> Result<(), PassError> {
        while let Some(batch) = self.unsaved.front() {
            let (written, now) = (Arc::clone(batch), Timestamp::now());
            let health = self
                .write(move |conn| save_batch(conn, &written, now))
                .await?;
            let Some(batch) = self.unsaved.pop_front() else {
                break;
            };
            self.busy.remove(&batch.endpoint.name);
            log_health(&batch, &health);
        }
        Ok(())
    }
}

/// How an endpoint's health changed.
enum EndpointHealth {
    Same,
    Recovered,
    Failing,
    Disabled,
}

fn log_health(batch: &Batch, health: &EndpointHealth) {
    let endpoint = &batch.endpoint.name;
    let cause = batch.failure().map(|failure| failure.cause.as_str());
    match health {
        EndpointHealth::Same => {}
        EndpointHealth::Recovered => tracing::info!(endpoint, "webhook endpoint recovered"),
        EndpointHealth::Failing => {
            tracing::warn!(endpoint, cause, "webhook delivery failed; will retry");
        }
        EndpointHealth::Disabled => {
            tracing::error!(
                endpoint,
                cause,
                "webhook endpoint disabled; \"send again\" in the dashboard enables it"
            );
        }
    }
}

fn save_batch(
    conn: &mut DbConnection,
    batch: &Batch,
    now: Timestamp,
) -> QueryResult<EndpointHealth> {
    let endpoint = &batch.endpoint.name;
    let mut health = EndpointHealth::Same;
    for attempt in &batch.attempts {
        store::save_attempt(conn, attempt, now)?;
        let Some(failure) = &attempt.failure else {
            if store::enable(conn, endpoint)? > 0 {
                health = EndpointHealth::Recovered;
            }
            continue;
        };
        let known = store::note_failure(conn, endpoint, now)?;
        let is_long = now >= known.since.plus_seconds(DISABLE_SECONDS);
        if known.disabled_at.is_some() {
            continue;
        }
        if batch.is_gone || (is_long && known.failures >= MIN_FAILURES) {
            store::disable(conn, endpoint, now)?;
            health = EndpointHealth::Disabled;
        } else if failure.next_at.is_none() && !store::has_pending(conn, endpoint)? {
            // It is not attempted any more, so the time until the next event must not count as failing.
            store::enable(conn, endpoint)?;
        } else if known.failures == 1 {
            health = EndpointHealth::Failing;
        }
    }
    Ok(health)
}
