//! What moderators see: the votes one by one, what stands out among them, and the audit chain.
//!
//! It reads only. Votes have no index but their key, so that casting one stays cheap; everything here goes over them in
//! pages, each of which ends soon.

pub mod clusters;
pub mod feed;
mod lookup;
pub mod routes;
mod store;
pub mod timeline;

pub use lookup::MIN_DIGITS;

use serde::Serialize;
use utoipa::ToSchema;

use super::Moderation;
use super::paging::Page;
use crate::auth::audit::{self, Entry, EntryFilter, Head};
use crate::catalog::store as catalog;
use crate::domain::{Choice, NetworkHash, Slug, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::moderation::removals::removal::ModeratedVote;
use crate::voting::exclusions;

/// A vote as the API answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SeenVote)]
pub struct ModeratedVoteView {
    pub tool: Slug,
    pub voter: String,
    /// The network's hash, the same for votes of one day; `null` once that day's key was destroyed, and for imported votes.
    #[schema(required)]
    pub network: Option<String>,
    pub choice: Choice,
    pub cast_at: Timestamp,
    /// Of the visitor token when the vote was cast, in seconds.
    pub token_age: i32,
    pub counted: bool,
    /// Held back: it has not counted yet.
    pub held: bool,
}

impl ModeratedVoteView {
    pub fn new(tool: &Slug, vote: &ModeratedVote, counted: bool) -> Self {
        Self {
            tool: tool.clone(),
            voter: VoterId::text(vote.voter),
            network: NetworkHash::shown(vote.network),
            choice: vote.choice,
            cast_at: vote.cast_at,
            token_age: vote.token_age,
            counted,
            held: vote.mark.is_some_and(exclusions::is_held),
        }
    }
}

impl Moderation {
    /// The entries of the audit chain that pass `filter`, newest first; of one tool also those from before a rename.
    pub async fn audit(
        &self,
        mut filter: EntryFilter,
        before: i64,
        limit: i64,
    ) -> Result<Page<Entry>, Problem> {
        let found = self
            .look(move |conn| {
                if let [slug] = filter.tools.as_slice() {
                    let former = catalog::former_slugs(conn, slug)?;
                    filter.tools.extend(former);
                }
                audit::newest(conn, &filter, before, limit + 1)
            })
            .await?;
        Ok(Page::cut(found, limit, |entry| entry.id.to_string()))
    }

    /// The end of the audit chain.
    pub async fn audit_head(&self) -> Result<Head, Problem> {
        self.look(audit::head).await
    }
}
