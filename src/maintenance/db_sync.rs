//! Following the database: what other instances and commands wrote appears on shelf and board, among the bans and what is
//! held, within a second.
//!
//! `serve` fills them once with [`fill`] and then calls [`start`]: a worker with a reader of its own. It only ever
//! reads; a version that is already shown, or older, changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::QueryResult;

use crate::abuse::Bans;
use crate::abuse::alerted_tools::AlertedTools;
use crate::auth::denylist::Denylist;
use crate::catalog::cache::CatalogCache;
use crate::catalog::store as catalog;
use crate::config;
use crate::domain::Timestamp;
use crate::infra::db::versions::{self, Versioned};
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::workers::{Schedule, Worker};
use crate::tallies::cache::TallyCache;
use crate::tallies::store as tallies;
use crate::voting::writer::Votes;
use crate::voting::writer::lost_versions::LOST_VERSIONS_MAX;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);
/// Between two looks at tallies at most, so that what another wrote is shown within a second even where no relay tells it.
const TALLIES_WITHIN: Duration = Duration::from_millis(600);
/// A look at tallies rests so many times as long as it took: where ten thousand of them move at once, four looks a second
/// were measured to take a fifth of all that voting cost.
const RESTS: u32 = 20;

/// Loads the whole catalogue, every tally, every ban, the alerts of the last hour, and who was erased.
pub fn fill(
    conn: &mut DbConnection,
    shelf: &CatalogCache,
    board: &TallyCache,
    erased: &Denylist,
    bans: &Bans,
    alerts: &AlertedTools,
) -> QueryResult<()> {
    erased.follow(conn)?;
    bans.reload(conn, Timestamp::now())?;
    alerts.reload(conn, Timestamp::now())?;
    for shelved in catalog::all(conn)? {
        shelf.put(shelved);
    }
    for (slug, row) in tallies::all(conn)? {
        board.admit(&slug, row);
    }
    catalog::show_redirects(conn, board)?;
    board.seen(Timestamp::now());
    Ok(())
}

/// Starts to follow.
pub fn start(
    settings: config::Database,
    shelf: Arc<CatalogCache>,
    board: Arc<TallyCache>,
    erased: Arc<Denylist>,
    (bans, alerts): (Arc<Bans>, Arc<AlertedTools>),
    votes: Votes,
) -> std::io::Result<Worker> {
    let mut follow = Follow {
        settings,
        shelf,
        board,
        erased,
        bans,
        alerts,
        votes,
        conn: None,
        data_version: None,
        unread: true,
        tallies_at: Instant::now(),
        catalog: -1,
        has_failed: false,
    };
    let schedule = Schedule {
        first_after: EVERY,
        retry_after: EVERY,
        failure: "database unreadable; serving stale tallies",
    };
    Worker::start("follower", schedule, move |_| Ok(follow.pass()?))
}

struct Follow {
    settings: config::Database,
    shelf: Arc<CatalogCache>,
    board: Arc<TallyCache>,
    erased: Arc<Denylist>,
    bans: Arc<Bans>,
    alerts: Arc<AlertedTools>,
    /// The writer raises versions that the database lost.
    votes: Votes,
    conn: Option<DbConnection>,
    /// SQLite's own mark of "somebody else committed".
    data_version: Option<i32>,
    /// Somebody did, and the tallies have not been looked at since.
    unread: bool,
    tallies_at: Instant,
    /// The version of the catalogue that is shown.
    catalog: i64,
    /// The last pass.
    has_failed: bool,
}

impl Follow {
    fn pass(&mut self) -> Result<Duration, db::OpenError> {
        let began = Timestamp::now();
        let done = self.look();
        if done.is_ok() {
            self.board.seen(began);
            if self.has_failed {
                tracing::info!("database readable again");
            }
        } else {
            self.conn = None;
            self.data_version = None;
        }
        self.has_failed = done.is_err();
        done.map(|()| EVERY)
    }

    fn look(&mut self) -> Result<(), db::OpenError> {
        if self.conn.is_none() {
            self.conn = Some(db::open(&self.settings, Purpose::Read)?);
            self.tallies_at = Instant::now();
        }
        let Some(conn) = self.conn.as_mut() else {
            return Ok(());
        };
        if let DbConnection::Sqlite(conn) = conn {
            let mark = db::data_version(conn)?;
            self.unread |= self.data_version.replace(mark) != Some(mark);
            if !self.unread {
                return Ok(());
            }
        }
        self.bans.reload(conn, Timestamp::now())?;
        self.alerts.reload(conn, Timestamp::now())?;
        self.erased.follow(conn)?;
        // The catalogue first, so that no tally stands without its tool.
        follow_catalog(conn, &self.shelf, &self.board, &mut self.catalog)?;
        if Instant::now() >= self.tallies_at {
            let began = Instant::now();
            // Before the database is asked: whatever was shown by now is committed.
            let shown = self.board.versions();
            let shown = |tool| shown.get(&tool).copied().unwrap_or(-1);
            let found = tallies::versions(conn)?;
            if found.iter().any(|(tool, version)| *version < shown(*tool)) {
                self.votes.raise_lost_versions();
            }
            let newer = found.into_iter();
            let behind: Vec<i32> = newer
                .filter(|(tool, version)| *version > shown(*tool))
                .map(|(tool, _)| tool)
                .collect();
            for (slug, row) in tallies::of(conn, &behind)? {
                self.board.admit(&slug, row);
            }
            self.unread = false;
            self.tallies_at = Instant::now() + (began.elapsed() * RESTS).min(TALLIES_WITHIN);
        }
        Ok(())
    }
}

/// Shows what was edited in the catalogue since version `shown`, which is then the present one.
fn follow_catalog(
    conn: &mut DbConnection,
    shelf: &CatalogCache,
    board: &TallyCache,
    shown: &mut i64,
) -> QueryResult<()> {
    let version = versions::current(conn, Versioned::Catalog)?;
    if version == *shown {
        return Ok(());
    }
    // The database lost edits that are shown.
    let is_lost = version < *shown || version >= shown.saturating_add(LOST_VERSIONS_MAX);
    let edited = catalog::changed_after(conn, if is_lost { -1 } else { *shown })?;
    let mut renamed = Vec::new();
    for shelved in edited {
        let slot = board.get(shelved.id);
        if slot.is_some_and(|slot| slot.slug() != shelved.slug) {
            renamed.push(shelved.id);
        }
        if is_lost {
            shelf.replace(shelved);
        } else {
            shelf.put(shelved);
        }
    }
    let renamed = tallies::of(conn, &renamed)?;
    // First, so that a former slug is found at every moment.
    catalog::show_redirects(conn, board)?;
    for (slug, row) in renamed {
        board.rename(&slug, row);
    }
    *shown = version;
    Ok(())
}
