//! [`WriteFailures`]: what failed writes say of the next ones. A small probe can succeed though votes fail: a full disk has a few bytes
//! left, somebody holds a lock, or a table that only votes write to refuses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

/// Without further votes, a failure says nothing of the present after this long.
const RECENT: Duration = Duration::from_secs(4);

#[derive(Debug, Default)]
pub(super) struct WriteFailures {
    /// When the last batch failed, until one succeeds.
    votes: ArcSwapOption<Instant>,
    /// Whether a write failed, and none as large has succeeded since.
    is_doubtful: AtomicBool,
}

impl WriteFailures {
    pub fn votes_failed(&self, now: Instant) {
        self.votes.store(Some(Arc::new(now)));
        self.edit_failed();
    }

    pub fn edit_failed(&self) {
        self.is_doubtful.store(true, Ordering::Relaxed);
    }

    /// A batch was committed.
    pub fn committed(&self) {
        if self.votes.load().is_some() {
            self.votes.store(None);
        }
        self.clear_doubt();
    }

    pub fn clear_doubt(&self) {
        self.is_doubtful.store(false, Ordering::Relaxed);
    }

    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful.load(Ordering::Relaxed)
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
        assert!(failures.is_doubtful() && !failures.votes_fail_at(now));
        failures.votes_failed(now);
        failures.clear_doubt();
        assert!(failures.votes_fail_at(now + RECENT / 2) && !failures.is_doubtful());
        assert!(!failures.votes_fail_at(now + RECENT));
        failures.votes_failed(now);
        failures.committed();
        assert!(!failures.votes_fail_at(now) && !failures.is_doubtful());
    }
}
