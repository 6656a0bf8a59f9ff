//! The page of two tools side by side: who leads, both intervals on one scale, both lines in one chart, another pair.

use askama::Template;

use super::card::Card;
use super::chart::Chart;
use crate::catalog::views::leaders;
use crate::domain::Slug;
use crate::web::kit::format::{Lead, community_lead, panel_lead};
use crate::web::site::meta::Head;

/// The comparison of two tools.
#[derive(Template)]
#[template(path = "compare.html")]
pub struct ComparePage<'a> {
    pub head: Head,
    pub notice: &'a str,
    /// This page's path: where a form comes back to.
    pub here: String,
    pub cards: [Card<'a>; 2],
    pub panel: Lead<'a>,
    pub community: Lead<'a>,
    pub chart: Chart<'a>,
    pub min_votes: i64,
    /// Tools to choose another pair from: some of the most voted.
    pub choices: Vec<&'a str>,
    pub related: Vec<(String, String)>,
}

impl ComparePage<'_> {
    #[must_use]
    pub fn panel_words(&self) -> String {
        panel_lead(self.panel)
    }

    #[must_use]
    pub fn community_words(&self) -> String {
        community_lead(self.community)
    }
}

/// Who leads, by panel and by community.
#[must_use]
pub fn leads<'a>(slugs: [&Slug; 2], cards: &[Card<'a>; 2], min_votes: i64) -> [Lead<'a>; 2] {
    let [a, b] = cards;
    let [left, right] = slugs;
    let found = leaders(&[(left, a.row), (right, b.row)], min_votes);
    let lead = |leader: Option<&Slug>, known: bool| match leader {
        Some(slug) if slug == left => Lead::Leads(a.name),
        Some(_) => Lead::Leads(b.name),
        None if known => Lead::Close,
        None => Lead::Unknown,
    };
    [
        lead(
            found.panel,
            a.figures.panel.is_some() && b.figures.panel.is_some(),
        ),
        lead(found.community, a.known() && b.known()),
    ]
}

/// Every way to read `a-vs-b`: a slug may hold `-vs-` itself.
pub fn split(pair: &str) -> impl Iterator<Item = (&str, &str)> {
    pair.match_indices("-vs-")
        .filter_map(|(at, found)| Some((pair.get(..at)?, pair.get(at + found.len()..)?)))
}

/// The path of a comparison.
#[must_use]
pub fn path(a: &str, b: &str) -> String {
    format!("/compare/{a}-vs-{b}")
}

/// The one path of a pair, whichever way round it was asked for.
#[must_use]
pub fn canonical(a: &str, b: &str) -> String {
    path(a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_pair_may_be_read_in_several_ways() {
        assert_eq!(split("a-vs-b").collect::<Vec<_>>(), [("a", "b")]);
        assert_eq!(
            split("a-vs-b-vs-c").collect::<Vec<_>>(),
            [("a", "b-vs-c"), ("a-vs-b", "c")]
        );
        assert_eq!(split("a-b").count(), 0);
    }
}
