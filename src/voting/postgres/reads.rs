//! What a batch reads on Postgres before it is folded: tallies under their locks, the votes that stand, and the periods
//! in force, in one round trip.
//!
//! Only `batch` calls it. The statements are in the function `read_batch` of the migrations: each of them has a
//! snapshot of its own, so that what is read after the locks is no older than they.

use std::collections::BTreeSet;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::arrays::Keys;
use super::taking_all;
use crate::domain::{Ballot, Choice, Timestamp, ToolState, VoterId};
use crate::infra::db::fixed_statement::{FixedText, fixed_statement};
use crate::infra::db::lock_order::{Lock, taking};
use crate::tallies::TallyRow;
use crate::voting::apply::{ExistingVotes, Key, WithdrawnBallots};
use crate::voting::batch::Read;
use crate::voting::exclusions::Period;
use crate::voting::{Binding, VoteRecord};

/// `kind` of a row of the function.
const TALLY: i16 = 1;
const VOTE: i16 = 2;
const ERASURES: i16 = 4;
const WITHDRAWN: i16 = 5;

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
        (Nullable<BigInt>, Nullable<BigInt>, Nullable<SmallInt>),
    );
}

impl FixedText<Pg> for ReadUnderLock<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT * FROM read_batch(");
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
    Origin,
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
        let (kind, tool, voter, ballot, a, b, c, aside_skip, version, updated_at, period_end, ..) =
            row;
        let (.., panel_ship, panel_skip, state, revision, binding) = row;
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
                let record = (choice, b, c, ballot, binding);
                insert(&mut read.votes, tool, voter, record);
            }
            (WITHDRAWN, Some(voter)) => keep(&mut read.withdrawn, tool, voter, ballot.as_deref()),
            (ERASURES, _) => read.erasures = a,
            _ => read.periods.push(Period {
                id: a,
                tool,
                from: Timestamp(b),
                to: Timestamp(c.unwrap_or(i64::MAX)),
            }),
        }
    }
    Ok(read)
}

/// What binds a voter, as the columns of the vote have it.
type Origin = (Option<i64>, Option<i64>, Option<i16>);

/// A vote's choice, when it was cast, its mark, its ballot, and what binds its voter.
type Record = (Option<Choice>, i64, Option<i64>, Option<Vec<u8>>, Origin);

fn insert(
    votes: &mut ExistingVotes,
    tool: i32,
    voter: Vec<u8>,
    (choice, cast_at, aside, ballot, (origin, wide, first)): Record,
) {
    if let (Ok(voter), Some(choice)) = (voter.try_into(), choice) {
        let standing = VoteRecord {
            choice,
            cast_at: Timestamp(cast_at),
            aside,
            ballot: ballot.as_deref().and_then(Ballot::from_bytes),
            binding: Binding::of_columns(origin, wide, first),
        };
        votes.insert((tool, VoterId(voter)), standing);
    }
}

fn keep(withdrawn: &mut WithdrawnBallots, tool: i32, voter: Vec<u8>, ballot: Option<&[u8]>) {
    let ballot = ballot.and_then(Ballot::from_bytes);
    if let (Ok(voter), Some(ballot)) = (voter.try_into(), ballot) {
        withdrawn.insert((tool, VoterId(voter)), ballot);
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
        Nullable<Binary>,
        (Nullable<BigInt>, Nullable<BigInt>, Nullable<SmallInt>),
    );
}

impl FixedText<Pg> for SelectVotes<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT w.tool_id, w.voter, coalesce(v.choice, 0::smallint), coalesce(v.cast_at, 0), v.taken_out_by, \
             coalesce(v.ballot, b.ballot), v.origin, v.wide_origin, v.first_choice FROM unnest(");
        self.0.walk(&mut out)?;
        out.push_sql(
            ") AS w (tool_id, voter) LEFT JOIN votes v ON v.tool_id = w.tool_id AND v.voter = w.voter \
             LEFT JOIN withdrawn_ballots b ON b.tool_id = w.tool_id AND b.voter = w.voter",
        );
        Ok(())
    }
}

/// The votes that stand under `keys`; without their tallies' locks they may change at once.
pub(crate) fn present(conn: &mut PgConnection, keys: &BTreeSet<Key>) -> QueryResult<ExistingVotes> {
    present_and_withdrawn(conn, keys).map(|(votes, _)| votes)
}

/// The same, and the ballots of votes that were withdrawn.
pub(super) fn present_and_withdrawn(
    conn: &mut PgConnection,
    keys: &BTreeSet<Key>,
) -> QueryResult<(ExistingVotes, WithdrawnBallots)> {
    type Row = (i32, Vec<u8>, i16, i64, Option<i64>, Option<Vec<u8>>, Origin);
    let rows: Vec<Row> = SelectVotes(Keys::of(keys)).load(conn)?;
    let (mut votes, mut withdrawn) = (ExistingVotes::default(), WithdrawnBallots::default());
    for (tool, voter, choice, at, aside, ballot, origin) in rows {
        match Choice::from_code(choice) {
            None => keep(&mut withdrawn, tool, voter, ballot.as_deref()),
            choice => insert(&mut votes, tool, voter, (choice, at, aside, ballot, origin)),
        }
    }
    Ok((votes, withdrawn))
}
