//! The headers of answers, each described once.

use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, HeaderBuilder, Ref, RefOr};

/// Name, type, whether each answer that names it has it, what it says.
const ALL: &[(&str, Type, bool, &str)] = &[
    (
        "X-Request-Id",
        Type::String,
        true,
        "The caller's own id where it is harmless (1 to 64 of letters, digits, `-`, `_`, `.`), else one of ours; the log has it too.",
    ),
    (
        "ETag",
        Type::String,
        true,
        "Strong, of the bytes sent; send it back in `If-None-Match`.",
    ),
    (
        "Cache-Control",
        Type::String,
        true,
        "How long this is fresh, and for whom.",
    ),
    (
        "RateLimit",
        Type::String,
        false,
        "On every answer that a quota touched: for each quota what is left and in how many seconds there is more, such as `\"voter\";r=29;t=2`.",
    ),
    (
        "RateLimit-Policy",
        Type::String,
        false,
        "On every answer that a quota touched: for each quota its size and window in seconds, such as `\"voter\";q=30;w=60`.",
    ),
    (
        "Retry-After",
        Type::Integer,
        true,
        "Seconds after which trying again is worth it.",
    ),
    (
        "WWW-Authenticate",
        Type::String,
        true,
        "Names the scheme: `Bearer`.",
    ),
    ("Location", Type::String, true, "Where to go on."),
    (
        "Set-Cookie",
        Type::String,
        false,
        "The visitor's token, or the session of staff; HttpOnly. On https `__Host-` and `Secure`, the visitor's `SameSite=None` and \
         `Partitioned`, the session `SameSite=Strict`.",
    ),
    (
        "Visitor-Token",
        Type::String,
        false,
        "A renewed token, where the one in `Authorization` is past half its life (a cookie is renewed by `Set-Cookie`).",
    ),
    (
        "Content-Disposition",
        Type::String,
        true,
        "The name of the file that a browser saves.",
    ),
    (
        "Content-Security-Policy",
        Type::String,
        true,
        "What the page may load, and who may frame it.",
    ),
];

pub(super) fn reference(name: &str) -> (String, RefOr<Header>) {
    let target = Ref::new(format!("#/components/headers/{name}"));
    (name.to_owned(), RefOr::Ref(target))
}

pub(super) fn all() -> impl Iterator<Item = (&'static str, Header)> {
    ALL.iter().map(|(name, kind, always, says)| {
        let mut header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(kind.clone())))
            .description(Some(*says))
            .build();
        if *always {
            // The builder has no word of its own for it.
            header.extensions = Some(Extensions::from_iter([("required", true)]));
        }
        (*name, header)
    })
}
