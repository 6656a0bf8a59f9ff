//! Marking on SQLite: one small cached statement a vote, in the caller's transaction. Only [`super::mark`] calls it.

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, SmallInt};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use super::Chosen;

struct MarkVote<'a> {
    tool: &'a i32,
    removal: &'a i64,
    vote: &'a Chosen,
    choice: i16,
}
impl QueryId for MarkVote<'_> {
    type QueryId = MarkVote<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}
impl RunQueryDsl<SqliteConnection> for MarkVote<'_> {}

impl QueryFragment<Sqlite> for MarkVote<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE votes SET taken_out_by = ");
        out.push_bind_param::<BigInt, _>(self.removal)?;
        out.push_sql(" WHERE tool_id = ");
        out.push_bind_param::<Integer, _>(self.tool)?;
        out.push_sql(" AND voter = ");
        out.push_bind_param::<Binary, _>(self.vote.voter.0.as_slice())?;
        out.push_sql(" AND choice = ");
        out.push_bind_param::<SmallInt, _>(&self.choice)?;
        out.push_sql(" AND cast_at = ");
        out.push_bind_param::<BigInt, _>(&self.vote.cast_at.0)?;
        out.push_sql(
            " AND coalesce(taken_out_by, 0) >= 0 AND NOT EXISTS (SELECT 1 FROM removals WHERE id = taken_out_by AND state = 1)",
        );
        Ok(())
    }
}

/// Marks those of `chosen` that are as they were and count now.
pub(super) fn mark(
    conn: &mut SqliteConnection,
    tool: i32,
    removal: i64,
    chosen: &[Chosen],
) -> QueryResult<usize> {
    let mut marked = 0;
    for vote in chosen {
        marked += MarkVote {
            tool: &tool,
            removal: &removal,
            vote,
            choice: vote.choice.code(),
        }
        .execute(conn)?;
    }
    Ok(marked)
}
