//! The numbers of one tool or two as a piece of HTML that a site's server puts into its own page: no script, no style, no form.
//!
//! `routes` draws it. Its words are those of the widget (`clients/widget/src/words.ts`), so that both may stand on one page.

use askama::Template;

use super::Figures;
use super::words::Language;

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
        Self {
            slug: figures.slug,
            name: figures.name,
            version,
            panel: words.panel_score(figures),
            panel_note: words.panel_note(figures),
            community: words.community_score(figures),
            community_note: words.community_note(figures),
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
}
