//! [`Sums`]: the ledger added up by tool in short pages, then held against all tallies at one moment.
//!
//! Only `watch` calls it. Entries do not change once they are written, so pages need no snapshot in common: what came while
//! earlier ones were read is read with the tallies.

use std::collections::BTreeMap;

use diesel::QueryResult;

use super::pages::Held;
use super::stream;
use super::{Counts, add};
use crate::infra::db::DbConnection;
use crate::voting::ledger::{self, Entry, unpacked};

/// Numbers of the ledger that one step adds up.
const SPAN: i64 = 2_000;

/// See the file's head.
#[derive(Default)]
pub(super) struct Sums {
    after: i64,
    by_tool: BTreeMap<i32, Counts>,
}

fn sum(by_tool: &mut BTreeMap<i32, Counts>, entry: &Entry) {
    let counts = by_tool.entry(entry.tool).or_default();
    for change in unpacked(entry.version, &entry.changes) {
        add(counts, change.old, -1);
        add(counts, change.new, 1);
    }
}

impl Sums {
    /// Adds up some entries; at the end says of each tool what its tally and its ledger are.
    ///
    /// # Errors
    /// A failed query; the sums are of no more use then.
    pub(super) fn step(
        &mut self,
        conn: &mut DbConnection,
    ) -> QueryResult<Option<BTreeMap<i32, Held>>> {
        let upto = self.after + SPAN;
        // On Postgres an entry may show a little later than one of a greater number: the end is left to the snapshot.
        if upto + stream::OVERLAP < ledger::last(conn)? {
            let by_tool = &mut self.by_tool;
            ledger::each_between(conn, (self.after, upto), None, |entry| sum(by_tool, entry))?;
            self.after = upto;
            return Ok(None);
        }
        stream::begin(conn)?;
        let held = self.end(conn)?;
        stream::end(conn)?;
        Ok(Some(held))
    }

    fn end(&mut self, conn: &mut DbConnection) -> QueryResult<BTreeMap<i32, Held>> {
        let by_tool = &mut self.by_tool;
        ledger::each_between(conn, (self.after, i64::MAX), None, |entry| {
            sum(by_tool, entry);
        })?;
        for (tool, _, ship, skip, _) in stream::bulk_events(conn)? {
            let counts = by_tool.entry(tool).or_default();
            *counts = (counts.0 + ship, counts.1 + skip);
        }
        let tallies = stream::tallies(conn)?.into_iter();
        Ok(tallies
            .map(|(_, row)| {
                let held = Held {
                    tally: (row.ship, row.skip),
                    found: by_tool.get(&row.tool).copied().unwrap_or_default(),
                };
                (row.tool, held)
            })
            .collect())
    }
}
