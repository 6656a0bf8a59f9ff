//! Marking on SQLite: one small cached statement a vote, in the caller's transaction. Only [`super::mark`] calls it.

use diesel::sql_types::{BigInt, Binary, Integer, SmallInt};
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use super::Chosen;
use crate::infra::db::fixed_statement::fixed_statement;

struct MarkVote<'a> {
    tool: &'a i32,
    removal: &'a i64,
    vote: &'a Chosen,
    choice: i16,
}
fixed_statement! { MarkVote, SqliteConnection, |this|
    "UPDATE votes SET taken_out_by = ", BigInt = this.removal,
    " WHERE tool_id = ", Integer = this.tool,
    " AND voter = ", Binary = this.vote.voter.0.as_slice(),
    " AND choice = ", SmallInt = &this.choice,
    " AND cast_at = ", BigInt = &this.vote.cast_at.0,
    " AND coalesce(taken_out_by, 0) >= 0 AND NOT EXISTS (SELECT 1 FROM removals WHERE id = taken_out_by AND state = 1)",
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
