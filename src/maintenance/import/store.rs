//! One step of an import: a short transaction under the locks of its tools, as the ledger's recipe has it.
//!
//! Only `import` calls it. Between two steps the server's writer has its turn.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::fold::fold;
use super::{ImportReport, Line, postgres, sqlite, vote_command};
use crate::auth::denylist;
use crate::catalog::store as catalog;
use crate::domain::Timestamp;
use crate::infra::db::schema::{hours_to_make, tool_redirects, tools};
use crate::infra::db::{DbConnection, write_transaction};
use crate::voting::apply::{Key, VoteChange};
use crate::voting::exclusions::{self, Chosen};
use crate::voting::fresh::book::OriginBook;
use crate::voting::fresh::store as origins;
use crate::voting::ledger::packed;
use crate::voting::{batch, claims};

/// Every tool's id by its slug, and by its former ones; archived ones too.
pub fn tools(conn: &mut DbConnection) -> QueryResult<HashMap<String, i32>> {
    let former: Vec<(String, i32)> = tool_redirects::table.load(conn)?;
    let rows: Vec<(String, i32)> = tools::table.select((tools::slug, tools::id)).load(conn)?;
    let merged = catalog::merged(conn)?;
    let next = |tool: &i32| merged.get(tool).copied();
    // Votes on a merged tool are votes on its target.
    let last = |tool| {
        std::iter::successors(Some(tool), next)
            .last()
            .unwrap_or(tool)
    };
    let rows = former.into_iter().chain(rows);
    Ok(rows.map(|(slug, tool)| (slug, last(tool))).collect())
}

/// Writes a step, or nothing of it. `noted` are the tools whose hours are known to have to be made again.
pub(super) fn record(
    conn: &mut DbConnection,
    lines: &BTreeMap<Key, &Line>,
    noted: &mut HashSet<i32>,
    now: Timestamp,
) -> QueryResult<ImportReport> {
    let tools: BTreeSet<i32> = lines.keys().map(|(tool, _)| *tool).collect();
    let (report, past) = write_transaction(conn, |conn| {
        denylist::lock_shared(conn)?;
        let tallies = batch::lock(conn, &tools)?;
        let (lines, barred) = allowed(conn, lines)?;
        let lines = &lines;
        let added = add(conn, lines)?;
        let rest: BTreeSet<Key> = lines
            .keys()
            .filter(|key| !added.contains(key))
            .copied()
            .collect();
        let mut before = batch::present(conn, &rest)?;
        batch::resolve(conn, &mut before)?;
        let mut periods = Vec::new();
        for tool in tools {
            periods.extend(exclusions::periods(conn, tool)?);
        }
        let mut book = OriginBook::default();
        origins::read(conn, &mut book, origins::bound(before.values()))?;
        let mut step = fold(
            lines,
            vote_command,
            &added,
            &before,
            &tallies,
            &periods,
            now,
        );
        step.report.barred = barred;
        note(conn, &step.events)?;
        batch::write(conn, &step.folded, now)?;
        for (command, record) in &step.folded.updates {
            let old = before.get(&(command.tool, command.voter)).copied();
            book.replace(command.tool, command.voter, old, Some(*record));
        }
        origins::save(conn, &book)?;
        for (tool, period, command, standing) in &step.aside {
            let chosen = Chosen {
                voter: command.voter,
                choice: standing.choice,
                cast_at: standing.cast_at,
            };
            exclusions::mark(conn, *tool, *period, &[chosen])?;
        }
        let past: BTreeSet<i32> = step
            .events
            .iter()
            .filter(|(event, at)| at.hour() < now.hour() && !noted.contains(&event.tool))
            .map(|(event, _)| event.tool)
            .collect();
        note_hours(conn, &past)?;
        Ok::<_, diesel::result::Error>((step.report, past))
    })?;
    noted.extend(past);
    Ok(report)
}

/// The lines whose voters may have a vote, and how many others there are: the vote of an erased voter stays without a name, and that of a
/// visitor who came as a user is the user's. The lock of erasures and the tallies' are held.
fn allowed<'a>(
    conn: &mut DbConnection,
    lines: &BTreeMap<Key, &'a Line>,
) -> QueryResult<(BTreeMap<Key, &'a Line>, u64)> {
    let erased = denylist::erased_among(conn, lines.keys().map(|(_, voter)| *voter))?;
    let linked = claims::store::spent(conn, &lines.keys().copied().collect())?;
    let mut allowed = lines.clone();
    allowed.retain(|key, _| !erased.contains(&key.1) && !linked.contains(key));
    let barred = (lines.len() - allowed.len()) as u64;
    Ok((allowed, barred))
}

fn add(conn: &mut DbConnection, lines: &BTreeMap<Key, &Line>) -> QueryResult<BTreeSet<Key>> {
    let names: Vec<(&[u8], &str)> = lines
        .values()
        .filter_map(|line| Some((line.voter.0.as_slice(), line.name.as_deref()?)))
        .collect();
    match conn {
        DbConnection::Sqlite(conn) => {
            sqlite::names(conn, &names)?;
            sqlite::add(conn, lines)
        }
        DbConnection::Postgres(conn) => {
            postgres::names(conn, &names)?;
            postgres::add(conn, lines)
        }
    }
}

fn note(conn: &mut DbConnection, events: &[(VoteChange, Timestamp)]) -> QueryResult<()> {
    let entries = packed(events.iter().map(|(event, at)| (event, *at)));
    match conn {
        DbConnection::Sqlite(conn) => crate::voting::sqlite::note(conn, &entries),
        DbConnection::Postgres(conn) => postgres::note(conn, &entries),
    }
}

/// Notes that the tools' hours are to be made again; that holds until it is done, whatever happens meanwhile.
fn note_hours(conn: &mut DbConnection, tools: &BTreeSet<i32>) -> QueryResult<()> {
    let there: Vec<i32> = if tools.is_empty() {
        Vec::new()
    } else {
        hours_to_make::table
            .select(hours_to_make::tool_id)
            .load(conn)?
    };
    for tool in tools.iter().filter(|tool| !there.contains(tool)) {
        diesel::insert_into(hours_to_make::table)
            .values(hours_to_make::tool_id.eq(tool))
            .execute(conn)?;
    }
    Ok(())
}

/// Makes the connection ready for many steps.
pub(super) fn prepare(conn: &mut DbConnection) -> QueryResult<()> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::prepare(conn),
        DbConnection::Postgres(_) => Ok(()),
    }
}
