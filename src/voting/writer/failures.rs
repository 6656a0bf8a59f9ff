//! [`WriteFailures`]: what failed writes say of the next ones. A small probe can succeed though votes fail: a full disk has a few bytes
//! left, somebody holds a lock, or a table that only votes write to refuses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

/// Without further votes, a failure says nothing of the present after this long.
const RECENT: Duration = Duration::from_secs(4);

#[derive(Debug, Default)]
pub(super) struct WriteFailures {
    /// When the last batch failed, until one succeeds.
    votes: ArcSwapOption<Instant>,
    /// Writes that failed since one as large succeeded.
    failed: AtomicU64,
}

impl WriteFailures {
    pub fn votes_failed(&self, now: Instant) {
        self.votes.store(Some(Arc::new(now)));
        self.edit_failed();
    }

    pub fn edit_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// A batch was committed.
    pub fn committed(&self) {
        if self.votes.load().is_some() {
            self.votes.store(None);
        }
        self.failed.store(0, Ordering::Relaxed);
    }

    /// How many writes failed since one as large as a batch succeeded.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// A write as large as a batch succeeded, begun after `failed` had failed. What failed meanwhile still counts.
    pub fn write_succeeded(&self, failed: u64) {
        let _ = self
            .failed
            .compare_exchange(failed, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub fn votes_fail_at(&self, now: Instant) -> bool {
        let last = self.votes.load();
        last.as_deref()
            .is_some_and(|last| now.saturating_duration_since(*last) < RECENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_fail_for_a_while_after_a_failure_or_until_a_success() {
        let (failures, now) = (WriteFailures::default(), Instant::now());
        failures.edit_failed();
        assert!(failures.failed() == 1 && !failures.votes_fail_at(now));
        failures.votes_failed(now);
        failures.write_succeeded(1);
        assert_eq!(failures.failed(), 2, "one failed after the write had begun");
        failures.write_succeeded(2);
        assert!(failures.votes_fail_at(now + RECENT / 2) && failures.failed() == 0);
        assert!(!failures.votes_fail_at(now + RECENT));
        failures.votes_failed(now);
        failures.committed();
        assert!(!failures.votes_fail_at(now) && failures.failed() == 0);
    }
}
