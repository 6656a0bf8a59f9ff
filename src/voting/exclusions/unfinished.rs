//! Removals that never came into force, because their preparation failed or its server ended. They mean nothing, and go.
//!
//! `server` calls it a day after they were begun. Their marks are taken off the votes first, in short steps under the
//! tally's lock; no count changes by that.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::{ABANDONED, PREPARING};
use crate::domain::Timestamp;
use crate::infra::db::schema::{removals, votes};
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::store;

/// Votes of one step: a few milliseconds of the writer.
const STEP: i64 = 200;

/// Numbers and tools of the removals that were begun before `before` and are not in force, nor ever were.
pub fn unfinished(
    conn: &mut DbConnection,
    before: Timestamp,
    most: i64,
) -> QueryResult<Vec<(i64, i32)>> {
    removals::table
        .filter(
            removals::state
                .eq(PREPARING)
                .or(removals::state.eq(ABANDONED)),
        )
        .filter(removals::made_at.lt(before.0))
        .order(removals::id)
        .limit(most)
        .select((removals::id, removals::tool_id))
        .load(conn)
}

/// Takes the mark of such a removal off some votes, and the removal away once none bears it; returns whether it is gone.
pub fn forget(conn: &mut DbConnection, removal: i64, tool: i32) -> QueryResult<bool> {
    write_transaction(conn, |conn| {
        store::lock(conn, tool)?;
        let marked: Vec<Vec<u8>> = votes::table
            .filter(votes::taken_out_by.eq(removal))
            .limit(STEP)
            .select(votes::voter)
            .load(conn)?;
        if !marked.is_empty() {
            let of_tool = votes::table.filter(votes::tool_id.eq(tool));
            let bearing = of_tool.filter(votes::voter.eq_any(&marked));
            diesel::update(bearing.filter(votes::taken_out_by.eq(removal)))
                .set(votes::taken_out_by.eq(None::<i64>))
                .execute(conn)?;
            return Ok(false);
        }
        super::take_renamed(conn, removal)?;
        let unfinished = removals::state
            .eq(PREPARING)
            .or(removals::state.eq(ABANDONED));
        let it = removals::table.filter(removals::id.eq(removal));
        diesel::delete(it.filter(unfinished)).execute(conn)?;
        Ok(true)
    })
}
