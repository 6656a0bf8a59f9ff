//! The votes that count, page by page along the primary key. Only `export` calls it.

use std::io;

use diesel::connection::SimpleConnection;
use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, QueryResult, RunQueryDsl,
};

use super::{ExportError, ExportedVote};
use crate::domain::{Choice, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{tools, voters, votes};
use crate::voting::exclusions;

const PAGE: i64 = 5_000;

/// Runs `work` on one state of the database. On SQLite any read transaction is one; Postgres must be asked for it.
pub(super) fn in_snapshot<T>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    match conn {
        DbConnection::Sqlite(conn) => conn.batch_execute("BEGIN")?,
        DbConnection::Postgres(conn) => {
            // Whoever reads our output slowly must not end it.
            conn.batch_execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0",
            )?;
        }
    }
    let result = work(conn);
    conn.batch_execute("ROLLBACK")?;
    result
}

/// Every tool, by slug.
pub(super) fn tools(conn: &mut DbConnection) -> QueryResult<Vec<(i32, String)>> {
    tools::table
        .order(tools::slug)
        .select((tools::id, tools::slug))
        .load(conn)
}

type Columns = (Vec<u8>, i16, i64, Option<i64>, Option<String>);

/// Gives `put` each vote on `tool` that counts, by voter.
pub(super) fn votes(
    conn: &mut DbConnection,
    tool: i32,
    mut put: impl FnMut(ExportedVote) -> io::Result<()>,
) -> Result<(), ExportError> {
    let out = exclusions::all_in_force(conn, tool)?;
    let mut after: Vec<u8> = Vec::new();
    loop {
        let page: Vec<Columns> = votes::table
            .left_join(voters::table.on(voters::id.eq(votes::voter)))
            .filter(votes::tool_id.eq(tool))
            .filter(votes::voter.gt(&after))
            .order(votes::voter)
            .limit(PAGE)
            .select((
                votes::voter,
                votes::choice,
                votes::cast_at,
                votes::taken_out_by,
                voters::name.nullable(),
            ))
            .load(conn)?;
        let Some((last, ..)) = page.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for (voter, choice, cast_at, mark, name) in page {
            let (Ok(voter), Some(choice)) = (voter.try_into(), Choice::from_code(choice)) else {
                continue;
            };
            if mark.is_none_or(|mark| !out.contains(&mark)) {
                put(ExportedVote {
                    voter: VoterId(voter),
                    name,
                    choice,
                    cast_at: Timestamp(cast_at),
                })?;
            }
        }
    }
}
