//! Tools as schema.org's structured data (JSON-LD), for our own pages and for the site's.
//!
//! `meta` puts it into heads, `embed` answers with it. It states only what is known: no rating below the least number of votes,
//! no price but that of a free tool.

use serde_json::{Map, Value, json};

use super::card::Card;
use crate::catalog::Review;
use crate::domain::Choice;

const CONTEXT: &str = "https://schema.org";

/// Whether the panel's reviews are part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelReviews {
    /// The page belongs to the site, whose reviewers are people.
    Included,
    /// The reviewers may be made up, and a search engine would take them for people.
    LeftOut,
}

/// One tool; `page` is the whole address of its page.
pub fn tool(card: &Card<'_>, page: &str, reviews: PanelReviews) -> Value {
    let mut data = software(card, page, reviews);
    data.insert("@context".to_owned(), json!(CONTEXT));
    Value::Object(data)
}

/// Tools side by side, each with the whole address of its page; `page` is that of the comparison.
pub fn comparison(tools: &[(Card<'_>, String)], page: Option<&str>) -> Value {
    let items = tools.iter().enumerate().map(|(at, (card, address))| {
        json!({
            "@type": "ListItem",
            "position": at + 1,
            "item": software(card, address, PanelReviews::Included),
        })
    });
    let names: Vec<&str> = tools.iter().map(|(card, _)| card.name).collect();
    let mut data = json!({
        "@context": CONTEXT,
        "@type": "ItemList",
        "name": names.join(" vs "),
        "itemListOrder": "https://schema.org/ItemListUnordered",
        "numberOfItems": tools.len(),
        "itemListElement": items.collect::<Vec<_>>(),
    });
    if let (Some(page), Some(fields)) = (page, data.as_object_mut()) {
        fields.insert("@id".to_owned(), json!(page));
        fields.insert("url".to_owned(), json!(page));
    }
    data
}

fn software(card: &Card<'_>, page: &str, reviews: PanelReviews) -> Map<String, Value> {
    let rating = card.figures.community.map(|(percent, _)| {
        json!({
            "@type": "AggregateRating",
            "ratingValue": percent,
            "bestRating": 100,
            "worstRating": 0,
            "ratingCount": card.figures.votes,
        })
    });
    let is_free = card.entry.eq_ignore_ascii_case("free");
    let free = || json!({"@type": "Offer", "price": 0, "priceCurrency": "USD"});
    let panel = Some(card.reviews)
        .filter(|panel| reviews == PanelReviews::Included && !panel.is_empty())
        .map(|panel| panel.iter().map(review).collect());
    let fields = [
        ("@type", Some(json!("SoftwareApplication"))),
        ("@id", Some(json!(page))),
        ("name", Some(json!(card.name))),
        ("description", Some(json!(card.tagline))),
        ("applicationCategory", Some(json!(card.category))),
        ("url", Some(json!(page))),
        ("sameAs", Some(json!(card.url))),
        ("offers", is_free.then(free)),
        ("aggregateRating", rating),
        ("review", panel),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .filter(|(_, value)| value != "")
        .collect()
}

/// A reviewer's verdict as a rating of 1 or 0.
fn review(review: &Review) -> Value {
    let (title, value) = match review.verdict {
        Choice::Ship => ("Ship", 1),
        Choice::Skip => ("Skip", 0),
    };
    let mut data = json!({
        "@type": "Review",
        "name": title,
        "author": {"@type": "Person", "name": review.reviewer},
        "reviewRating": {"@type": "Rating", "ratingValue": value, "bestRating": 1, "worstRating": 0},
    });
    if let Some(fields) = data.as_object_mut().filter(|_| !review.summary.is_empty()) {
        fields.insert("reviewBody".to_owned(), json!(review.summary));
    }
    data
}

/// JSON that cannot end the `script` element it stands in.
pub fn inert(data: &Value) -> String {
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
