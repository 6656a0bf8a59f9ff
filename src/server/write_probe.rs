//! Whether votes can be written: tried on the writer's own connection, since a database that can be read may refuse them (a
//! full disk, a read-only setting, a lost privilege, a standby).
//!
//! After a write has failed it writes as much as a batch of votes. `server` runs it; `/readyz` tells its outcome, unless votes
//! themselves fail. A fault or its end shows within [`INTERVAL`] and [`TIMEOUT`]: less than 5 s.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::infra::db::probe_write;
use crate::voting::writer::Votes;

const INTERVAL: Duration = Duration::from_millis(1_500);
const TIMEOUT: Duration = Duration::from_millis(2_500);

/// The outcome of the last try.
pub(super) struct WriteProbe(AtomicBool);

impl Default for WriteProbe {
    /// The start has just written to the database.
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl WriteProbe {
    pub(super) fn is_writable(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Goes on until it is aborted.
    pub(super) async fn run(&self, votes: &Votes) {
        loop {
            let failed = votes.failed_writes();
            let probe = votes.edit(move |conn| probe_write(conn, failed > 0));
            let is_writable = matches!(tokio::time::timeout(TIMEOUT, probe).await, Ok(Ok(true)));
            if is_writable {
                votes.write_succeeded(failed);
            }
            let was_writable = self.0.swap(is_writable, Ordering::Relaxed);
            match (was_writable, is_writable) {
                (true, false) => tracing::error!("votes cannot be written; unready"),
                (false, true) => tracing::info!("database writable again"),
                _ => {}
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}
