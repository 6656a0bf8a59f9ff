//! Which visitors came as a user on a tool, in the database. The ledger asks and writes under the tools' locks.

use std::collections::{BTreeSet, HashSet};

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use crate::domain::VoterId;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{spent, tools};
use crate::voting::apply::{Key, LinkedVisitors};

/// Those of `keys` that are spent.
pub(crate) fn spent(conn: &mut DbConnection, keys: &BTreeSet<Key>) -> QueryResult<LinkedVisitors> {
    let tools: BTreeSet<i32> = keys.iter().map(|(tool, _)| *tool).collect();
    let visitors: HashSet<&[u8]> = keys
        .iter()
        .map(|(_, visitor)| visitor.0.as_slice())
        .collect();
    let rows: Vec<(i32, Vec<u8>)> = spent::table
        .filter(spent::visitor.eq_any(visitors))
        .filter(spent::tool_id.eq_any(tools))
        .select((spent::tool_id, spent::visitor))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(tool, visitor)| Some((tool, VoterId(visitor.try_into().ok()?))))
        .collect())
}

/// Notes visitors that were not spent before.
pub(crate) fn spend(conn: &mut DbConnection, keys: &[Key]) -> QueryResult<()> {
    for (tool, visitor) in keys {
        diesel::insert_into(spent::table)
            .values((
                spent::tool_id.eq(tool),
                spent::visitor.eq(visitor.0.as_slice()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The tools on which a visitor is spent.
pub(crate) fn tools_of(conn: &mut DbConnection, visitor: VoterId) -> QueryResult<Vec<String>> {
    spent::table
        .inner_join(tools::table)
        .filter(spent::visitor.eq(visitor.0.as_slice()))
        .order(tools::slug)
        .select(tools::slug)
        .load(conn)
}

/// Forgets an erased visitor, who votes no more anyway.
pub(crate) fn forget(conn: &mut DbConnection, visitor: VoterId) -> QueryResult<()> {
    diesel::delete(spent::table.filter(spent::visitor.eq(visitor.0.as_slice()))).execute(conn)?;
    Ok(())
}
