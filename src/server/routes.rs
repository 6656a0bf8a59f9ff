//! Every address of the public listener, in groups that carry their policy.
//!
//! Adding a route means adding its name here: the meters and the 405s are made from this table.

use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, PathConfig, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::resource::{readable, resource};
use super::{admin_routes, moderation_routes};
use crate::catalog::{renames, views};
use crate::http::problem::{Code, Problem};
use crate::maintenance::subject_requests;
use crate::server::app_state::AppState;
use crate::tallies::batch_cache::Batches;
use crate::tallies::cache::TallyCache;
use crate::tallies::{self, stream};
use crate::voting;
use crate::web::{embed, feeds, mcp, openapi, preview, site};

/// The routes' names, as the metrics know them. `other` is everything that is none of ours.
pub(super) const NAMES: &[&str] = &[
    "visitors",
    "visitor",
    "vote",
    "votes",
    "tally",
    "tallies",
    "stream",
    "tools",
    "tool",
    "history",
    "compare",
    "moderation",
    "dashboard",
    "sign_in",
    "index",
    "tool_page",
    "compare_page",
    "compare_pair",
    "vote_form",
    "crawler",
    "asset",
    "badge",
    "badge_json",
    "preview",
    "oembed",
    "fragment",
    "jsonld",
    "feed",
    "mcp",
    "embed",
    "embed_asset",
    "openapi",
    "docs",
    "docs_asset",
    "log_page",
    "log_checkpoint",
    "log_key",
    "log_tile",
    "log_list",
    "logs",
    "log_ballot",
    "log_proof",
    "redirect",
    "rename",
    "renamed",
    "other",
];

/// Lays every address of the public listener, with what its handlers receive.
pub(super) fn configure(state: &AppState, config: &mut ServiceConfig) {
    state.lay(config);
    config.app_data(PathConfig::default().error_handler(|_, _| nothing_here().into()));

    // Patterns are tried in this order: the busiest first. `fast_path` takes most of the first two groups before the
    // framework sees them, by the same handlers.
    from_memory(config);
    voters(config);
    tools(config);
    moderation_routes::configure(config);
    admin_routes::configure(config);
    for_people(config);
    embeds(config);
    previews(config);
    documents(config);
    if state.has_log() {
        public_log(config);
    }
    config.default_service(web::to(|http: HttpRequest| async move {
        without_slash(&http).ok_or_else(nothing_here)
    }));
}

/// A redirect to the same address without a slash at its end, for a reader. The address must stay one of this host.
fn without_slash(http: &HttpRequest) -> Option<HttpResponse> {
    let path = http.uri().path();
    let shorter = path.trim_end_matches('/');
    let is_local = shorter
        .as_bytes()
        .get(1)
        .is_some_and(u8::is_ascii_alphanumeric);
    if shorter == path || !is_local || !matches!(*http.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let target = match http.uri().query() {
        Some(query) => format!("{shorter}?{query}"),
        None => shorter.to_owned(),
    };
    Some(
        HttpResponse::PermanentRedirect()
            .insert_header((LOCATION, target))
            .finish(),
    )
}

/// Voters: visitor token, origin, quota.
fn voters(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/visitors", "visitors", "POST")
                .route(web::post().to(voting::visitor_routes::post_visitors)),
        )
        .service(
            readable(
                "/v1/visitors/me",
                "visitor",
                "GET, HEAD, DELETE",
                subject_requests::routes::get_me,
            )
            .route(web::delete().to(subject_requests::routes::delete_me)),
        )
        .service(
            readable(
                "/v1/tools/{slug}/vote",
                "vote",
                "GET, HEAD, PUT, DELETE",
                voting::routes::get_vote,
            )
            .route(web::put().to(
                async |http: HttpRequest,
                       body: Payload,
                       state: Data<voting::admission::VotingState>| {
                    voting::routes::put_vote(&http, body, &state)
                        .await?
                        .answer()
                        .await
                },
            ))
            .route(web::delete().to(
                async |http: HttpRequest,
                       body: Payload,
                       state: Data<voting::admission::VotingState>| {
                    voting::routes::delete_vote(&http, body, &state)
                        .await?
                        .answer()
                        .await
                },
            )),
        )
        .service(readable(
            "/v1/votes",
            "votes",
            "GET, HEAD",
            voting::routes::get_votes,
        ));
}

/// What other sites carry: everybody reads, forms are for our own origin only.
fn embeds(config: &mut ServiceConfig) {
    config
        .service(readable(
            "/badge/{slug}.svg",
            "badge",
            "GET, HEAD",
            embed::routes::get_badge,
        ))
        .service(readable(
            "/v1/tools/{slug}/badge.json",
            "badge_json",
            "GET, HEAD",
            embed::routes::get_shield,
        ))
        .service(readable(
            "/fragment/{slug}.html",
            "fragment",
            "GET, HEAD",
            embed::routes::get_fragment,
        ))
        .service(readable(
            "/v1/tools/{slug}/jsonld",
            "jsonld",
            "GET, HEAD",
            embed::structured::get_tool_data,
        ))
        .service(readable(
            "/v1/compare/jsonld",
            "jsonld",
            "GET, HEAD",
            embed::structured::get_comparison_data,
        ))
        .service(readable(
            "/feeds/movers.atom",
            "feed",
            "GET, HEAD",
            feeds::routes::get_movers,
        ))
        .service(readable(
            "/feeds/{slug}.atom",
            "feed",
            "GET, HEAD",
            feeds::routes::get_tool_feed,
        ))
        .service(readable(
            "/oembed",
            "oembed",
            "GET, HEAD",
            embed::routes::get_oembed,
        ))
        .service(readable(
            // A slug has no dot.
            r"/embed/{file:[^/]+\.(?:js|css)}",
            "embed_asset",
            "GET, HEAD",
            embed::routes::get_asset,
        ))
        .service(
            readable(
                "/embed/{slug}",
                "embed",
                "GET, HEAD, POST",
                embed::frame::routes::get_frame,
            )
            .route(web::post().to(embed::frame::routes::post_frame)),
        );
}

/// What networks show beside a link: everybody reads.
fn previews(config: &mut ServiceConfig) {
    config
        .service(readable(
            "/preview/tools/{slug}.png",
            "preview",
            "GET, HEAD",
            preview::routes::get_tool_preview,
        ))
        .service(readable(
            "/preview/compare/{pair}.png",
            "preview",
            "GET, HEAD",
            preview::routes::get_compare_preview,
        ));
}

/// Everybody: from memory.
fn from_memory(config: &mut ServiceConfig) {
    config
        .service(readable(
            "/v1/tools/{slug}/tally",
            "tally",
            "GET, HEAD",
            async |http: HttpRequest, board: Data<TallyCache>| {
                tallies::routes::get_tally(&http, &board)
            },
        ))
        .service(readable(
            "/v1/tallies",
            "tallies",
            "GET, HEAD",
            async |http: HttpRequest, board: Data<TallyCache>, batches: Data<Batches>| {
                tallies::routes::get_tallies(&http, &board, &batches)
            },
        ))
        .service(readable(
            "/v1/stream",
            "stream",
            "GET, HEAD",
            stream::routes::get_stream,
        ))
        .service(readable(
            "/v1/compare",
            "compare",
            "GET, HEAD",
            views::routes::get_compare,
        ));
}

/// The API's own documents, and the same reads for agents: everybody, from memory.
fn documents(config: &mut ServiceConfig) {
    let get = "GET, HEAD";
    config
        .service(readable(
            "/openapi.json",
            "openapi",
            get,
            openapi::routes::get_openapi,
        ))
        .service(resource("/mcp", "mcp", "POST").route(web::post().to(mcp::routes::post_mcp)))
        .service(readable("/docs", "docs", get, openapi::routes::get_docs))
        .service(readable(
            "/docs/{name}",
            "docs_asset",
            get,
            openapi::routes::get_asset,
        ));
}

/// The public log: everybody reads, from any origin.
fn public_log(config: &mut ServiceConfig) {
    use crate::transparency::routes;
    let get = "GET, HEAD";
    config
        .service(readable("/log", "log_page", get, site::log::get_log))
        .service(readable("/v1/log", "logs", get, routes::get_logs))
        .service(readable(
            "/v1/log/ballots/{ballot}",
            "log_ballot",
            get,
            routes::get_ballot,
        ))
        .service(readable(
            "/v1/log/proofs/{index}",
            "log_proof",
            get,
            routes::get_proof,
        ));
    // The first log has no number in its addresses; those that follow have.
    config
        .service(readable(
            "/log/checkpoint",
            "log_checkpoint",
            get,
            routes::get_checkpoint,
        ))
        .service(readable("/log/key", "log_key", get, routes::get_key))
        .service(readable(
            "/log/tile/{level}/{tile:.*}",
            "log_tile",
            get,
            routes::get_tile,
        ))
        .service(readable(
            "/log/lists/{hash}",
            "log_list",
            get,
            routes::get_list,
        ))
        .service(readable(
            r"/log/{log:\d+}/checkpoint",
            "log_checkpoint",
            get,
            routes::get_checkpoint,
        ))
        .service(readable(
            r"/log/{log:\d+}/key",
            "log_key",
            get,
            routes::get_key,
        ))
        .service(readable(
            r"/log/{log:\d+}/tile/{level}/{tile:.*}",
            "log_tile",
            get,
            routes::get_tile,
        ))
        .service(readable(
            r"/log/{log:\d+}/lists/{hash}",
            "log_list",
            get,
            routes::get_list,
        ));
}

/// Pages: their forms from our own origin only.
fn for_people(config: &mut ServiceConfig) {
    use crate::web::kit::assets;
    use site::{crawlers, llms, routes};
    let get = "GET, HEAD";
    config
        .service(readable("/", "index", get, routes::get_index))
        .service(readable(
            "/tools/{slug}",
            "tool_page",
            get,
            routes::get_tool,
        ))
        .service(readable("/compare", "compare_pair", get, routes::get_pair))
        .service(readable(
            "/compare/{pair}",
            "compare_page",
            get,
            routes::get_compare,
        ))
        .service(readable(
            "/assets/{version}/{name}",
            "asset",
            get,
            assets::get_asset,
        ))
        .service(readable(
            "/robots.txt",
            "crawler",
            get,
            crawlers::get_robots,
        ))
        .service(readable(
            "/sitemap.xml",
            "crawler",
            get,
            crawlers::get_sitemap,
        ))
        .service(readable("/llms.txt", "crawler", get, llms::get_llms))
        .service(readable(
            "/favicon.ico",
            "crawler",
            get,
            crawlers::get_favicon,
        ))
        .service(
            resource("/tools/{slug}/vote", "vote_form", "POST")
                .route(web::post().to(site::form::post_vote)),
        );
}

/// The catalogue: everybody reads; the site's token edits.
fn tools(config: &mut ServiceConfig) {
    config.service(
        readable(
            "/v1/tools",
            "tools",
            "GET, HEAD, POST",
            views::list::routes::get_tools,
        )
        .route(web::post().to(views::routes::post_tools)),
    );
    config.service(readable(
        "/v1/tools/{slug}/history",
        "history",
        "GET, HEAD",
        views::history::routes::get_history,
    ));
    config.service(
        readable(
            "/v1/tools/{slug}",
            "tool",
            "GET, HEAD, PUT, PATCH, DELETE",
            views::routes::get_tool,
        )
        .route(web::put().to(views::routes::put_tool))
        .route(web::patch().to(views::routes::patch_tool))
        .route(web::delete().to(views::routes::delete_tool)),
    );
    config.service(
        resource("/v1/tools/{slug}/rename", "rename", "POST")
            .route(web::post().to(renames::routes::post_rename)),
    );
    config.service(
        resource("/v1/redirects/{slug}", "redirect", "DELETE")
            .route(web::delete().to(renames::routes::delete_redirect)),
    );
}

fn nothing_here() -> Problem {
    Problem::new(Code::NotFound, "No resource at this address.")
}
