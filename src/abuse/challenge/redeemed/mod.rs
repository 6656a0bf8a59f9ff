//! [`RedeemedSolutions`]: which solutions were used, until they end by themselves: each is good once.
//!
//! `challenge` asks before it lets anybody pass. This process always remembers what passed here. With Postgres, where other
//! instances may run beside this one or after it, the database decides ([`book`]); Redis is not asked, because what it forgets
//! when it is lost or restarted could be used again. On SQLite there is one instance, and challenges of another run are not
//! believed. It must never answer that a solution is unused without knowing.

mod postgres;
mod recorder;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::abuse::challenge::pow::Solved;
use crate::config::{self, DatabaseUrl};
use crate::domain::Timestamp;
use recorder::RedemptionStore;

/// So many are remembered at most: five minutes of more than 400 a second.
const MOST: usize = 131_072;

/// Why a solution is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedeemError {
    /// It was used before.
    Used,
    /// Too much is remembered: it counts as ended.
    TooOld,
    /// The database did not say.
    Unknown,
}

/// What this process remembers.
#[derive(Default)]
struct Memory {
    used: HashMap<[u8; 16], Timestamp, foldhash::fast::RandomState>,
    /// What ends by then is not taken any more, because it may have been forgotten.
    forgotten: Option<Timestamp>,
}

impl Memory {
    fn spend(&mut self, solved: Solved, now: Timestamp, most: usize) -> Result<(), RedeemError> {
        if self.forgotten.is_some_and(|end| solved.ends_at <= end) {
            return Err(RedeemError::TooOld);
        }
        if self.used.contains_key(&solved.id) {
            return Err(RedeemError::Used);
        }
        if self.used.len() >= most {
            self.evict(now, most);
            // The eviction may have dropped this one.
            if self.forgotten.is_some_and(|end| solved.ends_at <= end) {
                return Err(RedeemError::TooOld);
            }
        }
        self.used.insert(solved.id, solved.ends_at);
        Ok(())
    }

    /// Lets go of what has ended, and of the half that ends first where that is not enough.
    fn evict(&mut self, now: Timestamp, most: usize) {
        self.used.retain(|_, end| now < *end);
        if self.used.len() < most {
            return;
        }
        let mut ends: Vec<Timestamp> = self.used.values().copied().collect();
        let middle = ends.len() / 2;
        let (_, median, _) = ends.select_nth_unstable(middle);
        let median = *median;
        self.used.retain(|_, end| median < *end);
        self.forgotten = Some(self.forgotten.map_or(median, |end| end.max(median)));
    }
}

/// The solutions that were used.
pub(super) struct RedeemedSolutions {
    memory: Mutex<Memory>,
    /// Where instances share a database.
    book: Option<RedemptionStore>,
}

impl RedeemedSolutions {
    /// # Errors
    /// Where the thread that writes to Postgres cannot be started.
    pub(super) fn start(settings: &config::Database) -> std::io::Result<Self> {
        let book = match settings.url {
            DatabaseUrl::Sqlite(_) => None,
            DatabaseUrl::Postgres(_) => Some(RedemptionStore::start(settings.clone())?),
        };
        Ok(Self {
            memory: Mutex::default(),
            book,
        })
    }

    /// Whether what was spent before this start, or elsewhere, is known.
    pub(super) fn knows_other_runs(&self) -> bool {
        self.book.is_some()
    }

    /// Uses a solution, which nobody can do again.
    pub(super) async fn spend(&self, solved: Solved, now: Timestamp) -> Result<(), RedeemError> {
        self.remembered(|memory| memory.spend(solved, now, MOST))?;
        let Some(book) = &self.book else {
            return Ok(());
        };
        match book.enter(solved).await {
            Some(true) => Ok(()),
            Some(false) => Err(RedeemError::Used),
            None => {
                // Where it was entered after all, the next try learns that from the database.
                self.remembered(|memory| memory.used.remove(&solved.id));
                Err(RedeemError::Unknown)
            }
        }
    }

    fn remembered<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

    fn solved(n: u8, seconds: i64) -> Solved {
        Solved {
            id: [n; 16],
            ends_at: NOW.plus_seconds(seconds),
        }
    }

    #[test]
    fn each_is_good_once() {
        let mut memory = Memory::default();
        assert_eq!(memory.spend(solved(1, 300), NOW, 10), Ok(()));
        assert_eq!(
            memory.spend(solved(1, 300), NOW, 10),
            Err(RedeemError::Used)
        );
        assert_eq!(memory.spend(solved(2, 300), NOW, 10), Ok(()));
    }

    #[test]
    fn what_has_ended_is_evicted_and_costs_nobody() {
        let mut memory = Memory::default();
        for n in 0..10 {
            assert_eq!(memory.spend(solved(n, 10), NOW, 10), Ok(()));
        }
        let later = NOW.plus_seconds(10);
        assert_eq!(memory.spend(solved(10, 300), later, 10), Ok(()));
        assert_eq!((memory.used.len(), memory.forgotten), (1, None));
    }

    #[test]
    fn a_full_memory_forgets_nothing_that_could_be_used_again() {
        let mut memory = Memory::default();
        for n in 0..100 {
            // Whatever is refused here was never used.
            let _ = memory.spend(solved(n, i64::from(n) + 1), NOW, 10);
        }
        assert!(memory.used.len() <= 10);
        for n in 0..100 {
            let again = memory.spend(solved(n, i64::from(n) + 1), NOW, 10);
            assert!(again.is_err(), "{n} passed twice");
        }
        assert_eq!(memory.spend(solved(200, 300), NOW, 10), Ok(()));
    }
}
