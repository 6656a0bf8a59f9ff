//! `GET /`, `GET /tools/{slug}`, `GET /compare/{a}-vs-{b}`, and `GET /compare?a=&b=`, which leads to one or to a page of choices.

use std::collections::HashMap;

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::card::Card;
use super::chart::{Chart, Track};
use super::choose::{ChoosePage, Side};
use super::compare::{self, ComparePage, canonical};
use super::index::{self, Featured, IndexPage, Query};
use super::share::Share;
use super::state::{SiteState, page};
use super::tool::{Related, ToolPage, snippets};
use crate::catalog::views::history::Point;
use crate::catalog::views::{ToolWithTally, leaders};
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::web::site::history::ScoreHistory;
use crate::web::site::meta::Head;

/// The most tools that are offered by name where a pair is chosen; any other can be typed.
const MAX_CHOICES: usize = 100;

/// The comparison to begin with, and the list of tools.
///
/// # Errors
/// 422 for a sort or a cursor that is none of ours.
pub async fn get_index(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, Problem> {
    let query = Query::read(http.query_string());
    let list = state.lists.page(&state.shelf, &state.board, &query.ask()?);
    let categories = state.lists.categories(&state.shelf, &state.board);
    let pair = state.featured().filter(|_| query.plain());
    let popular = state.most_voted("", MAX_CHOICES);
    let ids = list.items.iter().map(|verdict| verdict.slot.id).collect();
    let own = state.own(&http, ids).await;
    let featured = pair.as_ref().map(|[a, b]| Featured {
        path: compare::path(a.shelved.slug.as_str(), b.shelved.slug.as_str()),
        cards: [state.card(a, &own), state.card(b, &own)],
    });
    let mut head = Head::new(
        &state.site,
        "/",
        "AI tool verdicts: what the panel says, and what everybody says · Tallyship".to_owned(),
        "Would you ship with it, or skip it? A panel's verdict on each AI tool beside the votes of the community, \
         with honest margins."
            .to_owned(),
    );
    head = head.with_feed(
        "/feeds/movers.atom".to_owned(),
        "Tools that move".to_owned(),
    );
    if !query.plain() {
        head = head.unlisted();
    }
    page(&IndexPage {
        head,
        notice: &state.pages.notice,
        featured,
        cards: list
            .items
            .iter()
            .map(|verdict| state.card(verdict, &own))
            .collect(),
        here: query.path(),
        categories: index::categories(&query, &categories),
        sorts: index::sorts(&query),
        choices: popular.iter().map(ToolWithTally::name).collect(),
        tools: categories.iter().map(|(_, tools)| tools).sum(),
        min_votes: state.board.min_votes(),
        next: list.next.map(|cursor| index::next(&query, &cursor)),
        first: index::first(&query),
        query,
    })
}

fn track<'a>(card: &Card<'a>, points: &'a [Point]) -> Track<'a> {
    Track {
        slug: card.slug,
        name: card.name,
        panel: card.figures.panel,
        points,
    }
}

/// One tool.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_tool(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<SiteState>,
) -> Result<HttpResponse, Problem> {
    let verdict = state
        .find(&slug)
        .ok_or_else(|| Problem::unknown_tool(&slug))?;
    let now = Timestamp::now();
    let own = state.own(&http, vec![verdict.slot.id]).await;
    let card = state.card(&verdict, &own);
    let near = state.most_voted(card.category, 7);
    let nobody = HashMap::new();
    let related = near
        .iter()
        .map(|other| state.card(other, &nobody))
        .filter(|other| other.slug != card.slug)
        .take(6)
        .map(|other| Related {
            path: compare::path(card.slug, other.slug),
            name: other.name,
            community: other.community,
            panel: other.panel,
        })
        .collect();
    let past = ScoreHistory::of(&state.readers, &[&verdict], state.board.min_votes(), now).await;
    let tracks = [track(&card, past.way(0))];
    let here = format!("/tools/{}", card.slug);
    let description = described(&card);
    let alternative = format!("{}. {description}", card.name);
    let share = Share::of(&format!("{}{here}", state.site), card.name, &alternative);
    let mut head = Head::new(
        &state.site,
        &here,
        format!("{}: ship or skip? · Tallyship", card.name),
        description,
    )
    .with_oembed()
    .with_picture(&format!("/preview{here}.png"), alternative)
    .with_tool(&card)
    .with_tool_feed(&card);
    if card.archived() {
        head = head.unlisted();
    }
    page(&ToolPage {
        head,
        notice: &state.pages.notice,
        category_path: index::category(card.category),
        chart: Chart::of(&tracks, past.step, state.board.min_votes(), now),
        block: &state.pages.block_file,
        min_votes: state.board.min_votes(),
        acts_path: state.acts.path(),
        snippets: snippets(&state.site, card.slug, card.name),
        related,
        share,
        here,
        card,
    })
}

/// A tool in one sentence, for a link preview.
fn described(card: &Card<'_>) -> String {
    let panel = match card.figures.panel {
        Some(_) => format!("Panel: {} ship. ", card.panel),
        None => String::new(),
    };
    let community = match card.figures.community {
        Some(_) => format!("Community: {} ship of {}.", card.community, card.total),
        None => "Be among the first to vote.".to_owned(),
    };
    let tagline = card.tagline.trim_end_matches('.');
    format!("{tagline}. {panel}{community}")
}

/// Two tools side by side.
///
/// # Errors
/// 404 `not-found` where the path names no two tools.
pub async fn get_compare(
    http: HttpRequest,
    pair: Path<String>,
    state: Data<SiteState>,
) -> Result<HttpResponse, Problem> {
    let found = state.pair(&pair);
    let [left, right] =
        &found.ok_or_else(|| Problem::new(Code::NotFound, "No such comparison."))?;
    let own = state.own(&http, vec![left.slot.id, right.slot.id]).await;
    let cards = [state.card(left, &own), state.card(right, &own)];
    let [a, b] = &cards;
    let min_votes = state.board.min_votes();
    let rows = [(&left.shelved.slug, a.row), (&right.shelved.slug, b.row)];
    let leaders = leaders(&rows, min_votes);
    let now = Timestamp::now();
    let past = ScoreHistory::of(&state.readers, &[left, right], min_votes, now).await;
    let tracks = [track(a, past.way(0)), track(b, past.way(1))];
    let chart = Chart::of(&tracks, past.step, min_votes, now);
    let title = format!("{} vs {}", a.name, b.name);
    let popular = state.most_voted("", MAX_CHOICES);
    let near = state.most_voted(a.category, 8);
    let related = near
        .iter()
        .filter(|other| ![left.slot.id, right.slot.id].contains(&other.slot.id))
        .take(6)
        .enumerate()
        .map(|(position, other)| {
            let side = if position % 2 == 0 { a } else { b };
            (
                compare::path(side.slug, other.shelved.slug.as_str()),
                format!("{} vs {}", side.name, other.shelved.tool.name),
            )
        })
        .collect();
    let sentence = format!(
        "{title}, side by side. Panel: {} and {}. Community: {} and {}.",
        a.panel, b.panel, a.community, b.community
    );
    let address = canonical(a.slug, b.slug);
    let share = Share::of(&format!("{}{address}", state.site), &title, &sentence);
    let head = Head::new(
        &state.site,
        &address,
        format!("{title} · Tallyship"),
        sentence.clone(),
    )
    .with_oembed()
    .with_picture(
        &format!("/preview{address}.png"),
        format!("{} {sentence}", compare::community_words(&cards, &leaders)),
    )
    .with_tool_feed(a)
    .with_tool_feed(b);
    page(&ComparePage {
        head,
        notice: &state.pages.notice,
        here: format!("/compare/{pair}"),
        block: &state.pages.block_file,
        leaders,
        chart,
        min_votes,
        acts_path: state.acts.path(),
        choices: popular.iter().map(ToolWithTally::name).collect(),
        related,
        share,
        cards,
    })
}

/// Leads to the comparison of `a` and `b`, each a slug or a name: 303. If they do not name two tools: a page of choices.
///
/// # Errors
/// None that a visitor can cause.
pub async fn get_pair(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, Problem> {
    let asked = ["a", "b"].map(|name| {
        request::query(http.query_string(), name)
            .map(|value| value.trim().to_owned())
            .unwrap_or_default()
    });
    let by_name = |text: &str| {
        let lower = text.to_lowercase();
        let all = state.shelf.all().into_iter();
        all.filter(|shelved| shelved.tool.name.to_lowercase() == lower)
            .find_map(|shelved| state.find(shelved.slug.as_str()))
    };
    let [a, b] = asked
        .each_ref()
        .map(|text| state.find(text).or_else(|| by_name(text)));
    let slug = |tool: &ToolWithTally| tool.shelved.slug.as_str().to_owned();
    let [left, right] = [&a, &b].map(|tool| tool.as_ref().map(slug));
    let same = left.is_some() && left == right;
    if let (Some(left), Some(right), false) = (left, right, same) {
        return Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, compare::path(&left, &right)))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish());
    }
    let [left, right] = &asked;
    let mut sides = [
        Side::of(&state, ("a", "First tool"), left, a, MAX_CHOICES),
        Side::of(&state, ("b", "Second tool"), right, b, MAX_CHOICES),
    ];
    let [first, second] = &mut sides;
    // The other side's tool is no choice.
    second.options.retain(|tool| !first.is_chosen(tool));
    first.options.retain(|tool| !second.is_chosen(tool) || same);
    if same {
        second.chosen = None;
        "Both names are of one tool. Choose another.".clone_into(&mut second.reason);
    }
    let advice = "Choose two tools to compare.".to_owned();
    let title = "Choose two tools · Tallyship".to_owned();
    page(&ChoosePage {
        head: Head::new(&state.site, "/compare", title, advice).unlisted(),
        notice: &state.pages.notice,
        sides,
        min_votes: state.board.min_votes(),
    })
}
