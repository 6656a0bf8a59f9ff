//! `GET /compare?a=&b=`: leads to the comparison of two tools, or says why it cannot and what could be meant.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::compare;
use super::meta::Head;
use super::state::{SiteState, page};
use crate::catalog::views::ToolWithTally;
use crate::http::problem::Problem;
use crate::http::request;

/// The most tools that are offered for one text.
const MAX_OFFERS: usize = 8;

/// One of the two tools, as the visitor typed it.
struct Side {
    text: String,
    /// What it names, or could name.
    tools: Vec<ToolWithTally>,
    /// The text is a slug or a name, or finds one tool only.
    exact: bool,
}

/// A tool that could be meant, and where choosing it leads.
pub struct Offer<'a> {
    pub name: &'a str,
    pub path: String,
}

/// What is wrong with a side, and what to choose instead.
pub struct Doubt<'a> {
    pub said: String,
    pub offers: Vec<Offer<'a>>,
}

/// The page that asks again.
#[derive(Template)]
#[template(path = "pair_page.html")]
struct PairPage<'a> {
    head: Head,
    notice: &'a str,
    min_votes: i64,
    doubts: Vec<Doubt<'a>>,
    choices: Vec<&'a str>,
    typed: [&'a str; 2],
}

impl Side {
    fn read(http: &HttpRequest, state: &SiteState, name: &str) -> Self {
        let text = request::query(http.query_string(), name)
            .map(|value| value.trim().to_owned())
            .unwrap_or_default();
        let lower = text.to_lowercase();
        let named = state
            .shelf
            .all()
            .into_iter()
            .find(|tool| tool.tool.name.to_lowercase() == lower);
        let slug = named.map_or_else(|| text.clone(), |tool| tool.slug.to_string());
        let (tools, exact) = match state.find(&slug) {
            Some(tool) => (vec![tool], true),
            None if text.is_empty() => (Vec::new(), false),
            None => {
                let tools = state.matching(&text, MAX_OFFERS);
                let exact = tools.len() == 1;
                (tools, exact)
            }
        };
        Self { text, tools, exact }
    }

    fn tool(&self) -> Option<&ToolWithTally> {
        self.tools.first().filter(|_| self.exact)
    }

    /// What is wrong with this side; `path` leads to the choice of a slug for it.
    fn doubt(&self, which: &str, path: impl Fn(&str) -> String) -> Option<Doubt<'_>> {
        if self.exact {
            return None;
        }
        let said = match (self.text.as_str(), self.tools.len()) {
            ("", _) => format!("The {which} tool is missing."),
            (text, 0) => format!("No tool is called “{text}”."),
            (text, _) => format!("“{text}” could be:"),
        };
        let offers = self.tools.iter().map(|tool| Offer {
            name: tool.name(),
            path: path(tool.shelved.slug.as_str()),
        });
        Some(Doubt {
            said,
            offers: offers.collect(),
        })
    }
}

/// Leads to the comparison of `a` and `b`, each a slug, a name or a part of one: 303. Otherwise a page that says why not.
///
/// # Errors
/// 500 if the page cannot be rendered.
pub async fn get_pair(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, Problem> {
    let [a, b] = ["a", "b"].map(|name| Side::read(&http, &state, name));
    let slug = |side: &Side| side.tool().map(|tool| tool.shelved.slug.to_string());
    let found = [slug(&a), slug(&b)];
    if let [Some(one), Some(other)] = &found
        && one != other
    {
        return Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, compare::path(one, other)))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish());
    }
    let address = |one: &str, other: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("a", one).append_pair("b", other);
        format!("/compare?{}", query.finish())
    };
    let mut doubts: Vec<Doubt<'_>> = [
        a.doubt("first", |slug| address(slug, &b.text)),
        b.doubt("second", |slug| address(&a.text, slug)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if doubts.is_empty() {
        doubts.push(Doubt {
            said: "Both are the same tool.".to_owned(),
            offers: Vec::new(),
        });
    }
    let popular = state.most_voted("", super::routes::MAX_CHOICES);
    page(&PairPage {
        head: Head::new(
            &state.site,
            "/compare",
            "Compare two tools · Tallyship".to_owned(),
            "Choose two tools to compare.".to_owned(),
        )
        .unlisted(),
        notice: &state.pages.notice,
        min_votes: state.board.min_votes(),
        doubts,
        choices: popular.iter().map(ToolWithTally::name).collect(),
        typed: [&a.text, &b.text],
    })
}
