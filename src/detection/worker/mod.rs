//! The worker that follows the ledger, asks the rule what stands out, and keeps what it finds as alerts.
//!
//! `server` starts it. Votes go first: it reads on a connection of its own, in pages with pauses between them, and looks
//! up networks and tokens of so many votes a second only. When votes come faster than that it still counts every one of
//! them, and judges networks and tokens by the rest. It keeps an alert through the writer, a few rows at a time. On
//! Postgres one instance holds an advisory lock on that connection; when it is gone, another has the lock within seconds.

mod leader_state;
mod tool_facts;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::leader_state::{LeaderState, behind, take};
use self::tool_facts::ToolFacts;
use super::finding::Finding;
use super::memory::{Limits, Memory};
use super::store::{self, AlertChange};
use crate::config;
use crate::detection::alerts;
use crate::detection::ledger_tail::Cursor;
use crate::domain::{DAY_SECONDS, Timestamp};
use crate::infra::db::{self, DbConnection, Leader, Purpose};
use crate::infra::telemetry::Metrics;
use crate::infra::workers::{PassError, Schedule, Stop, Worker};
use crate::voting::writer::Votes;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// Between two pages: votes go first.
const PAUSE: Duration = Duration::from_millis(10);
/// It rests so many times as long as a page took: while votes come faster than that lets it read, it falls behind, and
/// catches up when they come slower.
const RESTS: u32 = 30;
/// Votes of which network and token are looked up in one look: two thousand a second.
const LOOKED_UP: usize = 10_000;
/// The same while the votes of the day before the start are read.
const LOOKED_UP_AT_FIRST: usize = 100_000;
/// Pages of one look; what is left comes with the next.
const PAGES: usize = 500;
/// Tools that are judged in one look.
const TOOLS: usize = 200;
/// Alerts that are remembered at the start.
const REMEMBERED: i64 = 1_000;
/// A full queue of the writer is tried again so many times.
const TRIES: usize = 20;

pub fn start(
    database: config::Database,
    limits: &config::Detector,
    votes: Votes,
    meters: Arc<Metrics>,
) -> std::io::Result<Worker> {
    let mut detect = Detect {
        database,
        limits: Limits {
            threshold: limits.threshold,
            least: limits.min_votes,
        },
        votes,
        meters,
        place: None,
        known: ToolFacts::default(),
    };
    let schedule = Schedule {
        first_after: Duration::ZERO,
        retry_after: EVERY,
        failure: "detection failed; will retry",
    };
    Worker::start("detector", schedule, move |stop| {
        let place = detect.place.take();
        let done = detect.look(stop, place);
        let done = done.map(|place| detect.place = place);
        detect.lead(detect.place.is_some());
        done.map(|()| EVERY)
    })
}

struct Detect {
    database: config::Database,
    limits: Limits,
    votes: Votes,
    meters: Arc<Metrics>,
    place: Option<LeaderState>,
    known: ToolFacts,
}

impl Drop for Detect {
    fn drop(&mut self) {
        self.lead(false);
    }
}

impl Detect {
    fn lead(&self, leads: bool) {
        self.meters.detects(leads);
        if !leads {
            self.meters.detector_behind(Duration::ZERO);
        }
    }

    /// One look; gives the place back while this instance is the one.
    fn look(
        &mut self,
        stop: &Stop,
        place: Option<LeaderState>,
    ) -> Result<Option<LeaderState>, PassError> {
        let now = Timestamp::now();
        let Some(mut place) =
            place.map_or_else(|| self.take_place(now), |place| Ok(Some(place)))?
        else {
            return Ok(None);
        };
        let mut budget = if place.is_new {
            LOOKED_UP_AT_FIRST
        } else {
            LOOKED_UP
        };
        place.is_new = false;
        for _ in 0..PAGES {
            let began = Instant::now();
            let (rows, more) = place.cursor.next(&mut place.conn, now)?;
            self.meters.detector_behind(behind(&rows, now));
            take(&mut place, &rows, &mut budget, now)?;
            if !more {
                break;
            }
            stop.rest(PAUSE.max(began.elapsed() * RESTS))?;
        }
        place.memory.forget(now);
        let found = self.judge(&mut place, now)?;
        place.unkept.extend(found);
        while let Some(finding) = place.unkept.first().copied() {
            self.keep(stop, &finding)?;
            place.unkept.remove(0);
        }
        Ok(Some(place))
    }

    /// Becomes the one, unless another is: what came in the last day is read again.
    fn take_place(&mut self, now: Timestamp) -> Result<Option<LeaderState>, PassError> {
        let mut conn = db::open(&self.database, Purpose::Read)?;
        if !Leader::Detector.try_lead(&mut conn)? {
            return Ok(None);
        }
        let since = now.plus_seconds(-DAY_SECONDS);
        let mut memory = Memory::new(self.limits);
        // Oldest first, as they were raised.
        let mut raised = alerts::store::since(&mut conn, since, REMEMBERED)?;
        raised.reverse();
        let cursor = Cursor::since(&mut conn, since)?;
        for alert in raised {
            memory.remember(&alert.finding);
        }
        Ok(Some(LeaderState {
            conn,
            cursor,
            memory,
            unkept: Vec::new(),
            is_new: true,
        }))
    }

    fn judge(
        &mut self,
        place: &mut LeaderState,
        now: Timestamp,
    ) -> Result<Vec<Finding>, PassError> {
        let LeaderState { conn, memory, .. } = place;
        let mut broken = None;
        let mut facts = |tool| {
            self.known.facts(conn, tool, now).unwrap_or_else(|cause| {
                broken = Some(cause);
                None
            })
        };
        let mut found = memory.grown(&mut facts);
        found.extend(memory.judge_networks(&mut facts));
        for tool in memory.moved().into_iter().take(TOOLS) {
            if let Some(facts) = self.known.facts(conn, tool, now)? {
                found.extend(memory.judge(tool, &facts, now));
            }
        }
        broken.map_or(Ok(found), |cause| Err(cause.into()))
    }

    fn keep(&self, stop: &Stop, finding: &Finding) -> Result<(), PassError> {
        let (finding, now) = (*finding, Timestamp::now());
        let keep = move |conn: &mut DbConnection| store::keep(conn, &finding, now);
        let kept = self.votes.edit_from_worker(stop, TRIES, keep)?;
        if kept == AlertChange::Raised {
            self.meters.alert();
            tracing::info!(
                tool = finding.tool,
                kind = ?finding.kind,
                score = finding.score,
                votes = finding.numbers.votes,
                "alert raised"
            );
        }
        Ok(())
    }
}
