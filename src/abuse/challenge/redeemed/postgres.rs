//! Used solutions in the table `spent_solutions`. Only [`crate::abuse::challenge::redeemed::recorder`] calls it, and only on Postgres: SQLite has the table so
//! that a backup of either database fits the other, and leaves it empty.

use std::collections::HashSet;

use diesel::sql_types::{Array, BigInt, Binary};
use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, sql_query};

use crate::abuse::challenge::pow::Solved;
use crate::domain::Timestamp;
use crate::infra::db::schema::spent_solutions;
use crate::infra::db::{DbConnection, Scalar};

/// Enters all of `solved`; returns those that nobody had entered before.
pub(super) fn enter(conn: &mut DbConnection, solved: &[Solved]) -> QueryResult<HashSet<[u8; 16]>> {
    let ids: Vec<&[u8]> = solved.iter().map(|one| one.id.as_slice()).collect();
    let ends: Vec<i64> = solved.iter().map(|one| one.ends_at.0).collect();
    let DbConnection::Postgres(conn) = conn else {
        return Err(diesel::NotFound);
    };
    let entered: Vec<Scalar<Binary, Vec<u8>>> = sql_query(
        "INSERT INTO spent_solutions (id, expires_at) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind::<Array<Binary>, _>(ids)
    .bind::<Array<BigInt>, _>(ends)
    .load(conn)?;
    Ok(entered
        .into_iter()
        .filter_map(|row| row.0.try_into().ok())
        .collect())
}

/// Lets go of what ended before `now`; returns whether anything is left.
pub(super) fn sweep(conn: &mut DbConnection, now: Timestamp) -> QueryResult<bool> {
    diesel::delete(spent_solutions::table.filter(spent_solutions::expires_at.lt(now.0)))
        .execute(conn)?;
    let left: i64 = spent_solutions::table.count().get_result(conn)?;
    Ok(left > 0)
}

/// Whether the connection still leads anywhere.
pub(super) fn works(conn: &mut DbConnection) -> bool {
    sql_query("SELECT 1").execute(conn).is_ok()
}
