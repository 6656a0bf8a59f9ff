//! Headers as a client writes them, a line each, `name: value`: credentials, origin, what is accepted, what is known already.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use tallyship::web::kit::static_file::accepts_gzip;
use tallyship::auth::authenticate::{bearer, cookie, provenance};
use tallyship::auth::origin::{CredentialSource, Origins};
use tallyship::web::site::refusal::wants_page;
use tallyship::http::request::{json_if_any, require_json};
use tallyship::tallies::routes::cached;
use url::Url;

const COOKIE: &str = "__Host-tallyship-visitor";
const TAG: &str = "\"0123456789abcdef\"";

fn map(data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(30) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            continue;
        };
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value.trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

fn lines<'a>(headers: &'a HeaderMap, name: &'static str) -> Vec<&'a str> {
    let all = headers.get_all(HeaderName::from_static(name));
    all.filter_map(|value| value.to_str().ok()).collect()
}

pub fn run(data: &[u8]) {
    let headers = map(data);
    if let Some(token) = bearer(&headers) {
        let line = headers.get(AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default();
        assert!(line.to_ascii_lowercase().starts_with("bearer "), "{line}");
        assert!(line.ends_with(token) || line.trim_end().ends_with(token));
    }
    if let Some(token) = cookie(&headers, COOKIE) {
        let sent = format!("{COOKIE}={token}");
        assert!(lines(&headers, "cookie").iter().any(|line| line.contains(&sent)), "{sent}");
        assert!(!token.contains(';'));
    }

    let Ok(url) = Url::parse("https://votes.example") else {
        return;
    };
    let origins = Origins::new(&url, &["https://main.example".to_owned()]);
    let from = provenance(&headers);
    let passes = |carrier| origins.check_write(carrier, from).is_ok();
    let listed = matches!(from.origin, Some("https://votes.example" | "https://main.example"));
    assert_eq!(from.origin.is_some(), headers.contains_key("origin"));
    if from.origin.is_some() {
        assert_eq!((passes(CredentialSource::Cookie), passes(CredentialSource::Bearer)), (listed, listed));
    } else if passes(CredentialSource::Cookie) {
        assert!(from.sec_fetch_site.is_none() && passes(CredentialSource::Bearer));
    }
    if origins.check_own(from).is_ok() {
        assert!(matches!(from.origin, None | Some("https://votes.example")));
    }

    let answer = cached(&headers, Bytes::from_static(b"{}"), Bytes::from_static(TAG.as_bytes()));
    let named = lines(&headers, "if-none-match");
    let is_named = named.iter().flat_map(|line| line.split(',')).any(|tag| {
        let tag = tag.trim();
        [TAG, "*", &format!("W/{TAG}")].contains(&tag)
    });
    let expected = if is_named { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    assert_eq!(answer.status(), expected, "{named:?}");

    if accepts_gzip(&headers) {
        let accepted = lines(&headers, "accept-encoding").join(",").to_ascii_lowercase();
        assert!(accepted.contains("gzip"), "{accepted}");
    }
    if wants_page(&headers) {
        assert!(lines(&headers, "accept").iter().any(|line| line.contains("text/html")));
    }
    let is_json = require_json(&headers).is_ok();
    assert_eq!(json_if_any(&headers, b"{}").is_ok(), is_json);
    if is_json {
        let kind = lines(&headers, "content-type").join("").to_ascii_lowercase();
        assert!(kind.contains("application/json"), "{kind}");
    }
}
