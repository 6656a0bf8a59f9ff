//! `GET` and `POST /embed/{slug}`: the page inside an iframe, and the vote by its form.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use bytes::Bytes;

use super::{EmbedParams, FrameCard, FramePage, NothingPage, came_from};
use crate::auth::origin::Origins;
use crate::http::problem::Problem;
use crate::web::embed::Figures;
use crate::web::embed::routes::{ANY_SITE, CONTENT_POLICY, EmbedState, RESOURCE_POLICY, rendered};
use crate::web::embed::words::Language;
use crate::web::site::form;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const EMBEDDER_POLICY: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");
/// A page that isolates itself frames only pages that do so too. This one loads nothing from elsewhere.
const OWN_RESOURCES: HeaderValue = HeaderValue::from_static("require-corp");
const REFERRER: HeaderValue = HeaderValue::from_static("strict-origin-when-cross-origin");

/// The content policy of the iframe page: ours alone, framed by us and by the allow-list.
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

impl EmbedState {
    /// The iframe page of `slug` as it stands, with something to say where `said` holds it.
    async fn draw(
        &self,
        http: &HttpRequest,
        slug: &str,
        wanted: &EmbedParams,
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
            words: Language::of(wanted.lang.as_deref().unwrap_or_default()),
            wanted,
            here: wanted.path(slug, false),
            more: match other {
                Some(other) => format!("/compare/{slug}-vs-{other}"),
                None => format!("/tools/{slug}"),
            },
            said,
            known,
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
        headers.insert(EMBEDDER_POLICY, OWN_RESOURCES);
    }

    /// A refusal as the page that a person sees instead of JSON: same status, same headers.
    fn refusal(&self, problem: &Problem, html: Bytes) -> HttpResponse {
        let mut answer = problem.error_response().set_body(BoxBody::new(html));
        self.dress(answer.headers_mut());
        answer
    }
}

/// Whether a person's browser is asking for a page.
fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .filter_map(|line| line.to_str().ok())
        .any(|line| line.contains("text/html"))
}

/// The page for an iframe.
///
/// # Errors
/// 404 `unknown-tool`; a page for browsers, a problem document for everybody else.
pub async fn get_frame(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let wanted = EmbedParams::read(http.query_string());
    match state.draw(&http, &slug, &wanted, None).await {
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
/// In the order of checks of `docs/api.md`; a browser gets the page again, with the refusal in words.
pub async fn post_frame(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let slug = slug.as_str();
    match form::take(&http, payload, slug, &state.votes).await {
        Ok(taken) => {
            let wanted = came_from(taken.back.as_deref().unwrap_or_default());
            let (page, wanted) =
                wanted.unwrap_or_else(|| (slug.to_owned(), EmbedParams::default()));
            let path = wanted.path(&page, taken.new_token.is_some());
            Ok(form::see(
                &state.pages.identity,
                &path,
                taken.new_token.as_deref(),
            ))
        }
        Err(problem) if wants_html(http.headers()) => {
            let said = Some(problem.detail().to_owned());
            let html = match state.draw(&http, slug, &EmbedParams::default(), said).await {
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

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

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
