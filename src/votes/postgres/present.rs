//! What a batch reads on Postgres before it is folded: the votes that stand, and the periods in force, in one statement.
//!
//! Only `ledger` calls it, under the tallies' locks.

use std::collections::BTreeSet;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use crate::vocabulary::{Choice, Moment, VoterId};
use crate::votes::Standing;
use crate::votes::fold::{Key, Present};
use crate::votes::marks::{self, Period};

struct SelectVotes<'a> {
    tools: Vec<i32>,
    voters: Vec<&'a [u8]>,
    /// The tools whose periods come too.
    ahead: &'a [i32],
}
fixed_statement!(SelectVotes);

impl Query for SelectVotes<'_> {
    type SqlType = (
        Integer,
        Nullable<Binary>,
        SmallInt,
        BigInt,
        Nullable<BigInt>,
        Nullable<BigInt>,
    );
}

impl QueryFragment<Pg> for SelectVotes<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT v.tool_id, v.voter, v.choice, v.cast_at, v.taken_out_by, NULL::bigint FROM unnest(",
        );
        out.push_bind_param::<Array<Integer>, _>(&self.tools)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.voters)?;
        // A period is a row without a voter: asked for by itself, it would cost each batch another round trip.
        out.push_sql(
            ") AS w (tool_id, voter) JOIN votes v ON v.tool_id = w.tool_id AND v.voter = w.voter \
             UNION ALL SELECT r.tool_id, NULL, 0::smallint, coalesce(r.span_from, -9223372036854775808), r.id, r.span_to \
             FROM removals r WHERE r.tool_id = ANY(",
        );
        out.push_bind_param::<Array<Integer>, _>(self.ahead)?;
        out.push_sql(") AND r.state = ");
        out.push_bind_param::<SmallInt, _>(&marks::IN_FORCE)?;
        out.push_sql(" AND r.kind = ");
        out.push_bind_param::<SmallInt, _>(&marks::PERIOD)?;
        Ok(())
    }
}

/// The votes that stand under `keys`, and the periods in force of the tools `ahead`; a statement of its own after the
/// locks, so that its snapshot is no older than they.
pub(in crate::votes) fn present(
    conn: &mut PgConnection,
    keys: &BTreeSet<Key>,
    ahead: &[i32],
) -> QueryResult<(Present, Vec<Period>)> {
    type Row = (i32, Option<Vec<u8>>, i16, i64, Option<i64>, Option<i64>);
    let (tools, voters) = keys
        .iter()
        .map(|(tool, voter)| (*tool, voter.0.as_slice()))
        .unzip();
    let select = SelectVotes {
        tools,
        voters,
        ahead,
    };
    let rows: Vec<Row> = select.load(conn)?;
    let (mut votes, mut periods) = (Present::default(), Vec::new());
    for (tool, voter, choice, at, removal, to) in rows {
        if let Some(voter) = voter {
            if let (Ok(voter), Some(choice)) = (voter.try_into(), Choice::from_code(choice)) {
                let standing = Standing {
                    choice,
                    cast_at: Moment(at),
                    aside: removal,
                };
                votes.insert((tool, VoterId(voter)), standing);
            }
        } else if let Some(id) = removal {
            periods.push(Period {
                id,
                tool,
                from: Moment(at),
                to: Moment(to.unwrap_or(i64::MAX)),
            });
        }
    }
    periods.sort_unstable_by_key(|period| period.id);
    Ok((votes, periods))
}
