//! What the database holds back of the last hours, by network and tool. `verdicts::follow` reads it for [`super::HoldingPolicy`].

use diesel::dsl::count_star;
use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::memory::GENERATION_SECONDS;
use super::{FRESH_SECONDS, RemoteCounts};
use crate::domain::{Choice, NetworkHash, Timestamp};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::votes;

/// `votes.taken_out_by` of a held vote; the word of `votes::marks`, which lies above.
const HELD: i64 = -1;

/// The held votes of two generations before `now`.
///
/// # Errors
/// A failed query.
pub fn held(conn: &mut DbConnection, now: Timestamp) -> QueryResult<RemoteCounts> {
    let since = now.plus_seconds(-2 * GENERATION_SECONDS);
    // Their voters were fresh when they voted, so they are among the newest: on Postgres the index is in their order.
    let oldest = since.plus_seconds(-i64::from(FRESH_SECONDS));
    let millis = (oldest.0 / 1_000).to_be_bytes();
    let lowest: Vec<u8> = millis.iter().skip(2).copied().collect();
    let rows: Vec<(i32, Vec<u8>, i16, i64)> = votes::table
        .filter(votes::taken_out_by.eq(HELD))
        .filter(votes::voter.ge(lowest))
        .filter(votes::cast_at.ge(since.0))
        .group_by((votes::tool_id, votes::network, votes::choice))
        .select((votes::tool_id, votes::network, votes::choice, count_star()))
        .load(conn)?;
    let mut held = RemoteCounts::default();
    for (tool, network, choice, count) in rows {
        let Some(network) = network.try_into().ok().map(NetworkHash) else {
            continue;
        };
        if !network.is_some() {
            continue;
        }
        let sums = held.entry((tool, network)).or_default();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match Choice::from_code(choice) {
            Some(Choice::Ship) => sums.0 += count,
            Some(Choice::Skip) => sums.1 += count,
            None => {}
        }
    }
    Ok(held)
}
