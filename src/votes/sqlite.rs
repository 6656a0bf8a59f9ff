//! The ledger's statements on SQLite: a loop of small cached statements in one transaction, measured faster than
//! statements over many rows.
//!
//! Only `ledger` calls it. The statements are written by hand so that diesel keeps them prepared (`sql_query` never is).

use std::collections::{BTreeMap, BTreeSet};

use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt};
use diesel::sqlite::Sqlite;
use diesel::{OptionalExtension, QueryResult, RunQueryDsl, SqliteConnection};

use super::entries::{self, Entry};
use super::fold::{Folded, Key, Present};
use super::{Standing, Wish};
use crate::db::schema::tallies;
use crate::tallies::{TallyRow, store};
use crate::vocabulary::{Choice, Moment};

/// A statement of fixed text: prepared once, found again by its type.
macro_rules! fixed_statement {
    ($name:ident) => {
        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }
        impl RunQueryDsl<SqliteConnection> for $name<'_> {}
    };
}

struct SelectTally<'a>(&'a i32);
fixed_statement!(SelectTally);

impl Query for SelectTally<'_> {
    type SqlType = tallies::SqlType;
}

impl QueryFragment<Sqlite> for SelectTally<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "SELECT tool_id, ship, skip, panel_ship, panel_skip, state, version, updated_at, \
             aside_ship, aside_skip, period_end FROM tallies WHERE tool_id = ",
        );
        out.push_bind_param::<Integer, _>(self.0)
    }
}

struct SelectVote<'a> {
    tool: &'a i32,
    voter: &'a [u8],
}
fixed_statement!(SelectVote);

impl Query for SelectVote<'_> {
    type SqlType = (SmallInt, BigInt, Nullable<BigInt>);
}

impl QueryFragment<Sqlite> for SelectVote<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT choice, cast_at, taken_out_by FROM votes WHERE tool_id = ");
        out.push_bind_param::<Integer, _>(self.tool)?;
        out.push_sql(" AND voter = ");
        out.push_bind_param::<Binary, _>(self.voter)
    }
}

struct UpsertVote<'a> {
    wish: &'a Wish,
    choice: i16,
    cast_at: i64,
}
fixed_statement!(UpsertVote);

impl QueryFragment<Sqlite> for UpsertVote<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT OR REPLACE INTO votes (tool_id, voter, choice, cast_at, network, token_age) VALUES (");
        out.push_bind_param::<Integer, _>(&self.wish.tool)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(self.wish.voter.0.as_slice())?;
        out.push_sql(", ");
        out.push_bind_param::<SmallInt, _>(&self.choice)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.cast_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(self.wish.network.0.as_slice())?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&self.wish.token_age)?;
        out.push_sql(")");
        Ok(())
    }
}

struct DeleteVote<'a> {
    tool: &'a i32,
    voter: &'a [u8],
}
fixed_statement!(DeleteVote);

impl QueryFragment<Sqlite> for DeleteVote<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("DELETE FROM votes WHERE tool_id = ");
        out.push_bind_param::<Integer, _>(self.tool)?;
        out.push_sql(" AND voter = ");
        out.push_bind_param::<Binary, _>(self.voter)
    }
}

struct InsertEntry<'a>(&'a Entry);
fixed_statement!(InsertEntry);

impl QueryFragment<Sqlite> for InsertEntry<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ledger_entries (tool_id, version, at, changes) VALUES (");
        out.push_bind_param::<Integer, _>(&self.0.tool)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.0.version)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.0.at.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&self.0.changes)?;
        out.push_sql(")");
        Ok(())
    }
}

struct UpdateTally<'a>(&'a TallyRow, &'a i64);
fixed_statement!(UpdateTally);

impl QueryFragment<Sqlite> for UpdateTally<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE tallies SET ship = ");
        out.push_bind_param::<BigInt, _>(&self.0.ship)?;
        out.push_sql(", skip = ");
        out.push_bind_param::<BigInt, _>(&self.0.skip)?;
        out.push_sql(", version = ");
        out.push_bind_param::<BigInt, _>(&self.0.version)?;
        out.push_sql(", updated_at = ");
        out.push_bind_param::<BigInt, _>(self.1)?;
        out.push_sql(", aside_ship = ");
        out.push_bind_param::<BigInt, _>(&self.0.aside_ship)?;
        out.push_sql(", aside_skip = ");
        out.push_bind_param::<BigInt, _>(&self.0.aside_skip)?;
        out.push_sql(" WHERE tool_id = ");
        out.push_bind_param::<Integer, _>(&self.0.tool)
    }
}

/// The tally rows of `tools`. The write lock is held since `BEGIN IMMEDIATE`.
pub(super) fn lock(
    conn: &mut SqliteConnection,
    tools: &BTreeSet<i32>,
) -> QueryResult<BTreeMap<i32, TallyRow>> {
    let mut rows = BTreeMap::new();
    for tool in tools {
        if let Some(columns) = SelectTally(tool)
            .get_result::<store::Columns>(conn)
            .optional()?
        {
            rows.insert(*tool, store::row(columns));
        }
    }
    Ok(rows)
}

/// The votes that stand under `keys`.
pub(super) fn present(conn: &mut SqliteConnection, keys: &BTreeSet<Key>) -> QueryResult<Present> {
    let mut votes =
        Present::with_capacity_and_hasher(keys.len(), foldhash::fast::RandomState::default());
    for (tool, voter) in keys {
        let found: Option<(i16, i64, Option<i64>)> = SelectVote {
            tool,
            voter: &voter.0,
        }
        .get_result(conn)
        .optional()?;
        if let Some((choice, cast_at, taken_out_by)) = found
            && let Some(choice) = Choice::from_code(choice)
        {
            let standing = Standing {
                choice,
                cast_at: Moment(cast_at),
                aside: taken_out_by,
            };
            votes.insert((*tool, *voter), standing);
        }
    }
    Ok(votes)
}

/// Writes a folded batch.
pub(super) fn write(conn: &mut SqliteConnection, folded: &Folded, now: Moment) -> QueryResult<()> {
    for (wish, standing) in folded.rows() {
        UpsertVote {
            wish,
            choice: standing.choice.code(),
            cast_at: standing.cast_at.0,
        }
        .execute(conn)?;
    }
    for (tool, voter) in &folded.deletes {
        DeleteVote {
            tool,
            voter: &voter.0,
        }
        .execute(conn)?;
    }
    note(
        conn,
        &entries::packed(folded.events.iter().map(|event| (event, now))),
    )?;
    for row in &folded.tallies {
        UpdateTally(row, &row.updated_at.0).execute(conn)?;
    }
    Ok(())
}

/// Writes entries of the ledger.
pub(super) fn note(conn: &mut SqliteConnection, entries: &[Entry]) -> QueryResult<()> {
    for entry in entries {
        InsertEntry(entry).execute(conn)?;
    }
    Ok(())
}
