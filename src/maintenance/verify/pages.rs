//! [`Walk`]: one tool's votes counted in short pages, right although people vote meanwhile.
//!
//! Only `watch` calls it. Each page is read in a snapshot of its own, with the version that the tally had there. What
//! changed on a page after it was read stands in the ledger and is added, so the sum is that of the version of the last page,
//! and is held against the tally as that page's snapshot has it. What moves votes without an entry for each, a removal that
//! comes into force or is taken back, or an erasure that renames voters, makes the walk begin again.

use diesel::QueryResult;

use super::stream::{self, Quiet};
use super::{Counts, add, counted};
use crate::infra::db::DbConnection;
use crate::tallies::{TallyRow, store};
use crate::voting::exclusions;
use crate::voting::ledger::{self, unpacked};

/// Numbers of the ledger that one step looks through.
const SPAN: i64 = 5_000;
/// After every voter.
const BEYOND: [u8; 17] = [0xff; 17];

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There is more to read.
    More,
    /// Something moved many votes at once: begin again.
    Moved,
    Done(Held),
}

/// A tally, and what was counted at its version: (ship, skip).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub tally: Counts,
    pub found: Counts,
}

impl Held {
    /// By how many votes the two differ.
    pub(super) fn drift(&self) -> u64 {
        self.tally.0.abs_diff(self.found.0) + self.tally.1.abs_diff(self.found.1)
    }
}

/// A page that was read: up to which voter, at which version.
struct Page {
    upto: Vec<u8>,
    version: i64,
}

/// What stood when the first page was read.
struct ReadStart {
    version: i64,
    /// Entries of later versions have greater numbers.
    seq: i64,
    quiet: Quiet,
}

/// The last page, and how far its corrections are.
struct Ending {
    row: TallyRow,
    after: i64,
    upto: i64,
}

/// See the file's head.
pub(super) struct Walk {
    tool: i32,
    /// Votes of a page.
    size: usize,
    pages: Vec<Page>,
    found: Counts,
    begun: Option<ReadStart>,
    ending: Option<Ending>,
}

impl Walk {
    pub(super) fn new(tool: i32, size: usize) -> Self {
        Self {
            tool,
            size,
            pages: Vec::new(),
            found: (0, 0),
            begun: None,
            ending: None,
        }
    }

    /// Reads one page of votes, or of the ledger. `None` where the tool has no tally.
    ///
    /// # Errors
    /// A failed query; the walk is of no more use then.
    pub(super) fn step(&mut self, conn: &mut DbConnection) -> QueryResult<Option<Step>> {
        if self.ending.is_some() {
            return self.correct(conn).map(Some);
        }
        stream::begin(conn)?;
        let step = self.page(conn)?;
        stream::end(conn)?;
        Ok(step)
    }

    fn page(&mut self, conn: &mut DbConnection) -> QueryResult<Option<Step>> {
        let Some(row) = store::find(conn, self.tool)? else {
            return Ok(None);
        };
        let in_force = exclusions::all_in_force(conn, self.tool)?;
        let after = self.pages.last().map(|page| page.upto.as_slice());
        let votes = stream::page(conn, self.tool, after.unwrap_or_default(), self.size)?;
        let is_last = votes.len() < self.size;
        for (_, choice, mark) in &votes {
            add(&mut self.found, counted(*choice, *mark, &in_force), 1);
        }
        // Whoever comes after the last page's voters is of that page.
        let upto = votes.into_iter().next_back().map(|(voter, ..)| voter);
        self.pages.push(Page {
            upto: upto.filter(|_| !is_last).unwrap_or_else(|| BEYOND.to_vec()),
            version: row.version,
        });
        let Some(begun) = &self.begun else {
            if is_last {
                return Ok(Some(self.done(&row)));
            }
            self.begun = Some(ReadStart {
                version: row.version,
                seq: ledger::last(conn)?.saturating_sub(stream::OVERLAP),
                quiet: stream::quiet(conn, self.tool)?,
            });
            return Ok(Some(Step::More));
        };
        if !is_last {
            return Ok(Some(Step::More));
        }
        if begun.quiet != stream::quiet(conn, self.tool)? {
            return Ok(Some(Step::Moved));
        }
        if begun.version == row.version {
            return Ok(Some(self.done(&row)));
        }
        self.ending = Some(Ending {
            row,
            after: begun.seq,
            upto: ledger::last(conn)?,
        });
        Ok(Some(Step::More))
    }

    fn done(&self, row: &TallyRow) -> Step {
        Step::Done(Held {
            tally: (row.ship, row.skip),
            found: self.found,
        })
    }

    /// Adds what changed on pages after they were read, up to the version of the last.
    fn correct(&mut self, conn: &mut DbConnection) -> QueryResult<Step> {
        let (Some(begun), Some(ending)) = (&self.begun, &mut self.ending) else {
            return Ok(Step::Moved);
        };
        let span = (ending.after, ending.upto.min(ending.after + SPAN));
        let versions = begun.version + 1..=ending.row.version;
        let (pages, found) = (&self.pages, &mut self.found);
        ledger::each_between(conn, span, Some(self.tool), |entry| {
            for change in unpacked(entry.version, &entry.changes) {
                let voter = change.voter.0.as_slice();
                let place = pages.partition_point(|page| page.upto.as_slice() < voter);
                let page = pages.get(place);
                let was_read = page.is_some_and(|page| page.version >= change.version);
                if versions.contains(&change.version) && !was_read {
                    add(found, change.old, -1);
                    add(found, change.new, 1);
                }
            }
        })?;
        ending.after = span.1;
        if ending.after < ending.upto {
            return Ok(Step::More);
        }
        let row = ending.row;
        Ok(self.done(&row))
    }
}
