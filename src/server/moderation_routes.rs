//! Every address of the moderation API. Its policy: a staff token of role `moderator` or above, but for the public log.
//!
//! `routes` calls it.

use actix_web::web::{self, ServiceConfig};

use super::resource::{readable, resource};
use crate::detection::alerts::routes as alerts;
use crate::moderation::bans::routes as bans;
use crate::moderation::insights::routes as sight;
use crate::moderation::removals::periods::routes as periods;
use crate::moderation::review::routes as held;
use crate::moderation::routes as moderation;

const NAME: &str = "moderation";

pub(super) fn configure(config: &mut ServiceConfig) {
    held_votes(config);
    config
        .service(
            resource("/v1/tools/{slug}/merge", NAME, "POST")
                .route(web::post().to(moderation::post_merge)),
        )
        .service(
            readable(
                "/v1/moderation/resets",
                NAME,
                "GET, HEAD, POST",
                moderation::get_resets,
            )
            .route(web::post().to(moderation::post_reset)),
        )
        .service(readable(
            "/v1/moderation/resets/{id}",
            NAME,
            "GET, HEAD",
            moderation::get_reset,
        ))
        .service(
            resource("/v1/moderation/resets/{id}/undo", NAME, "POST")
                .route(web::post().to(moderation::post_undo)),
        )
        .service(
            resource("/v1/moderation/tools/{slug}/state", NAME, "PUT")
                .route(web::put().to(moderation::put_state)),
        )
        .service(readable(
            "/v1/moderation/votes",
            NAME,
            "GET, HEAD",
            sight::get_votes,
        ))
        .service(readable(
            "/v1/moderation/clusters",
            NAME,
            "GET, HEAD",
            sight::get_clusters,
        ))
        .service(
            readable(
                "/v1/moderation/bans",
                NAME,
                "GET, HEAD, POST",
                bans::get_bans,
            )
            .route(web::post().to(bans::post_ban)),
        )
        .service(
            resource("/v1/moderation/bans/{id}", NAME, "DELETE")
                .route(web::delete().to(bans::delete_ban)),
        )
        .service(
            readable(
                "/v1/moderation/periods",
                NAME,
                "GET, HEAD, POST",
                periods::get_periods,
            )
            .route(web::post().to(periods::post_period)),
        )
        .service(
            resource("/v1/moderation/periods/{id}", NAME, "DELETE")
                .route(web::delete().to(periods::delete_period)),
        )
        .service(readable(
            "/v1/moderation/alerts",
            NAME,
            "GET, HEAD",
            alerts::get_alerts,
        ))
        .service(
            resource("/v1/moderation/alerts/{id}/dismiss", NAME, "POST")
                .route(web::post().to(alerts::post_dismiss)),
        )
        .service(readable(
            "/v1/moderation/audit",
            NAME,
            "GET, HEAD",
            sight::get_audit,
        ))
        .service(readable(
            "/v1/moderation/audit/head",
            NAME,
            "GET, HEAD",
            sight::get_audit_head,
        ))
        .service(readable(
            "/v1/moderation/log",
            NAME,
            "GET, HEAD",
            sight::get_log,
        ));
}

fn held_votes(config: &mut ServiceConfig) {
    config
        .service(readable(
            "/v1/moderation/held",
            NAME,
            "GET, HEAD",
            held::get_held,
        ))
        .service(
            resource("/v1/moderation/held/release", NAME, "POST")
                .route(web::post().to(held::post_release)),
        )
        .service(
            resource("/v1/moderation/held/reject", NAME, "POST")
                .route(web::post().to(held::post_reject)),
        );
}
