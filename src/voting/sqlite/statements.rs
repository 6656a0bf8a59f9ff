//! The statements themselves, written by hand so that diesel keeps them prepared (`sql_query` never is).
//!
//! Only `sqlite/mod.rs` uses them. Each is of one row.

use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, SqliteConnection};

use crate::domain::{Ballot, BallotBytes};
use crate::infra::db::fixed_statement::{FixedText, fixed_statement, push_sql};
use crate::infra::db::schema::tallies;
use crate::tallies::TallyRow;
use crate::voting::ledger::Entry;
use crate::voting::{VoteCommand, VoteRecord};

pub(super) struct SelectTally<'a>(pub(super) &'a i32);
fixed_statement! { SelectTally, SqliteConnection => tallies::SqlType, |this|
    "SELECT tool_id, ship, skip, panel_ship, panel_skip, state, version, updated_at, \
     aside_ship, aside_skip, period_end, revision FROM tallies WHERE tool_id = ",
    Integer = this.0,
}

pub(super) struct SelectVote<'a> {
    pub(super) tool: &'a i32,
    pub(super) voter: &'a [u8],
}
fixed_statement! { SelectVote, SqliteConnection => (SmallInt, BigInt, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<SmallInt>, Nullable<Binary>), |this|
    "SELECT choice, cast_at, taken_out_by, origin, wide_origin, first_choice, ballot FROM votes WHERE tool_id = ",
    Integer = this.tool,
    " AND voter = ", Binary = this.voter,
}

/// A vote's row.
struct Row<'a> {
    command: &'a VoteCommand,
    choice: i16,
    cast_at: i64,
    mark: Option<i64>,
    ballot: Option<BallotBytes>,
    origin: Option<i64>,
    wide_origin: Option<i64>,
    first_choice: Option<i16>,
}

impl<'a> Row<'a> {
    fn of(command: &'a VoteCommand, standing: VoteRecord) -> Self {
        Self {
            command,
            choice: standing.choice.code(),
            cast_at: standing.cast_at.0,
            mark: standing.aside,
            ballot: standing.ballot.map(Ballot::to_bytes),
            origin: standing.binding.map(|binding| binding.origins.network.0),
            wide_origin: (standing.binding).and_then(|binding| Some(binding.origins.wide?.0)),
            first_choice: (standing.binding).map(|binding| binding.first_choice.code()),
        }
    }

    fn walk<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push_sql! { out,
            " INTO votes (tool_id, voter, choice, cast_at, network, token_age, taken_out_by, origin, wide_origin, first_choice, ballot) VALUES (",
            Integer = &self.command.tool,
            ", ", Binary = self.command.voter.0.as_slice(),
            ", ", SmallInt = &self.choice,
            ", ", BigInt = &self.cast_at,
            ", ", Binary = self.command.network.0.as_slice(),
            ", ", Integer = &self.command.token_age,
            ", ", Nullable<BigInt> = &self.mark,
            ", ", Nullable<BigInt> = &self.origin,
            ", ", Nullable<BigInt> = &self.wide_origin,
            ", ", Nullable<SmallInt> = &self.first_choice,
            ", ",
        }
        match &self.ballot {
            Some(ballot) => out.push_bind_param::<Binary, _>(ballot.as_slice())?,
            None => out.push_bind_param::<Nullable<Binary>, Option<&[u8]>>(&None)?,
        }
        out.push_sql(")");
        Ok(())
    }
}

/// Writes a vote where none stands; one that stands is left as it is.
pub(super) struct TryVote<'a>(Row<'a>);
fixed_statement!(TryVote, SqliteConnection);

impl<'a> TryVote<'a> {
    pub(super) fn new(command: &'a VoteCommand, standing: VoteRecord) -> Self {
        Self(Row::of(command, standing))
    }
}

impl FixedText<Sqlite> for TryVote<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT");
        self.0.walk(out.reborrow())?;
        out.push_sql(" ON CONFLICT DO NOTHING");
        Ok(())
    }
}

/// Writes a vote, whatever stood there.
pub(super) struct UpsertVote<'a>(Row<'a>);
fixed_statement!(UpsertVote, SqliteConnection);

impl<'a> UpsertVote<'a> {
    pub(super) fn new(command: &'a VoteCommand, standing: VoteRecord) -> Self {
        Self(Row::of(command, standing))
    }
}

impl FixedText<Sqlite> for UpsertVote<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT OR REPLACE");
        self.0.walk(out.reborrow())
    }
}

pub(super) struct DeleteVote<'a> {
    pub(super) tool: &'a i32,
    pub(super) voter: &'a [u8],
}
fixed_statement! { DeleteVote, SqliteConnection, |this|
    "DELETE FROM votes WHERE tool_id = ", Integer = this.tool,
    " AND voter = ", Binary = this.voter,
}

pub(super) struct InsertEntry<'a>(pub(super) &'a Entry);
fixed_statement! { InsertEntry, SqliteConnection, |this|
    "INSERT INTO ledger_entries (tool_id, version, at, changes) VALUES (", Integer = &this.0.tool,
    ", ", BigInt = &this.0.version,
    ", ", BigInt = &this.0.at.0,
    ", ", Binary = &this.0.changes,
    ")",
}

/// A record of the public log's journal.
pub(super) struct InsertRecord<'a>(pub(super) &'a [u8]);
fixed_statement! { InsertRecord, SqliteConnection, |this|
    "INSERT INTO log_journal (record) VALUES (", Binary = this.0,
    ")",
}

pub(super) struct UpdateTally<'a>(pub(super) &'a TallyRow, pub(super) &'a i64);
fixed_statement! { UpdateTally, SqliteConnection, |this|
    "UPDATE tallies SET ship = ", BigInt = &this.0.ship,
    ", skip = ", BigInt = &this.0.skip,
    ", version = ", BigInt = &this.0.version,
    ", updated_at = ", BigInt = this.1,
    ", aside_ship = ", BigInt = &this.0.aside_ship,
    ", aside_skip = ", BigInt = &this.0.aside_skip,
    ", revision = ", BigInt = &this.0.revision,
    " WHERE tool_id = ", Integer = &this.0.tool,
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;

    use super::*;
    use crate::domain::{Choice, NetworkHash, OriginHash, Salt, Timestamp, VoterId, VoterOrigins};
    use crate::voting::{Binding, VoteAction};

    /// A second text would be run as the first, with its parameters bound to other columns, or to none.
    #[test]
    fn a_vote_is_one_statement_whatever_it_lacks() {
        let command = VoteCommand {
            tool: 1,
            voter: VoterId([1; 16]),
            act: VoteAction::from(Some(Choice::Ship)),
            visitor: None,
            network: NetworkHash([0; 16]),
            token_age: 0,
            origins: None,
            ballot: None,
        };
        let bare = VoteRecord {
            choice: Choice::Ship,
            cast_at: Timestamp(7),
            aside: None,
            ballot: None,
            binding: None,
        };
        let full = VoteRecord {
            aside: Some(3),
            ballot: Some(Ballot::new(None, Salt([1; 16]))),
            binding: Some(Binding {
                origins: VoterOrigins {
                    network: OriginHash(4),
                    wide: Some(OriginHash(5)),
                },
                first_choice: Choice::Skip,
            }),
            ..bare
        };
        let texts = |vote| {
            let (tried, put) = (
                TryVote::new(&command, vote),
                UpsertVote::new(&command, vote),
            );
            let texts = [
                debug_query::<Sqlite, _>(&tried).to_string(),
                debug_query::<Sqlite, _>(&put).to_string(),
            ];
            texts.map(|text| text.split(" -- binds").next().map(str::to_owned))
        };
        assert_eq!(texts(bare), texts(full));
    }
}
