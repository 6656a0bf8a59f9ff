//! THE recipe by which votes change a tally: lock the tally rows in order, read the old votes, fold, write, commit. On SQLite
//! first votes are written as they are read (`sqlite`); where Postgres's writer knows already what it would read, one statement
//! does it all (`postgres::optimistic`).
//!
//! Only the writer calls it; `import`, `held` and merges take its steps. Either everything of a batch is committed, with one fsync, or
//! nothing is.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};

use super::claims::store as claims;
use super::fresh::book::OriginBook;
use super::fresh::store as origins;
use super::postgres::TallyRowCache;
use super::seen_changes::store as seen_changes;
use super::set_aside::store::set_aside;
use super::sqlite::WithdrawnFilter;
use super::{VoteCommand, VoteRecord, postgres, sqlite};
use crate::abuse::store as bans;
use crate::auth::denylist::{self, Denylist};
use crate::auth::name;
use crate::domain::{Timestamp, VoterId, VoterOrigins};
use crate::infra::db::{DbConnection, chained_transaction, end_chain};
use crate::tallies::{TallyRow, store};
use crate::voting::apply::{
    Barred, ChangeSet, ExistingVotes, Key, LinkedVisitors, WithdrawnBallots, fold,
};
use crate::voting::exclusions::{self, Chosen, Period};

/// Voters who are erased.
pub(crate) type ErasedVoters = HashSet<VoterId, foldhash::fast::RandomState>;

/// What users among the voters of a batch are called.
pub(crate) type Names = BTreeMap<VoterId, Arc<str>>;

/// A batch as it is carried out.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub commands: &'a [VoteCommand],
    /// There if people sign in.
    pub names: Option<&'a Names>,
    pub denylist: &'a Denylist,
    /// The version of erasures by which its voters were checked.
    pub erasures: i64,
    pub now: Timestamp,
}

impl Batch<'_> {
    fn voters(&self) -> impl Iterator<Item = VoterId> {
        let both = |command: &VoteCommand| [Some(command.voter), command.visitor];
        self.commands.iter().flat_map(both).flatten()
    }

    /// The voters of the batch who are erased, if `version` of erasures is not the one that is known. The lock of erasures is held.
    fn erased(&self, conn: &mut DbConnection, version: i64) -> QueryResult<ErasedVoters> {
        if self.erasures == version {
            return Ok(ErasedVoters::default());
        }
        self.denylist.follow(conn)?;
        let erased = self.voters().filter(|voter| self.denylist.has(*voter));
        Ok(erased.collect())
    }
}

/// Carries out a batch; `more` tells, before the commit, whether another batch waits already.
///
/// Two instances on one Postgres meet at the tally rows, always in the order of the tools, so they queue and never
/// deadlock; whoever holds a tool's row is alone with its votes. SQLite has one writer at a time anyway.
///
/// # Errors
/// A failed statement or commit. Before the commit nothing was done; a failed commit may have been done or not.
pub(crate) fn record(
    conn: &mut DbConnection,
    known: &mut TallyRowCache,
    batch: Batch<'_>,
    more: impl FnOnce() -> bool,
) -> QueryResult<ChangeSet> {
    let done = match shortly(conn, known, batch) {
        Ok(None) => carefully(conn, known, batch, more),
        Ok(Some(folded)) => Ok(folded),
        Err(cause) => Err(cause),
    };
    done.inspect_err(|_| known.forget())
}

/// The short way, where there is one.
fn shortly(
    conn: &mut DbConnection,
    known: &mut TallyRowCache,
    batch: Batch<'_>,
) -> QueryResult<Option<ChangeSet>> {
    if batch.names.is_some() || batch.erasures == denylist::UNKNOWN || !known.trusts() {
        return Ok(None);
    }
    end_chain(conn)?;
    match conn {
        DbConnection::Postgres(conn) => {
            postgres::record_if_unchanged(conn, known, batch.commands, batch.erasures, batch.now)
        }
        DbConnection::Sqlite(_) => Ok(None),
    }
}

/// The careful way: what decides is read under the locks.
fn carefully(
    conn: &mut DbConnection,
    known: &mut TallyRowCache,
    batch: Batch<'_>,
    more: impl FnOnce() -> bool,
) -> QueryResult<ChangeSet> {
    let Batch {
        commands,
        names,
        now,
        ..
    } = batch;
    known.went_carefully();
    let shortly_next = names.is_none() && known.trusts();
    let tools: BTreeSet<i32> = commands.iter().map(|command| command.tool).collect();
    let keys: BTreeSet<Key> = commands
        .iter()
        .flat_map(|command| {
            [Some(command.voter), command.visitor].map(|voter| Some((command.tool, voter?)))
        })
        .flatten()
        .collect();
    let more = || !shortly_next && more();
    let (read, folded) = chained_transaction(conn, more, |conn| {
        let mut read = read_under_lock(conn, &tools, &keys, batch, &mut known.withdrawn)?;
        let written = std::mem::take(&mut read.written);
        let mut book = std::mem::take(&mut read.book);
        resolve(conn, &mut read.votes)?;
        let barred = Barred {
            linked: match names {
                Some(_) => claims::spent(conn, &keys)?,
                None => LinkedVisitors::default(),
            },
            banned: banned(conn, commands, now)?,
            erased: match &mut read.erased {
                Some(erased) => std::mem::take(erased),
                None => batch.erased(conn, read.erasures)?,
            },
            withdrawn: std::mem::take(&mut read.withdrawn),
        };
        let Read {
            tallies,
            votes,
            periods,
            ..
        } = &read;
        let mut folded = fold(commands, tallies, votes, &barred, periods, &mut book, now);
        known.withdrawn.note(&folded.ballots);
        finish(conn, &folded, written, now)?;
        bound_hands(conn, &mut book, commands, &mut folded, now)?;
        if let Some(names) = names {
            claims::spend(conn, &folded.spent)?;
            remember(conn, names, &folded)?;
        }
        read.book = book;
        Ok::<_, Error>((read, folded))
    })?;
    if matches!(conn, DbConnection::Postgres(_)) && names.is_none() {
        known.learn(&read, &folded);
        known.note_origins(&read.book, &tools);
    }
    Ok(folded)
}

/// Who of those who bring a visitor's vote is banned, and which of these visitors.
fn banned(
    conn: &mut DbConnection,
    commands: &[VoteCommand],
    now: Timestamp,
) -> QueryResult<HashSet<VoterId>> {
    let claims = commands
        .iter()
        .filter_map(|command| Some([command.voter, command.visitor?]));
    let voters: Vec<VoterId> = claims.flatten().collect();
    if voters.is_empty() {
        return Ok(HashSet::new());
    }
    bans::banned(conn, &voters, now)
}

/// Sets aside what one hand has too much after a batch, and saves the sums of fresh voters.
pub(crate) fn bound_hands(
    conn: &mut DbConnection,
    book: &mut OriginBook,
    commands: &[VoteCommand],
    folded: &mut ChangeSet,
    now: Timestamp,
) -> QueryResult<()> {
    let tallies = folded.tallies.iter().map(|row| (row.tool, *row)).collect();
    if let Some(more) = set_aside(conn, book, &tallies, now)? {
        write(conn, &more, now)?;
        for (command, outcome) in commands.iter().zip(&mut folded.outcomes) {
            let key = (command.tool, command.voter);
            let aside = more.set_aside.iter().find(|(of, _)| *of == key);
            if let (Ok(outcome), Some((_, record))) = (outcome, aside) {
                outcome.vote = outcome.vote.map(|vote| VoteRecord {
                    aside: record.aside,
                    ..vote
                });
            }
        }
        for row in &mut folded.tallies {
            if let Some(changed) = more.tallies.iter().find(|changed| changed.tool == row.tool) {
                *row = *changed;
            }
        }
        folded.set_aside = more.set_aside;
    }
    origins::save(conn, book)
}

/// Keeps the names of users whose votes were not there before, for exports.
fn remember(conn: &mut DbConnection, names: &Names, folded: &ChangeSet) -> QueryResult<()> {
    let new = folded.inserts.iter();
    let new = new
        .filter_map(|(command, _)| Some((command.voter, Arc::clone(names.get(&command.voter)?))));
    name::remember(conn, &new.collect())
}

/// Locks the tallies of `tools` in the order of their ids, and returns them.
pub(crate) fn lock(
    conn: &mut DbConnection,
    tools: &BTreeSet<i32>,
) -> QueryResult<BTreeMap<i32, TallyRow>> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::lock(conn, tools),
        DbConnection::Postgres(conn) => postgres::lock(conn, tools),
    }
}

/// What a batch is folded over.
#[derive(Default)]
pub(crate) struct Read {
    pub tallies: BTreeMap<i32, TallyRow>,
    /// Those that stood before, each with the mark that it bears.
    pub votes: ExistingVotes,
    /// Ballots of votes that were withdrawn.
    pub withdrawn: WithdrawnBallots,
    /// In force and not over, oldest first: a vote cast now may fall into one.
    pub periods: Vec<Period>,
    /// Votes of the batch that stand since it was read, because none did.
    pub written: ExistingVotes,
    /// The networks of fresh voters among them.
    pub book: OriginBook,
    /// The version of erasures.
    pub erasures: i64,
    /// Voters of the batch who are erased, if that was asked already.
    pub erased: Option<ErasedVoters>,
}

/// Locks the tallies, and reads what a batch is folded over. On SQLite first votes are carried out as they are read, which spares
/// looking for each before.
fn read_under_lock(
    conn: &mut DbConnection,
    tools: &BTreeSet<i32>,
    keys: &BTreeSet<Key>,
    batch: Batch<'_>,
    filter: &mut WithdrawnFilter,
) -> QueryResult<Read> {
    let now = batch.now;
    if let DbConnection::Postgres(inner) = conn {
        let mut read = postgres::read_under_lock(inner, tools, keys, now)?;
        read_origins(conn, &mut read.book, batch.commands, now)?;
        origins::read(conn, &mut read.book, origins::bound(read.votes.values()))?;
        origins::read_excluded(conn, &mut read.book, read.tallies.values())?;
        return Ok(read);
    }
    let erasures = denylist::lock_shared(conn)?;
    let erased = batch.erased(conn, erasures)?;
    // If people sign in, or some are erased, whether a voter may vote alone is known only when all is read.
    let certain = match batch.names {
        None if erased.is_empty() => batch.commands,
        _ => &[],
    };
    let tallies = lock(conn, tools)?;
    let mut periods = Vec::new();
    // Most tools have none ahead.
    for row in tallies.values().filter(|row| now < row.period_end) {
        periods.extend(exclusions::periods(conn, row.tool)?);
    }
    let mut book = OriginBook::default();
    read_origins(conn, &mut book, batch.commands, now)?;
    // Before first votes are written, which the book does not know yet.
    origins::read_excluded(conn, &mut book, tallies.values())?;
    let (votes, written, withdrawn) = match conn {
        DbConnection::Sqlite(conn) => {
            let withdrawn = filter.find(conn, keys)?;
            let of = (keys, &withdrawn);
            let (votes, written) =
                sqlite::present_or_written(conn, of, certain, (&tallies, &periods), &book, now)?;
            (votes, written, withdrawn)
        }
        // Has all of it in one round trip, above.
        DbConnection::Postgres(_) => return Ok(Read::default()),
    };
    origins::read(conn, &mut book, origins::bound(votes.values()))?;
    origins::read_excluded(conn, &mut book, tallies.values())?;
    Ok(Read {
        tallies,
        votes,
        withdrawn,
        periods,
        written,
        book,
        erasures,
        erased: Some(erased),
    })
}

/// Reads what decides whether the voters of `commands` are fresh, and the networks that they come from.
pub(super) fn read_origins(
    conn: &mut DbConnection,
    book: &mut OriginBook,
    commands: &[VoteCommand],
    now: Timestamp,
) -> QueryResult<()> {
    let from = commands.iter().filter_map(|command| command.origins);
    origins::read(conn, book, from.flat_map(VoterOrigins::each))?;
    let older = OriginBook::older_voters(commands);
    origins::read_established(conn, book, &older, now)
}

/// The votes under `keys`, each with the mark that it bears. Locks are held already.
pub(crate) fn present(conn: &mut DbConnection, keys: &BTreeSet<Key>) -> QueryResult<ExistingVotes> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::present(conn, keys),
        DbConnection::Postgres(conn) => postgres::present(conn, keys),
    }
}

/// Leaves a vote out only where its removal is in force. Most batches bear no such marks, and ask nothing.
pub(crate) fn resolve(conn: &mut DbConnection, votes: &mut ExistingVotes) -> QueryResult<()> {
    let removals: BTreeSet<i64> = votes.values().filter_map(|vote| vote.removal()).collect();
    if removals.is_empty() {
        return Ok(());
    }
    let in_force = exclusions::in_force(conn, &removals)?;
    for vote in votes.values_mut() {
        if vote.removal().is_some_and(|id| !in_force.contains(&id)) {
            vote.aside = vote.aside.and_then(exclusions::held_as);
        }
    }
    Ok(())
}

/// Writes a folded batch under the locks.
pub(crate) fn write(
    conn: &mut DbConnection,
    folded: &ChangeSet,
    now: Timestamp,
) -> QueryResult<()> {
    finish(conn, folded, ExistingVotes::default(), now)
}

/// Writes a folded batch of which `written` is there already.
fn finish(
    conn: &mut DbConnection,
    folded: &ChangeSet,
    written: ExistingVotes,
    now: Timestamp,
) -> QueryResult<()> {
    if folded.is_empty() && written.is_empty() {
        return Ok(());
    }
    seen_changes::write(conn, &folded.journal)?;
    for change in &folded.hour_changes {
        store::change_hour(conn, change)?;
    }
    let inner = match conn {
        DbConnection::Sqlite(conn) => {
            return sqlite::write(conn, folded, written, now);
        }
        DbConnection::Postgres(conn) => conn,
    };
    postgres::write(inner, folded, now)?;
    postgres::write_withdrawn(inner, &folded.ballots)?;
    // Votes are written without a mark there; those that are held, or cast inside a period, get it here.
    let mut marked: BTreeMap<(i32, i64), Vec<Chosen>> = BTreeMap::new();
    for (command, standing) in folded.rows() {
        if let Some(mark) = standing.aside {
            marked
                .entry((command.tool, mark))
                .or_default()
                .push(Chosen {
                    voter: command.voter,
                    choice: standing.choice,
                    cast_at: standing.cast_at,
                });
        }
    }
    for ((tool, mark), chosen) in marked {
        exclusions::mark(conn, tool, mark, &chosen)?;
    }
    Ok(())
}

/// A constraint was hurt: the connection is fine, and nothing was committed.
pub(crate) fn is_about_the_data(cause: &Error) -> bool {
    use DatabaseErrorKind::{
        CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation,
    };
    matches!(
        cause,
        Error::DatabaseError(
            CheckViolation | ForeignKeyViolation | NotNullViolation | UniqueViolation,
            _
        )
    )
}
