//! The relay: what this instance committed is told to the others at once, and what they tell goes on the board.
//!
//! By Redis where there is one, else by Postgres. It is only ever faster than looking: a message may be lost, late or
//! doubled, and `verdicts::follow` finds the same rows by itself. Nothing here may hold up a commit: the newest row of a tool
//! replaces the one that still waits.

mod postgres;
mod redis;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use self::postgres::Wire as ByPostgres;
use self::redis::Wire as ByRedis;
use crate::config::{self, DatabaseUrl, Settings};
use crate::infra::workers;
use crate::tallies::TallyRow;
use crate::tallies::cache::TallyCache;
use crate::tallies::store::row;

/// Between two sends; what changes meanwhile goes along with the next.
const PACE: Duration = Duration::from_millis(20);
/// After a broken connection the next is tried this much later.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);

/// What waits to be told: the newest row of each tool, so never more than there are tools.
#[derive(Default)]
struct Outbox {
    rows: Mutex<HashMap<i32, TallyRow, foldhash::fast::RandomState>>,
    wake: Notify,
    ended: AtomicBool,
}

impl Outbox {
    fn put(&self, row: TallyRow) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = rows.entry(row.tool).or_insert(row);
        if waiting.version < row.version {
            *waiting = row;
        }
        drop(rows);
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<TallyRow> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.drain().map(|(_, row)| row).collect()
    }
}

/// The callers' end. Dropping it ends the thread.
pub struct Relay(Arc<Outbox>);

impl Relay {
    /// Starts the thread; `None` where a server is alone with its database.
    pub fn start(settings: &Settings, board: Arc<TallyCache>) -> std::io::Result<Option<Self>> {
        if matches!(settings.database.url, DatabaseUrl::Sqlite(_)) {
            return Ok(None);
        }
        let outbox: Arc<Outbox> = Arc::default();
        let carrier = RelayWorker {
            redis: settings.redis.clone(),
            database: settings.database.clone(),
            outbox: Arc::clone(&outbox),
            board,
        };
        workers::spawn_async("relay", move || carrier.run())?;
        Ok(Some(Self(outbox)))
    }

    /// A row that was committed here.
    pub fn tell(&self, row: TallyRow) {
        self.0.put(row);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
        self.0.wake.notify_one();
    }
}

/// The thread's end.
struct RelayWorker {
    redis: config::Redis,
    database: config::Database,
    outbox: Arc<Outbox>,
    board: Arc<TallyCache>,
}

enum Transport {
    Redis(ByRedis),
    Postgres(ByPostgres),
}

impl RelayWorker {
    async fn run(self) {
        let mut said = false;
        while !self.outbox.ended.load(Ordering::Relaxed) {
            let cause = match self.connect().await {
                Ok(mut wire) => {
                    said = false;
                    self.carry(&mut wire).await
                }
                Err(cause) => Err(cause),
            };
            if let Err(cause) = cause
                && !std::mem::replace(&mut said, true)
            {
                tracing::warn!(%cause, "no channel between instances; polling the database instead");
            }
            sleep(RECONNECT_AFTER).await;
        }
    }

    async fn connect(&self) -> Result<Transport, String> {
        if self.redis.url.is_empty() {
            return ByPostgres::connect(&self.database).map(Transport::Postgres);
        }
        ByRedis::connect(&self.redis).await.map(Transport::Redis)
    }

    /// Carries in both directions until the connection breaks, or the server ends.
    async fn carry(&self, wire: &mut Transport) -> Result<(), String> {
        let mut next_send = Instant::now();
        // What rang before is still in the outbox.
        let mut rung = true;
        while !self.outbox.ended.load(Ordering::Relaxed) {
            tokio::select! {
                notices = wire.receive() => self.show(&notices?),
                () = self.outbox.wake.notified(), if !rung => rung = true,
                () = sleep_until(next_send), if rung => {
                    rung = false;
                    let rows = self.outbox.take();
                    if !rows.is_empty() {
                        next_send = Instant::now() + PACE;
                        wire.send(rows.iter().map(notice).collect()).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Own notices come back too: an old version changes nothing.
    fn show(&self, notices: &[String]) {
        for row in notices.iter().filter_map(|notice| read(notice)) {
            self.board.publish(row);
        }
    }
}

impl Transport {
    /// Waits for notices of others. Dropping the future loses none.
    async fn receive(&mut self) -> Result<Vec<String>, String> {
        match self {
            Self::Redis(wire) => wire.receive().await,
            Self::Postgres(wire) => wire.receive().await,
        }
    }

    async fn send(&mut self, notices: Vec<String>) -> Result<(), String> {
        match self {
            Self::Redis(wire) => wire.send(&notices).await,
            Self::Postgres(wire) => wire.send(&notices),
        }
    }
}

/// A row in words: the form's number, then the columns in the order of [`row`].
pub fn notice(row: &TallyRow) -> String {
    let TallyRow {
        tool,
        ship,
        skip,
        panel_ship,
        panel_skip,
        state,
        version,
        updated_at,
        aside_ship,
        aside_skip,
        period_end,
        // What is shown does not depend on it.
        revision: _,
    } = row;
    let (state, at, end) = (state.code(), updated_at.0, period_end.0);
    format!(
        "1 {tool} {ship} {skip} {panel_ship} {panel_skip} {state} {version} {at} {aside_ship} {aside_skip} {end}"
    )
}

/// The row that a notice spells; `None` for anything else, such as the notice of a later release.
pub fn read(notice: &str) -> Option<TallyRow> {
    let mut words = notice.strip_prefix("1 ")?.split(' ');
    let mut next = || words.next()?.parse::<i64>().ok().filter(|n| *n >= 0);
    let columns = (
        i32::try_from(next()?).ok()?,
        next()?,
        next()?,
        i32::try_from(next()?).ok()?,
        i32::try_from(next()?).ok()?,
        i16::try_from(next()?).ok()?,
        next()?,
        next()?,
        next()?,
        next()?,
        next()?,
        0,
    );
    words.next().is_none().then(|| row(columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, ToolState};

    fn sample(version: i64) -> TallyRow {
        TallyRow {
            tool: 7,
            ship: 13,
            skip: 2,
            panel_ship: 3,
            panel_skip: 1,
            state: ToolState::Frozen,
            version,
            updated_at: Timestamp(1_795_485_600_000_000),
            aside_ship: 4,
            aside_skip: 0,
            period_end: Timestamp(5),
            revision: 0,
        }
    }

    #[test]
    fn a_notice_reads_as_the_row_it_was_made_from() {
        assert_eq!(read(&notice(&sample(42))), Some(sample(42)));
        for other in [
            "",
            "2 7 13 2 3 1 1 42 5 4 0 5",
            "1 7 13 2 3 1 1 42 5 4 0",
            "1 7 13 2 3 1 1 42 5 4 0 5 6",
            "1 7 -13 2 3 1 1 42 5 4 0 5",
            "1 x 13 2 3 1 1 42 5 4 0 5",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn what_waits_is_the_newest_of_each_tool() {
        let outbox = Outbox::default();
        for version in [3, 5, 4] {
            outbox.put(sample(version));
        }
        assert_eq!(outbox.take(), [sample(5)]);
        assert!(outbox.take().is_empty());
    }
}
