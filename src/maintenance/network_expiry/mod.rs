//! The worker that makes each day's key for networks in time, destroys it 48 hours after its day began, and
//! takes the hashes that it made out of the votes.
//!
//! `server` starts it. Hashes under a destroyed key lead to no network, but equal ones still tell that votes came from one.
//! Votes have no index by time, which every vote would pay for: a reader goes over them in pages once a day, and the writer
//! blanks what was found in short steps between two batches. A tally does not change by that, and neither does what a
//! recount sees. Of several instances on Postgres one at a time does it; a crash half way is no harm, the walk begins again.

mod scrub;
mod store;

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::QueryResult;

use self::store::ExpiredPage;
use crate::auth::keys::Keys;
use crate::auth::network::daily_keys::{self, DailyKeys};
use crate::config;
use crate::domain::Timestamp;
use crate::infra::db::{self, DbConnection, Leader, Purpose, write_transaction};
use crate::infra::telemetry::{Metrics, Task};
use crate::infra::workers::{PassError, Schedule, Stop, Worker};
use crate::voting::writer::Votes;

/// Between two looks at what has ended.
const EVERY: Duration = Duration::from_secs(15);
/// Between two pages of a walk, and two steps of blanking, at least: votes go first.
const PAUSE: Duration = Duration::from_millis(5);
/// A walk rests so many times as long as reading a page took: over ten million votes that nothing has in memory yet, it
/// would else have up to half a core for as long as it takes. So it has a twentieth.
const RESTS_OF_PAGES: u32 = 20;
/// And as a step took: a fifth of the writer's time at most.
const RESTS_OF_STEPS: u32 = 4;
/// A database that hung holds the walk up no longer than that.
const LONGEST: Duration = Duration::from_secs(10);
/// Votes that one step blanks: a few milliseconds of the writer.
const STEP: usize = 200;
/// How often a full queue is tried again: for five seconds in all.
const TRIES: usize = 100;

/// Starts it; its first look is at once.
pub fn start(
    settings: config::Database,
    votes: Votes,
    keys: Keys,
    days: Arc<DailyKeys>,
    meters: Arc<Metrics>,
) -> std::io::Result<Worker> {
    let mut forget = Forget {
        settings,
        votes,
        keys,
        days,
        meters,
        to_scrub: true,
    };
    let schedule = Schedule {
        first_after: Duration::ZERO,
        retry_after: EVERY,
        failure: "network expiry failed; will retry",
    };
    Worker::start("forgetting", schedule, move |stop| {
        forget.look(stop).map(|()| EVERY)
    })
}

/// Rests for `times` the time since `began`, from [`PAUSE`] to [`LONGEST`].
fn rest(stop: &Stop, began: Instant, times: u32) -> Result<(), PassError> {
    stop.rest((began.elapsed() * times).clamp(PAUSE, LONGEST))
}

struct Forget {
    settings: config::Database,
    votes: Votes,
    keys: Keys,
    days: Arc<DailyKeys>,
    meters: Arc<Metrics>,
    /// Whether something was deleted since files were last rid of what is deleted; nobody knows what was before the start.
    to_scrub: bool,
}

impl Forget {
    /// Runs a short step on the writer's connection.
    fn step<T: Send + 'static>(
        &self,
        stop: &Stop,
        work: impl FnOnce(&mut DbConnection) -> QueryResult<T> + Clone + Send + 'static,
    ) -> Result<T, PassError> {
        self.votes.edit_from_worker(stop, TRIES, work)
    }

    fn look(&mut self, stop: &Stop) -> Result<(), PassError> {
        let now = Timestamp::now();
        self.days.let_go(now);
        if !self.days.are_ready(now) {
            let (days, keys) = (Arc::clone(&self.days), self.keys.clone());
            self.step(stop, move |conn| {
                write_transaction(conn, |conn| days.make_ready(conn, &keys, now))
            })?;
        }
        let mut reader = db::open(&self.settings, Purpose::Read)?;
        let first = daily_keys::first_living(now);
        let ended = daily_keys::expired(&mut reader, first, now)?;
        if !ended && daily_keys::forgotten_before(&mut reader)? >= first {
            // Whoever did it.
            return self.nothing_left(now);
        }
        // It is let go with the connection.
        if !Leader::NetworkExpiry.try_lead(&mut reader)? {
            return Ok(());
        }
        if ended {
            let keys = self.step(stop, move |conn| {
                write_transaction(conn, |conn| daily_keys::destroy_ended(conn, now))
            })?;
            tracing::info!(keys, "destroyed expired daily network keys");
            self.to_scrub = true;
        }
        let Some(votes) = self.walk(stop, &mut reader, daily_keys::begin(first))? else {
            return self.scrub();
        };
        self.step(stop, move |conn| daily_keys::note_forgotten(conn, first))?;
        tracing::info!(votes, "cleared expired network hashes");
        self.to_scrub = true;
        self.nothing_left(now)
    }

    /// No vote bears a network that was too old at `now`: what was deleted is left to do.
    fn nothing_left(&mut self, now: Timestamp) -> Result<(), PassError> {
        self.scrub()?;
        if !self.to_scrub {
            self.meters.kept_up(Task::Forgetting, now);
        }
        Ok(())
    }

    /// Blanks the networks of all votes that were cast before `end`; returns how many, or nothing where some were just
    /// being written.
    fn walk(
        &self,
        stop: &Stop,
        reader: &mut DbConnection,
        end: Timestamp,
    ) -> Result<Option<usize>, PassError> {
        let (mut blanked, mut whole) = (0, true);
        for tool in store::tools(reader)? {
            let mut after = Vec::new();
            loop {
                let began = Instant::now();
                let ExpiredPage { voters, upto } = store::page(reader, tool, &after, end)?;
                rest(stop, began, RESTS_OF_PAGES)?;
                for some in voters.chunks(STEP) {
                    let voters = some.to_vec();
                    let began = Instant::now();
                    let done =
                        self.step(stop, move |conn| store::blank(conn, tool, &voters, end))?;
                    blanked += done;
                    whole &= done == some.len();
                    rest(stop, began, RESTS_OF_STEPS)?;
                }
                let Some(upto) = upto else { break };
                after = upto;
            }
        }
        Ok(whole.then_some(blanked))
    }

    /// Rids the database's files of what was deleted, if anything was.
    fn scrub(&mut self) -> Result<(), PassError> {
        if self.to_scrub {
            let mut conn = db::open(&self.settings, Purpose::Command)?;
            self.to_scrub = !scrub::scrub(&mut conn)?;
        }
        Ok(())
    }
}
