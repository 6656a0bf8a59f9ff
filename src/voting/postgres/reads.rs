//! What a batch reads on Postgres before it is folded: tallies under their locks, the votes that stand, and the periods
//! in force, in one round trip.
//!
//! Only `batch` calls it. The statements are in the function `read_for_batch` of the migrations: each of them has a
//! snapshot of its own, so that what is read after the locks is no older than they.

use std::collections::BTreeSet;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::arrays::Keys;
use super::taking_all;
use crate::domain::{Choice, Timestamp, ToolState, VoterId};
use crate::infra::db::fixed_statement::fixed_statement;
use crate::infra::db::lock_order::{Lock, taking};
use crate::tallies::TallyRow;
use crate::voting::apply::{ExistingVotes, Key};
use crate::voting::batch::Read;
use crate::voting::exclusions::Period;
use crate::voting::{Binding, VoteRecord};

/// `kind` of a row of the function.
const TALLY: i16 = 1;
const VOTE: i16 = 2;
const ERASURES: i16 = 4;

struct ReadUnderLock<'a> {
    tools: Vec<i32>,
    keys: Keys<'a>,
    now: i64,
}
fixed_statement!(ReadUnderLock, PgConnection);

impl Query for ReadUnderLock<'_> {
    type SqlType = (
        SmallInt,
        Integer,
        Nullable<Binary>,
        BigInt,
        BigInt,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Nullable<Integer>,
        Nullable<Integer>,
        Nullable<SmallInt>,
        Nullable<BigInt>,
    );
}

impl QueryFragment<Pg> for ReadUnderLock<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT * FROM read_for_batch(");
        out.push_bind_param::<Array<Integer>, _>(&self.tools)?;
        out.push_sql(", ");
        self.keys.walk(&mut out)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(")");
        Ok(())
    }
}

type Row = (
    i16,
    i32,
    Option<Vec<u8>>,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i32>,
    Option<i32>,
    Option<i16>,
    Option<i64>,
);

/// Takes the shared lock of erasures and the tally rows of `tools` in their order, then reads them, the version of erasures, the votes
/// under `keys`, and the periods that are not over `now`.
pub(crate) fn read_under_lock(
    conn: &mut PgConnection,
    tools: &BTreeSet<i32>,
    keys: &BTreeSet<Key>,
    now: Timestamp,
) -> QueryResult<Read> {
    taking(Lock::Erasures);
    taking_all(tools);
    let statement = ReadUnderLock {
        tools: tools.iter().copied().collect(),
        keys: Keys::of(keys),
        now: now.0,
    };
    let mut read = Read::default();
    for row in statement.load::<Row>(conn)? {
        let (kind, tool, voter, a, b, c, aside_skip, version, updated_at, period_end, ..) = row;
        let (.., panel_ship, panel_skip, state, revision) = row;
        match (kind, voter) {
            (TALLY, _) => {
                let row = TallyRow {
                    tool,
                    ship: a,
                    skip: b,
                    panel_ship: panel_ship.unwrap_or_default(),
                    panel_skip: panel_skip.unwrap_or_default(),
                    state: ToolState::from_code(state.unwrap_or(-1)),
                    version: version.unwrap_or_default(),
                    updated_at: Timestamp(updated_at.unwrap_or_default()),
                    aside_ship: c.unwrap_or_default(),
                    aside_skip: aside_skip.unwrap_or_default(),
                    period_end: Timestamp(period_end.unwrap_or_default()),
                    revision: revision.unwrap_or_default(),
                };
                read.tallies.insert(tool, row);
            }
            (VOTE, Some(voter)) => {
                let choice = i16::try_from(a).ok().and_then(Choice::from_code);
                insert(
                    &mut read.votes,
                    tool,
                    voter,
                    choice,
                    (b, c),
                    (None, None, None),
                );
            }
            (ERASURES, _) => read.erasures = a,
            _ => read.periods.push(Period {
                id: a,
                tool,
                from: Timestamp(b),
                to: Timestamp(c.unwrap_or(i64::MAX)),
            }),
        }
    }
    add_bindings(conn, &mut read.votes)?;
    Ok(read)
}

/// What binds a voter, as the columns of the vote have it.
type Origin = (Option<i64>, Option<i64>, Option<i16>);

fn insert(
    votes: &mut ExistingVotes,
    tool: i32,
    voter: Vec<u8>,
    choice: Option<Choice>,
    (cast_at, aside): (i64, Option<i64>),
    (origin, wide, first): Origin,
) {
    if let (Ok(voter), Some(choice)) = (voter.try_into(), choice) {
        let standing = VoteRecord {
            choice,
            cast_at: Timestamp(cast_at),
            aside,
            binding: Binding::of_columns(origin, wide, first),
        };
        votes.insert((tool, VoterId(voter)), standing);
    }
}

struct SelectVotes<'a>(Keys<'a>);
fixed_statement!(SelectVotes, PgConnection);

impl Query for SelectVotes<'_> {
    type SqlType = (
        Integer,
        Binary,
        SmallInt,
        BigInt,
        Nullable<BigInt>,
        (Nullable<BigInt>, Nullable<BigInt>, Nullable<SmallInt>),
    );
}

impl QueryFragment<Pg> for SelectVotes<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT v.tool_id, v.voter, v.choice, v.cast_at, v.taken_out_by, v.origin, v.wide_origin, v.first_choice FROM unnest(");
        self.0.walk(&mut out)?;
        out.push_sql(
            ") AS w (tool_id, voter) JOIN votes v ON v.tool_id = w.tool_id AND v.voter = w.voter",
        );
        Ok(())
    }
}

struct SelectBindings<'a>(Keys<'a>);
fixed_statement!(SelectBindings, PgConnection);

impl Query for SelectBindings<'_> {
    type SqlType = (
        Integer,
        Binary,
        (Nullable<BigInt>, Nullable<BigInt>, Nullable<SmallInt>),
    );
}

impl QueryFragment<Pg> for SelectBindings<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT v.tool_id, v.voter, v.origin, v.wide_origin, v.first_choice FROM unnest(",
        );
        self.0.walk(&mut out)?;
        out.push_sql(
            ") AS w (tool_id, voter) JOIN votes v ON v.tool_id = w.tool_id AND v.voter = w.voter WHERE v.origin IS NOT NULL",
        );
        Ok(())
    }
}

/// Adds what binds the voters of `votes`. Their tallies' locks are held.
fn add_bindings(conn: &mut PgConnection, votes: &mut ExistingVotes) -> QueryResult<()> {
    if votes.is_empty() {
        return Ok(());
    }
    let keys: BTreeSet<Key> = votes.keys().copied().collect();
    let rows: Vec<(i32, Vec<u8>, Origin)> = SelectBindings(Keys::of(&keys)).load(conn)?;
    for (tool, voter, (origin, wide, first)) in rows {
        let Some(voter) = voter.try_into().ok().map(VoterId) else {
            continue;
        };
        if let Some(vote) = votes.get_mut(&(tool, voter)) {
            vote.binding = Binding::of_columns(origin, wide, first);
        }
    }
    Ok(())
}

/// The votes that stand under `keys`; without their tallies' locks they may change at once.
pub(crate) fn present(conn: &mut PgConnection, keys: &BTreeSet<Key>) -> QueryResult<ExistingVotes> {
    type Row = (i32, Vec<u8>, i16, i64, Option<i64>, Origin);
    let rows: Vec<Row> = SelectVotes(Keys::of(keys)).load(conn)?;
    let mut votes = ExistingVotes::default();
    for (tool, voter, choice, at, aside, origin) in rows {
        insert(
            &mut votes,
            tool,
            voter,
            Choice::from_code(choice),
            (at, aside),
            origin,
        );
    }
    Ok(votes)
}
