//! A refusal as a page, for whoever came with a browser: the same status and headers, other words.
//!
//! `server` asks it about every refusal at an address of the pages; whoever does not ask for HTML keeps the problem.

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};
use askama::Template;

use super::state::{SiteState, guard};
use crate::http::problem::{Code, Problem};
use crate::web::site::meta::Head;

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    head: Head,
    notice: &'a str,
    title: &'static str,
    /// What to do about it.
    advice: String,
    detail: &'a str,
    status: u16,
    min_votes: i64,
}

/// Whether the caller would rather read HTML: a browser that goes to an address, not a script that asks for data.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

/// Says `problem` as a page, in the place of `answer`, whose status and headers stay.
pub fn page(state: &SiteState, problem: &Problem, mut answer: HttpResponse) -> HttpResponse {
    let (title, advice) = words(problem);
    let page = RefusalPage {
        head: Head::new(&state.site, "/", title.to_owned(), advice.clone()).unlisted(),
        notice: &state.pages.notice,
        title,
        advice,
        detail: problem.detail(),
        status: problem.code.status(),
        min_votes: state.board.min_votes(),
    };
    let Ok(html) = page.render() else {
        return answer;
    };
    let headers = answer.headers_mut();
    guard(headers);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.append(VARY, HeaderValue::from_static("Accept"));
    answer.set_body(html).map_into_boxed_body()
}

fn words(problem: &Problem) -> (&'static str, String) {
    let (title, advice) = match problem.code {
        Code::UnknownTool => (
            "That tool is not here",
            "It may have another name now. Search for it, or begin with the list.",
        ),
        Code::NotFound => (
            "There is no such page",
            "The address may be mistyped, or the page has moved.",
        ),
        Code::Frozen => (
            "Voting is frozen",
            "This tool takes no votes at the moment. What was counted stays.",
        ),
        Code::Archived => (
            "Voting has ended",
            "This tool is archived. What was counted stays.",
        ),
        Code::RateLimited => (
            "That was a little fast",
            "Nothing was lost. Wait a moment, go back, and vote again.",
        ),
        Code::ChallengeRequired => (
            "One more check is needed",
            "With JavaScript your browser does it by itself, in a moment. Without, come back later.",
        ),
        Code::OriginRefused => (
            "This address takes no votes",
            "Votes are taken under the site's own address only. If this is your site: its address for browsers is the setting \
             TALLYSHIP_HTTP__PUBLIC_URL.",
        ),
        Code::Unavailable | Code::Overloaded | Code::Internal => (
            "Not this time",
            "Something on our side did not answer. Your vote was not counted; please try again.",
        ),
        Code::MethodNotAllowed => (
            "Nothing to see here",
            "This address takes votes and shows nothing. The tools are on the first page.",
        ),
        _ => (
            "That could not be read",
            "The address or the form holds something that we do not know.",
        ),
    };
    (title, advice.to_owned())
}
