//! Every address of the dashboard. Its policy: a session of a moderator or above; forms from our own origin, with the
//! session's key.
//!
//! `routes` calls it.

use actix_web::web::{self, ServiceConfig};

use super::resource::{readable, resource};
use crate::web::admin::{
    alerts, audit, bans, freeze, held, merges, overview, periods, provider_sign_in, resets,
    sign_in, sign_out, tool, votes, webhooks,
};

const NAME: &str = "dashboard";
const GET: &str = "GET, HEAD";
const BOTH: &str = "GET, HEAD, POST";

pub(super) fn configure(config: &mut ServiceConfig) {
    sign_ins(config);
    config
        .service(readable("/moderation", NAME, GET, overview::get_overview))
        .service(readable(
            "/moderation/tools/{slug}",
            NAME,
            GET,
            tool::get_tool,
        ))
        .service(
            readable(
                "/moderation/tools/{slug}/state",
                NAME,
                BOTH,
                freeze::get_state,
            )
            .route(web::post().to(freeze::post_state)),
        )
        .service(readable("/moderation/votes", NAME, GET, votes::get_votes))
        .service(readable("/moderation/votes.csv", NAME, GET, votes::get_csv))
        .service(readable("/moderation/audit", NAME, GET, audit::get_audit))
        .service(readable(
            "/moderation/alerts",
            NAME,
            GET,
            alerts::get_alerts,
        ))
        .service(readable(
            "/moderation/alerts/reset",
            NAME,
            GET,
            alerts::get_reset,
        ))
        .service(
            readable(
                "/moderation/alerts/{id}/dismiss",
                NAME,
                BOTH,
                alerts::get_dismiss,
            )
            .route(web::post().to(alerts::post_dismiss)),
        );
    removals(config);
    bans_and_held(config);
    config
        .service(readable(
            "/moderation/webhooks",
            NAME,
            GET,
            webhooks::get_webhooks,
        ))
        .service(
            readable(
                "/moderation/webhooks/{id}/send",
                NAME,
                BOTH,
                webhooks::get_send,
            )
            .route(web::post().to(webhooks::post_send)),
        );
}

fn sign_ins(config: &mut ServiceConfig) {
    config
        .service(
            readable("/moderation/sign-in", "sign_in", BOTH, sign_in::get_sign_in)
                .route(web::post().to(sign_in::post_sign_in)),
        )
        .service(readable(
            "/moderation/sign-in/provider",
            "sign_in",
            GET,
            provider_sign_in::get_begin,
        ))
        .service(readable(
            "/moderation/sign-in/callback",
            "sign_in",
            GET,
            provider_sign_in::get_callback,
        ))
        .service(
            resource("/moderation/sign-out", "sign_in", "POST")
                .route(web::post().to(sign_out::post_sign_out)),
        );
}

fn bans_and_held(config: &mut ServiceConfig) {
    config
        .service(readable("/moderation/held", NAME, GET, held::get_held))
        .service(
            readable("/moderation/held/settle", NAME, BOTH, held::get_preview)
                .route(web::post().to(held::post_settle)),
        );
    config
        .service(
            readable("/moderation/bans", NAME, BOTH, bans::get_bans)
                .route(web::post().to(bans::post_ban)),
        )
        .service(readable(
            "/moderation/bans/new",
            NAME,
            GET,
            bans::get_preview,
        ))
        .service(
            readable("/moderation/bans/{id}/lift", NAME, BOTH, bans::get_lift)
                .route(web::post().to(bans::post_lift)),
        );
}

fn removals(config: &mut ServiceConfig) {
    config
        .service(
            readable(
                "/moderation/tools/{slug}/merge",
                NAME,
                BOTH,
                merges::get_preview,
            )
            .route(web::post().to(merges::post_merge)),
        )
        .service(readable(
            "/moderation/reset",
            NAME,
            GET,
            resets::get_preview,
        ))
        .service(
            readable("/moderation/resets", NAME, BOTH, resets::get_resets)
                .route(web::post().to(resets::post_reset)),
        )
        .service(readable(
            "/moderation/resets/{id}",
            NAME,
            GET,
            resets::get_reset,
        ))
        .service(
            readable("/moderation/resets/{id}/undo", NAME, BOTH, resets::get_undo)
                .route(web::post().to(resets::post_undo)),
        )
        .service(
            readable("/moderation/periods", NAME, BOTH, periods::get_periods)
                .route(web::post().to(periods::post_period)),
        )
        .service(readable(
            "/moderation/periods/new",
            NAME,
            GET,
            periods::get_preview,
        ))
        .service(
            readable(
                "/moderation/periods/{id}/delete",
                NAME,
                BOTH,
                periods::get_delete,
            )
            .route(web::post().to(periods::post_delete)),
        );
}
