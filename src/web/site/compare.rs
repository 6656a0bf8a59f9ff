//! The page of two tools side by side: who leads, the votes, a scorecard by reviewer, both lines in one
//! chart, another pair.

use askama::Template;

use super::card::Card;
use super::chart::Chart;
use super::share::Share;
use crate::catalog::Review;
use crate::catalog::views::Leaders;
use crate::domain::Slug;
use crate::web::kit::format::{Lead, apart, community_lead, panel_lead};
use crate::web::site::meta::Head;

/// The comparison of two tools.
#[derive(Template)]
#[template(path = "compare.html")]
pub struct ComparePage<'a> {
    pub head: Head,
    pub notice: &'a str,
    /// The site's own block of HTML; empty if there is none.
    pub block: &'a str,
    /// This page's path: where a form comes back to.
    pub here: String,
    pub cards: [Card<'a>; 2],
    pub leaders: Leaders<'a>,
    pub chart: Chart<'a>,
    pub min_votes: i64,
    /// Where the acts of moderators are listed for everybody; empty if nowhere.
    pub acts_path: &'static str,
    /// Tools to choose another pair from: some of the most voted.
    pub choices: Vec<&'a str>,
    pub related: Vec<(String, String)>,
    pub share: Share,
}

/// A reviewer's row of the scorecard: what they say of the left tool, and of the right one.
pub struct ScoreRow<'a> {
    pub reviewer: &'a str,
    pub cells: [ScoreCell<'a>; 2],
}

/// What one reviewer says of one tool; `None` if they have not reviewed it.
pub struct ScoreCell<'a> {
    pub tool: &'a str,
    pub review: Option<&'a Review>,
}

fn lead<'a>(cards: &[Card<'a>; 2], leader: Option<&Slug>, known: bool) -> Lead<'a> {
    let led = |card: &&Card<'_>| leader.is_some_and(|slug| slug.as_str() == card.slug);
    match cards.iter().find(led) {
        Some(card) => Lead::Leads(card.name),
        None if known => Lead::Close,
        None => Lead::Unknown,
    }
}

/// Who leads with the panel, as a sentence.
pub fn panel_words(cards: &[Card<'_>; 2], leaders: &Leaders<'_>) -> String {
    let known = cards.iter().all(|card| card.figures.panel.is_some());
    panel_lead(lead(cards, leaders.panel, known))
}

/// Who leads with the community, as a sentence.
pub fn community_words(cards: &[Card<'_>; 2], leaders: &Leaders<'_>) -> String {
    let known = cards.iter().all(Card::known);
    community_lead(lead(cards, leaders.community, known))
}

impl<'a> ComparePage<'a> {
    pub fn panel_words(&self) -> String {
        panel_words(&self.cards, &self.leaders)
    }

    pub fn community_words(&self) -> String {
        community_words(&self.cards, &self.leaders)
    }

    /// The longest sentence that may stand in the place of [`Self::community_words`] while somebody looks.
    pub fn longest_lead(&self) -> String {
        let leads = self.cards.iter().map(|card| Lead::Leads(card.name));
        leads
            .chain([Lead::Close])
            .map(community_lead)
            .max_by_key(|words| words.chars().count())
            .unwrap_or_default()
    }

    pub fn apart(&self) -> String {
        let [left, right] = &self.cards;
        let counts = |card: &Card<'_>| (card.row.ship, card.row.skip);
        apart(counts(left), counts(right), self.min_votes)
    }

    /// Whether the community prefers the tool.
    pub fn is_community_choice(&self, card: &Card<'_>) -> bool {
        let leader = self.leaders.community;
        leader.is_some_and(|slug| slug.as_str() == card.slug)
    }

    /// Whether the panel prefers the tool.
    pub fn is_panel_choice(&self, card: &Card<'_>) -> bool {
        let leader = self.leaders.panel;
        leader.is_some_and(|slug| slug.as_str() == card.slug)
    }

    /// A row a reviewer, in the left tool's order; whoever reviewed only one of the two comes last.
    pub fn scorecard(&self) -> Vec<ScoreRow<'a>> {
        let [left, right] = &self.cards;
        let mut unmatched: Vec<&Review> = right.reviews.iter().collect();
        let (mut both, mut one) = (Vec::new(), Vec::new());
        let row = |mine: Option<&'a Review>, theirs: Option<&'a Review>| ScoreRow {
            reviewer: mine.or(theirs).map_or("", |review| &review.reviewer),
            cells: [(left, mine), (right, theirs)].map(|(card, review)| ScoreCell {
                tool: card.name,
                review,
            }),
        };
        for mine in left.reviews {
            let same = |theirs: &&Review| theirs.reviewer == mine.reviewer;
            match unmatched.iter().position(same) {
                Some(at) => both.push(row(Some(mine), Some(unmatched.remove(at)))),
                None => one.push(row(Some(mine), None)),
            }
        }
        one.extend(unmatched.into_iter().map(|theirs| row(None, Some(theirs))));
        both.append(&mut one);
        both
    }
}

/// Every way to read `a-vs-b`: a slug may hold `-vs-` itself.
pub fn split(pair: &str) -> impl Iterator<Item = (&str, &str)> {
    pair.match_indices("-vs-")
        .filter_map(|(at, found)| Some((pair.get(..at)?, pair.get(at + found.len()..)?)))
}

/// The path of a comparison.
pub fn path(a: &str, b: &str) -> String {
    format!("/compare/{a}-vs-{b}")
}

/// The one path of a pair, whichever way round it was asked for.
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
