//! [`Cursor`]: how far the ledger was read, so that no entry is passed over and none read twice.
//!
//! `run` keeps one. On Postgres places are given before a commit, so an entry can appear below one that was read already;
//! a place that was skipped is asked for again for some seconds. Of one that a failed commit took there is nothing to come.

use super::store::{self, Row};
use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::moderation::removals::store::Found;

/// Longer than any transaction of ours.
const LATE_SECONDS: i64 = 15;
/// Places that are remembered as skipped.
const MOST_SKIPPED: usize = 1_000;
/// Entries of one page, of up to a hundred votes each.
const PAGE: i64 = 100;
/// Entries of one step back at the start, and at most so many steps, or bytes: a hundred thousand votes.
const STEP: i64 = 500;
const STEPS: usize = 200;
const BYTES: i64 = 1_700_000;

#[derive(Debug, Default)]
pub(super) struct Cursor {
    read: i64,
    /// With when each was skipped.
    skipped: Vec<(i64, Timestamp)>,
}

impl Cursor {
    /// Before the entries since a moment, as far as they are not too many.
    pub fn since(conn: &mut DbConnection, since: Timestamp) -> Found<Self> {
        let (mut read, mut bytes) = (store::end(conn)?, 0);
        for _ in 0..STEPS {
            let Some((place, at)) = store::back(conn, read, STEP)? else {
                read = 0;
                break;
            };
            bytes += store::bytes(conn, place, read)?;
            read = place;
            if at < since || bytes > BYTES {
                break;
            }
        }
        Ok(Self {
            read,
            skipped: Vec::new(),
        })
    }

    /// The next entries; whether there may be more at once.
    ///
    /// # Errors
    /// A failed query; the same entries come again.
    pub fn next(&mut self, conn: &mut DbConnection, now: Timestamp) -> Found<(Vec<Row>, bool)> {
        let mut rows = store::after(conn, self.read, PAGE)?;
        let more = rows.len() == usize::try_from(PAGE).unwrap_or_default();
        let late = now.plus_seconds(-LATE_SECONDS);
        self.skipped.retain(|(_, at)| *at > late);
        if !self.skipped.is_empty() {
            let places: Vec<i64> = self.skipped.iter().map(|(place, _)| *place).collect();
            let came = store::at(conn, &places)?;
            self.skipped
                .retain(|(place, _)| !came.iter().any(|(seq, ..)| seq == place));
            rows.extend(came);
        }
        for (seq, ..) in &rows {
            self.pass(*seq, now);
        }
        Ok((rows, more))
    }

    fn pass(&mut self, seq: i64, now: Timestamp) {
        if seq <= self.read {
            return;
        }
        let left = MOST_SKIPPED - self.skipped.len().min(MOST_SKIPPED);
        // The first entry of all tells of no gap.
        if self.read > 0 {
            let between = self.read + 1..seq;
            self.skipped
                .extend(between.take(left).map(|place| (place, now)));
        }
        self.read = seq;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_is_remembered_and_bounded() {
        let mut cursor = Cursor {
            read: 10,
            skipped: Vec::new(),
        };
        for seq in [11, 14, 12] {
            cursor.pass(seq, Timestamp(5));
        }
        assert_eq!((cursor.read, cursor.skipped.len()), (14, 2));
        assert_eq!(cursor.skipped, [(12, Timestamp(5)), (13, Timestamp(5))]);
        cursor.pass(1_000_000_000, Timestamp(5));
        assert_eq!(
            (cursor.read, cursor.skipped.len()),
            (1_000_000_000, MOST_SKIPPED)
        );
        let mut first = Cursor::default();
        first.pass(500, Timestamp(5));
        assert!(first.skipped.is_empty());
    }
}
