//! Votes by the time they were cast, summed.

use std::collections::BTreeSet;

use diesel::dsl::min;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, sql_query};

use super::StepCounts;
use crate::domain::{Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::votes;
use crate::moderation::insights::store::literal;
use crate::moderation::removals::store::Found;
use crate::voting::exclusions::{WITHDRAWN, WITHDRAWN_REJECTED};

/// When the first vote of the voters after `after` was cast.
pub(super) fn first(
    conn: &mut DbConnection,
    tool: i32,
    after: Option<VoterId>,
) -> Found<Option<Timestamp>> {
    let after = after.map_or_else(Vec::new, |voter| voter.0.to_vec());
    let first: Option<i64> = votes::table
        .filter(votes::tool_id.eq(tool))
        .filter(votes::voter.gt(after))
        .select(min(votes::cast_at))
        .first(conn)?;
    Ok(first.map(Timestamp))
}

#[derive(QueryableByName)]
struct StepRow {
    #[diesel(sql_type = BigInt)]
    step: i64,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    skip: i64,
    #[diesel(sql_type = BigInt)]
    aside_ship: i64,
    #[diesel(sql_type = BigInt)]
    aside_skip: i64,
}

/// The votes of `window` by steps of `width` seconds from `start`; those that bear a mark in `out` are set aside.
pub(super) fn cast(
    conn: &mut DbConnection,
    (tool, after): (i32, Option<VoterId>),
    (from, to): (Timestamp, Timestamp),
    (start, width): (Timestamp, i64),
    out: &BTreeSet<i64>,
) -> Found<Vec<(i64, StepCounts)>> {
    let after = literal(conn, after);
    // No removal has the number 0, and a vote without a mark is given it here.
    let out: Vec<String> = [&-1].into_iter().chain(out).map(i64::to_string).collect();
    let aside = format!("COALESCE(taken_out_by, 0) IN ({})", out.join(","));
    let counted = format!("COALESCE(taken_out_by, 0) NOT IN ({})", out.join(","));
    let sum = |choice: i16, which: &str, name: &str| {
        format!("SUM(CASE WHEN choice = {choice} AND {which} THEN 1 ELSE 0 END) AS {name}")
    };
    let sums = [
        sum(1, &counted, "ship"),
        sum(2, &counted, "skip"),
        sum(1, &aside, "aside_ship"),
        sum(2, &aside, "aside_skip"),
    ];
    // All of it is numbers and hexadecimal digits of ours.
    let rows: Vec<StepRow> = sql_query(format!(
        "SELECT (cast_at - ({})) / {} AS step, {} FROM votes \
         WHERE tool_id = {tool} AND voter > {after} AND cast_at >= {} AND cast_at < {} AND COALESCE(taken_out_by, 0) NOT BETWEEN {WITHDRAWN_REJECTED} AND {WITHDRAWN} GROUP BY 1 ORDER BY 1",
        start.0,
        width * 1_000_000,
        sums.join(", "),
        from.0,
        to.0,
    ))
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let cast = StepCounts {
                ship: row.ship,
                skip: row.skip,
                aside_ship: row.aside_ship,
                aside_skip: row.aside_skip,
            };
            (row.step, cast)
        })
        .collect())
}
