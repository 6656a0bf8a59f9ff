//! What other sites carry: the badge, the widget's script, the iframe page that votes without JavaScript, oEmbed,
//! and for the site's own pages numbers as HTML and as structured data.
//!
//! `server` routes to it. Counts are for everybody; votes come through the same checks as all others. It must never show a
//! visitor's own vote in an answer that a cache may keep.

pub mod badge;
pub mod fragment;
pub mod frame;
pub mod oembed;
pub mod routes;
pub mod script;
pub mod structured;
pub mod words;

use crate::catalog::views::ToolWithTally;
use crate::domain::ToolState;
use crate::tallies::{Tally, panel_percent};

/// What an embed shows of one tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub panel: Option<PanelFigures>,
    /// Percent ship and its 95 % interval; `None` while there are too few votes.
    pub community: Option<(i64, [i64; 2])>,
    pub votes: i64,
    pub state: ToolState,
}

/// What the panel said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PanelFigures {
    pub percent: i64,
    pub ship: i32,
    pub reviewers: i32,
}

impl<'a> Figures<'a> {
    /// The newest figures of a tool.
    pub fn of(verdict: &'a ToolWithTally, min_votes: i64) -> Self {
        let row = verdict.slot.tally().row;
        let slug = &verdict.shelved.slug;
        Self {
            slug: slug.as_str(),
            name: &verdict.shelved.tool.name,
            panel: panel_percent(&row).map(|percent| PanelFigures {
                percent,
                ship: row.panel_ship,
                reviewers: row.panel_ship + row.panel_skip,
            }),
            community: Tally::of(slug, &row, min_votes).community(),
            votes: row.ship + row.skip,
            state: row.state,
        }
    }

    /// `1 vote`, `15 votes`.
    pub fn votes_in_words(&self) -> String {
        match self.votes {
            1 => "1 vote".to_owned(),
            votes => format!("{votes} votes"),
        }
    }

    /// All of it in one sentence, for those who cannot see the picture.
    pub fn in_words(&self) -> String {
        let panel = match self.panel {
            Some(panel) => format!("{}% of the panel say ship", panel.percent),
            None => "no panel verdict".to_owned(),
        };
        let community = match self.community {
            Some((percent, _)) => {
                format!("{percent}% of {} from the community", self.votes_in_words())
            }
            None if self.votes == 0 => "no community votes yet".to_owned(),
            None => format!(
                "{} from the community, too few for a figure",
                self.votes_in_words()
            ),
        };
        format!("{}: {panel}, {community}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn figures(community: Option<(i64, [i64; 2])>, votes: i64) -> Figures<'static> {
        Figures {
            slug: "codestral-2",
            name: "Codestral 2",
            panel: Some(PanelFigures {
                percent: 75,
                ship: 3,
                reviewers: 4,
            }),
            community,
            votes,
            state: ToolState::Open,
        }
    }

    #[test]
    fn a_sentence_says_what_the_picture_shows() {
        assert_eq!(
            figures(Some((87, [62, 97])), 15).in_words(),
            "Codestral 2: 75% of the panel say ship, 87% of 15 votes from the community"
        );
        assert_eq!(
            figures(None, 1).in_words(),
            "Codestral 2: 75% of the panel say ship, 1 vote from the community, too few for a figure"
        );
        let bare = Figures {
            panel: None,
            ..figures(None, 0)
        };
        assert_eq!(
            bare.in_words(),
            "Codestral 2: no panel verdict, no community votes yet"
        );
    }
}
