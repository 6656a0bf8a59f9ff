//! [`LedgerSums`]: the ledger added up by tool, entry by entry, and whether it is in order.
//!
//! The recounts feed it. Entries do not change once they are written, but for the voters that an erasure renames; so the daily
//! recount reads them in short spans that need no snapshot in common.

use std::collections::{BTreeMap, HashSet};

use diesel::QueryResult;

use super::stream::{self, BulkEvent};
use super::{Counts, add};
use crate::infra::db::DbConnection;
use crate::voting::checksum::Sketch;
use crate::voting::ledger::voter_index;
use crate::voting::ledger::{self, Entry, is_whole, unpacked};

/// Numbers of the ledger that one step adds up.
const SPAN: i64 = 2_000;

/// What the ledger has of one tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LedgerAccount {
    pub counts: Counts,
    pub sketch: Sketch,
    /// The newest version of a change, and of many votes at once, whether they are within the sums or not.
    pub newest: i64,
    pub newest_bulk: i64,
    pub disordered: bool,
}

/// See the file's head.
#[derive(Default)]
pub(super) struct LedgerSums {
    pub by_tool: BTreeMap<i32, LedgerAccount>,
    pub events: i64,
    bulk: HashSet<(i32, i64)>,
    /// The version of each tool up to which changes are added; `None`: all.
    upto: Option<BTreeMap<i32, i64>>,
    after: i64,
    begun: bool,
}

impl LedgerSums {
    /// Adds up changes until these versions alone.
    pub(super) fn until(versions: BTreeMap<i32, i64>) -> Self {
        Self {
            upto: Some(versions),
            ..Self::default()
        }
    }

    /// Adds everything.
    pub(super) fn read_all(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        self.begin(conn)?;
        ledger::each(conn, |entry| self.entry(entry))
    }

    /// Adds some entries; true once that was all. The last step has to be in a snapshot, which `at_end` sees too.
    ///
    /// # Errors
    /// A failed query; the sums are of no more use then.
    pub(super) fn step<T>(
        &mut self,
        conn: &mut DbConnection,
        at_end: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
    ) -> QueryResult<Option<T>> {
        if !self.begun {
            self.begin(conn)?;
        }
        let (after, upto) = (self.after, self.after + SPAN);
        // On Postgres an entry may show a little later than one of a greater number: the end is left to the snapshot.
        if upto + voter_index::OVERLAP < ledger::last(conn)? {
            ledger::each_between(conn, (after, upto), None, |entry| self.entry(entry))?;
            self.after = upto;
            return Ok(None);
        }
        stream::in_snapshot(conn, |conn| {
            ledger::each_between(conn, (after, i64::MAX), None, |entry| self.entry(entry))?;
            at_end(conn).map(Some)
        })
    }

    fn begin(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        self.begun = true;
        for event in stream::bulk_events(conn)? {
            self.bulk_event(event);
        }
        Ok(())
    }

    fn is_within(&self, tool: i32, version: i64) -> bool {
        let Some(upto) = &self.upto else { return true };
        upto.get(&tool).is_some_and(|upto| version <= *upto)
    }

    fn bulk_event(&mut self, (tool, version, ship, skip, sketch): BulkEvent) {
        let is_within = self.is_within(tool, version);
        self.events += 1;
        self.bulk.insert((tool, version));
        let account = self.by_tool.entry(tool).or_default();
        account.newest_bulk = account.newest_bulk.max(version);
        if is_within {
            account.counts.0 += ship;
            account.counts.1 += skip;
            account.sketch.add(Sketch(sketch));
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let limit = match &self.upto {
            None => i64::MAX,
            Some(upto) => upto.get(&entry.tool).copied().unwrap_or(i64::MIN),
        };
        let account = self.by_tool.entry(entry.tool).or_default();
        account.disordered |= !is_whole(&entry.changes);
        for change in unpacked(entry.version, &entry.changes) {
            self.events += 1;
            // Whoever writes holds the tally's row: within a tool, versions only grow.
            let known = self.bulk.contains(&(entry.tool, change.version));
            account.disordered |= change.version <= account.newest || known;
            account.newest = account.newest.max(change.version);
            if change.version <= limit {
                add(&mut account.counts, change.old, -1);
                add(&mut account.counts, change.new, 1);
                let (old, new) = (change.old, change.new);
                account.sketch.moved(change.voter, old, new);
            }
        }
    }
}
