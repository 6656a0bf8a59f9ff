//! Ballots of withdrawn votes on SQLite. Nearly every vote is a first one, so the writer remembers which voters have such a
//! ballot, by a hash, and reads the table for those alone. It is the one process that adds to the table.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher;

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, SqliteConnection,
};

use crate::domain::{Ballot, VoterId};
use crate::infra::db::schema::withdrawn_ballots;
use crate::voting::apply::{BallotWrites, Key, WithdrawnBallots};

/// Which voters may have a ballot without a vote. It may name more than there are.
#[derive(Default)]
pub(crate) struct WithdrawnFilter {
    hash: foldhash::fast::RandomState,
    prints: Option<HashSet<u64, foldhash::fast::RandomState>>,
}

impl WithdrawnFilter {
    /// Those of `keys` that have such a ballot, with it.
    pub fn find(
        &mut self,
        conn: &mut SqliteConnection,
        keys: &BTreeSet<Key>,
    ) -> QueryResult<WithdrawnBallots> {
        let prints = match &mut self.prints {
            Some(prints) => prints,
            none => {
                let rows: Vec<(i32, Vec<u8>)> = withdrawn_ballots::table
                    .select((withdrawn_ballots::tool_id, withdrawn_ballots::voter))
                    .load(conn)?;
                let keys = rows
                    .into_iter()
                    .filter_map(|(tool, voter)| Some((tool, VoterId(voter.try_into().ok()?))));
                none.insert(keys.map(|key| self.hash.hash_one(key)).collect())
            }
        };
        let mut found = WithdrawnBallots::default();
        if prints.is_empty() {
            return Ok(found);
        }
        for key in keys
            .iter()
            .filter(|key| prints.contains(&self.hash.hash_one(key)))
        {
            let ballot: Option<Vec<u8>> = withdrawn_ballots::table
                .find((key.0, key.1.0.as_slice()))
                .select(withdrawn_ballots::ballot)
                .first(conn)
                .optional()?;
            let ballot = ballot.and_then(|bytes| Ballot::from_bytes(&bytes));
            found.extend(ballot.map(|ballot| (*key, ballot)));
        }
        Ok(found)
    }

    /// Remembers what a batch is about to add.
    pub fn note(&mut self, writes: &BallotWrites) {
        if let Some(prints) = &mut self.prints {
            prints.extend(writes.kept.iter().map(|(key, _)| self.hash.hash_one(key)));
        }
    }
}

/// Writes what became of ballots without a vote.
pub(super) fn write(conn: &mut SqliteConnection, writes: &BallotWrites) -> QueryResult<()> {
    for (tool, voter) in &writes.taken {
        diesel::delete(withdrawn_ballots::table.find((tool, voter.0.as_slice()))).execute(conn)?;
    }
    for ((tool, voter), ballot) in &writes.kept {
        diesel::insert_into(withdrawn_ballots::table)
            .values((
                withdrawn_ballots::tool_id.eq(tool),
                withdrawn_ballots::voter.eq(voter.0.as_slice()),
                withdrawn_ballots::ballot.eq(ballot.to_bytes().as_slice()),
            ))
            .execute(conn)?;
    }
    Ok(())
}
