//! THE recipe by which votes change a tally: lock the tally rows in order, read the old votes, fold, write, commit.
//!
//! Only the writer calls it; `import` takes its steps. Either everything of a batch is committed, with one fsync, or nothing is.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;

use super::fold::{Folded, Key, Present, fold};
use super::marks::{self, Chosen, Period};
use super::{Wish, postgres, sqlite};
use crate::db::{DbConnection, write_transaction};
use crate::tallies::{TallyRow, store};
use crate::vocabulary::Moment;

/// Carries out a batch of wishes at `now`.
///
/// Two instances on one Postgres meet at the tally rows, always in the order of the tools, so they queue and never
/// deadlock; whoever holds a tool's row is alone with its votes. SQLite has one writer at a time anyway.
///
/// # Errors
/// A failed statement or commit. Before the commit nothing was done; a failed commit may have been done or not.
pub(super) fn record(conn: &mut DbConnection, wishes: &[Wish], now: Moment) -> QueryResult<Folded> {
    let tools: BTreeSet<i32> = wishes.iter().map(|wish| wish.tool).collect();
    let keys: BTreeSet<Key> = wishes.iter().map(|wish| (wish.tool, wish.voter)).collect();
    write_transaction(conn, |conn| {
        let tallies = lock(conn, &tools)?;
        let mut before = present(conn, &keys)?;
        resolve(conn, &mut before)?;
        let periods = periods(conn, &tallies, now)?;
        let folded = fold(wishes, &tallies, &before, &periods, now);
        write(conn, &folded, now)?;
        Ok(folded)
    })
}

pub(super) fn lock(
    conn: &mut DbConnection,
    tools: &BTreeSet<i32>,
) -> QueryResult<BTreeMap<i32, TallyRow>> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::lock(conn, tools),
        DbConnection::Postgres(conn) => postgres::lock(conn, tools),
    }
}

/// The votes under `keys`, each with the mark that it bears.
pub(super) fn present(conn: &mut DbConnection, keys: &BTreeSet<Key>) -> QueryResult<Present> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::present(conn, keys),
        DbConnection::Postgres(conn) => postgres::present(conn, keys),
    }
}

/// Leaves a vote aside only where its mark is of a removal in force. Most batches bear no marks, and ask nothing.
pub(super) fn resolve(conn: &mut DbConnection, votes: &mut Present) -> QueryResult<()> {
    let marks: BTreeSet<i64> = votes.values().filter_map(|vote| vote.aside).collect();
    if marks.is_empty() {
        return Ok(());
    }
    let in_force = marks::in_force(conn, &marks)?;
    for vote in votes.values_mut() {
        vote.aside = vote.aside.filter(|mark| in_force.contains(mark));
    }
    Ok(())
}

/// The periods that a vote cast `now` may fall into. Most tools have none ahead, and ask nothing.
fn periods(
    conn: &mut DbConnection,
    tallies: &BTreeMap<i32, TallyRow>,
    now: Moment,
) -> QueryResult<Vec<Period>> {
    let mut found = Vec::new();
    for row in tallies.values().filter(|row| now < row.period_end) {
        found.extend(marks::periods(conn, row.tool)?);
    }
    Ok(found)
}

pub(super) fn write(conn: &mut DbConnection, folded: &Folded, now: Moment) -> QueryResult<()> {
    if folded.is_empty() {
        return Ok(());
    }
    for closing in &folded.closings {
        store::close(conn, closing)?;
    }
    match conn {
        DbConnection::Sqlite(conn) => sqlite::write(conn, folded, now),
        DbConnection::Postgres(conn) => postgres::write(conn, folded, now),
    }?;
    // Votes are written without a mark; those cast inside a period get it here.
    for (wish, standing) in folded.rows() {
        if let Some(period) = standing.aside {
            let chosen = Chosen {
                voter: wish.voter,
                choice: standing.choice,
                cast_at: standing.cast_at,
            };
            marks::mark(conn, wish.tool, period, &[chosen])?;
        }
    }
    Ok(())
}
