//! The headers by which a proxy says for whom it calls. Anybody can write them: whom to believe is `identity`'s to say.

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Whether one of them is there; only `X-Forwarded-For` is ever believed.
#[must_use]
pub fn is_sent(headers: &HeaderMap) -> bool {
    [X_FORWARDED_FOR, FORWARDED, X_REAL_IP]
        .iter()
        .any(|name| headers.contains_key(name))
}

/// The lines of `X-Forwarded-For`, in their order. One that is no text is no address either.
pub fn lines(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = &str> {
    let lines: Vec<&str> = headers
        .get_all(X_FORWARDED_FOR)
        .map(|line| line.to_str().unwrap_or("unreadable"))
        .collect();
    lines.into_iter()
}
