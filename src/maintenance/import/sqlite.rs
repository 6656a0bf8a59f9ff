//! An import's statements on SQLite: small cached ones, in the caller's transaction. Only `store` calls it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Binary, Integer, SmallInt, Text};
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use super::{Line, vote_command};
use crate::infra::db::fixed_statement::fixed_statement;
use crate::infra::db::limit_wal;
use crate::voting::apply::Key;

struct AddVote<'a> {
    line: &'a Line,
    choice: i16,
    network: [u8; 16],
    token_age: i32,
}
fixed_statement! { AddVote, SqliteConnection, |this|
    "INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) VALUES (", Integer = &this.line.tool,
    ", ", Binary = this.line.voter.0.as_slice(),
    ", ", SmallInt = &this.choice,
    ", ", BigInt = &this.line.cast_at.0,
    ", ", Binary = this.network.as_slice(),
    ", ", Integer = &this.token_age,
    ") ON CONFLICT (tool_id, voter) DO NOTHING",
}

struct AddName<'a> {
    id: &'a [u8],
    name: &'a str,
}
fixed_statement! { AddName, SqliteConnection, |this|
    "INSERT INTO voters (id, name) VALUES (", Binary = this.id,
    ", ", Text = this.name,
    ") ON CONFLICT (id) DO NOTHING",
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
