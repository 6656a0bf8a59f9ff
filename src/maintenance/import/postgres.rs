//! An import's statements on Postgres: one a step for each table, over arrays. Only `store` calls it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, BigInt, Binary, Integer, SmallInt, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::{Line, vote_command};
use crate::domain::VoterId;
use crate::infra::db::fixed_statement::{FixedText, fixed_statement};
use crate::voting::apply::Key;
use crate::voting::ledger::Entry;
use crate::voting::postgres::Entries;

#[derive(Default)]
struct AddVotes<'a> {
    tools: Vec<i32>,
    voters: Vec<&'a [u8]>,
    choices: Vec<i16>,
    cast_at: Vec<i64>,
    networks: Vec<Vec<u8>>,
    token_ages: Vec<i32>,
}
fixed_statement! { AddVotes, PgConnection => (Integer, Binary), |this|
    "INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) SELECT * FROM unnest(",
    Array<Integer> = &this.tools,
    ", ", Array<Binary> = &this.voters,
    ", ", Array<SmallInt> = &this.choices,
    ", ", Array<BigInt> = &this.cast_at,
    ", ", Array<Binary> = &this.networks,
    ", ", Array<Integer> = &this.token_ages,
    ") ON CONFLICT (tool_id, voter) DO NOTHING RETURNING tool_id, voter",
}

struct NoteEntries<'a>(Entries<'a>);
fixed_statement!(NoteEntries, PgConnection);

impl FixedText<Pg> for NoteEntries<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.insert(&mut out)
    }
}

struct AddNames<'a> {
    ids: Vec<&'a [u8]>,
    names: Vec<&'a str>,
}
fixed_statement! { AddNames, PgConnection, |this|
    "INSERT INTO voters (id, name) SELECT * FROM unnest(", Array<Binary> = &this.ids,
    ", ", Array<Text> = &this.names,
    ") ON CONFLICT (id) DO NOTHING",
}

/// Adds the votes that are not there yet; tells which those were.
pub(super) fn add(
    conn: &mut PgConnection,
    lines: &BTreeMap<Key, &Line>,
) -> QueryResult<BTreeSet<Key>> {
    let mut votes = AddVotes::default();
    for line in lines.values() {
        let command = vote_command(line);
        votes.tools.push(line.tool);
        votes.voters.push(line.voter.0.as_slice());
        votes.choices.push(line.choice.code());
        votes.cast_at.push(line.cast_at.0);
        votes.networks.push(command.network.0.to_vec());
        votes.token_ages.push(command.token_age);
    }
    let added: Vec<(i32, Vec<u8>)> = votes.load(conn)?;
    Ok(added
        .into_iter()
        .filter_map(|(tool, voter)| Some((tool, VoterId(voter.try_into().ok()?))))
        .collect())
}

/// Remembers the names of voters.
pub(super) fn names(conn: &mut PgConnection, lines: &[(&[u8], &str)]) -> QueryResult<()> {
    let (ids, names) = lines.iter().copied().unzip();
    AddNames { ids, names }.execute(conn)?;
    Ok(())
}

/// Writes entries of the ledger.
pub(super) fn note(conn: &mut PgConnection, entries: &[Entry]) -> QueryResult<()> {
    NoteEntries(Entries::of(entries)).execute(conn)?;
    Ok(())
}
