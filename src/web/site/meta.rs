//! [`Head`]: what a page says of itself: title, description, canonical address, link preview, structured data.

use super::card::Card;
use super::structured_data::{self, PanelReviews};
use crate::web::kit::assets;

/// The head of one page.
pub struct Head {
    pub title: String,
    pub description: String,
    /// The whole address that stands for this page, whatever the query.
    pub canonical: String,
    /// Whether search engines may list it.
    pub listed: bool,
    /// The whole address of the preview's picture, and the same in words.
    pub picture: (String, String),
    /// The whole address of the oEmbed answer for this page; empty where there is none.
    pub oembed: String,
    /// JSON-LD, safe inside a `script` element; empty where there is nothing to say.
    pub data: String,
    /// Atom feeds about what the page shows: path and title.
    pub feeds: Vec<(String, String)>,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
    /// The version of the assets.
    pub assets: &'static str,
}

impl Head {
    #[must_use]
    pub fn new(site: &str, path: &str, title: String, description: String) -> Self {
        Self {
            title,
            description,
            canonical: format!("{site}{path}"),
            listed: true,
            picture: (
                format!("{site}/assets/{}/preview.png", assets::version()),
                "Tallyship: panel and community, side by side".to_owned(),
            ),
            oembed: String::new(),
            data: String::new(),
            feeds: Vec::new(),
            site: site.to_owned(),
            assets: assets::version(),
        }
    }

    /// Not for search engines.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.listed = false;
        self
    }

    /// Shows the picture at `path` in link previews; `alternative` says the same in words.
    #[must_use]
    pub fn with_picture(mut self, path: &str, alternative: String) -> Self {
        self.picture = (format!("{}{path}", self.site), alternative);
        self
    }

    /// Says where the oEmbed answer for this page is.
    #[must_use]
    pub fn with_oembed(mut self) -> Self {
        let address: String =
            url::form_urlencoded::byte_serialize(self.canonical.as_bytes()).collect();
        self.oembed = format!("{}/oembed?url={address}", self.site);
        self
    }

    /// The tool as structured data, with the community's rating once there is one.
    #[must_use]
    pub fn with_tool(mut self, card: &Card<'_>) -> Self {
        let data = structured_data::tool(card, &self.canonical, PanelReviews::LeftOut);
        self.data = structured_data::inert(&data);
        self
    }

    /// Says where the tool's feed is.
    #[must_use]
    pub fn with_tool_feed(self, card: &Card<'_>) -> Self {
        self.with_feed(
            format!("/feeds/{}.atom", card.slug),
            format!("{}: votes day by day", card.name),
        )
    }

    /// Says where the feed at `path` is.
    #[must_use]
    pub fn with_feed(mut self, path: String, title: String) -> Self {
        self.feeds.push((path, title));
        self
    }
}
