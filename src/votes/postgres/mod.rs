//! The ledger's statements on Postgres: three for a whole batch, over arrays, each prepared once.
//!
//! Only `ledger` calls it. One statement over `unnest` was measured 15 to 20 times faster than a loop over rows.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, SmallInt};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::entries::{self, Entry};
use super::fold::Folded;
use super::{Standing, Wish};
use crate::tallies::{TallyRow, store};
use crate::vocabulary::Moment;

/// A statement of fixed text: prepared once, found again by its type.
macro_rules! fixed_statement {
    ($name:ident) => {
        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }
        impl RunQueryDsl<PgConnection> for $name<'_> {}
    };
}

mod present;

pub(super) use present::{present, read_under_lock};

struct LockTallies<'a> {
    tools: &'a [i32],
}
fixed_statement!(LockTallies);

impl Query for LockTallies<'_> {
    type SqlType = (
        Integer,
        BigInt,
        BigInt,
        Integer,
        Integer,
        SmallInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
    );
}

impl QueryFragment<Pg> for LockTallies<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT tool_id, ship, skip, panel_ship, panel_skip, state, version, updated_at, aside_ship, aside_skip, \
             period_end FROM tallies WHERE tool_id = ANY(",
        );
        out.push_bind_param::<Array<Integer>, _>(self.tools)?;
        out.push_sql(") ORDER BY tool_id FOR NO KEY UPDATE");
        Ok(())
    }
}

#[derive(Default)]
struct Write<'a> {
    inserts: Votes<'a>,
    updates: Votes<'a>,
    delete_tools: Vec<i32>,
    delete_voters: Vec<&'a [u8]>,
    entries: Entries<'a>,
    tally: Tallies,
}
fixed_statement!(Write);

#[derive(Default)]
struct Votes<'a> {
    tools: Vec<i32>,
    voters: Vec<&'a [u8]>,
    choices: Vec<i16>,
    cast_at: Vec<i64>,
    networks: Vec<&'a [u8]>,
    token_ages: Vec<i32>,
}

impl<'a> Votes<'a> {
    fn of(rows: &'a [(Wish, Standing)]) -> Self {
        let mut votes = Self::default();
        for (wish, standing) in rows {
            votes.tools.push(wish.tool);
            votes.voters.push(wish.voter.0.as_slice());
            votes.choices.push(standing.choice.code());
            votes.cast_at.push(standing.cast_at.0);
            votes.networks.push(wish.network.0.as_slice());
            votes.token_ages.push(wish.token_age);
        }
        votes
    }

    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("unnest(");
        out.push_bind_param::<Array<Integer>, _>(&self.tools)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.voters)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.choices)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.cast_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.networks)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.token_ages)?;
        out.push_sql(")");
        Ok(())
    }
}

/// Entries of the ledger as arrays.
#[derive(Default)]
pub(super) struct Entries<'a> {
    tools: Vec<i32>,
    versions: Vec<i64>,
    at: Vec<i64>,
    changes: Vec<&'a [u8]>,
}

impl<'a> Entries<'a> {
    pub(super) fn of(entries: &'a [Entry]) -> Self {
        let mut arrays = Self::default();
        for entry in entries {
            arrays.tools.push(entry.tool);
            arrays.versions.push(entry.version);
            arrays.at.push(entry.at.0);
            arrays.changes.push(&entry.changes);
        }
        arrays
    }

    /// The statement that writes them.
    pub(super) fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO ledger_entries (tool_id, version, at, changes) SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Integer>, _>(&self.tools)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.changes)?;
        out.push_sql(")");
        Ok(())
    }
}

#[derive(Default)]
struct Tallies {
    tools: Vec<i32>,
    ship: Vec<i64>,
    skip: Vec<i64>,
    versions: Vec<i64>,
    updated_at: Vec<i64>,
    aside_ship: Vec<i64>,
    aside_skip: Vec<i64>,
}

impl QueryFragment<Pg> for Write<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Under the tallies' locks it is known which votes are there: a plain insert was measured a tenth cheaper, in all,
        // than one that looks for a conflict.
        out.push_sql(
            "WITH put AS (INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) SELECT * FROM ",
        );
        self.inserts.walk(&mut out)?;
        out.push_sql(
            "), changed AS (UPDATE votes v SET choice = w.choice, cast_at = w.cast_at, network = w.network, \
             token_age = w.token_age, taken_out_by = NULL FROM ",
        );
        self.updates.walk(&mut out)?;
        out.push_sql(
            " AS w (tool_id, voter, choice, cast_at, network, token_age) \
             WHERE v.tool_id = w.tool_id AND v.voter = w.voter), \
             gone AS (DELETE FROM votes v USING unnest(",
        );
        out.push_bind_param::<Array<Integer>, _>(&self.delete_tools)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.delete_voters)?;
        out.push_sql(
            ") AS w (tool_id, voter) WHERE v.tool_id = w.tool_id AND v.voter = w.voter), \
             noted AS (",
        );
        self.entries.walk(&mut out)?;
        out.push_sql(
            ") UPDATE tallies t SET ship = w.ship, skip = w.skip, version = w.version, \
             updated_at = w.updated_at, aside_ship = w.aside_ship, aside_skip = w.aside_skip FROM unnest(",
        );
        out.push_bind_param::<Array<Integer>, _>(&self.tally.tools)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.tally.ship)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.tally.skip)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.tally.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.tally.updated_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.tally.aside_ship)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.tally.aside_skip)?;
        out.push_sql(
            ") AS w (tool_id, ship, skip, version, updated_at, aside_ship, aside_skip) WHERE t.tool_id = w.tool_id",
        );
        Ok(())
    }
}

/// Locks the tally rows of `tools` in their order, and returns them.
pub(super) fn lock(
    conn: &mut PgConnection,
    tools: &BTreeSet<i32>,
) -> QueryResult<BTreeMap<i32, TallyRow>> {
    let tools: Vec<i32> = tools.iter().copied().collect();
    let rows: Vec<store::Columns> = LockTallies { tools: &tools }.load(conn)?;
    Ok(rows
        .into_iter()
        .map(store::row)
        .map(|row| (row.tool, row))
        .collect())
}

/// Writes a folded batch.
pub(super) fn write(conn: &mut PgConnection, folded: &Folded, now: Moment) -> QueryResult<()> {
    let entries = entries::packed(folded.events.iter().map(|event| (event, now)));
    let mut write = Write {
        entries: Entries::of(&entries),
        inserts: Votes::of(&folded.inserts),
        updates: Votes::of(&folded.updates),
        ..Write::default()
    };
    for (tool, voter) in &folded.deletes {
        write.delete_tools.push(*tool);
        write.delete_voters.push(voter.0.as_slice());
    }
    for row in &folded.tallies {
        write.tally.tools.push(row.tool);
        write.tally.ship.push(row.ship);
        write.tally.skip.push(row.skip);
        write.tally.versions.push(row.version);
        write.tally.updated_at.push(row.updated_at.0);
        write.tally.aside_ship.push(row.aside_ship);
        write.tally.aside_skip.push(row.aside_skip);
    }
    write.execute(conn)?;
    Ok(())
}
