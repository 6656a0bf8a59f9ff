//! [`AlertedTools`]: which tools are under an alert at present, in memory, so that whoever takes a vote can ask.
//!
//! The detector writes alerts into the database, whichever instance runs it; `verdicts::follow` has every instance read them
//! anew within a second. It must never ask the database for a vote.

mod store;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use arc_swap::ArcSwap;

pub use store::raise_version;

use crate::domain::Timestamp;
use crate::infra::db::DbConnection;

/// An alert presses for so long after it was raised, or grew.
const PRESSES_SECONDS: i64 = 3_600;

/// The open alerts, as this instance knows them.
#[derive(Debug, Default)]
pub struct AlertedTools {
    /// By tool: when its newest open alert was raised or grew.
    newest: ArcSwap<HashMap<i32, Timestamp, foldhash::fast::RandomState>>,
    /// The version of `newest`; held while another is put in its place.
    version: Mutex<i64>,
}

impl AlertedTools {
    /// Whether there is an open alert on `tool` that was raised, or grew, within the last hour. A look-up, no lock.
    pub fn press(&self, tool: i32, now: Timestamp) -> bool {
        let newest = self.newest.load().get(&tool).copied();
        newest.is_some_and(|at| now < at.plus_seconds(PRESSES_SECONDS))
    }

    /// Reads the alerts if they have changed since they were last read.
    pub fn reload(&self, conn: &mut DbConnection, now: Timestamp) -> store::Found<()> {
        // The version first: what is read after it is at least as new.
        let version = store::version(conn)?;
        let known = || self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if *known() >= version {
            return Ok(());
        }
        let since = now.plus_seconds(-PRESSES_SECONDS);
        let fresh = store::open_since(conn, since)?;
        let mut known = known();
        if *known < version {
            *known = version;
            let newest = fresh.into_iter().collect();
            self.newest.store(std::sync::Arc::new(newest));
        }
        Ok(())
    }
}

#[cfg(test)]
impl AlertedTools {
    /// One open alert, on `tool`, raised at `at`.
    pub(super) fn of(tool: i32, at: Timestamp) -> Self {
        let alerts = Self::default();
        let newest = [(tool, at)].into_iter().collect();
        alerts.newest.store(std::sync::Arc::new(newest));
        alerts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_presses_for_an_hour_and_on_its_tool_alone() {
        let alerts = AlertedTools::default();
        assert!(!alerts.press(1, Timestamp(0)), "none");
        let alerts = AlertedTools::of(1, Timestamp(0).plus_seconds(100));
        let at = |seconds| Timestamp(0).plus_seconds(seconds);
        assert!(alerts.press(1, at(100)) && alerts.press(1, at(3_699)));
        assert!(!alerts.press(1, at(3_700)) && !alerts.press(2, at(100)));
    }
}
