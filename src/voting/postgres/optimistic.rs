//! The short way of a batch on Postgres: folded over what this instance knows, written and committed by one statement
//! that holds the tallies against it under their locks. One round trip, where the careful way makes three.
//!
//! Only `ledger` calls it, and goes the careful way where it says `None`: then nothing was written. It rests on this:
//!
//! - Whoever changes votes that count holds their tally's lock, and raises its version or its revision. So a tally that still
//!   has the version and revision that are known has the very votes that it had.
//! - Nobody was erased since, if the version of erasures is the one that is known; the shared lock of erasures keeps it so.
//! - So a vote that was seen here while that tally was known stands as it was left (`recent`).
//! - A vote that is presumed to be new is inserted, and the primary key refuses it where it is not. Of whom more is not
//!   known, though they were seen here or withdraw, the vote is read first, after its tally was known.
//! - Held votes come and go without a write of the tally, since they are in no sum. An update or a deletion that misses
//!   its row is refused as well; that a held vote was there when it was read is all that its voter's answer says.
//!
//! Whatever needs more statements than one (marks, the first change of an hour, users) goes the careful way.

use std::collections::BTreeSet;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::arrays::{Rows, Withdrawn};
use crate::domain::{OriginHash, Timestamp, VoterOrigins};
use crate::infra::db::fixed_statement::{FixedText, fixed_statement, push_sql};
use crate::infra::db::schema::tallies;
use crate::tallies::{TallyRow, store};
use crate::voting::VoteCommand;
use crate::voting::apply::{Barred, ChangeSet, ExistingVotes, Key, WithdrawnBallots, fold};
use crate::voting::fresh::book::OriginBook;
use crate::voting::fresh::store::{self as origins, SaveMany};
use crate::voting::ledger;
use crate::voting::postgres::reads::present_and_withdrawn;
use crate::voting::postgres::tally_cache::{CachedVote, TallyRowCache};

struct LookAtTallies<'a>(&'a [i32]);
fixed_statement! { LookAtTallies, PgConnection => tallies::SqlType, |this|
    "SELECT tool_id, ship, skip, panel_ship, panel_skip, state, version, updated_at, aside_ship, aside_skip, \
     period_end, revision FROM tallies WHERE tool_id = ANY(",
    Array<Integer> = &this.0,
    ")",
}

struct WriteIfUnchanged<'a> {
    /// The version of erasures that is known.
    erasures: i64,
    /// Tallies that stay as they are.
    same: KnownTallies,
    rows: Rows<'a>,
    /// The tallies among `rows`, before they are written.
    known: KnownTallies,
    withdrawn: Withdrawn<'a>,
    origins: SaveMany<'a>,
}

/// Tallies by what names their votes.
#[derive(Default)]
struct KnownTallies {
    tools: Vec<i32>,
    versions: Vec<i64>,
    revisions: Vec<i64>,
}

impl FromIterator<TallyRow> for KnownTallies {
    fn from_iter<I: IntoIterator<Item = TallyRow>>(rows: I) -> Self {
        let mut known = Self::default();
        for row in rows {
            known.tools.push(row.tool);
            known.versions.push(row.version);
            known.revisions.push(row.revision);
        }
        known
    }
}

fixed_statement!(WriteIfUnchanged, PgConnection);

impl Query for WriteIfUnchanged<'_> {
    type SqlType = Nullable<BigInt>;
}

impl FixedText<Pg> for WriteIfUnchanged<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_sql! { out,
            "SELECT write_batch(", BigInt = &self.erasures,
            ", ", Array<Integer> = &self.same.tools,
            ", ", Array<BigInt> = &self.same.versions,
            ", ", Array<BigInt> = &self.same.revisions,
            ", ",
        }
        self.rows.inserts.walk(&mut out)?;
        out.push_sql(", ");
        self.rows.bindings.walk(&mut out)?;
        out.push_sql(", ");
        self.rows.updates.walk(&mut out)?;
        out.push_sql(", ");
        self.rows.deletes.walk(&mut out)?;
        out.push_sql(", ");
        self.rows.entries.walk(&mut out)?;
        push_sql! { out,
            ", ", Array<BigInt> = &self.known.versions,
            ", ", Array<BigInt> = &self.known.revisions,
            ", ",
        }
        self.rows.tallies.walk(&mut out)?;
        out.push_sql(", ");
        self.withdrawn.walk(&mut out)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Binary>, _>(&self.rows.record)?;
        out.push_sql(", ");
        self.origins.walk(&mut out)?;
        out.push_sql(")");
        Ok(())
    }
}

/// Carries out a batch at `now` and commits it; `None` where it is not as simple as that, or where the database has it
/// otherwise. No transaction may be open.
///
/// # Errors
/// A failed statement; the batch may have been done or not.
pub(crate) fn record(
    conn: &mut PgConnection,
    known: &mut TallyRowCache,
    commands: &[VoteCommand],
    erasures: i64,
    now: Timestamp,
) -> QueryResult<Option<ChangeSet>> {
    let simple = |command: &VoteCommand| command.visitor.is_none();
    if !known.trusts() || !commands.iter().all(simple) {
        return Ok(None);
    }
    let tools: BTreeSet<i32> = commands.iter().map(|command| command.tool).collect();
    if !look(conn, known, &known.missing(&tools), now)? {
        return Ok(None);
    }
    let tallies = known.of(&tools);
    if tallies.rows.len() < tools.len() {
        return Ok(None);
    }
    let mut barred = Barred::default();
    let before = votes_before(conn, known, commands, &mut barred.withdrawn)?;
    if before.values().any(|vote| vote.aside.is_some()) {
        return Ok(None);
    }
    let mut book = read_origins(conn, known, (commands, &before), &tools, now)?;
    // Which votes are excluded is read under the locks.
    let has_excluded =
        |row: &TallyRow| row.has_excluded() && !book.without_excluded(row.tool).is_empty();
    if tallies.rows.values().any(has_excluded) {
        return Ok(None);
    }
    let (rows, periods) = (&tallies.rows, &tallies.periods);
    let folded = fold(commands, rows, &before, &barred, periods, &mut book, now);
    let is_set_aside = folded.rows().any(|(_, vote)| vote.aside.is_some());
    if !folded.hour_changes.is_empty() || is_set_aside || !book.excess().is_empty() {
        return Ok(None);
    }
    let entries = ledger::packed(folded.events.iter().map(|event| (event, now)));
    let mut same = tallies.rows;
    let moved: KnownTallies = folded
        .tallies
        .iter()
        .filter_map(|row| same.remove(&row.tool))
        .collect();
    let origins = origins::changed_rows(&book);
    let statement = WriteIfUnchanged {
        erasures,
        same: same.into_values().collect(),
        rows: Rows::of(&folded, &entries),
        known: moved,
        withdrawn: Withdrawn::of(&folded.ballots),
        origins: SaveMany::of(&origins),
    };
    let written: Option<i64> = statement.get_result(conn)?;
    if written.is_none() {
        known.was_wrong(&tools);
        return Ok(None);
    }
    known.wrote(&before, &folded);
    known.note_origins(&book, &tools);
    known.was_right();
    Ok(Some(folded))
}

/// The votes of a batch's voters, and into `withdrawn` the ballots of those without a row: as they are known, or read without a lock
/// once the tallies are known.
fn votes_before(
    conn: &mut PgConnection,
    known: &TallyRowCache,
    commands: &[VoteCommand],
    withdrawn: &mut WithdrawnBallots,
) -> QueryResult<ExistingVotes> {
    let mut before = ExistingVotes::default();
    let mut doubtful: BTreeSet<Key> = BTreeSet::new();
    for command in commands {
        let key = (command.tool, command.voter);
        match known.recall(&key, command.act) {
            CachedVote::Stands(vote) => drop(before.insert(key, vote)),
            CachedVote::None => {}
            CachedVote::Withdrawn(ballot) => drop(withdrawn.insert(key, ballot)),
            CachedVote::Unsure => drop(doubtful.insert(key)),
        }
    }
    if !doubtful.is_empty() {
        let (votes, ballots) = present_and_withdrawn(conn, &doubtful)?;
        before.extend(votes);
        withdrawn.extend(ballots);
    }
    Ok(before)
}

/// The networks of a batch's fresh voters: as they are known, or read without a lock once the tallies are known.
fn read_origins(
    conn: &mut PgConnection,
    known: &mut TallyRowCache,
    (commands, before): (&[VoteCommand], &ExistingVotes),
    tools: &BTreeSet<i32>,
    now: Timestamp,
) -> QueryResult<OriginBook> {
    let mut book = OriginBook::default();
    let from = commands.iter().filter_map(|command| command.origins);
    let from = from.flat_map(VoterOrigins::each);
    let all: BTreeSet<OriginHash> = from.chain(origins::bound(before.values())).collect();
    let mut unknown = BTreeSet::new();
    for origin in all {
        if !known.enter_origin(&mut book, origin, tools) {
            unknown.insert(origin);
        }
    }
    if !unknown.is_empty() {
        let mut read = OriginBook::default();
        origins::read_on_postgres(conn, &mut read, unknown.iter().copied())?;
        known.note_origins(&read, tools);
        for origin in unknown {
            known.enter_origin(&mut book, origin, tools);
        }
    }
    let older = OriginBook::older_voters(commands);
    origins::established_on_postgres(conn, &mut book, &older, now)?;
    Ok(book)
}

/// Gets to know `missing` tools, without a lock. False where one of them has a period ahead: those are read with it.
fn look(
    conn: &mut PgConnection,
    known: &mut TallyRowCache,
    missing: &[i32],
    now: Timestamp,
) -> QueryResult<bool> {
    if missing.is_empty() {
        return Ok(true);
    }
    let rows: Vec<store::Columns> = LookAtTallies(missing).load(conn)?;
    let mut plain = true;
    for columns in rows {
        let row = store::row(columns);
        if now < row.period_end {
            plain = false;
        } else {
            known.found(row);
        }
    }
    Ok(plain)
}
