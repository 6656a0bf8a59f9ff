//! The ballots of tools as the public log counts them: those that it has stated, and what its journal still holds.
//!
//! The recount holds it against the ballots of the votes. The log's own tree is checked by the server before it signs, and by
//! `tallyship log verify`.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use crate::domain::Counts;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{log_journal, log_tools, logs};
use crate::tallies::TallyRow;
use crate::voting::journal::{ToolRecord, decode};

/// Ballots of a tool, as the log counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct BallotCounts {
    /// Without exclusion, held ones included.
    pub named: Counts,
    pub held: Counts,
}

impl BallotCounts {
    fn apply(&mut self, record: &ToolRecord) {
        let Self { named, held } = self;
        for change in &record.changes {
            let (old, new) = (change.old, change.new_state());
            *named = named.plus(new.named()).minus(old.named());
            *held = held.plus(new.held()).minus(old.held());
        }
        for removal in record.removals.iter().filter(|act| !act.is_handed_over) {
            for (_, state) in &removal.ballots {
                if removal.excludes {
                    *named = named.minus(state.named());
                    *held = held.minus(state.held());
                } else {
                    *named = named.plus(state.named());
                    *held = held.plus(state.held());
                }
            }
        }
        *held = held.plus(record.held);
    }
}

/// Tool, named, held, and the version of the tally.
type CountsColumns = (i32, (i64, i64), (i64, i64), i64);

/// What the log says of every tool.
#[derive(Debug, Default)]
pub(super) struct StatedTools {
    by_tool: BTreeMap<i32, (BallotCounts, i64)>,
    /// Records of the journal that cannot be read.
    pub unreadable: Vec<i64>,
}

impl StatedTools {
    /// The ballots of a tool. `None` if its tally moved without the journal: the log states the tool anew at its next epoch.
    pub fn ballots_of(&self, row: &TallyRow) -> Option<BallotCounts> {
        match self.by_tool.get(&row.tool) {
            Some((ballots, version)) => (*version == row.version).then_some(*ballots),
            None => (row.ship == 0 && row.skip == 0).then(BallotCounts::default),
        }
    }
}

/// Reads it; `None` if there is no log, or nothing in it yet.
pub(super) fn read(conn: &mut DbConnection) -> QueryResult<Option<StatedTools>> {
    let newest: Vec<String> = logs::table
        .order(logs::id.desc())
        .limit(1)
        .select(logs::checkpoint)
        .load(conn)?;
    if newest.first().is_none_or(String::is_empty) {
        return Ok(None);
    }
    let mut stated = StatedTools::default();
    let rows: Vec<CountsColumns> = log_tools::table
        .select((
            log_tools::tool_id,
            (log_tools::named_ship, log_tools::named_skip),
            (log_tools::held_ship, log_tools::held_skip),
            log_tools::version,
        ))
        .load(conn)?;
    let counts = |(ship, skip)| Counts { ship, skip };
    for (tool, named, held, version) in rows {
        let (named, held) = (counts(named), counts(held));
        let ballots = BallotCounts { named, held };
        stated.by_tool.insert(tool, (ballots, version));
    }
    let journal: Vec<(i64, Vec<u8>)> = log_journal::table.order(log_journal::seq).load(conn)?;
    for (seq, bytes) in journal {
        let Some(records) = decode(&bytes) else {
            stated.unreadable.push(seq);
            continue;
        };
        for record in &records {
            let (ballots, version) = stated.by_tool.entry(record.tool).or_default();
            ballots.apply(record);
            *version = record.version;
        }
    }
    Ok(Some(stated))
}
