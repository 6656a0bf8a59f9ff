//! [`AppState`]: what the handlers receive, made once from [`Services`] and shared by all workers.
//!
//! `routes` lays it under every address, `fast_path` takes from it directly. It holds no state of its own.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use tokio::sync::Semaphore;

use crate::abuse::challenge::Challenges;
use crate::auth::Identity;
use crate::catalog::views::list::Lists;
use crate::catalog::views::{self, PublicReads};
use crate::rate_limit::rate_limiter::RateLimiter;
use crate::server::wiring::Services;
use crate::tallies::batch_cache::Batches;
use crate::tallies::cache::TallyCache;
use crate::tallies::stream::broadcaster::Broadcaster;
use crate::web::{admin, embed, feeds, mcp, openapi, preview, site};
use crate::{moderation, transparency, voting};

/// Walks through the ledger for callers who ask for all that is held of them, or its erasure: fewer than the readers.
const LEDGER_WALKS: usize = 2;

/// What the handlers receive; shared by all workers.
#[derive(Clone)]
pub(super) struct AppState {
    identity: Data<Identity>,
    challenges: Data<Challenges>,
    limiter: Data<RateLimiter>,
    pub(super) board: Data<TallyCache>,
    pub(super) batches: Data<Batches>,
    hub: Data<Broadcaster>,
    pub(super) votes: Data<voting::admission::VotingState>,
    verdicts: Data<views::routes::CatalogState>,
    pages: Data<site::state::SiteState>,
    embed: Data<embed::routes::EmbedState>,
    preview: Data<preview::routes::PreviewState>,
    feeds: Data<feeds::routes::FeedState>,
    mcp: Data<mcp::routes::McpState>,
    docs: Data<openapi::routes::OpenApiState>,
    log: Option<Data<transparency::routes::LogState>>,
    moderation: Data<moderation::routes::ModerationState>,
    dashboard: Data<admin::state::AdminState>,
}

impl AppState {
    pub(super) fn new(parts: &Services) -> Self {
        let (identity, limiter, board) = (&parts.identity, &parts.limiter, &parts.board);
        let lists = Data::new(Lists::default());
        let reads = PublicReads {
            shelf: parts.shelf.clone().into_inner(),
            board: board.clone().into_inner(),
            lists: lists.clone().into_inner(),
            readers: parts.readers.clone(),
        };
        let pages = Data::new(site_state(parts, &lists));
        let votes = Data::new(voting::admission::VotingState {
            identity: identity.clone().into_inner(),
            bans: parts.bans.clone().into_inner(),
            challenges: parts.challenges.clone().into_inner(),
            holding: parts.holding.clone().into_inner(),
            limiter: limiter.clone().into_inner(),
            board: board.clone().into_inner(),
            votes: parts.votes.clone(),
            readers: parts.readers.clone(),
            walks: Arc::new(Semaphore::new(LEDGER_WALKS)),
        });
        Self {
            identity: identity.clone(),
            challenges: parts.challenges.clone(),
            limiter: limiter.clone(),
            board: board.clone(),
            batches: Data::new(Batches::default()),
            hub: parts.hub.clone(),
            votes: votes.clone(),
            verdicts: Data::new(views::routes::CatalogState {
                identity: identity.clone(),
                reads: reads.clone(),
                votes: parts.votes.clone(),
            }),
            embed: Data::new(embed::routes::EmbedState {
                pages: pages.clone(),
                reads: reads.clone(),
                votes,
                assets: embed::script::Assets::new(),
                public_url: parts.public_url.clone(),
                frame_policy: embed::frame::routes::frame_policy(&identity.origins),
            }),
            preview: Data::new(preview::routes::PreviewState::new(pages.clone())),
            feeds: Data::new(feeds::routes::FeedState::new(pages.clone())),
            mcp: Data::new(mcp::routes::McpState {
                identity: identity.clone(),
                server: mcp::McpServer { reads },
            }),
            docs: parts.docs.clone(),
            log: parts.log.clone().map(|log| {
                Data::new(transparency::routes::LogState {
                    log,
                    readers: parts.readers.clone(),
                    site: parts.site.clone(),
                    lookups: Semaphore::new(2),
                })
            }),
            pages,
            moderation: Data::new(moderation::routes::ModerationState {
                identity: identity.clone(),
                moderation: parts.moderation.clone(),
                public_log: parts.settings.moderation.public_log,
            }),
            dashboard: Data::new(admin::state::AdminState {
                identity: identity.clone(),
                limiter: limiter.clone(),
                shelf: parts.shelf.clone(),
                board: board.clone(),
                readers: parts.staff_readers.clone(),
                votes: parts.votes.clone(),
                moderation: parts.moderation.clone(),
                provider: parts.provider.clone(),
                site: parts.site.clone(),
            }),
        }
    }

    /// Whether there is a public log.
    pub(super) fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// Gives every handler what it asks for.
    pub(super) fn lay(&self, config: &mut ServiceConfig) {
        if let Some(log) = &self.log {
            config.app_data(log.clone());
        }
        config
            .app_data(self.identity.clone())
            .app_data(self.challenges.clone())
            .app_data(self.limiter.clone())
            .app_data(self.board.clone())
            .app_data(self.batches.clone())
            .app_data(self.hub.clone())
            .app_data(self.votes.clone())
            .app_data(self.verdicts.clone())
            .app_data(self.pages.clone())
            .app_data(self.embed.clone())
            .app_data(self.preview.clone())
            .app_data(self.feeds.clone())
            .app_data(self.mcp.clone())
            .app_data(self.docs.clone())
            .app_data(self.moderation.clone())
            .app_data(self.dashboard.clone());
    }
}

/// What the pages work with.
fn site_state(parts: &Services, lists: &Data<Lists>) -> site::state::SiteState {
    site::state::SiteState {
        identity: parts.identity.clone(),
        shelf: parts.shelf.clone(),
        board: parts.board.clone(),
        lists: lists.clone(),
        readers: parts.readers.clone(),
        pages: parts.settings.pages.clone(),
        acts: site::state::PublicActs {
            in_tallies: parts.settings.tally.show_set_aside,
            has_list: parts.settings.moderation.public_log,
            has_log: parts.log.is_some(),
        },
        site: parts.site.clone(),
    }
}
