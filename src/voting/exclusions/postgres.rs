//! Marking on Postgres: one statement over arrays. Only [`super::mark`] calls it.

use diesel::sql_types::{Array, BigInt, Binary, Integer, SmallInt};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::Chosen;
use crate::infra::db::fixed_statement::fixed_statement;

struct Mark<'a> {
    tool: i32,
    removal: i64,
    voters: Vec<&'a [u8]>,
    choices: Vec<i16>,
    cast_at: Vec<i64>,
}
fixed_statement! { Mark, PgConnection, |this|
    "UPDATE votes v SET taken_out_by = ", BigInt = &this.removal,
    " FROM unnest(", Array<Binary> = &this.voters,
    ", ", Array<SmallInt> = &this.choices,
    ", ", Array<BigInt> = &this.cast_at,
    ") AS w (voter, choice, cast_at) WHERE v.tool_id = ", Integer = &this.tool,
    " AND v.voter = w.voter AND v.choice = w.choice AND v.cast_at = w.cast_at \
     AND coalesce(v.taken_out_by, 0) >= 0 AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.id = v.taken_out_by AND r.state = 1)",
}

/// Marks those of `chosen` that are as they were and count now.
pub(super) fn mark(
    conn: &mut PgConnection,
    tool: i32,
    removal: i64,
    chosen: &[Chosen],
) -> QueryResult<usize> {
    let mut mark = Mark {
        tool,
        removal,
        voters: Vec::with_capacity(chosen.len()),
        choices: Vec::with_capacity(chosen.len()),
        cast_at: Vec::with_capacity(chosen.len()),
    };
    for vote in chosen {
        mark.voters.push(vote.voter.0.as_slice());
        mark.choices.push(vote.choice.code());
        mark.cast_at.push(vote.cast_at.0);
    }
    mark.execute(conn)
}
