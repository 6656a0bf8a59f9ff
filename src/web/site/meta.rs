//! [`Head`]: what a page says of itself: title, description, canonical address, link preview, structured data.

use serde_json::{Value, json};

use super::card::Card;
use crate::web::kit::assets;

/// The head of one page.
pub struct Head {
    pub title: String,
    pub description: String,
    /// The whole address that stands for this page, whatever the query.
    pub canonical: String,
    /// Whether search engines may list it.
    pub listed: bool,
    /// The whole address of the oEmbed answer for this page; empty where there is none.
    pub oembed: String,
    /// JSON-LD, safe inside a `script` element; empty where there is nothing to say.
    pub data: String,
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
            oembed: String::new(),
            data: String::new(),
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

    /// Says where the oEmbed answer for this page is.
    #[must_use]
    pub fn with_oembed(mut self) -> Self {
        let address: String =
            url::form_urlencoded::byte_serialize(self.canonical.as_bytes()).collect();
        self.oembed = format!("{}/oembed?url={address}", self.site);
        self
    }

    /// The tool as structured data, with the community's rating once there is one. The panel is left out: its reviewers
    /// may be made up, and a search engine would take them for people.
    #[must_use]
    pub fn with_tool(mut self, card: &Card<'_>) -> Self {
        let rating = card.figures.community.map(|(percent, _)| {
            json!({
                "@type": "AggregateRating",
                "ratingValue": percent,
                "bestRating": 100,
                "worstRating": 0,
                "ratingCount": card.figures.votes,
            })
        });
        let facts = [
            ("@context", Some(json!("https://schema.org"))),
            ("@type", Some(json!("SoftwareApplication"))),
            ("name", Some(json!(card.name))),
            ("description", Some(json!(card.tagline))),
            ("applicationCategory", Some(json!(card.category))),
            ("url", Some(json!(self.canonical))),
            ("sameAs", Some(json!(card.url))),
            ("aggregateRating", rating),
        ];
        let said = facts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .filter(|(_, value)| value != "");
        let data = Value::Object(said.collect());
        self.data = inert(&data);
        self
    }
}

/// JSON that cannot end the element it stands in.
fn inert(data: &Value) -> String {
    data.to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::inert;
    use serde_json::json;

    #[test]
    fn data_cannot_end_its_element() {
        let text = inert(&json!({"name": "</script><script>alert(1)"}));
        assert!(!text.contains('<') && !text.contains('>'));
        let read: serde_json::Value = serde_json::from_str(&text).expect("still JSON");
        assert_eq!(read["name"], "</script><script>alert(1)");
    }
}
