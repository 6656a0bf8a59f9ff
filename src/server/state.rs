//! [`State`]: what the handlers receive, made once from [`Parts`] and shared by all workers.
//!
//! `routes` lays it under every address, `express` takes from it directly. It holds no state of its own.

use actix_web::web::{Data, ServiceConfig};
use tokio::sync::Semaphore;

use super::parts::Parts;
use crate::identity::Identity;
use crate::limiter::permit::Doors;
use crate::live::hub::Hub;
use crate::standing::challenge::Challenges;
use crate::tallies::batch::Batches;
use crate::tallies::board::Board;
use crate::verdicts::list::Lists;
use crate::{dashboard, docs, embed, moderation, pages, verdicts, votes};

/// What the handlers receive; shared by all workers.
#[derive(Clone)]
pub(super) struct State {
    identity: Data<Identity>,
    challenges: Data<Challenges>,
    doors: Data<Doors>,
    pub(super) board: Data<Board>,
    pub(super) batches: Data<Batches>,
    hub: Data<Hub>,
    pub(super) votes: Data<votes::routes::State>,
    verdicts: Data<verdicts::routes::State>,
    pages: Data<pages::state::State>,
    form: Data<pages::form::State>,
    embed: Data<embed::routes::State>,
    docs: Data<docs::routes::State>,
    moderation: Data<moderation::routes::State>,
    dashboard: Data<dashboard::state::State>,
}

impl State {
    pub(super) fn new(parts: &Parts) -> Self {
        let (identity, doors, board) = (&parts.identity, &parts.doors, &parts.board);
        let lists = Data::new(Lists::default());
        let pages = Data::new(pages::state::State {
            identity: identity.clone(),
            shelf: parts.shelf.clone(),
            board: board.clone(),
            lists: lists.clone(),
            readers: parts.readers.clone(),
            pages: parts.settings.pages.clone(),
            site: parts.site.clone(),
        });
        let form = Data::new(pages::form::State {
            identity: identity.clone(),
            bans: parts.bans.clone(),
            challenges: parts.challenges.clone(),
            holding: parts.holding.clone(),
            doors: doors.clone(),
            board: board.clone(),
            votes: parts.votes.clone(),
        });
        Self {
            identity: identity.clone(),
            challenges: parts.challenges.clone(),
            doors: doors.clone(),
            board: board.clone(),
            batches: Data::new(Batches::default()),
            hub: parts.hub.clone(),
            votes: Data::new(votes::routes::State {
                identity: identity.clone(),
                bans: parts.bans.clone(),
                challenges: parts.challenges.clone(),
                holding: parts.holding.clone(),
                doors: doors.clone(),
                board: board.clone(),
                votes: parts.votes.clone(),
                readers: parts.readers.clone(),
                walks: Semaphore::new(1),
            }),
            verdicts: Data::new(verdicts::routes::State {
                identity: identity.clone(),
                shelf: parts.shelf.clone(),
                board: board.clone(),
                lists: lists.clone(),
                readers: parts.readers.clone(),
                votes: parts.votes.clone(),
            }),
            embed: Data::new(embed::routes::State {
                pages: pages.clone(),
                form: form.clone(),
                assets: embed::script::Assets::new(),
                public_url: parts.public_url.clone(),
                frame_policy: embed::frame::routes::frame_policy(&identity.origins),
            }),
            docs: parts.docs.clone(),
            pages,
            form,
            moderation: Data::new(moderation::routes::State {
                identity: identity.clone(),
                moderation: parts.moderation.clone(),
                public_log: parts.settings.public_log,
            }),
            dashboard: Data::new(dashboard::state::State {
                identity: identity.clone(),
                doors: doors.clone(),
                shelf: parts.shelf.clone(),
                board: board.clone(),
                readers: parts.readers.clone(),
                votes: parts.votes.clone(),
                moderation: parts.moderation.clone(),
            }),
        }
    }

    /// Gives every handler what it asks for.
    pub(super) fn lay(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.identity.clone())
            .app_data(self.challenges.clone())
            .app_data(self.doors.clone())
            .app_data(self.board.clone())
            .app_data(self.batches.clone())
            .app_data(self.hub.clone())
            .app_data(self.votes.clone())
            .app_data(self.verdicts.clone())
            .app_data(self.pages.clone())
            .app_data(self.form.clone())
            .app_data(self.embed.clone())
            .app_data(self.docs.clone())
            .app_data(self.moderation.clone())
            .app_data(self.dashboard.clone());
    }
}
