//! `GET /badge/{slug}.svg`, `GET /v1/tools/{slug}/badge.json`, `GET /oembed`, `GET` and `POST /embed/{slug}`, and the
//! widget's files below `/embed/`.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, VARY,
};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use bytes::Bytes;
use url::Url;

use super::Figures;
use super::badge::{Badge, Shield};
use super::frame::{FrameCard, FramePage, NothingPage, Wanted, wants_html};
use super::oembed::{self, Format};
use super::script::Assets;
use crate::identity::origin::Origins;
use crate::pages::{form, routes as pages};
use crate::problem::{Code, Problem};
use crate::request;
use crate::tallies::board::etag;
use crate::tallies::routes::cached;
use crate::verdicts::Verdict;
use crate::vocabulary::Slug;

/// Pictures are asked for by image proxies, who keep them a little longer than a page keeps a tally.
const BADGE_CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=60, stale-while-revalidate=600");
const OEMBED_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// A new version reaches every page within five minutes, and a page never waits for one.
const SCRIPT_CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml; charset=utf-8");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");
const CONTENT_POLICY: HeaderName = HeaderName::from_static("content-security-policy");
/// Opened by itself, a badge is a page: it may draw itself and nothing else.
const BADGE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Pages that isolate themselves load only what says this.
const ANY_SITE: HeaderValue = HeaderValue::from_static("cross-origin");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const REFERRER: HeaderValue = HeaderValue::from_static("strict-origin-when-cross-origin");

/// What this room works with.
pub struct State {
    pub pages: Data<pages::State>,
    pub form: Data<form::State>,
    pub assets: Assets,
    /// How browsers reach us, with a slash at its end.
    pub public_url: Url,
    /// The iframe page's content policy: framed by allowed sites only.
    pub frame_policy: HeaderValue,
}

/// The content policy of the iframe page: ours alone, framed by us and by the allow-list.
#[must_use]
pub fn frame_policy(origins: &Origins) -> HeaderValue {
    let mut ancestors = String::from("'self'");
    for origin in origins.listed() {
        ancestors.push(' ');
        ancestors.push_str(origin);
    }
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    );
    // Origins were parsed as addresses, so they are header text; were one not, nobody would frame the page.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(
        "default-src 'none'; frame-ancestors 'none'",
    ))
}

impl State {
    fn find(&self, slug: &str) -> Result<Verdict, Problem> {
        Verdict::find(&self.pages.shelf, &self.pages.board, slug)
            .ok_or_else(|| Problem::unknown_tool(slug))
    }

    /// The iframe page of `slug` as it stands, with something to say where `said` holds it.
    async fn draw(
        &self,
        http: &HttpRequest,
        slug: &str,
        wanted: &Wanted,
        said: Option<String>,
    ) -> Result<Bytes, Problem> {
        let mut verdicts = vec![self.find(slug)?];
        let other = wanted
            .compare
            .as_ref()
            .filter(|other| other.as_str() != slug);
        if let Some(other) = other {
            verdicts.push(self.find(other.as_str())?);
        }
        let ids = verdicts.iter().map(|verdict| verdict.slot.id).collect();
        let own = self.pages.own(http, ids).await;
        let known = self.pages.identity.presented(http.headers()).is_some();
        let cards: Vec<_> = verdicts
            .iter()
            .map(|verdict| FrameCard {
                figures: Figures::of(verdict, self.pages.board.min_votes()),
                own: own.get(&verdict.slot.id).copied(),
            })
            .collect();
        let names: Vec<_> = cards.iter().map(|card| card.figures.name).collect();
        let page = FramePage {
            title: format!("{}: ship or skip?", names.join(" vs ")),
            wanted,
            here: wanted.path(slug, false),
            more: match other {
                Some(other) => format!("/compare/{slug}-vs-{other}"),
                None => format!("/tools/{slug}"),
            },
            said,
            forgetful: wanted.first && !known,
            cards,
        };
        rendered(&page)
    }

    fn page(&self, status: StatusCode, html: Bytes) -> HttpResponse {
        let mut answer = HttpResponse::new(status);
        self.dress(answer.headers_mut());
        answer.set_body(html).map_into_boxed_body()
    }

    fn dress(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HTML);
        headers.insert(CACHE_CONTROL, PRIVATE);
        headers.insert(CONTENT_POLICY, self.frame_policy.clone());
        headers.insert(REFERRER_POLICY, REFERRER);
        headers.insert(RESOURCE_POLICY, ANY_SITE);
    }

    /// A refusal as the page that a person sees instead of JSON: same status, same headers.
    fn refusal(&self, problem: &Problem, html: Bytes) -> HttpResponse {
        let mut answer = problem.error_response().set_body(BoxBody::new(html));
        self.dress(answer.headers_mut());
        answer
    }
}

fn rendered(template: &impl Template) -> Result<Bytes, Problem> {
    template.render().map(Bytes::from).map_err(|cause| {
        tracing::error!(%cause, "an embed could not be drawn");
        Problem::internal()
    })
}

/// A public answer for other sites' pages, or 304.
fn public(http: &HttpRequest, body: Bytes, kind: HeaderValue, cache: HeaderValue) -> HttpResponse {
    let tag = etag(&body);
    let mut answer = cached(http.headers(), body, tag);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, cache);
    headers.insert(RESOURCE_POLICY, ANY_SITE);
    answer
}

/// The picture of panel and community.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_badge(http: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let verdict = state.find(request::slug(&http))?;
    let badge = Badge::of(&Figures::of(&verdict, state.pages.board.min_votes()));
    let mut answer = public(&http, rendered(&badge)?, SVG, BADGE_CACHE);
    answer.headers_mut().insert(CONTENT_POLICY, BADGE_POLICY);
    Ok(answer)
}

/// The same for shields.io.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_shield(http: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let verdict = state.find(request::slug(&http))?;
    let shield = Shield::of(&Figures::of(&verdict, state.pages.board.min_votes()));
    let body = serde_json::to_vec(&shield).unwrap_or_default().into();
    Ok(public(
        &http,
        body,
        HeaderValue::from_static("application/json"),
        BADGE_CACHE,
    ))
}

/// What a consumer of oEmbed pastes.
///
/// # Errors
/// 422 naming the parameter; 404 `not-found` for what is not ours.
pub async fn get_oembed(http: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let asked = oembed::Request::read(http.query_string())?;
    let origins = &state.pages.identity.origins;
    let own = |origin: &str| origins.is_own(origin);
    let (shelf, board) = (&state.pages.shelf, &state.pages.board);
    let rich = oembed::answer(&asked, own, &state.public_url, shelf, board)?;
    let (body, kind) = match asked.format {
        Format::Json => (
            serde_json::to_vec(&rich).unwrap_or_default().into(),
            HeaderValue::from_static("application/json"),
        ),
        Format::Xml => (rendered(&rich)?, XML),
    };
    Ok(public(&http, body, kind, OEMBED_CACHE))
}

/// A file of the widget; compressed for who takes it so.
///
/// # Errors
/// 404 `not-found`.
pub async fn get_asset(http: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let name = http.match_info().get("file").unwrap_or_default();
    let found = state
        .assets
        .find(name)
        .ok_or_else(|| Problem::new(Code::NotFound, "There is no such file."))?;
    let gzip = found
        .asset
        .gzip
        .as_ref()
        .filter(|_| takes_gzip(http.headers()));
    let sent = gzip.unwrap_or(&found.asset.plain);
    let mut answer = cached(http.headers(), sent.body.clone(), sent.etag.clone());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(found.asset.kind));
    headers.insert(
        CACHE_CONTROL,
        if found.immutable {
            FOR_EVER
        } else {
            SCRIPT_CACHE
        },
    );
    headers.insert(RESOURCE_POLICY, ANY_SITE);
    if found.asset.gzip.is_some() {
        headers.append(VARY, BY_ENCODING);
    }
    if gzip.is_some() {
        headers.insert(CONTENT_ENCODING, GZIP);
    }
    Ok(answer)
}

/// Whether `Accept-Encoding` names gzip and does not weigh it with nothing (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|item| item.split(';').map(str::trim))
        .any(|mut parts| {
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            let nothing =
                parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            named && !nothing
        })
}

/// The page for an iframe.
///
/// # Errors
/// 404 `unknown-tool`; a page for browsers, a problem document for everybody else.
pub async fn get_frame(http: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::read(http.query_string());
    match state.draw(&http, request::slug(&http), &wanted, None).await {
        Ok(html) => Ok(state.page(StatusCode::OK, html)),
        Err(problem) if wants_html(http.headers()) => {
            let html = rendered(&NothingPage {
                said: problem.detail(),
            })?;
            Ok(state.refusal(&problem, html))
        }
        Err(problem) => Err(problem),
    }
}

/// A vote by the iframe page's form: 303, back to the page.
///
/// # Errors
/// As the contract's order of checks says; a browser gets the page again, with the refusal in words.
pub async fn post_frame(
    http: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let slug = request::slug(&http);
    match form::take(&http, payload, slug, &state.form).await {
        Ok(taken) => {
            let wanted = came_from(taken.back.as_deref().unwrap_or_default());
            let (page, wanted) = wanted.unwrap_or_else(|| (slug.to_owned(), Wanted::default()));
            let path = wanted.path(&page, taken.new_token.is_some());
            Ok(form::see(
                &state.pages.identity,
                &path,
                taken.new_token.as_deref(),
            ))
        }
        Err(problem) if wants_html(http.headers()) => {
            let said = Some(problem.detail().to_owned());
            let html = match state.draw(&http, slug, &Wanted::default(), said).await {
                Ok(html) => html,
                Err(_nothing) => rendered(&NothingPage {
                    said: problem.detail(),
                })?,
            };
            Ok(state.refusal(&problem, html))
        }
        Err(problem) => Err(problem),
    }
}

/// The iframe page that a form's `back` names: its tool, and what else was wanted.
fn came_from(back: &str) -> Option<(String, Wanted)> {
    let (slug, query) = back.split_once('?').unwrap_or((back, ""));
    let slug = Slug::parse(slug.strip_prefix("/embed/")?)?;
    Some((slug.to_string(), Wanted::read(query)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_named() {
        for (line, taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.8", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(line));
            assert_eq!(takes_gzip(&headers), taken, "{line:?}");
        }
    }

    #[test]
    fn a_form_comes_back_to_an_iframe_page_only() {
        assert!(
            came_from("/embed/a?compare=b&x=1")
                .is_some_and(|(slug, wanted)| slug == "a" && wanted.compare.is_some())
        );
        for foreign in [
            "",
            "/",
            "/compare/a-vs-b",
            "/embed/",
            "/embed/a/b",
            "/embed/tallyship.js",
        ] {
            assert!(came_from(foreign).is_none(), "{foreign}");
        }
    }

    #[test]
    fn only_listed_sites_frame_the_page() {
        let url = Url::parse("https://votes.example").expect("url");
        let listed = [
            "https://b.example".to_owned(),
            "https://a.example".to_owned(),
        ];
        let policy = frame_policy(&Origins::new(&url, &listed));
        assert!(
            policy
                .to_str()
                .expect("text")
                .ends_with("frame-ancestors 'self' https://a.example https://b.example")
        );
        let alone = frame_policy(&Origins::new(&url, &[]));
        assert!(
            alone
                .to_str()
                .expect("text")
                .ends_with("frame-ancestors 'self'")
        );
    }
}
