//! Held votes as moderators deal with them: listed, let count, rejected. `routes` and the dashboard call it, and `clear`, which
//! lets count what turned out to be a crowd's.

pub mod auto_release;
mod resolve;
pub mod routes;
pub(crate) mod store;

use std::collections::HashMap;

use super::Moderation;
use super::paging::Page;
use crate::domain::{Choice, NetworkHash, Slug, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::moderation::insights::ModeratedVoteView;
use crate::moderation::insights::feed::After;
use crate::moderation::removals::removal::ModeratedVote;
use crate::moderation::selection::AnyOf;
use crate::voting::held::store as votes;
pub use resolve::{ResolveReport, ResolveRequest};

/// Which held votes a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub tool: Option<i32>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub voters: AnyOf<VoterId>,
    pub networks: AnyOf<NetworkHash>,
    pub choice: Option<Choice>,
    pub rejected: bool,
    pub after: Option<After>,
}

/// A network's held votes on a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGroup {
    pub tool: Slug,
    pub network: NetworkHash,
    pub ship: i64,
    pub skip: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl Moderation {
    /// Held votes, newest first.
    pub async fn held(
        &self,
        filter: Filter,
        limit: i64,
    ) -> Result<Page<ModeratedVoteView>, Problem> {
        let found = self
            .look(move |conn| store::newest(conn, &filter, limit + 1))
            .await?;
        let page = Page::cut(found, limit, |vote| After::of(vote).text());
        let names = self.names();
        let shown = |vote: &ModeratedVote| {
            Some(ModeratedVoteView::new(names.get(&vote.tool)?, vote, false))
        };
        Ok(Page {
            items: page.items.iter().filter_map(shown).collect(),
            next: page.next,
        })
    }

    /// The networks with most held votes, by tool.
    pub async fn held_groups(&self, rejected: bool, limit: i64) -> Result<Vec<HeldGroup>, Problem> {
        let found = self
            .look(move |conn| store::groups(conn, votes::mark_of(rejected), limit))
            .await?;
        let names = self.names();
        Ok(found
            .into_iter()
            .filter_map(|found| found.named(&names))
            .collect())
    }

    fn names(&self) -> HashMap<i32, Slug> {
        let slots = self.board.all().into_iter();
        slots.map(|slot| (slot.id, slot.slug())).collect()
    }
}
