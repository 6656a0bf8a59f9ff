//! Addresses of renamed tools: any request to a former one is answered 308 with the address that the tool has now. Those of merged
//! tools lead to the target, for readers and voters; moderators and the site still reach the tool itself.
//!
//! `fast_path` asks before it routes. Query parameters and bodies need no redirect: look-ups know former slugs.

use actix_http::{Method, Request};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};

use crate::domain::Slug;
use crate::tallies::cache::TallyCache;
use crate::web::site::compare::split;

/// The route's name in metrics and the log.
pub(super) const ROUTE: &str = "renamed";

/// Addresses with a slug: what is before it, and what ends the address. Without an ending, further segments may follow.
const OF_TOOLS: [(&str, &str); 9] = [
    ("/v1/tools/", ""),
    ("/v1/moderation/tools/", ""),
    ("/moderation/tools/", ""),
    ("/tools/", ""),
    ("/embed/", ""),
    ("/badge/", ".svg"),
    ("/fragment/", ".html"),
    ("/preview/tools/", ".png"),
    ("/feeds/", ".atom"),
];
/// The feed of no tool.
const MOVERS: &str = "/feeds/movers.atom";
/// Addresses with two slugs.
const OF_PAIRS: [(&str, &str); 2] = [("/compare/", ""), ("/preview/compare/", ".png")];

/// The answer to a request for a former address; `base` is the path of the public URL.
pub(super) fn answer(request: &Request, board: &TallyCache, base: &str) -> Option<HttpResponse> {
    // A preflight must not be redirected; the call after it is. A PUT of the tool itself could mean a new one.
    let path = request.path();
    let is_put = request.method() == Method::PUT && path.matches('/').count() == 3;
    if request.method() == Method::OPTIONS || is_put || path == MOVERS {
        return None;
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut target = format!("{base}{}", moved(path, reads, board)?);
    if let Some(query) = request.uri().query() {
        target.push('?');
        target.push_str(query);
    }
    // The slug may be freed, or go back to what it was.
    Some(
        HttpResponse::PermanentRedirect()
            .insert_header((LOCATION, target))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
    )
}

/// Whether the address stays the merged tool's own: acts of moderators and of the site concern the tool that they name.
fn is_for_staff(prefix: &str, after: &str, reads: bool) -> bool {
    let of_site = prefix == "/v1/tools/"
        && (matches!(after, "/merge" | "/rename") || after.is_empty() && !reads);
    of_site || prefix.contains("/moderation/")
}

/// The present address of what `path` names by a former slug, or by that of a merged tool.
fn moved(path: &str, reads: bool, board: &TallyCache) -> Option<String> {
    for (prefix, ending) in OF_TOOLS {
        let Some(rest) = path.strip_prefix(prefix) else {
            continue;
        };
        let (slug, after) = match rest.split_once('/') {
            Some((slug, _)) if ending.is_empty() => rest.split_at(slug.len()),
            _ => (rest.strip_suffix(ending)?, ending),
        };
        let merged = || {
            board
                .merged_into(slug)
                .filter(|_| !is_for_staff(prefix, after, reads))
        };
        let new = board.renamed(slug).or_else(merged)?;
        return Some(format!("{prefix}{new}{after}"));
    }
    let (prefix, ending, pair) = OF_PAIRS.iter().find_map(|(prefix, ending)| {
        let pair = path.strip_prefix(prefix)?.strip_suffix(ending)?;
        Some((prefix, ending, pair))
    })?;
    let now = |slug: &str| {
        board
            .merged_into(slug)
            .or_else(|| Some(board.find(slug)?.slug()))
    };
    let (a, b): (Slug, Slug) = split(pair).find_map(|(a, b)| Some((now(a)?, now(b)?)))?;
    let new = format!("{a}-vs-{b}");
    (new != pair).then(|| format!("{prefix}{new}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tallies::TallyRow;
    use crate::tallies::cache::Redirects;
    use actix_http::test::TestRequest;

    #[test]
    fn former_addresses_lead_to_the_present_ones() {
        let board = TallyCache::new(5);
        let slug = |text: &str| Slug::parse(text).expect(text);
        for (tool, name) in [(1, "new"), (2, "other")] {
            let row = TallyRow {
                tool,
                version: 1,
                ..TallyRow::default()
            };
            board.admit(&slug(name), row);
        }
        board.set_redirects(Redirects::from([(slug("old"), 1), (slug("other"), 1)]));
        let target = |method: Method, path: &str| {
            let request = TestRequest::with_uri(path).method(method).finish();
            let answer = answer(&request, &board, "/base")?;
            assert_eq!(answer.status(), 308);
            let target = answer.headers().get(LOCATION).expect("a target");
            Some(target.to_str().expect("text").to_owned())
        };
        for path in [
            "/v1/tools/old",
            "/v1/tools/old/tally?include=set-aside",
            "/v1/moderation/tools/old/state",
            "/moderation/tools/old",
            "/tools/old",
            "/embed/old?theme=dark",
            "/badge/old.svg",
            "/fragment/old.html",
            "/preview/tools/old.png",
            "/feeds/old.atom",
            "/compare/old-vs-other",
            "/compare/other-vs-old",
            "/preview/compare/old-vs-other.png",
        ] {
            let expected = format!("/base{}", path.replacen("old", "new", 1));
            assert_eq!(target(Method::GET, path), Some(expected));
        }
        let vote = "/v1/tools/old/vote";
        assert!(target(Method::PUT, vote).is_some() && target(Method::OPTIONS, vote).is_none());
        assert!(target(Method::PATCH, "/v1/tools/old").is_some());
        for path in [
            "/v1/tools/old.js",
            "/embed/old.js",
            "/v1/tools/other/tally",
            "/compare/new-vs-other",
            "/compare/old",
            "/v1/tallies?tools=old",
            "/badge/old",
        ] {
            assert_eq!(target(Method::GET, path), None, "{path}");
        }
        assert_eq!(target(Method::PUT, "/v1/tools/old"), None);
    }

    #[test]
    fn merged_tools_lead_to_their_target_for_readers_and_voters() {
        let board = TallyCache::new(5);
        for (tool, name) in [(1, "new"), (2, "other"), (3, "third")] {
            let row = TallyRow {
                tool,
                version: 1,
                ..TallyRow::default()
            };
            board.admit(&Slug::parse(name).expect(name), row);
        }
        let target = |method: Method, path: &str| {
            let request = TestRequest::with_uri(path).method(method).finish();
            let answer = answer(&request, &board, "/base")?;
            let target = answer.headers().get(LOCATION).expect("a target");
            Some(target.to_str().expect("text").to_owned())
        };
        board.set_merged([(1, 2), (3, 1)].into());
        for path in ["/v1/tools/third/vote", "/tools/third", "/badge/third.svg"] {
            let expected = format!("/base{}", path.replace("third", "other"));
            assert_eq!(target(Method::GET, path), Some(expected));
        }
        assert!(target(Method::PUT, "/v1/tools/new/vote").is_some());
        for (method, path) in [
            (Method::POST, "/v1/tools/new/merge"),
            (Method::POST, "/v1/tools/new/rename"),
            (Method::DELETE, "/v1/tools/new"),
            (Method::GET, "/moderation/tools/new"),
            (Method::PUT, "/v1/moderation/tools/new/state"),
        ] {
            assert_eq!(target(method, path), None, "{path}");
        }
    }
}
