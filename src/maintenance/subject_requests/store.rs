//! A voter's rows in votes and ledger: found, and put under ids that nobody holds. Only `subject_requests` calls it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::dsl::sql;
use diesel::result::Error;
use diesel::sql_types::{Binary, Bool, Nullable};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{Held, HeldChange, HeldReceipt, HeldVote, WithdrawnBallot};
use crate::auth::{denylist, users};
use crate::domain::{Ballot, Choice, NetworkHash, Timestamp, VoterId};
use crate::infra::db::schema::{
    ballots, bulk_events, ledger_entries, tools, votes, withdrawn_ballots,
};
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::store as tallies;
use crate::voting::checksum::{Sketch, weight};
use crate::voting::exclusions::merges;
use crate::voting::held::store::tools_of as tools_held;
use crate::voting::ledger::voter_index::{self, OVERLAP};
use crate::voting::ledger::{self, Change, renamed, unpacked};
use crate::voting::seen_changes::{SeenChange, store as seen_changes};
use crate::voting::store as own_votes;
use crate::voting::{batch, claims, exclusions};

/// A change of the voter's, and the entry of the ledger that holds it.
struct Noted {
    seq: i64,
    tool: i32,
    change: Change,
    at: Timestamp,
}

/// What a walk through the ledger found of one voter. It goes in short steps, so that no statement lasts long, however long the ledger is.
pub struct Walked {
    voter: VoterId,
    noted: Vec<Noted>,
    /// How far it went; `None` before the first step.
    end: Option<i64>,
}

const DAY_SECONDS: i32 = 86_400;
/// Numbers of the ledger that one step looks through.
const SPAN: i64 = 50_000;
/// Entries that one statement names.
const MAX_ENTRIES: usize = 500;

impl Walked {
    /// Before the first step.
    pub fn new(voter: VoterId) -> Self {
        Self {
            voter,
            noted: Vec::new(),
            end: None,
        }
    }

    /// The first step follows the index of voters, the others read what lies behind it; true once that was all.
    pub fn step(&mut self, conn: &mut DbConnection) -> QueryResult<bool> {
        let Some(after) = self.end else {
            let (seqs, end) = voter_index::entries_of(conn, self.voter)?;
            self.noted = noted_in(conn, self.voter, seqs)?;
            self.end = Some(end);
            return Ok(false);
        };
        let last = ledger::last(conn)?;
        let upto = last.min(after + SPAN);
        self.noted.extend(noted(conn, self.voter, (after, upto))?);
        self.end = Some(upto);
        Ok(upto == last)
    }
}

type EntryColumns = (i64, i32, i64, i64, Vec<u8>);

const ENTRY: (
    ledger_entries::seq,
    ledger_entries::tool_id,
    ledger_entries::version,
    ledger_entries::at,
    ledger_entries::changes,
) = (
    ledger_entries::seq,
    ledger_entries::tool_id,
    ledger_entries::version,
    ledger_entries::at,
    ledger_entries::changes,
);

/// The voter's changes among entries of these numbers.
fn noted_in(
    conn: &mut DbConnection,
    voter: VoterId,
    seqs: BTreeSet<i64>,
) -> QueryResult<Vec<Noted>> {
    let seqs: Vec<i64> = seqs.into_iter().collect();
    let mut found = Vec::new();
    for seqs in seqs.chunks(MAX_ENTRIES) {
        let rows: Vec<EntryColumns> = ledger_entries::table
            .filter(ledger_entries::seq.eq_any(seqs))
            .order(ledger_entries::seq)
            .select(ENTRY)
            .load(conn)?;
        found.extend(own_changes(rows, voter));
    }
    Ok(found)
}

/// The voter's changes among entries after one number, up to another.
fn noted(
    conn: &mut DbConnection,
    voter: VoterId,
    (after, upto): (i64, i64),
) -> QueryResult<Vec<Noted>> {
    // The database looks for the id's bytes; whether they are those of a voter shows when they are unpacked.
    let (before, behind) = match conn {
        DbConnection::Sqlite(_) => ("instr(changes, ", ") > 0"),
        DbConnection::Postgres(_) => ("position(", " IN changes) > 0"),
    };
    let holds = sql::<Bool>(before)
        .bind::<Binary, _>(voter.0.to_vec())
        .sql(behind);
    let rows: Vec<EntryColumns> = ledger_entries::table
        .filter(ledger_entries::seq.gt(after))
        .filter(ledger_entries::seq.le(upto))
        .filter(holds)
        .order(ledger_entries::seq)
        .select(ENTRY)
        .load(conn)?;
    Ok(own_changes(rows, voter).collect())
}

fn own_changes(rows: Vec<EntryColumns>, voter: VoterId) -> impl Iterator<Item = Noted> {
    rows.into_iter()
        .flat_map(move |(seq, tool, version, at, changes)| {
            let own = unpacked(version, &changes).filter(|change| change.voter == voter);
            let noted = own.map(|change| Noted {
                seq,
                tool,
                change,
                at: Timestamp(at),
            });
            noted.collect::<Vec<_>>()
        })
}

type VoteColumns = (i16, i64, Vec<u8>, i32, Option<i64>);

fn vote(conn: &mut DbConnection, tool: i32, voter: VoterId) -> QueryResult<Option<VoteColumns>> {
    votes::table
        .filter(votes::tool_id.eq(tool))
        .filter(votes::voter.eq(voter.0.as_slice()))
        .select((
            votes::choice,
            votes::cast_at,
            votes::network,
            votes::token_age,
            votes::taken_out_by,
        ))
        .first(conn)
        .optional()
}

/// Whether a vote's mark keeps it from counting.
fn is_aside(conn: &mut DbConnection, mark: Option<i64>) -> QueryResult<bool> {
    match mark {
        Some(mark) => Ok(!exclusions::in_force(conn, &BTreeSet::from([mark]))?.is_empty()),
        None => Ok(false),
    }
}

/// When, on which tool, from what and to what.
type ToldChange = (Timestamp, i32, Option<Choice>, Option<Choice>);

/// The voter's own acts alone: what became of the vote beside them, the ledger knows and the voter is not told.
fn told_changes(noted: &[Noted], seen: &[SeenChange]) -> Vec<ToldChange> {
    let replaced: BTreeSet<(i32, i64)> =
        seen.iter().map(|seen| (seen.tool, seen.version)).collect();
    let by_ledger = noted
        .iter()
        .filter(|noted| !replaced.contains(&(noted.tool, noted.change.version)))
        .map(|noted| (noted.at, noted.tool, noted.change.old, noted.change.new));
    let by_journal = seen
        .iter()
        .map(|seen| (seen.at, seen.tool, seen.old, seen.new));
    let changes = by_ledger.chain(by_journal);
    // Of a vote that a removal has out, no change is one.
    let mut changes: Vec<_> = changes.filter(|(_, _, old, new)| old != new).collect();
    changes.sort_by_key(|(at, ..)| *at);
    changes
}

/// Everything that is held of the voter.
pub fn held(conn: &mut DbConnection, walked: &Walked, log: Option<&str>) -> QueryResult<Held> {
    let voter = walked.voter;
    let slugs: Vec<(i32, String)> = tools::table.select((tools::id, tools::slug)).load(conn)?;
    let slugs: HashMap<i32, String> = slugs.into_iter().collect();
    let slug = |tool: i32| slugs.get(&tool).cloned().unwrap_or_default();
    let (mut votes, mut withdrawn) = (Vec::new(), Vec::new());
    // Every vote is noted in the ledger but those that are held, so no other tool can have one.
    let noted = walked.noted.iter().map(|noted| noted.tool);
    let tools: BTreeSet<i32> = noted.chain(tools_held(conn, voter)?).collect();
    let seen = seen_changes::of_voter(conn, voter)?;
    for tool in tools {
        let Some((choice, cast_at, network, token_age, mark)) = vote(conn, tool, voter)? else {
            continue;
        };
        let Some(choice) = Choice::from_code(choice) else {
            continue;
        };
        let ballot = own_votes::ballot(conn, tool, voter)?;
        if mark.is_some_and(exclusions::is_withdrawn) {
            withdrawn.extend(ballot.map(|ballot| (tool, ballot)));
            continue;
        }
        votes.push(HeldVote {
            tool: slug(tool),
            choice,
            cast_at: Timestamp(cast_at),
            // Nothing tells a voter that a vote is held.
            counted: !is_aside(conn, mark.and_then(exclusions::removal_of))?,
            network: network
                .try_into()
                .ok()
                .and_then(|hash| NetworkHash(hash).shown()),
            token_age_seconds: Some(token_age).filter(|age| *age != users::AGE_SECONDS),
            receipt: ballot.and_then(|ballot| receipt(ballot, log)),
        });
    }
    let changes = told_changes(&walked.noted, &seen).into_iter();
    let changes = changes.map(|(at, tool, old, new)| HeldChange {
        tool: slug(tool),
        old,
        new,
        at,
    });
    // A withdrawn vote keeps its ballot in its row, if the holding rule keeps that.
    withdrawn.extend(own_votes::withdrawn_of(conn, voter)?);
    withdrawn.sort_unstable_by_key(|(tool, _)| *tool);
    let withdrawn = withdrawn.into_iter().filter_map(|(tool, ballot)| {
        Some(WithdrawnBallot {
            tool: slug(tool),
            receipt: receipt(ballot, log)?,
        })
    });
    Ok(Held {
        votes,
        changes: changes.collect(),
        withdrawn: withdrawn.collect(),
    })
}

fn receipt(ballot: Ballot, log: Option<&str>) -> Option<HeldReceipt> {
    Some(HeldReceipt {
        ballot: ballot.name,
        salt: ballot.salt?,
        log: log?.to_owned(),
    })
}

/// Puts the voter's rows under ids that nobody holds, and notes that the voter is erased; returns how many votes stay.
///
/// Under the lock of erasures each vote of the voter is there or will be refused. Each tally gets another revision: sums and scans
/// that saw the old id are made again.
/// `None`, with nothing done, while a merge copies the votes of one of the voter's tools: the copy would bear the old id.
pub fn erase(
    conn: &mut DbConnection,
    walked: &Walked,
    now: Timestamp,
) -> QueryResult<Option<usize>> {
    let voter = walked.voter;
    write_transaction(conn, |conn| {
        denylist::lock(conn)?;
        if merges::is_copying_votes_of(conn, voter)? {
            return Ok(None);
        }
        denylist::erase(conn, voter, now)?;
        let after = walked.end.map_or(0, |end| end.saturating_sub(OVERLAP));
        let later = noted(conn, voter, (after, i64::MAX))?;
        let mut by_tool: BTreeMap<i32, BTreeMap<i64, &Noted>> = BTreeMap::new();
        for noted in walked.noted.iter().chain(&later) {
            by_tool
                .entry(noted.tool)
                .or_default()
                .insert(noted.change.version, noted);
        }
        // A held vote is nobody's either from now on; it goes on waiting.
        let others = [tools_held(conn, voter)?, merges::targets_of(conn, voter)?];
        for tool in others.concat() {
            by_tool.entry(tool).or_default();
        }
        batch::lock(conn, &by_tool.keys().copied().collect())?;
        let mut left = 0;
        for (tool, noted) in by_tool {
            left += usize::from(erase_on(conn, tool, voter, &noted)?);
        }
        claims::store::forget(conn, voter)?;
        let withdrawn = withdrawn_ballots::table;
        diesel::delete(withdrawn.filter(withdrawn_ballots::voter.eq(voter.0.as_slice())))
            .execute(conn)?;
        seen_changes::erase(conn, voter)?;
        Ok(Some(left))
    })
}

/// An id that nobody holds, and that says nothing: 122 random bits (RFC 9562, version 4). A visitor's id tells when it was made.
fn nobody() -> QueryResult<VoterId> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::QueryBuilderError(cause.to_string().into()))?;
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    Ok(VoterId(id.into_bytes()))
}

/// What is left of a token's age: whether it was a day old. With the vote's time the age to the second tells when the token was made,
/// and votes of one token would be known by that.
fn without_detail(token_age: i32) -> i32 {
    match token_age {
        users::AGE_SECONDS => users::AGE_SECONDS,
        age if age < DAY_SECONDS => 0,
        _ => DAY_SECONDS,
    }
}

/// Puts `nobody` in the place of `voter` in the entries of the ledger.
fn rename_entries(
    conn: &mut DbConnection,
    noted: &BTreeMap<i64, &Noted>,
    voter: VoterId,
    nobody: VoterId,
) -> QueryResult<()> {
    let entries: BTreeSet<i64> = noted.values().map(|noted| noted.seq).collect();
    voter_index::rename(conn, &entries, (voter, nobody))?;
    for seq in entries {
        let entry = ledger_entries::table.filter(ledger_entries::seq.eq(seq));
        let changes: Vec<u8> = entry.select(ledger_entries::changes).first(conn)?;
        diesel::update(entry)
            .set(ledger_entries::changes.eq(renamed(&changes, voter, nobody)))
            .execute(conn)?;
    }
    Ok(())
}

/// On one tool, whose lock is held; returns whether a vote stays.
fn erase_on(
    conn: &mut DbConnection,
    tool: i32,
    voter: VoterId,
    noted: &BTreeMap<i64, &Noted>,
) -> QueryResult<bool> {
    let nobody = nobody()?;
    let vote = vote(conn, tool, voter)?;
    let is_withdrawn = |mark: &Option<i64>| mark.is_some_and(exclusions::is_withdrawn);
    let stands = vote.as_ref().is_some_and(|(.., mark)| !is_withdrawn(mark));
    let counted = match vote {
        Some((choice, .., mark)) if !is_aside(conn, mark)? => Choice::from_code(choice),
        _ => None,
    };
    rename_entries(conn, noted, voter, nobody)?;
    if let Some((.., token_age, _)) = vote {
        diesel::update(
            votes::table
                .filter(votes::tool_id.eq(tool))
                .filter(votes::voter.eq(voter.0.as_slice())),
        )
        .set((
            votes::voter.eq(nobody.0.as_slice()),
            votes::token_age.eq(without_detail(token_age)),
        ))
        .execute(conn)?;
        // The ballot's name stays with the vote, so that a removal can take it out; nobody can open it any more. A withdrawn vote
        // has no more use for it.
        let kept = if stands {
            "substr(ballot, 1, 24)"
        } else {
            "NULL"
        };
        diesel::update(ballots::table.find((tool, nobody.0.as_slice())))
            .set(ballots::ballot.eq(sql::<Nullable<Binary>>(kept)))
            .execute(conn)?;
        exclusions::note_renamed(conn, tool, nobody)?;
    }
    // Also of a vote that was withdrawn since, or is a user's.
    merges::rename(conn, tool, (voter, nobody))?;
    tallies::raise_revision(conn, tool)?;
    // What removals moved of this vote is in their sums, under the old id.
    let by_ledger: i64 = noted
        .values()
        .map(|noted| weight(noted.change.new) - weight(noted.change.old))
        .sum();
    let by_removals = weight(counted) - by_ledger;
    if by_removals != 0 {
        let bulk: Option<(i64, i64)> = bulk_events::table
            .filter(bulk_events::tool_id.eq(tool))
            .order(bulk_events::version)
            .select((bulk_events::version, bulk_events::sketch))
            .first(conn)
            .optional()?;
        if let Some((version, sketch)) = bulk {
            let mut sketch = Sketch(sketch);
            sketch.add(Sketch::renamed(voter, nobody, by_removals));
            diesel::update(
                bulk_events::table
                    .filter(bulk_events::tool_id.eq(tool))
                    .filter(bulk_events::version.eq(version)),
            )
            .set(bulk_events::sketch.eq(sketch.0))
            .execute(conn)?;
        }
    }
    Ok(stands)
}
