//! The short way of a batch on Postgres: folded over what this instance knows, written and committed by one statement
//! that holds the tallies against it under their locks. One round trip, where the careful way makes three.
//!
//! Only `ledger` calls it, and goes the careful way where it says `None`: then nothing was written. It rests on this:
//!
//! - Whoever changes votes that count holds their tally's lock, and writes its row. So a tally whose row is still the one
//!   that is known has the very votes that it had.
//! - So a vote that was seen here while that tally was known stands as it was left (`recent`).
//! - A vote that is presumed to be new is inserted, and the primary key refuses it where it is not. Of whom more is not
//!   known, though they were seen here or withdraw, the vote is read first, after its tally was known.
//! - Held votes come and go without a write of the tally, since they are in no sum. An update or a deletion that misses
//!   its row is refused as well; that a held vote was there when it was read is all that its voter's answer says.
//!
//! Whatever needs more statements than one (marks, the first change of an hour, users) goes the careful way.

use std::collections::BTreeSet;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::arrays::{Rows, Withdrawn};
use crate::domain::Timestamp;
use crate::infra::db::schema::tallies;
use crate::tallies::store;
use crate::voting::VoteCommand;
use crate::voting::apply::{ChangeSet, ExistingVotes, Key, LinkedVisitors, WithdrawnBallots, fold};
use crate::voting::ledger;
use crate::voting::postgres::reads::present_and_withdrawn;
use crate::voting::postgres::tally_cache::{CachedVote, TallyRowCache, Xmin};

struct LookAtTallies<'a>(&'a [i32]);
fixed_statement!(LookAtTallies);

impl Query for LookAtTallies<'_> {
    type SqlType = (tallies::SqlType, BigInt);
}

impl QueryFragment<Pg> for LookAtTallies<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT tool_id, ship, skip, panel_ship, panel_skip, state, version, updated_at, aside_ship, aside_skip, \
             period_end, xmin::text::bigint FROM tallies WHERE tool_id = ANY(",
        );
        out.push_bind_param::<Array<Integer>, _>(&self.0)?;
        out.push_sql(")");
        Ok(())
    }
}

struct WriteUnmoved<'a> {
    same_tools: Vec<i32>,
    same_xmins: Vec<i64>,
    rows: Rows<'a>,
    /// Of the tallies among `rows`.
    xmins: Vec<i64>,
    withdrawn: Withdrawn<'a>,
}
fixed_statement!(WriteUnmoved);

impl Query for WriteUnmoved<'_> {
    type SqlType = Nullable<BigInt>;
}

impl QueryFragment<Pg> for WriteUnmoved<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT write_batch(");
        out.push_bind_param::<Array<Integer>, _>(&self.same_tools)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.same_xmins)?;
        out.push_sql(", ");
        self.rows.inserts.walk(&mut out)?;
        out.push_sql(", ");
        self.rows.updates.walk(&mut out)?;
        out.push_sql(", ");
        self.rows.deletes.walk(&mut out)?;
        out.push_sql(", ");
        self.rows.entries.walk(&mut out)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.xmins)?;
        out.push_sql(", ");
        self.rows.tallies.walk(&mut out)?;
        out.push_sql(", ");
        self.withdrawn.walk(&mut out)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Binary>, _>(&self.rows.record)?;
        out.push_sql(")");
        Ok(())
    }
}

/// Carries out a batch at `now` and commits it; `None` where it is not as simple as that, or where the database has it
/// otherwise. No transaction may be open.
///
/// # Errors
/// A failed statement; the batch may have been done or not.
pub(crate) fn record(
    conn: &mut PgConnection,
    known: &mut TallyRowCache,
    wishes: &[VoteCommand],
    now: Timestamp,
) -> QueryResult<Option<ChangeSet>> {
    let simple = |wish: &VoteCommand| wish.visitor.is_none() && !wish.hold;
    if !known.trusts() || !wishes.iter().all(simple) {
        return Ok(None);
    }
    let tools: BTreeSet<i32> = wishes.iter().map(|wish| wish.tool).collect();
    if !look(conn, known, &known.missing(&tools), now)? {
        return Ok(None);
    }
    let tallies = known.of(&tools);
    if tallies.rows.len() < tools.len() {
        return Ok(None);
    }
    let (mut before, mut withdrawn) = (ExistingVotes::default(), WithdrawnBallots::default());
    let mut doubtful: BTreeSet<Key> = BTreeSet::new();
    for wish in wishes {
        let key = (wish.tool, wish.voter);
        match known.recall(&key, wish.act) {
            CachedVote::Stands(vote) => drop(before.insert(key, vote)),
            CachedVote::None => {}
            CachedVote::Withdrawn(ballot) => drop(withdrawn.insert(key, ballot)),
            CachedVote::Unsure => drop(doubtful.insert(key)),
        }
    }
    if !doubtful.is_empty() {
        let (votes, ballots) = present_and_withdrawn(conn, &doubtful)?;
        before.extend(votes);
        withdrawn.extend(ballots);
    }
    if before.values().any(|vote| vote.aside.is_some()) {
        return Ok(None);
    }
    let none = LinkedVisitors::default();
    let (rows, periods) = (&tallies.rows, &tallies.periods);
    let folded = fold(wishes, rows, &before, &withdrawn, &none, periods, now);
    if !folded.closings.is_empty() || folded.rows().any(|(_, vote)| vote.aside.is_some()) {
        return Ok(None);
    }
    let entries = ledger::packed(folded.events.iter().map(|event| (event, now)));
    let mut same = tallies.xmins;
    let xmins = folded
        .tallies
        .iter()
        .filter_map(|row| same.remove(&row.tool));
    let xmins = xmins.map(|xmin| xmin.0).collect();
    let statement = WriteUnmoved {
        same_tools: same.keys().copied().collect(),
        same_xmins: same.values().map(|xmin| xmin.0).collect(),
        rows: Rows::of(&folded, &entries),
        xmins,
        withdrawn: Withdrawn::of(&folded.ballots),
    };
    let written: Option<i64> = statement.get_result(conn)?;
    let Some(xmin) = written else {
        known.was_wrong(&tools);
        return Ok(None);
    };
    known.wrote(&before, &folded, Xmin(xmin));
    known.was_right();
    Ok(Some(folded))
}

/// Gets to know `missing` tools, without a lock. False where one of them has a period ahead: those are read with it.
fn look(
    conn: &mut PgConnection,
    known: &mut TallyRowCache,
    missing: &[i32],
    now: Timestamp,
) -> QueryResult<bool> {
    if missing.is_empty() {
        return Ok(true);
    }
    let rows: Vec<(store::Columns, i64)> = LookAtTallies(missing).load(conn)?;
    let mut plain = true;
    for (columns, xmin) in rows {
        let row = store::row(columns);
        if now < row.period_end {
            plain = false;
        } else {
            known.found(row, Xmin(xmin));
        }
    }
    Ok(plain)
}
