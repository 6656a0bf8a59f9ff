//! Marking on Postgres: one statement over arrays. Only [`super::mark`] calls it.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, SmallInt};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::Chosen;

struct Mark<'a> {
    tool: i32,
    removal: i64,
    voters: Vec<&'a [u8]>,
    choices: Vec<i16>,
    cast_at: Vec<i64>,
}
impl QueryId for Mark<'_> {
    type QueryId = Mark<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}
impl RunQueryDsl<PgConnection> for Mark<'_> {}

impl QueryFragment<Pg> for Mark<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE votes v SET taken_out_by = ");
        out.push_bind_param::<BigInt, _>(&self.removal)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Binary>, _>(&self.voters)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.choices)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.cast_at)?;
        out.push_sql(") AS w (voter, choice, cast_at) WHERE v.tool_id = ");
        out.push_bind_param::<Integer, _>(&self.tool)?;
        out.push_sql(
            " AND v.voter = w.voter AND v.choice = w.choice AND v.cast_at = w.cast_at \
             AND coalesce(v.taken_out_by, 0) >= 0 AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.id = v.taken_out_by AND r.state = 1)",
        );
        Ok(())
    }
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
