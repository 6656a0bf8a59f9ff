//! `/robots.txt`, `/sitemap.xml` and `/favicon.ico`: what search engines and browsers look for by themselves.

use std::fmt::Write as _;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use url::Url;

use super::state::SiteState;
use crate::domain::ToolState;
use crate::tallies::cache::etag;
use crate::tallies::routes::cached;

/// The most addresses of one sitemap, by sitemaps.org.
const MAX_ADDRESSES: usize = 50_000;
const FAVICON: &[u8] = include_bytes!("../kit/assets/favicon.ico");

/// A file that caches keep for an hour.
pub(super) fn public(http: &HttpRequest, body: Bytes, kind: &'static str) -> HttpResponse {
    let tag = etag(&body);
    let mut answer = cached(http.headers(), body, tag);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    answer
}

/// What crawlers may read: everything but the moderators' pages. A feed counts as a sitemap of what changed last.
pub async fn get_robots(http: HttpRequest, state: Data<SiteState>) -> HttpResponse {
    let path = Url::parse(&state.site).map_or(String::new(), |site| site.path().to_owned());
    let text = format!(
        "User-agent: *\nDisallow: {path}/moderation\n\nSitemap: {site}/sitemap.xml\nSitemap: {site}/feeds/movers.atom\n",
        path = path.trim_end_matches('/'),
        site = state.site
    );
    public(&http, text.into(), "text/plain; charset=utf-8")
}

/// The first page and the page of each tool that is not archived.
pub async fn get_sitemap(http: HttpRequest, state: Data<SiteState>) -> HttpResponse {
    let site = &state.site;
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n<url><loc>{site}/</loc></url>\n"
    );
    let listed = state.shelf.all().into_iter().filter(|tool| {
        let slot = state.board.get(tool.id);
        slot.is_some_and(|slot| slot.tally().row.state != ToolState::Archived)
    });
    for tool in listed.take(MAX_ADDRESSES - 1) {
        let _ = writeln!(xml, "<url><loc>{site}/tools/{}</loc></url>", tool.slug);
    }
    xml.push_str("</urlset>\n");
    public(&http, xml.into(), "application/xml; charset=utf-8")
}

/// The site's icon for those who ask for this name.
pub async fn get_favicon(http: HttpRequest) -> HttpResponse {
    public(&http, Bytes::from_static(FAVICON), "image/x-icon")
}
