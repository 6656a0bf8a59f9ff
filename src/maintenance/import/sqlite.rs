//! An import's statements on SQLite: small cached ones, in the caller's transaction. Only `store` calls it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, SmallInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::{Line, vote_command};
use crate::infra::db::limit_wal;
use crate::voting::apply::Key;

struct AddVote<'a> {
    line: &'a Line,
    choice: i16,
    network: [u8; 16],
    token_age: i32,
}
impl QueryId for AddVote<'_> {
    type QueryId = AddVote<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}
impl RunQueryDsl<SqliteConnection> for AddVote<'_> {}

impl QueryFragment<Sqlite> for AddVote<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) VALUES (",
        );
        out.push_bind_param::<Integer, _>(&self.line.tool)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(self.line.voter.0.as_slice())?;
        out.push_sql(", ");
        out.push_bind_param::<SmallInt, _>(&self.choice)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.line.cast_at.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(self.network.as_slice())?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&self.token_age)?;
        out.push_sql(") ON CONFLICT (tool_id, voter) DO NOTHING");
        Ok(())
    }
}

struct AddName<'a> {
    id: &'a [u8],
    name: &'a str,
}
impl QueryId for AddName<'_> {
    type QueryId = AddName<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}
impl RunQueryDsl<SqliteConnection> for AddName<'_> {}

impl QueryFragment<Sqlite> for AddName<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT INTO voters (id, name) VALUES (");
        out.push_bind_param::<Binary, _>(self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.name)?;
        out.push_sql(") ON CONFLICT (id) DO NOTHING");
        Ok(())
    }
}

/// Adds the votes that are not there yet; tells which those were.
pub(super) fn add(
    conn: &mut SqliteConnection,
    lines: &BTreeMap<Key, &Line>,
) -> QueryResult<BTreeSet<Key>> {
    let mut added = BTreeSet::new();
    for (key, line) in lines {
        let command = vote_command(line);
        let new = AddVote {
            line,
            choice: line.choice.code(),
            network: command.network.0,
            token_age: command.token_age,
        }
        .execute(conn)?;
        if new > 0 {
            added.insert(*key);
        }
    }
    Ok(added)
}

/// Remembers the names of voters.
pub(super) fn names(conn: &mut SqliteConnection, lines: &[(&[u8], &str)]) -> QueryResult<()> {
    for (id, name) in lines {
        AddName { id, name }.execute(conn)?;
    }
    Ok(())
}

/// Memory for the pages of many steps, and few checkpoints: each writes out what the next steps change again.
pub(super) fn prepare(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("PRAGMA cache_size = -65536;")?;
    limit_wal(conn)
}

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = Integer)]
    data_version: i32,
}

/// SQLite's own mark: another number means that somebody else committed.
pub(super) fn data_version(conn: &mut SqliteConnection) -> QueryResult<i32> {
    let mark: DataVersion = sql_query("PRAGMA data_version").get_result(conn)?;
    Ok(mark.data_version)
}
