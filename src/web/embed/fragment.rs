//! The numbers of one tool or two as a piece of HTML that a site's server puts into its own page: no script, no style, no form.
//!
//! `routes` draws it. Its words are those of the widget (`clients/widget/src/words.ts`), so that both may stand on one page.

use askama::Template;

use super::Figures;
use crate::http::request;
use crate::tallies::DASH;
use crate::web::kit::format::grouped;

/// A language that the words exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    German,
}

impl Language {
    /// Reads `lang`; any other language gets English, and the piece says so.
    pub fn read(query: &str) -> Self {
        let wanted = request::query(query, "lang").unwrap_or_default();
        let primary = wanted.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("de") {
            Self::German
        } else {
            Self::English
        }
    }

    pub fn lang(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub fn panel(self) -> &'static str {
        match self {
            Self::English => "Panel",
            Self::German => "Jury",
        }
    }

    pub fn community(self) -> &'static str {
        "Community"
    }

    fn percent(self, percent: i64) -> String {
        match self {
            Self::English => format!("{percent}%"),
            Self::German => format!("{percent}\u{a0}%"),
        }
    }

    fn votes(self, count: i64) -> String {
        match (self, count) {
            (Self::English, 1) => "1 vote".to_owned(),
            (Self::English, _) => format!("{} votes", grouped(count)),
            (Self::German, 1) => "1 Stimme".to_owned(),
            (Self::German, _) => format!("{} Stimmen", grouped(count).replace(',', ".")),
        }
    }
}

/// One tool of the piece, every number as a reader meets it.
pub struct FragmentCard<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub version: i64,
    pub panel: String,
    pub panel_note: String,
    pub community: String,
    pub community_note: String,
}

impl<'a> FragmentCard<'a> {
    pub fn of(figures: &Figures<'a>, version: i64, words: Language) -> Self {
        let dash = || DASH.to_owned();
        let votes = words.votes(figures.votes);
        let community_note = match (words, figures.community) {
            (Language::English, Some((_, [low, high]))) => {
                format!("{votes}, likely {low}% to {high}%")
            }
            (Language::German, Some((_, [low, high]))) => {
                format!("{votes}, wohl {low} bis {high}\u{a0}%")
            }
            (Language::English, None) => format!("{votes}, too few for a figure"),
            (Language::German, None) => format!("{votes}, noch zu wenige"),
        };
        let panel_note = match (words, figures.panel) {
            (Language::English, Some(panel)) => {
                format!("{} of {} ship", panel.ship, panel.reviewers)
            }
            (Language::German, Some(panel)) => {
                format!("{} von {} für Ship", panel.ship, panel.reviewers)
            }
            (Language::English, None) => "no verdict".to_owned(),
            (Language::German, None) => "kein Urteil".to_owned(),
        };
        Self {
            slug: figures.slug,
            name: figures.name,
            version,
            panel: figures
                .panel
                .map_or_else(dash, |panel| words.percent(panel.percent)),
            panel_note,
            community: figures
                .community
                .map_or_else(dash, |(percent, _)| words.percent(percent)),
            community_note,
        }
    }
}

/// The piece of HTML.
#[derive(Template)]
#[template(path = "fragment.html")]
pub struct Fragment<'a> {
    /// Where browsers reach the site, without a slash at its end: the piece stands on another site.
    pub site: &'a str,
    pub words: Language,
    pub cards: Vec<FragmentCard<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::embed::tests::figures;

    #[test]
    fn numbers_are_written_as_the_language_does() {
        let card = |community, votes, words| {
            let card = FragmentCard::of(&figures(community, votes), 1, words);
            (card.community, card.community_note)
        };
        let score = Some((87, [62, 97]));
        assert_eq!(
            card(score, 1500, Language::English),
            (
                "87%".to_owned(),
                "1,500 votes, likely 62% to 97%".to_owned()
            )
        );
        assert_eq!(
            card(score, 1500, Language::German),
            (
                "87\u{a0}%".to_owned(),
                "1.500 Stimmen, wohl 62 bis 97\u{a0}%".to_owned()
            )
        );
        assert_eq!(
            card(None, 1, Language::German).1,
            "1 Stimme, noch zu wenige"
        );
    }

    #[test]
    fn a_language_without_words_gets_english() {
        for (query, language) in [
            ("lang=de", Language::German),
            ("lang=de-AT", Language::German),
            ("lang=ar", Language::English),
            ("lang=%22%3E", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::read(query), language, "{query}");
        }
    }
}
