//! Votes that bear a network for too long: found by a reader, blanked by the writer. Only `forget` calls it.

use diesel::sql_types::{Array, BigInt, Binary, Integer};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, sql_query};

use crate::domain::{NetworkHash, Timestamp};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{tallies, votes};

/// Votes that one query goes over.
const PAGE: i64 = 5_000;

/// Every tool that can have votes.
pub(super) fn tools(conn: &mut DbConnection) -> QueryResult<Vec<i32>> {
    tallies::table
        .select(tallies::tool_id)
        .order(tallies::tool_id)
        .load(conn)
}

/// What a page holds.
pub(super) struct ExpiredPage {
    /// Whose votes were cast before the end, and bear a network.
    pub voters: Vec<Vec<u8>>,
    /// Where the page ends; `None` for the last.
    pub upto: Option<Vec<u8>>,
}

/// The page of a tool's voters after `after`.
pub(super) fn page(
    conn: &mut DbConnection,
    tool: i32,
    after: &[u8],
    end: Timestamp,
) -> QueryResult<ExpiredPage> {
    let rest = || {
        votes::table
            .filter(votes::tool_id.eq(tool))
            .filter(votes::voter.gt(after.to_vec()))
    };
    let upto: Option<Vec<u8>> = rest()
        .order(votes::voter)
        .select(votes::voter)
        .offset(PAGE - 1)
        .first(conn)
        .optional()?;
    let highest = upto.clone().unwrap_or_else(|| vec![0xff; 17]);
    let voters = rest()
        .filter(votes::voter.le(highest))
        .filter(votes::cast_at.lt(end.0))
        .filter(votes::network.ne(NetworkHash::NONE.0.to_vec()))
        .order(votes::voter)
        .select(votes::voter)
        .load(conn)?;
    Ok(ExpiredPage { voters, upto })
}

/// Takes the network out of these voters' votes, unless they were cast anew; returns from how many.
pub(super) fn blank(
    conn: &mut DbConnection,
    tool: i32,
    voters: &[Vec<u8>],
    end: Timestamp,
) -> QueryResult<usize> {
    match conn {
        DbConnection::Sqlite(conn) => diesel::update(
            votes::table
                .filter(votes::tool_id.eq(tool))
                .filter(votes::voter.eq_any(voters))
                .filter(votes::cast_at.lt(end.0)),
        )
        .set(votes::network.eq(NetworkHash::NONE.0.as_slice()))
        .execute(conn),
        // Whoever changes votes holds the tally's lock and takes rows in an order of its own. This holds none, so it must
        // wait for no row: what is locked is left to the next walk.
        DbConnection::Postgres(conn) => sql_query(
            "UPDATE votes v SET network = $4 FROM (SELECT tool_id, voter FROM votes \
             WHERE tool_id = $1 AND voter = ANY($2) AND cast_at < $3 FOR UPDATE SKIP LOCKED) free \
             WHERE v.tool_id = free.tool_id AND v.voter = free.voter",
        )
        .bind::<Integer, _>(tool)
        .bind::<Array<Binary>, _>(voters)
        .bind::<BigInt, _>(end.0)
        .bind::<Binary, _>(NetworkHash::NONE.0.as_slice())
        .execute(conn),
    }
}
