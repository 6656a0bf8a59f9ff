//! The page inside an iframe: one tool or two, with a form that votes without JavaScript; the widget takes over where
//! there is some.
//!
//! `routes` draws it. It is made to be framed by allowed sites, so it carries nothing but the vote.

pub mod routes;

use askama::Template;

use super::Figures;
use super::words::Language;
use crate::domain::{Choice, Slug};
use crate::http::request;

/// One tool on the page.
pub struct FrameCard<'a> {
    pub figures: Figures<'a>,
    pub own: Option<Choice>,
}

impl FrameCard<'_> {
    /// Of the panel's bar, in percent.
    pub fn panel_length(&self) -> i64 {
        self.figures.panel.map_or(0, |panel| panel.percent)
    }

    pub fn pressed(&self, choice: &str) -> bool {
        self.own.is_some_and(|own| own.as_str() == choice)
    }
}

/// What the address asks for besides the tool.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EmbedParams {
    /// The other tool of a comparison.
    pub compare: Option<Slug>,
    /// `light` or `dark`; else as the reader's system says.
    pub theme: Option<&'static str>,
    /// The language of the widget's words, as in HTML's `lang`.
    pub lang: Option<String>,
    /// The page follows a first vote, whose cookie should be there by now.
    pub first: bool,
}

impl EmbedParams {
    /// Reads what it knows and passes over the rest: a site's own additions to an address must not break its page.
    pub fn read(query: &str) -> Self {
        let lang = |text: &String| {
            (2..=35).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        Self {
            compare: request::query(query, "compare").and_then(|text| Slug::parse(&text)),
            theme: match request::query(query, "theme").as_deref() {
                Some("light") => Some("light"),
                Some("dark") => Some("dark"),
                _ => None,
            },
            lang: request::query(query, "lang").filter(lang),
            first: request::query(query, "first").is_some(),
        }
    }

    /// The address of the same page again.
    pub fn path(&self, slug: &str, first: bool) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let parts = [
            ("compare", self.compare.as_ref().map(Slug::as_str)),
            ("theme", self.theme),
            ("lang", self.lang.as_deref()),
            ("first", first.then_some("1")),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                pairs.append_pair(name, value);
            }
        }
        match pairs.finish() {
            query if query.is_empty() => format!("/embed/{slug}"),
            query => format!("/embed/{slug}?{query}"),
        }
    }
}

/// The iframe page that a form's `back` names: its tool, and what else was wanted.
pub fn came_from(back: &str) -> Option<(String, EmbedParams)> {
    let (slug, query) = back.split_once('?').unwrap_or((back, ""));
    let slug = Slug::parse(slug.strip_prefix("/embed/")?)?;
    Some((slug.to_string(), EmbedParams::read(query)))
}

/// The page.
#[derive(Template)]
#[template(path = "embed.html")]
pub struct FramePage<'a> {
    pub title: String,
    pub words: Language,
    pub cards: Vec<FrameCard<'a>>,
    pub wanted: &'a EmbedParams,
    /// Where the forms come back to.
    pub here: String,
    /// Where there is more to read.
    pub more: String,
    /// What became of a vote, where there is something to say.
    pub said: Option<String>,
    /// A voter's cookie came with the request: the widget may ask for their votes.
    pub known: bool,
    /// The browser kept no cookie of the first vote.
    pub forgetful: bool,
}

/// The page where there is nothing to vote on.
#[derive(Template)]
#[template(path = "embed_nothing.html")]
pub struct NothingPage<'a> {
    pub said: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_back() {
        let query = "compare=other&theme=dark&lang=de-AT&x=1";
        let wanted = EmbedParams::read(query);
        assert_eq!(
            wanted.path("one", false),
            "/embed/one?compare=other&theme=dark&lang=de-AT"
        );
        assert_eq!(
            EmbedParams::default().path("one", true),
            "/embed/one?first=1"
        );
        let hostile = EmbedParams::read("compare=No%20Slug&theme=%22red&lang=%22%3E%3Cscript%3E");
        assert_eq!(hostile, EmbedParams::default());
    }

    #[test]
    fn a_form_comes_back_to_an_iframe_page_only() {
        assert!(
            came_from("/embed/a?compare=b&x=1")
                .is_some_and(|(slug, wanted)| slug == "a" && wanted.compare.is_some())
        );
        for foreign in [
            "",
            "/",
            "/compare/a-vs-b",
            "/embed/",
            "/embed/a/b",
            "/embed/tallyship.js",
        ] {
            assert!(came_from(foreign).is_none(), "{foreign}");
        }
    }
}
