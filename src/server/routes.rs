//! Every address of the public listener, in groups that carry their policy.
//!
//! Adding a route means adding its name here: the meters and the 405s are made from this table.

use actix_web::web::{self, Data, PathConfig, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};

use super::parts::Parts;
use crate::identity::Identity;
use crate::limiter::permit::Doors;
use crate::live::hub::Hub;
use crate::problem::{Code, Problem};
use crate::tallies::batch::Batches;
use crate::tallies::board::Board;
use crate::{docs, identity, live, pages, tallies, verdicts, votes};

/// The routes' names, as the metrics know them. `other` is everything that is none of ours.
pub(super) const NAMES: &[&str] = &[
    "visitors",
    "vote",
    "votes",
    "tally",
    "tallies",
    "stream",
    "tool",
    "compare",
    "index",
    "compare_page",
    "vote_form",
    "asset",
    "openapi",
    "docs",
    "docs_asset",
    "other",
];

/// A route's name, left on its requests: asking the router for it would match every pattern a second time.
pub(super) struct RouteName(pub &'static str);

/// What the handlers receive; shared by all workers.
#[derive(Clone)]
pub(super) struct State {
    identity: Data<Identity>,
    doors: Data<Doors>,
    pub(super) board: Data<Board>,
    pub(super) batches: Data<Batches>,
    hub: Data<Hub>,
    pub(super) votes: Data<votes::routes::State>,
    verdicts: Data<verdicts::routes::State>,
    pages: Data<pages::routes::State>,
    form: Data<pages::form::State>,
    docs: Data<docs::routes::State>,
}

impl State {
    pub(super) fn new(parts: &Parts) -> Self {
        let (identity, doors, board) = (&parts.identity, &parts.doors, &parts.board);
        Self {
            identity: identity.clone(),
            doors: doors.clone(),
            board: board.clone(),
            batches: Data::new(Batches::default()),
            hub: parts.hub.clone(),
            votes: Data::new(votes::routes::State {
                identity: identity.clone(),
                doors: doors.clone(),
                board: board.clone(),
                votes: parts.votes.clone(),
                readers: parts.readers.clone(),
            }),
            verdicts: Data::new(verdicts::routes::State {
                identity: identity.clone(),
                shelf: parts.shelf.clone(),
                board: board.clone(),
                votes: parts.votes.clone(),
            }),
            pages: Data::new(pages::routes::State {
                identity: identity.clone(),
                shelf: parts.shelf.clone(),
                board: board.clone(),
                readers: parts.readers.clone(),
            }),
            form: Data::new(pages::form::State {
                identity: identity.clone(),
                doors: doors.clone(),
                board: board.clone(),
                votes: parts.votes.clone(),
            }),
            docs: parts.docs.clone(),
        }
    }

    pub(super) fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.identity.clone())
            .app_data(self.doors.clone())
            .app_data(self.board.clone())
            .app_data(self.batches.clone())
            .app_data(self.hub.clone())
            .app_data(self.votes.clone())
            .app_data(self.verdicts.clone())
            .app_data(self.pages.clone())
            .app_data(self.form.clone())
            .app_data(self.docs.clone())
            .app_data(PathConfig::default().error_handler(|_, _| nothing_here().into()));

        // Patterns are tried in this order: the busiest first. `express` takes most of the first two groups before the
        // framework sees them, by the same handlers.
        from_memory(config);

        // Voters: visitor token, origin, quota.
        config
            .service(
                resource("/v1/visitors", "visitors", "POST")
                    .route(web::post().to(identity::routes::post_visitors)),
            )
            .service(
                readable(
                    "/v1/tools/{slug}/vote",
                    "vote",
                    "GET, HEAD, PUT, DELETE",
                    votes::routes::get_vote,
                )
                .route(web::put().to(
                    async |http: HttpRequest, body: Payload, state: Data<votes::routes::State>| {
                        votes::routes::put_vote(&http, body, &state).await
                    },
                ))
                .route(web::delete().to(
                    async |http: HttpRequest, body: Payload, state: Data<votes::routes::State>| {
                        votes::routes::delete_vote(&http, body, &state).await
                    },
                )),
            )
            .service(readable(
                "/v1/votes",
                "votes",
                "GET, HEAD",
                votes::routes::get_votes,
            ));

        // Everybody reads; the site's token edits.
        config.service(
            readable(
                "/v1/tools/{slug}",
                "tool",
                "GET, HEAD, PUT, PATCH, DELETE",
                verdicts::routes::get_tool,
            )
            .route(web::put().to(verdicts::routes::put_tool))
            .route(web::patch().to(verdicts::routes::patch_tool))
            .route(web::delete().to(verdicts::routes::delete_tool)),
        );

        // Pages: own origin only.
        config
            .service(readable(
                "/",
                "index",
                "GET, HEAD",
                pages::routes::get_index,
            ))
            .service(readable(
                "/compare/{pair}",
                "compare_page",
                "GET, HEAD",
                pages::routes::get_compare,
            ))
            .service(readable(
                "/assets/{name}",
                "asset",
                "GET, HEAD",
                pages::routes::get_asset,
            ))
            .service(
                resource("/tools/{slug}/vote", "vote_form", "POST")
                    .route(web::post().to(pages::form::post_vote)),
            );

        documents(config);

        config.default_service(web::to(|| async {
            Err::<HttpResponse, Problem>(nothing_here())
        }));
    }
}

/// Everybody: from memory.
fn from_memory(config: &mut ServiceConfig) {
    config
        .service(readable(
            "/v1/tools/{slug}/tally",
            "tally",
            "GET, HEAD",
            async |http: HttpRequest, board: Data<Board>| tallies::routes::get_tally(&http, &board),
        ))
        .service(readable(
            "/v1/tallies",
            "tallies",
            "GET, HEAD",
            async |http: HttpRequest, board: Data<Board>, batches: Data<Batches>| {
                tallies::routes::get_tallies(&http, &board, &batches)
            },
        ))
        .service(readable(
            "/v1/stream",
            "stream",
            "GET, HEAD",
            live::routes::get_stream,
        ))
        .service(readable(
            "/v1/compare",
            "compare",
            "GET, HEAD",
            verdicts::routes::get_compare,
        ));
}

/// The API's own documents: everybody, from memory.
fn documents(config: &mut ServiceConfig) {
    config
        .service(readable(
            "/openapi.json",
            "openapi",
            "GET, HEAD",
            docs::routes::get_openapi,
        ))
        .service(readable(
            "/docs",
            "docs",
            "GET, HEAD",
            docs::routes::get_docs,
        ))
        .service(readable(
            "/docs/{name}",
            "docs_asset",
            "GET, HEAD",
            docs::routes::get_asset,
        ));
}

fn nothing_here() -> Problem {
    Problem::new(Code::NotFound, "There is nothing at this address.")
}

/// An address that answers 405, with what it allows, to any method that it has no route for.
fn resource(path: &str, name: &'static str, allow: &'static str) -> Resource {
    let refuse =
        move || async move { Err::<HttpResponse, Problem>(Problem::method_not_allowed(allow)) };
    web::resource(path.to_owned())
        .app_data(RouteName(name))
        .default_service(web::to(refuse))
}

/// One that can be read; HEAD answers as GET does, without the body.
fn readable<F, Args>(path: &str, name: &'static str, allow: &'static str, get: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let head: Route = web::head().to(get.clone());
    resource(path, name, allow)
        .route(web::get().to(get))
        .route(head)
}
