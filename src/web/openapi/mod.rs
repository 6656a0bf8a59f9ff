//! The API's own documents: `GET /openapi.json`, made from the code's types and one table of operations, and `GET /docs`,
//! the same for readers.
//!
//! `server` routes to it. An address that is added to `server::routes` is added to a table of `api` too; tests hold the
//! two to each other, and every status in here to the answers that tests have seen.

mod api;
mod headers;
mod operation;
mod page;
mod parameters;
mod problems;
pub mod routes;
mod shapes;

use std::collections::BTreeMap;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Server,
};

use operation::{BEARER, COOKIE, SESSION, STAFF, Schemas, USER};

const ABOUT: &str = "Community votes beside a panel's verdict.\n\n\
    JSON in and out, UTF-8; times are RFC 3339, UTC. Every error is `application/problem+json` with a stable `code`, and every answer \
     bears `X-Request-Id`. \
    Unknown fields in a request are an error that names the field; answers may gain fields at any time.\n\n\
    `HEAD` answers as `GET` does, without the body. A method that an address does not take is 405 `method-not-allowed` \
    with `Allow`; an address that does not exist is 404 `not-found`. A `Content-Encoding` other than `identity` is 415 \
    `unsupported-media-type` on every request, also on one without a body.\n\n\
    Order of checks: route; size and type (413, 415); credentials (401); origin, ban, challenge (403); quota (429); \
    body (400, 422); tool (404, 410, 423).";

/// The whole API as an OpenAPI 3.1 document.
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas: Schemas = vec![("Problem".to_owned(), problems::schema())];
    problems::challenge(&mut schemas);
    let mut refusals = BTreeMap::new();
    let mut tags = Vec::new();
    for (part, says, operations) in api::parts() {
        tags.push(
            TagBuilder::new()
                .name(part.0)
                .description(Some(says))
                .build(),
        );
        for mut operation in operations {
            schemas.append(&mut operation.schemas);
            for refusal in operation.refusals() {
                refusals.insert(refusal.name(), refusal.response());
            }
            paths = paths.path(operation.path, operation.item());
        }
    }
    let mut components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .responses_from_iter(refusals);
    for (name, header) in headers::all() {
        components = components.header(name, header);
    }
    for (name, scheme) in schemes() {
        components = components.security_scheme(name, scheme);
    }
    let mut components = components.build();
    shapes::complete(&mut components.schemas);
    let license = LicenseBuilder::new()
        .name("MIT OR Apache-2.0")
        .identifier(Some("MIT OR Apache-2.0"));
    let info = InfoBuilder::new()
        .title("Tallyship")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license.build()));
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/")]))
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

fn schemes() -> [(&'static str, SecurityScheme); 5] {
    let cookie = "The cookie that `POST /v1/visitors` sets; on https its name begins with `__Host-`. A write with it needs an \
                  allowed `Origin`, or none and no `Sec-Fetch-Site`.";
    let user = "The site's own JWT of a signed-in user: `alg` as configured, `kid`, `iss`, `aud`, `sub` and `exp`. Where the visitor \
                cookie comes too, the visitor's vote on the tool becomes the user's, or goes where the user has one; a list or an \
                export changes nothing. Where nobody signs in it is a `bad-token`.";
    let session = "The cookie that `POST /moderation/sign-in` sets, or a sign-in with the identity provider; on https its name begins \
                   with `__Host-`. It ends after 30 minutes of rest, after 12 hours, by sign-out, and with its token or ID token. A form with it needs the session's `key`, which each \
                   page's forms hold.";
    let cookie_named = |name: &str, says: &str| {
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, says)))
    };
    let bearer = |says: &str| {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(says));
        SecurityScheme::Http(scheme.build())
    };
    [
        (COOKIE, cookie_named("tallyship-visitor", cookie)),
        (
            BEARER,
            bearer("The visitor's token of `POST /v1/visitors`, for clients without cookies."),
        ),
        (
            USER,
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("JWT")
                    .description(Some(user))
                    .build(),
            ),
        ),
        (
            STAFF,
            bearer(
                "A token of `tallyship token create`; `x-role` is the least role that an operation takes.",
            ),
        ),
        (SESSION, cookie_named("tallyship-staff", session)),
    ]
}
