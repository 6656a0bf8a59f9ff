//! What has ended is let go of by age: sessions, bans, staff tokens, removals that never came into force, hours of long ago,
//! the hashes of the erased, the networks of alerts, deliveries of webhooks. docs/privacy.md says how long each is kept.
//!
//! `server` starts it. It finds on a reader and deletes in short steps between two batches of votes. Votes, the ledger and
//! the audit chain stay for ever: nothing here may touch them, and no tally changes by it. Two instances that do it at once
//! delete the same, in the same order.

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;

use crate::auth::network::daily_keys;
use crate::auth::{denylist, sessions, staff};
use crate::config;
use crate::detection::alerts;
use crate::domain::{DAY_SECONDS, Timestamp};
use crate::infra::db::{self, DbConnection, Readers};
use crate::infra::telemetry::{Metrics, Task};
use crate::moderation::bans::ended as bans;
use crate::tallies::store as tallies;
use crate::voting::exclusions::unfinished;
use crate::voting::writer::Votes;
use crate::webhooks::store as webhooks;

/// Between two rounds; the first is at the start.
const EVERY: Duration = Duration::from_secs(3_600);
/// Between two steps: votes go first.
const PAUSE: Duration = Duration::from_millis(5);
/// Rows that one query finds, and that one step deletes.
const FOUND: i64 = 5_000;
const STEP: usize = 200;
/// A full queue, or a database that is away, is left to the next round after so many tries.
const TRIES: usize = 5;

/// A removal that is not in force after a day never will be.
const UNFINISHED_SECONDS: i64 = DAY_SECONDS;
/// Deliveries of webhooks are listed for so long, and so many of them.
const DELIVERIES_SECONDS: i64 = 7 * DAY_SECONDS;
const MAX_DELIVERIES: i64 = 10_000;
/// Hours that a later round looks through: those that grew too old since the last, with time for a server that was away.
const WINDOW_SECONDS: i64 = 8 * DAY_SECONDS;

/// What retention works with.
pub struct Retention {
    pub readers: Readers,
    pub votes: Votes,
    pub meters: Arc<Metrics>,
    pub kept: config::Retention,
}

/// Goes on until it is aborted.
pub async fn run(parts: Retention) {
    let mut tick = tokio::time::interval(EVERY);
    let mut is_first = true;
    loop {
        tick.tick().await;
        let now = Timestamp::now();
        if round(&parts, now, is_first).await {
            parts.meters.kept_up(Task::Retention, now);
        }
        is_first = false;
    }
}

/// What lies so long before `now`; for ever without a time.
fn before(now: Timestamp, kept: Option<Duration>) -> Timestamp {
    kept.map_or(Timestamp(i64::MIN), |kept| {
        now.plus_seconds(-i64::try_from(kept.as_secs()).unwrap_or(i64::MAX))
    })
}

/// Lets go of everything whose time is over; whether all of it went.
async fn round(parts: &Retention, now: Timestamp, is_first: bool) -> bool {
    let kept = &parts.kept;
    let mut whole = edit(parts, move |conn| sessions::forget_ended(conn, now))
        .await
        .is_some();

    // Alerts are free of networks when votes are, whether a detector runs here or not.
    let end = daily_keys::begin(daily_keys::first_living(now));
    let gone = edit(parts, move |conn| alerts::store::forget_networks(conn, end)).await;
    whole &= tell("networks of alerts", gone);

    let unfinished_before = now.plus_seconds(-UNFINISHED_SECONDS);
    let ended = bans::Ended {
        before: before(now, kept.ended_bans),
        unfinished_before,
    };
    let found = move |conn: &mut DbConnection| bans::ended(conn, ended, FOUND);
    let gone = all(parts, found, bans::forget).await;
    whole &= tell("bans that ended", gone);
    let gone = removals(parts, unfinished_before).await;
    whole &= tell("unfinished removals", gone);

    let ended = before(now, kept.ended_tokens);
    let found = move |conn: &mut DbConnection| staff::ended(conn, ended, FOUND);
    let gone = all(parts, found, staff::forget).await;
    whole &= tell("staff tokens that ended", gone);

    let since = now.plus_seconds(-DELIVERIES_SECONDS);
    let found =
        move |conn: &mut DbConnection| webhooks::outdated(conn, since, MAX_DELIVERIES, FOUND);
    let gone = all(parts, found, webhooks::forget).await;
    whole &= tell("deliveries of webhooks", gone);

    let found = move |conn: &mut DbConnection| denylist::ended(conn, now, FOUND);
    let gone = all(parts, found, denylist::forget).await;
    whole &= tell("hashes of erased visitors", gone);

    if kept.hours.is_some() {
        // Whole days.
        let end = before(now, kept.hours).seconds().div_euclid(DAY_SECONDS) * DAY_SECONDS;
        let end = Timestamp(0).plus_seconds(end);
        let begin = if is_first {
            Timestamp(0)
        } else {
            end.plus_seconds(-WINDOW_SECONDS)
        };
        let found =
            move |conn: &mut DbConnection| tallies::earlier_hours(conn, (begin, end), FOUND);
        let gone = all(parts, found, tallies::forget_hours).await;
        whole &= tell("hours of tallies", gone);
    }
    whole
}

/// Whether a step was done; `None` is one that was not taken, or not to its end.
fn tell(what: &'static str, gone: Option<usize>) -> bool {
    if let Some(gone @ 1..) = gone {
        tracing::info!(gone, "deleted expired {what}");
    }
    gone.is_some()
}

/// Runs a short step on the writer's connection, and rests; nothing where it was not taken.
async fn edit<T: Send + 'static>(
    parts: &Retention,
    work: impl FnOnce(&mut DbConnection) -> QueryResult<T> + Clone + Send + 'static,
) -> Option<T> {
    for _ in 0..TRIES {
        let done = parts.votes.edit(work.clone()).await;
        tokio::time::sleep(PAUSE).await;
        if let Ok(done) = done {
            return Some(done);
        }
        tokio::time::sleep(20 * PAUSE).await;
    }
    None
}

/// Deletes everything that `find` finds; returns how many rows that were, `None` where some were left.
async fn all<K: Clone + Send + Sync + 'static>(
    parts: &Retention,
    find: impl Fn(&mut DbConnection) -> QueryResult<Vec<K>> + Copy + Send + 'static,
    delete: impl Fn(&mut DbConnection, &[K]) -> QueryResult<usize> + Copy + Send + 'static,
) -> Option<usize> {
    let mut gone = 0;
    loop {
        let found = db::read(&parts.readers, find).await.ok()?;
        let before = gone;
        for some in found.chunks(STEP) {
            let keys = some.to_vec();
            let done = edit(parts, move |conn| {
                db::write_transaction(conn, |conn| delete(conn, &keys))
            });
            gone += done.await?;
        }
        if gone == before {
            return Some(gone);
        }
    }
}

/// The same of removals, whose marks go first.
async fn removals(parts: &Retention, before: Timestamp) -> Option<usize> {
    let find = move |conn: &mut DbConnection| unfinished::unfinished(conn, before, FOUND);
    let found = db::read(&parts.readers, find).await.ok()?;
    let mut gone = 0;
    for (removal, tool) in found {
        let step = move |conn: &mut DbConnection| unfinished::forget(conn, removal, tool);
        loop {
            if edit(parts, step).await? {
                break;
            }
        }
        gone += 1;
    }
    Some(gone)
}
