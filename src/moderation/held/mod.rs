//! Held votes as moderators deal with them: listed, let count, rejected. `routes` and the dashboard call it, and `clear`, which
//! lets count what turned out to be a crowd's.

pub mod clear;
pub mod routes;
mod settle;
mod store;

use std::collections::HashMap;

use super::Moderation;
use super::paging::Page;
use super::removal::Seen;
use super::sight::SeenView;
use super::sight::feed::After;
use crate::problem::Problem;
use crate::vocabulary::{Choice, Moment, NetworkHash, Slug, VoterId};
use crate::votes::held::store as votes;
pub use settle::{Report, Wanted};

/// Which held votes a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub tool: Option<i32>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
    pub voter: Option<VoterId>,
    pub network: Option<NetworkHash>,
    pub choice: Option<Choice>,
    pub rejected: bool,
    pub after: Option<After>,
}

/// A network's held votes on a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub tool: Slug,
    pub network: NetworkHash,
    pub ship: i64,
    pub skip: i64,
    pub first_at: Moment,
    pub last_at: Moment,
}

impl Moderation {
    /// Held votes, newest first.
    ///
    /// # Errors
    /// 503.
    pub async fn held(&self, filter: Filter, limit: i64) -> Result<Page<SeenView>, Problem> {
        let found = self
            .look(move |conn| store::newest(conn, &filter, limit + 1))
            .await?;
        let page = Page::cut(found, limit, |vote| After::of(vote).text());
        let names = self.names();
        let shown = |vote: &Seen| Some(SeenView::new(names.get(&vote.tool)?, vote, false));
        Ok(Page {
            items: page.items.iter().filter_map(shown).collect(),
            next: page.next,
        })
    }

    /// The networks with most held votes, by tool.
    ///
    /// # Errors
    /// 503.
    pub async fn held_groups(&self, rejected: bool, limit: i64) -> Result<Vec<Group>, Problem> {
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
        slots.map(|slot| (slot.id, slot.slug.clone())).collect()
    }
}
