//! What an epoch is planned from, read in one snapshot of the database: the journal, and the present where the journal has
//! gaps.
//!
//! Votes that a server without a log took, or one of a version before it, are in no journal. Each change raises its tally's
//! version: a tool whose version the journal does not lead to is stated anew, from its votes.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Counts;
use crate::infra::db::DbConnection;
use crate::transparency::epoch::{LoggedTools, ToolNow};
use crate::transparency::store::{self, LogRow, present, restate};
use crate::voting::journal::{ToolRecord, decode};

/// Records that one query reads.
const PAGE: i64 = 500;
/// Changes after which an epoch takes no more: its transaction keeps the writer from votes for some tens of milliseconds.
const MAX_CHANGES: usize = 50_000;

/// What one snapshot shows.
pub(super) struct Snapshot {
    pub row: LogRow,
    /// The records that are stated then.
    pub journal: Vec<i64>,
    pub records: Vec<ToolRecord>,
    pub stated: LoggedTools,
    pub now: BTreeMap<i32, ToolNow>,
    pub has_more: bool,
}

/// Reads it; `None` if the journal cannot be read. The tools of `restated` are stated anew, whatever the journal says.
pub(super) fn read(
    conn: &mut DbConnection,
    restated: &BTreeSet<i32>,
) -> diesel::QueryResult<Option<Snapshot>> {
    let row = store::newest(conn)?.ok_or(diesel::result::Error::NotFound)?;
    let mut stated = store::logged_tools(conn)?;
    let now = store::tools_now(conn)?;
    let (mut journal, mut records, mut has_more) = (Vec::new(), Vec::new(), false);
    if row.checkpoint.is_empty() {
        // The present holds all that the journal would say.
        records = present::records(conn)?;
        journal = store::journal_seqs(conn)?;
        stated.clear();
    } else {
        let mut changes = 0;
        let mut after = i64::MIN;
        loop {
            let page = store::journal(conn, after, PAGE)?;
            has_more = i64::try_from(page.len()) == Ok(PAGE);
            for (seq, bytes) in &page {
                let Some(decoded) = decode(bytes) else {
                    return Ok(None);
                };
                after = *seq;
                changes += decoded.iter().map(|tool| tool.changes.len()).sum::<usize>();
                records.extend(decoded);
            }
            journal.extend(page.into_iter().map(|(seq, _)| seq));
            // What is stated anew includes the whole journal.
            if !has_more || changes > MAX_CHANGES && restated.is_empty() {
                break;
            }
        }
        if !has_more {
            let mut gaps = gaps(&now, &stated, &records);
            gaps.extend(restated);
            records.retain(|record| !gaps.contains(&record.tool));
            records.extend(restate::records(conn, &row, &gaps, (&mut stated, &now))?);
        }
    }
    Ok(Some(Snapshot {
        row,
        journal,
        records,
        stated,
        now: now.into_iter().map(|(id, (now, _))| (id, now)).collect(),
        has_more,
    }))
}

/// Tools that are not as the journal left them.
fn gaps(
    now: &BTreeMap<i32, (ToolNow, Counts)>,
    stated: &LoggedTools,
    records: &[ToolRecord],
) -> BTreeSet<i32> {
    let stated = stated
        .iter()
        .map(|(id, tool)| (*id, (tool.tally, tool.version)));
    let mut known: BTreeMap<i32, (Counts, i64)> = stated.collect();
    known.extend(
        records
            .iter()
            .map(|record| (record.tool, (record.tally, record.version))),
    );
    now.iter()
        .filter(|(id, (now, tally))| match known.get(id) {
            Some(known) => *known != (*tally, now.version),
            None => *tally != Counts::default(),
        })
        .map(|(id, _)| *id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transparency::epoch::LoggedTool;

    #[test]
    fn a_tool_that_the_journal_does_not_lead_to_is_a_gap() {
        let tally = |ship| Counts { ship, skip: 0 };
        let tool = |ship, version| {
            (
                ToolNow {
                    slug: String::new(),
                    version,
                },
                tally(ship),
            )
        };
        let now = BTreeMap::from([
            (1, tool(1, 5)),
            (2, tool(1, 5)),
            (3, tool(2, 5)),
            (4, tool(0, 3)),
            (5, tool(1, 2)),
        ]);
        let stated = |ship, version| LoggedTool {
            tally: tally(ship),
            version,
            ..LoggedTool::default()
        };
        let known = BTreeMap::from([(1, stated(1, 5)), (2, stated(1, 4)), (3, stated(1, 4))]);
        assert_eq!(gaps(&now, &known, &[]), BTreeSet::from([2, 3, 5]));
        let record = |tool, ship, version| ToolRecord {
            tool,
            tally: tally(ship),
            version,
            ..ToolRecord::default()
        };
        let records = [
            record(2, 9, 4),
            record(2, 1, 5),
            record(3, 1, 5),
            record(5, 1, 2),
        ];
        assert_eq!(gaps(&now, &known, &records), BTreeSet::from([3]));
    }
}
