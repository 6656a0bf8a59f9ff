//! THE recipe by which votes change a tally: lock the tally rows in order, read the old votes, fold, write, commit.
//!
//! Only the writer calls it. Either everything of a batch is committed, with one fsync, or nothing is.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;

use super::fold::{Folded, Key, Present, fold};
use super::{Wish, postgres, sqlite};
use crate::db::{DbConnection, write_transaction};
use crate::tallies::TallyRow;
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
        let before = present(conn, &keys)?;
        let folded = fold(wishes, tallies, &before, now);
        write(conn, &folded, now)?;
        Ok(folded)
    })
}

fn lock(conn: &mut DbConnection, tools: &BTreeSet<i32>) -> QueryResult<BTreeMap<i32, TallyRow>> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::lock(conn, tools),
        DbConnection::Postgres(conn) => postgres::lock(conn, tools),
    }
}

fn present(conn: &mut DbConnection, keys: &BTreeSet<Key>) -> QueryResult<Present> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::present(conn, keys),
        DbConnection::Postgres(conn) => postgres::present(conn, keys),
    }
}

fn write(conn: &mut DbConnection, folded: &Folded, now: Moment) -> QueryResult<()> {
    if folded.upserts.is_empty() && folded.deletes.is_empty() && folded.events.is_empty() {
        return Ok(());
    }
    match conn {
        DbConnection::Sqlite(conn) => sqlite::write(conn, folded, now),
        DbConnection::Postgres(conn) => postgres::write(conn, folded, now),
    }
}
