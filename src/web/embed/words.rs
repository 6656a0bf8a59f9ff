//! The words of the fragment and of the iframe page, in English and German.
//!
//! They are those of the widget (`clients/widget/src/words.ts`), so that all may stand on one page.

use super::Figures;
use crate::domain::ToolState;
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
    /// The language of a query's `lang`.
    pub fn read(query: &str) -> Self {
        Self::of(&request::query(query, "lang").unwrap_or_default())
    }

    /// The language of a tag such as `de-AT`; any other language gets English, and what is drawn says so.
    pub fn of(tag: &str) -> Self {
        let primary = tag.split('-').next().unwrap_or_default();
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

    fn or_dash(self, percent: Option<i64>) -> String {
        percent.map_or_else(|| DASH.to_owned(), |percent| self.percent(percent))
    }

    pub fn panel_score(self, figures: &Figures<'_>) -> String {
        self.or_dash(figures.panel.map(|panel| panel.percent))
    }

    pub fn panel_note(self, figures: &Figures<'_>) -> String {
        match (self, figures.panel) {
            (Self::English, Some(panel)) => format!("{} of {} ship", panel.ship, panel.reviewers),
            (Self::German, Some(panel)) => {
                format!("{} von {} für Ship", panel.ship, panel.reviewers)
            }
            (Self::English, None) => "no verdict".to_owned(),
            (Self::German, None) => "kein Urteil".to_owned(),
        }
    }

    pub fn community_score(self, figures: &Figures<'_>) -> String {
        self.or_dash(figures.community.map(|(percent, _)| percent))
    }

    /// The counts, and how sure the score is.
    pub fn community_note(self, figures: &Figures<'_>) -> String {
        let votes = self.votes(figures.votes);
        match (self, figures.community) {
            (Self::English, Some((_, [low, high]))) => {
                format!("{votes}, likely {low}% to {high}%")
            }
            (Self::German, Some((_, [low, high]))) => {
                format!("{votes}, wohl {low} bis {high}\u{a0}%")
            }
            (Self::English, None) => format!("{votes}, too few for a figure"),
            (Self::German, None) => format!("{votes}, noch zu wenige"),
        }
    }

    /// Why no vote is taken, if none is.
    pub fn closed(self, state: ToolState) -> Option<&'static str> {
        match (self, state) {
            (_, ToolState::Open) => None,
            (Self::English, ToolState::Frozen) => Some("Voting on this tool is frozen."),
            (Self::German, ToolState::Frozen) => Some("Die Abstimmung ist eingefroren."),
            (Self::English, ToolState::Archived) => Some("This tool is archived."),
            (Self::German, ToolState::Archived) => Some("Dieses Werkzeug ist archiviert."),
        }
    }

    pub fn your_vote(self) -> &'static str {
        match self {
            Self::English => "Your vote on",
            Self::German => "Ihre Stimme zu",
        }
    }

    pub fn withdraw(self) -> &'static str {
        match self {
            Self::English => "Withdraw",
            Self::German => "Zurücknehmen",
        }
    }

    pub fn more(self) -> &'static str {
        match self {
            Self::English => "Reviews and more",
            Self::German => "Bewertungen und mehr",
        }
    }

    pub fn no_cookie(self) -> &'static str {
        match self {
            Self::English => {
                "Your browser keeps no cookie here: your vote counts, but cannot be shown or changed on this page."
            }
            Self::German => {
                "Ihr Browser behält hier kein Cookie: Ihre Stimme zählt, kann hier aber nicht gezeigt oder geändert werden."
            }
        }
    }

    pub fn own_window(self) -> &'static str {
        match self {
            Self::English => "Vote in a window of its own",
            Self::German => "In einem eigenen Fenster abstimmen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
