//! The ledger's statements on Postgres: a few for a whole batch, over arrays, each prepared once.
//!
//! Only `ledger` calls it. One statement over `unnest` was measured 15 to 20 times faster than a loop over rows. The careful
//! way reads under locks, then writes; `unmoved` does it in one round trip where this instance knows already how things stand.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, Binary, Integer, Nullable};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use crate::domain::Timestamp;
use crate::infra::db::fixed_statement::{FixedText, fixed_statement};
use crate::infra::db::lock_order::{Lock, taking};
use crate::infra::db::schema::tallies;
use crate::tallies::{TallyRow, store};
use crate::voting::apply::{BallotWrites, ChangeSet};
use crate::voting::ledger;

mod arrays;
mod optimistic;
mod reads;
mod seen_filter;
mod tally_cache;
mod vote_cache;

pub(crate) use arrays::Entries;
pub(crate) use optimistic::record as record_if_unchanged;
pub(crate) use reads::{present, read_under_lock};
pub(crate) use tally_cache::TallyRowCache;

use arrays::{Rows, Withdrawn};

struct LockTallies<'a> {
    tools: &'a [i32],
}
fixed_statement! { LockTallies, PgConnection => tallies::SqlType, |this|
    "SELECT tool_id, ship, skip, panel_ship, panel_skip, state, version, updated_at, aside_ship, aside_skip, \
     period_end, revision FROM tallies WHERE tool_id = ANY(",
    Array<Integer> = this.tools,
    ") ORDER BY tool_id FOR NO KEY UPDATE",
}

struct Write<'a>(Rows<'a>);
fixed_statement!(Write, PgConnection);

impl FixedText<Pg> for Write<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Under the tallies' locks it is known which votes are there: a plain insert was measured a tenth cheaper, in all,
        // than one that looks for a conflict.
        out.push_sql(
            "WITH put AS (INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age, ballot, origin, wide_origin, \
             first_choice) SELECT * FROM unnest(",
        );
        self.0.inserts.walk(&mut out)?;
        out.push_sql(", ");
        self.0.bindings.walk(&mut out)?;
        out.push_sql(
            ")), changed AS (UPDATE votes v SET choice = w.choice, cast_at = w.cast_at, network = w.network, \
             token_age = w.token_age, taken_out_by = NULL, ballot = w.ballot FROM unnest(",
        );
        self.0.updates.walk(&mut out)?;
        out.push_sql(
            ") AS w (tool_id, voter, choice, cast_at, network, token_age, ballot) \
             WHERE v.tool_id = w.tool_id AND v.voter = w.voter), \
             gone AS (DELETE FROM votes v USING unnest(",
        );
        self.0.deletes.walk(&mut out)?;
        out.push_sql(
            ") AS w (tool_id, voter) WHERE v.tool_id = w.tool_id AND v.voter = w.voter), \
             noted AS (",
        );
        self.0.entries.insert(&mut out)?;
        out.push_sql(
            "), stated AS (INSERT INTO log_journal (record) SELECT r.record FROM (SELECT ",
        );
        out.push_bind_param::<Nullable<Binary>, _>(&self.0.record)?;
        out.push_sql(
            " AS record) AS r WHERE r.record IS NOT NULL) UPDATE tallies t SET ship = w.ship, skip = w.skip, version = w.version, \
             updated_at = w.updated_at, aside_ship = w.aside_ship, aside_skip = w.aside_skip, revision = w.revision FROM unnest(",
        );
        self.0.tallies.walk(&mut out)?;
        out.push_sql(
            ") AS w (tool_id, ship, skip, version, updated_at, aside_ship, aside_skip, revision) WHERE t.tool_id = w.tool_id",
        );
        Ok(())
    }
}

struct TakeBallots<'a>(Withdrawn<'a>);
fixed_statement!(TakeBallots, PgConnection);

impl FixedText<Pg> for TakeBallots<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM withdrawn_ballots b USING unnest(");
        self.0.walk_taken(&mut out)?;
        out.push_sql(") AS w (tool_id, voter) WHERE b.tool_id = w.tool_id AND b.voter = w.voter");
        Ok(())
    }
}

struct KeepBallots<'a>(Withdrawn<'a>);
fixed_statement!(KeepBallots, PgConnection);

impl FixedText<Pg> for KeepBallots<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO withdrawn_ballots (tool_id, voter, ballot) SELECT * FROM unnest(",
        );
        self.0.walk_kept(&mut out)?;
        out.push_sql(")");
        Ok(())
    }
}

/// Writes what became of ballots without a vote. Most batches have none, and ask nothing.
pub(super) fn write_withdrawn(conn: &mut PgConnection, writes: &BallotWrites) -> QueryResult<()> {
    if !writes.taken.is_empty() {
        TakeBallots(Withdrawn::of(writes)).execute(conn)?;
    }
    if !writes.kept.is_empty() {
        KeepBallots(Withdrawn::of(writes)).execute(conn)?;
    }
    Ok(())
}

/// The statement that follows locks the tallies of `tools` in their order.
fn taking_all(tools: &BTreeSet<i32>) {
    for tool in tools {
        taking(Lock::Tally(*tool));
    }
}

/// Locks the tally rows of `tools` in their order, and returns them.
pub(crate) fn lock(
    conn: &mut PgConnection,
    tools: &BTreeSet<i32>,
) -> QueryResult<BTreeMap<i32, TallyRow>> {
    taking_all(tools);
    let tools: Vec<i32> = tools.iter().copied().collect();
    let rows: Vec<store::Columns> = LockTallies { tools: &tools }.load(conn)?;
    Ok(rows
        .into_iter()
        .map(store::row)
        .map(|row| (row.tool, row))
        .collect())
}

/// Writes a folded batch.
pub(crate) fn write(
    conn: &mut PgConnection,
    folded: &ChangeSet,
    now: Timestamp,
) -> QueryResult<()> {
    let entries = ledger::packed(folded.events.iter().map(|event| (event, now)));
    Write(Rows::of(folded, &entries)).execute(conn)?;
    Ok(())
}
