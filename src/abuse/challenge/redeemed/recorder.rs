//! [`RedemptionStore`]: used solutions on Postgres, so that none is used twice by way of another instance or after a restart.
//!
//! A thread of its own, with one connection that it opens when it is first needed, enters all that wait in one statement; the
//! table's key decides between instances. What the database does not answer in time is an error to the caller, never a yes.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::postgres;
use crate::abuse::challenge::pow::Solved;
use crate::config;
use crate::domain::Timestamp;
use crate::infra::db::{self, DbConnection, OpenError, Purpose};
use crate::infra::workers;

const QUEUE: usize = 1024;
const BATCH: usize = 128;
/// How long a caller waits: the vote itself must still have its time within five seconds.
const PATIENCE: Duration = Duration::from_millis(400);
/// A connection that rested longer is tried before it is used.
const RESTED: Duration = Duration::from_secs(1);
/// Between two looks for entries that have ended.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Entries stay this much longer: the clocks of instances differ.
const MARGIN_SECONDS: i64 = 60;

struct Redemption {
    solved: Solved,
    /// Told whether it was new.
    reply: oneshot::Sender<bool>,
}

/// The callers' end; dropping it ends the thread.
pub(super) struct RedemptionStore(SyncSender<Redemption>);

impl RedemptionStore {
    pub(super) fn start(settings: config::Database) -> std::io::Result<Self> {
        let (queue, entries) = sync_channel(QUEUE);
        let thread = RedemptionThread {
            settings,
            entries,
            open: None,
            to_sweep: false,
        };
        workers::spawn("spent", move || thread.run())?;
        Ok(Self(queue))
    }

    /// Enters a solution: whether it was new, or nothing where that is not known.
    pub(super) async fn enter(&self, solved: Solved) -> Option<bool> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(Redemption { solved, reply }).ok()?;
        tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
    }
}

/// The thread's end.
struct RedemptionThread {
    settings: config::Database,
    entries: Receiver<Redemption>,
    /// The connection, and when it was last used.
    open: Option<(DbConnection, Instant)>,
    /// Something was entered that will have to go.
    to_sweep: bool,
}

impl RedemptionThread {
    fn run(mut self) {
        let mut swept = Instant::now();
        loop {
            match self.entries.recv_timeout(SWEEP_EVERY) {
                Ok(first) => {
                    let more = self.entries.try_iter().take(BATCH - 1);
                    let batch = std::iter::once(first).chain(more).collect();
                    self.enter(batch);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.to_sweep && swept.elapsed() >= SWEEP_EVERY {
                swept = Instant::now();
                self.sweep();
            }
        }
    }

    fn enter(&mut self, mut batch: Vec<Redemption>) {
        // Nobody waits any more: their solution stays unused.
        batch.retain(|entry| !entry.reply.is_closed());
        if batch.is_empty() {
            return;
        }
        // In one order, so that no two instances wait for each other.
        batch.sort_by_key(|entry| entry.solved.id);
        let solved: Vec<Solved> = batch.iter().map(|entry| entry.solved).collect();
        let Some(new) = self.with(|conn| postgres::enter(conn, &solved)) else {
            return;
        };
        self.to_sweep = true;
        for entry in batch {
            let is_new = new.contains(&entry.solved.id);
            let _ = entry.reply.send(is_new);
        }
    }

    fn sweep(&mut self) {
        let ended = Timestamp::now().plus_seconds(-MARGIN_SECONDS);
        if let Some(left) = self.with(|conn| postgres::sweep(conn, ended)) {
            self.to_sweep = left;
        }
    }

    /// Runs `work` on a connection that works; where it fails the connection is given up.
    fn with<T, E: Into<OpenError>>(
        &mut self,
        work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
    ) -> Option<T> {
        let done = self.connection().and_then(|mut conn| {
            let value = work(&mut conn).map_err(Into::into)?;
            Ok((conn, value))
        });
        match done {
            Ok((conn, value)) => {
                self.open = Some((conn, Instant::now()));
                Some(value)
            }
            Err(cause) => {
                tracing::warn!(%cause, "redeemed solutions could not be read or written");
                None
            }
        }
    }

    fn connection(&mut self) -> Result<DbConnection, OpenError> {
        if let Some((mut conn, used)) = self.open.take()
            && (used.elapsed() < RESTED || postgres::works(&mut conn))
        {
            return Ok(conn);
        }
        db::open(&self.settings, Purpose::Write)
    }
}
