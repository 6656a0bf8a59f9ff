//! What the server says of itself: structured logs and metrics, set up once and passed as [`Metrics`].
//!
//! `commands` starts the log; `server`, the writer and the admin listener hold the meters. No address, token or cookie may
//! ever be a field or a label.

mod describe;
mod durations;

use std::collections::HashMap;
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, with_local_recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use self::durations::Durations;
use crate::config::{Log, LogFormat};
use crate::domain::Timestamp;
use crate::infra::stderr::LogWriter;

/// Upper bounds in seconds: from a memory read to the longest that a caller may wait.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 5.0,
];
const BATCH: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0];

/// Starts the log on standard error, so that standard output stays with what commands print.
///
/// # Errors
/// A log that was started already.
pub fn start_log(log: &Log) -> Result<(), String> {
    let is_terminal = std::io::stderr().is_terminal();
    let default = if is_terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(log.level.clone())
        // A failed write must not be reported where it failed.
        .log_internal_errors(false)
        .with_writer(|| LogWriter);
    let started = match log.format.unwrap_or(default) {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_ansi(is_terminal).try_init(),
    };
    started.map_err(|cause| cause.to_string())
}

/// What became of a call that was challenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenged {
    /// It came without a solution and was given a challenge.
    Asked,
    Passed,
    /// Its solution was none, or none any more.
    Refused,
}

/// What goes over the database now and then, and lets go of what must not be kept longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Day keys for networks, and the hashes under them.
    Forgetting,
    /// What has ended, by its age.
    Retention,
}

/// Answers of one route, by the hundred of their status.
struct RouteMeters {
    by_class: [Counter; 6],
    seconds: Durations,
}

/// The histogram of all routes' [`Durations`].
const ANSWERS: &str = "tallyship_http_request_seconds";

/// Every meter, registered once; counting is an atomic addition.
pub struct Metrics {
    routes: HashMap<&'static str, RouteMeters, foldhash::fast::RandomState>,
    commits: Counter,
    commit_failures: Counter,
    commit_votes: Histogram,
    commit_seconds: Histogram,
    pub limiter_keys: Gauge,
    streams: Gauge,
    events: Counter,
    streams_let_go: Counter,
    held: Counter,
    challenges_asked: Counter,
    challenges_passed: Counter,
    challenges_refused: Counter,
    alerts: Counter,
    pub database_readable: Gauge,
    handle: PrometheusHandle,
    /// For gauges that are shown only once there is something to say.
    recorder: Arc<PrometheusRecorder>,
}

impl Metrics {
    /// Registers the meters, one set of HTTP meters for each of `routes`.
    ///
    /// # Errors
    /// Never in practice: the bucket lists above are not empty.
    pub fn new(routes: &[&'static str]) -> Result<Self, String> {
        let seconds = Matcher::Suffix("_seconds".to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(seconds, &SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_votes".to_owned()), &BATCH)
            })
            .map_err(|cause| cause.to_string())?
            .build_recorder();
        let recorder = Arc::new(recorder);
        let handle = recorder.handle();
        Ok(with_local_recorder(&*recorder, || {
            describe::describe();
            let route = |name: &'static str| {
                RouteMeters {
                by_class: ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]
                    .map(|status| metrics::counter!("tallyship_http_requests_total", "route" => name, "status" => status)),
                seconds: Durations::default(),
            }
            };
            let challenges = |outcome: &'static str| metrics::counter!("tallyship_challenges_total", "outcome" => outcome);
            metrics::gauge!("tallyship_build_info", "version" => env!("CARGO_PKG_VERSION"))
                .set(1.0);
            metrics::gauge!("tallyship_start_timestamp_seconds").set(seconds_of(Timestamp::now()));
            Self {
                routes: routes.iter().map(|name| (*name, route(name))).collect(),
                commits: metrics::counter!("tallyship_commits_total"),
                commit_failures: metrics::counter!("tallyship_commit_failures_total"),
                commit_votes: metrics::histogram!("tallyship_commit_votes"),
                commit_seconds: metrics::histogram!("tallyship_commit_seconds"),
                limiter_keys: metrics::gauge!("tallyship_limiter_keys"),
                streams: metrics::gauge!("tallyship_streams"),
                events: metrics::counter!("tallyship_stream_events_total"),
                streams_let_go: metrics::counter!("tallyship_streams_let_go_total"),
                held: metrics::counter!("tallyship_votes_held_total"),
                challenges_asked: challenges("asked"),
                challenges_passed: challenges("passed"),
                challenges_refused: challenges("refused"),
                alerts: metrics::counter!("tallyship_alerts_total"),
                database_readable: metrics::gauge!("tallyship_database_readable"),
                handle,
                recorder: Arc::clone(&recorder),
            }
        }))
    }

    pub fn answered(&self, route: &str, status: u16, took: Duration) {
        let Some(meters) = self.routes.get(route) else {
            return;
        };
        if let Some(counter) = meters.by_class.get(usize::from(status / 100)) {
            counter.increment(1);
        }
        meters.seconds.count(took);
    }

    pub fn commit(&self, votes: usize, took: Duration) {
        self.commits.increment(1);
        self.commit_votes
            .record(f64::from(u32::try_from(votes).unwrap_or(u32::MAX)));
        self.commit_seconds.record(took);
    }

    pub fn failed_commit(&self) {
        self.commit_failures.increment(1);
    }

    /// So many events went out to listeners.
    pub fn told(&self, events: u64) {
        self.events.increment(events);
    }

    /// A listener took nothing for too long.
    pub fn let_go(&self) {
        self.streams_let_go.increment(1);
    }

    /// So many votes were held since the start.
    pub fn held(&self, votes: u64) {
        self.held.absolute(votes);
    }

    pub fn challenged(&self, outcome: Challenged) {
        let counter = match outcome {
            Challenged::Asked => &self.challenges_asked,
            Challenged::Passed => &self.challenges_passed,
            Challenged::Refused => &self.challenges_refused,
        };
        counter.increment(1);
    }

    pub fn streams(&self, open: usize) {
        self.streams
            .set(f64::from(u32::try_from(open).unwrap_or(u32::MAX)));
    }

    /// Whether the Redis that is configured decides on quotas. Where none is, nothing is said of one.
    pub fn redis(&self, up: bool) {
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_redis_up").set(f64::from(u8::from(up)));
        });
    }

    /// How many entries the public log shows.
    #[expect(clippy::cast_precision_loss, reason = "it stays far below 2^52")]
    pub fn log_entries(&self, entries: u64) {
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_log_entries").set(entries as f64);
        });
    }

    /// Whether the public log does not move: nothing is signed.
    pub fn log_refused(&self, refused: bool) {
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_log_refused").set(f64::from(u8::from(refused)));
        });
    }

    /// A recount of everything ended at `at`, and found so many differences, and tallies to be off by `drift` votes in all.
    #[expect(clippy::cast_precision_loss, reason = "they stay far below 2^52")]
    pub fn recounted(&self, drift: u64, differences: usize, at: Timestamp) {
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_tally_drift").set(drift as f64);
            metrics::gauge!("tallyship_recount_differences").set(differences as f64);
            metrics::gauge!("tallyship_recount_timestamp_seconds").set(seconds_of(at));
        });
    }

    /// Nothing is left that `task` should have let go of by now.
    pub fn kept_up(&self, task: Task, at: Timestamp) {
        let task = match task {
            Task::Forgetting => "forgetting",
            Task::Retention => "retention",
        };
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_upkeep_timestamp_seconds", "task" => task)
                .set(seconds_of(at));
        });
    }

    pub fn alert(&self) {
        self.alerts.increment(1);
    }

    /// Whether this instance is the one that detects. Where the detector is off nothing is said of it.
    pub fn detects(&self, leads: bool) {
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_detector_leads").set(f64::from(u8::from(leads)));
        });
    }

    /// How old the votes are that the detector looks at.
    pub fn detector_behind(&self, behind: Duration) {
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_detector_behind_seconds").set(behind.as_secs_f64());
        });
    }

    /// Attempts to deliver to an endpoint of webhooks: so many were taken, and so many failed.
    pub fn webhook(&self, endpoint: &str, taken: u64, failed: u64) {
        with_local_recorder(&*self.recorder, || {
            for (outcome, attempts) in [("taken", taken), ("failed", failed)] {
                metrics::counter!("tallyship_webhooks_total", "endpoint" => endpoint.to_owned(), "outcome" => outcome)
                    .increment(attempts);
            }
        });
    }

    /// Whether an endpoint is disabled; 0 on instances that do not deliver.
    pub fn webhook_disabled(&self, endpoint: &str, disabled: bool) {
        with_local_recorder(&*self.recorder, || {
            metrics::gauge!("tallyship_webhook_disabled", "endpoint" => endpoint.to_owned())
                .set(f64::from(u8::from(disabled)));
        });
    }

    /// The Prometheus text format.
    pub fn render(&self) -> String {
        let mut text = self.handle.render();
        let _ = writeln!(text, "# HELP {ANSWERS} From a request's head to its answer");
        let _ = writeln!(text, "# TYPE {ANSWERS} histogram");
        let mut routes: Vec<_> = self.routes.iter().collect();
        routes.sort_unstable_by_key(|(name, _)| **name);
        for (name, meters) in routes {
            meters.seconds.write(ANSWERS, name, &mut text);
        }
        text
    }

    /// Folds recorded samples into their buckets. Without this, run every few seconds, memory grows between scrapes.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// Seconds since 1970, as gauges have them.
#[expect(
    clippy::cast_precision_loss,
    reason = "it stays far below 2^52 until the year 142 million"
)]
fn seconds_of(at: Timestamp) -> f64 {
    at.seconds() as f64
}
