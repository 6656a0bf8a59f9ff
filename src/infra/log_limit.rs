//! [`LogLimit`]: a few lines of a kind in a while, and the number of those that were left out. A flood must not fill a disk.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::domain::Timestamp;

/// Lines of one kind within [`PERIOD_SECONDS`].
const MAX_LINES: u64 = 10;
const PERIOD_SECONDS: i64 = 10;

/// How often one kind of line is written.
#[derive(Debug, Default)]
pub struct LogLimit {
    /// When the period began, in microseconds.
    began_at: AtomicI64,
    /// Lines of the period, whether written or not.
    lines: AtomicU64,
}

impl LogLimit {
    pub const fn new() -> Self {
        Self {
            began_at: AtomicI64::new(i64::MIN),
            lines: AtomicU64::new(0),
        }
    }

    /// Whether to write a line; and how many were left out before it, once.
    pub fn admit(&self, now: Timestamp) -> Option<u64> {
        let began_at = self.began_at.load(Ordering::Relaxed);
        let ended = Timestamp(began_at).plus_seconds(PERIOD_SECONDS) <= now || now.0 < began_at;
        let is_next = ended
            && self
                .began_at
                .compare_exchange(began_at, now.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_next {
            let lines = self.lines.swap(1, Ordering::Relaxed);
            return Some(lines.saturating_sub(MAX_LINES));
        }
        (self.lines.fetch_add(1, Ordering::Relaxed) < MAX_LINES).then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_writes_a_few_lines_and_counts_the_rest() {
        let limit = LogLimit::new();
        let now = Timestamp(1_000_000);
        let admitted = (0..1_000).filter_map(|_| limit.admit(now)).count();
        assert_eq!(admitted, 10);
        let later = now.plus_seconds(PERIOD_SECONDS);
        assert_eq!(limit.admit(later), Some(990));
        assert_eq!(limit.admit(later), Some(0));
        // A clock that was set back.
        assert_eq!(limit.admit(Timestamp(0)), Some(0));
    }
}
