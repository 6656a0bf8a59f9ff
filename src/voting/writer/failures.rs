//! [`CommitFailures`]: whether votes fail at this moment. A probe can find the database writable though votes fail: somebody holds a
//! lock, or a table that only votes write to refuses them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

/// Without further votes, a failure says nothing of the present after this long.
const RECENT: Duration = Duration::from_secs(4);

/// When the last batch failed, until one succeeds.
#[derive(Debug, Default)]
pub(super) struct CommitFailures(ArcSwapOption<Instant>);

impl CommitFailures {
    pub fn note(&self, now: Instant) {
        self.0.store(Some(Arc::new(now)));
    }

    /// A batch was committed.
    pub fn end(&self) {
        if self.0.load().is_some() {
            self.0.store(None);
        }
    }

    pub fn are_recent(&self, now: Instant) -> bool {
        let last = self.0.load();
        last.as_deref()
            .is_some_and(|last| now.saturating_duration_since(*last) < RECENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_for_a_while_or_until_a_success() {
        let (failures, now) = (CommitFailures::default(), Instant::now());
        assert!(!failures.are_recent(now));
        failures.note(now);
        assert!(failures.are_recent(now + RECENT / 2));
        assert!(!failures.are_recent(now + RECENT));
        failures.end();
        assert!(!failures.are_recent(now));
    }
}
