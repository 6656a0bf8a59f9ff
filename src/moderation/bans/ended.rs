//! Bans that have ended, and those of removals that never came into force. `server` lets go of them by age; those in force
//! are `standing`'s.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl,
    QueryResult, RunQueryDsl,
};

use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{bans, removals};
use crate::voting::exclusions::{ABANDONED, PREPARING, UNDONE};

/// Which bans are meant by their age.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// Over, lifted or taken back with their reset before this.
    pub before: Timestamp,
    /// Of removals that were begun before this and never came into force.
    pub unfinished_before: Timestamp,
}

/// The numbers of such bans.
pub fn ended(conn: &mut DbConnection, ended: Ended, most: i64) -> QueryResult<Vec<i64>> {
    let (before, unfinished) = (ended.before.0, ended.unfinished_before.0);
    let state = removals::state.nullable();
    let taken_back = state
        .eq(UNDONE)
        .and(removals::undone_at.nullable().lt(before));
    // Its removal may be gone already.
    let never = bans::removal_id
        .is_not_null()
        .and(bans::made_at.lt(unfinished))
        .and(
            state
                .is_null()
                .or(state.eq(PREPARING))
                .or(state.eq(ABANDONED)),
        );
    bans::table
        .left_join(removals::table.on(removals::id.nullable().eq(bans::removal_id)))
        .filter(
            bans::lifted_at
                .lt(before)
                .or(bans::expires_at.lt(before))
                .or(taken_back)
                .or(never),
        )
        .order(bans::id)
        .limit(most)
        .select(bans::id)
        .load(conn)
}

/// Lets go of these bans.
pub fn forget(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<usize> {
    diesel::delete(bans::table.filter(bans::id.eq_any(ids))).execute(conn)
}
