//! Moderation: what takes votes out of a tally and puts them back, what becomes of held ones (`held`), and what moderators
//! see of the votes.
//!
//! `routes` and the dashboard call [`Moderation`]. Votes are never deleted here: a removal (a reset, or an excluded period)
//! marks them, and the mark takes effect while the removal is in force. However many votes there are, the marks are put in
//! small steps that nobody sees and that votes pass between; then one short transaction, the flip, moves the tally, writes the
//! ledger's entry and the audit entry, and sets the removal in force. A kill at any point leaves all or nothing: marks
//! of a removal that never came into force mean nothing, and later ones may overwrite them.
//!
//! # What happens meanwhile
//! A flip holds the tally's lock, as every batch of votes does, so each of these is before it or after it:
//! - *A vote is changed or withdrawn after it was marked.* Writing a vote clears its mark, so the flip does not move it. Where
//!   the reset named a plan, the flip finds that the marks are no longer the plan's, and nothing happens (409).
//! - *A vote that matches comes while marks are put.* The flip reads the ledger from where the marking began and marks the
//!   latecomers first. (An open `to` is fixed when the call comes, so later votes do not match; an excluded period may
//!   last into the future.)
//! - *A vote that a reset took out is cast again.* It counts, its mark is gone, and undo leaves it alone. Casting the same
//!   choice again does this too.
//! - *A second reset matches the same votes.* Only votes that count now are matched. While both are being prepared the later
//!   mark wins and each vote is moved by one of them; once one is in force its votes are not touched by the other.
//! - *Undo in another order.* Each removal moves exactly the votes that still bear its mark, so any order gives the same end.
//! - *Undo while an excluded period in force covers some of the votes.* Those are handed over to the period, out either way, and
//!   the rest come back. Deleting a period hands its votes over to the others that cover them.
//! - *A removal is undone while another is being prepared.* Votes that count again may match; the flip sees that what was in
//!   force is no more, and the marking starts over.
//! - *A vote is cast inside a period in force.* It is written with its mark at once and does not count.

pub mod bans;
pub mod freeze;
pub mod insights;
pub mod paging;
pub mod removals;
pub mod review;
pub mod routes;
pub mod selection;

use std::sync::Arc;

use crate::abuse::Bans;
use crate::auth::keys::Keys;
use crate::domain::Timestamp;
use crate::domain::text::TextRule;
use crate::http::problem::Problem;
use crate::infra::db::{DbConnection, Readers, read};
use crate::tallies::cache::{TallyCache, TallyEntry};
use crate::voting::writer::Votes;

/// The use cases; one for the whole server.
pub struct Moderation {
    readers: Readers,
    votes: Votes,
    board: Arc<TallyCache>,
    bans: Arc<Bans>,
    /// What a network's hash is opened with when it is banned.
    keys: Keys,
    /// Removals are prepared one after the other: two at once would only get in each other's way.
    turn: tokio::sync::Mutex<()>,
}

/// A full queue is tried again so many times: the votes in it are done within that.
const MAX_RETRIES: usize = 50;

impl Moderation {
    pub fn new(
        readers: Readers,
        votes: Votes,
        board: Arc<TallyCache>,
        bans: Arc<Bans>,
        keys: Keys,
    ) -> Self {
        Self {
            readers,
            votes,
            board,
            bans,
            keys,
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Runs one short step on the writer's connection, between two batches of votes.
    pub(crate) async fn step<T: Send + 'static, W>(&self, work: W) -> Result<T, Problem>
    where
        W: FnOnce(&mut DbConnection) -> crate::moderation::removals::store::StepResult<T>
            + Clone
            + Send
            + 'static,
    {
        let done = self.votes.edit_with_retries(MAX_RETRIES, work).await;
        done.unwrap_or_else(|refused| Err(refused.problem("")))
    }

    /// Runs a query on a reader.
    pub(crate) async fn look<T: Send + 'static, W>(&self, query: W) -> Result<T, Problem>
    where
        W: FnOnce(&mut DbConnection) -> crate::moderation::removals::store::Found<T>
            + Send
            + 'static,
    {
        read(&self.readers, query).await
    }

    /// The tool's place on the board.
    ///
    /// # Errors
    /// 404 `unknown-tool`.
    pub fn tool(&self, slug: &str) -> Result<Arc<TallyEntry>, Problem> {
        self.board
            .find(slug)
            .ok_or_else(|| Problem::unknown_tool(slug))
    }

    /// Brings this instance's bans up to date with the database.
    async fn bans_changed(&self) {
        let bans = Arc::clone(&self.bans);
        let read = self
            .look(move |conn| bans.reload(conn, Timestamp::now()))
            .await;
        if read.is_err() {
            tracing::warn!("bans could not be reloaded at once; they take effect within a second");
        }
    }
}

/// A reason: one line.
const REASON: TextRule = TextRule::line(1_000);

/// Why something is done, as a person wrote it.
///
/// # Errors
/// 422 `invalid` for a text that [`REASON`] refuses.
pub fn reason(text: &str) -> Result<String, Problem> {
    REASON
        .read("reason", text)
        .map_err(|cause| Problem::invalid(format!("{cause}.")))
}
