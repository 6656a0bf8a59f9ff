//! The catalogue: tools with their panel's reviews, as files, database and memory hold them.
//!
//! `verdicts` edits and shows it beside the tallies. It knows nothing of votes.

pub mod bulk;
pub mod cache;
pub mod edit;
pub mod export;
pub mod file;
mod formula;
pub mod renames;
pub mod store;
pub mod views;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::text::TextRule;
use crate::domain::{Choice, Slug};

const NAME: TextRule = TextRule::line(200);
const TAGLINE: TextRule = TextRule::line(500).or_empty();
const DESCRIPTION: TextRule = TextRule::line(5000).or_empty().multiline();
const CATEGORY: TextRule = TextRule::line(100).or_empty();
const ENTRY: TextRule = TextRule::line(100).or_empty();
const URL: TextRule = TextRule::line(2000).or_empty();
const REVIEWER: TextRule = TextRule::line(100);
const SUMMARY: TextRule = TextRule::line(2000).or_empty().multiline();

/// One reviewer's verdict on a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    #[schema(min_length = 1, max_length = 100)]
    pub reviewer: String,
    pub verdict: Choice,
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub summary: String,
}

/// A tool as `PUT /v1/tools/{slug}` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Null or empty for none.
    #[serde(
        default,
        deserialize_with = "optional_line",
        skip_serializing_if = "String::is_empty"
    )]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub tagline: String,
    /// Plain text, a blank line between paragraphs.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    /// Null or empty for none.
    #[serde(
        default,
        deserialize_with = "optional_line",
        skip_serializing_if = "String::is_empty"
    )]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub category: String,
    /// The entry price in a word, such as `Free` or `Paid`.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub entry: String,
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^(https?://[^/\s?#].*)?$")]
    pub url: String,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub reviews: Vec<Review>,
}

/// What `PATCH` takes: the fields to change.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolPatch {
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// Null removes it.
    #[schema(value_type = Option<String>, max_length = 500)]
    #[serde(default, deserialize_with = "patched_line")]
    pub tagline: Option<String>,
    /// Null removes it.
    #[serde(default, deserialize_with = "patched_description")]
    #[schema(value_type = Option<String>, max_length = 5000)]
    pub description: Option<Option<String>>,
    /// Null removes it.
    #[schema(value_type = Option<String>, max_length = 100)]
    #[serde(default, deserialize_with = "patched_line")]
    pub category: Option<String>,
    #[schema(max_length = 100)]
    #[serde(default, deserialize_with = "not_null")]
    pub entry: Option<String>,
    #[schema(max_length = 2000, pattern = r"^(https?://[^/\s?#].*)?$")]
    #[serde(default, deserialize_with = "not_null")]
    pub url: Option<String>,
    #[schema(max_items = 100)]
    #[serde(default, deserialize_with = "not_null")]
    pub reviews: Option<Vec<Review>>,
}

/// A field of a patch: absent, or a value. A null is an error.
fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    field: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// Reads a line that a tool may lack: null is none, and is kept as an empty text.
fn optional_line<'de, D: Deserializer<'de>>(field: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(field)?.unwrap_or_default())
}

/// The same in a patch, where an absent field is another thing.
fn patched_line<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    optional_line(field).map(Some)
}

/// Reads a description: an empty text is none.
fn description<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(field)?.filter(|text: &String| !text.is_empty()))
}

/// Tells a null, which removes the description, from a field that is absent.
#[expect(
    clippy::option_option,
    reason = "absent, null and a text are three things"
)]
fn patched_description<'de, D: Deserializer<'de>>(
    field: D,
) -> Result<Option<Option<String>>, D::Error> {
    description(field).map(Some)
}

/// A tool under its slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTool {
    pub slug: Slug,
    pub tool: Tool,
}

impl Tool {
    /// How many of the panel say ship, and how many skip.
    pub fn panel(&self) -> (i32, i32) {
        let count = |verdict| {
            self.reviews
                .iter()
                .filter(|review| review.verdict == verdict)
                .count()
        };
        let small = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        (small(count(Choice::Ship)), small(count(Choice::Skip)))
    }

    /// Lays a patch over the tool.
    pub fn patch(&mut self, patch: ToolPatch) {
        let fields = [
            (&mut self.name, patch.name),
            (&mut self.tagline, patch.tagline),
            (&mut self.category, patch.category),
            (&mut self.entry, patch.entry),
            (&mut self.url, patch.url),
        ];
        for (field, value) in fields {
            if let Some(value) = value {
                *field = value;
            }
        }
        if let Some(description) = patch.description {
            self.description = description;
        }
        if let Some(reviews) = patch.reviews {
            self.reviews = reviews;
        }
    }

    /// The tool as it is stored: every text within its rule.
    ///
    /// # Errors
    /// A sentence that names the first field that is not.
    pub fn checked(mut self) -> Result<Self, String> {
        for (field, text, rule) in [
            ("name", &mut self.name, NAME),
            ("tagline", &mut self.tagline, TAGLINE),
            ("category", &mut self.category, CATEGORY),
            ("entry", &mut self.entry, ENTRY),
            ("url", &mut self.url, URL),
        ] {
            *text = rule.read(field, text)?;
        }
        if let Some(description) = &mut self.description {
            *description = DESCRIPTION.read("description", description)?;
        }
        let is_web = |url: &str| {
            url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        };
        if !self.url.is_empty() && !is_web(&self.url) {
            return Err("url: expected an http or https address".to_owned());
        }
        if self.reviews.len() > 100 {
            return Err("reviews: at most 100".to_owned());
        }
        for (position, review) in self.reviews.iter_mut().enumerate() {
            let field = |name| format!("reviews[{position}].{name}");
            review.reviewer = REVIEWER.read(&field("reviewer"), &review.reviewer)?;
            review.summary = SUMMARY.read(&field("summary"), &review.summary)?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_out_of_bounds_is_named() {
        let good = Tool {
            name: "A tool".to_owned(),
            tagline: String::new(),
            description: None,
            category: String::new(),
            entry: String::new(),
            url: "https://example.org/x".to_owned(),
            reviews: vec![Review {
                reviewer: "R".to_owned(),
                verdict: Choice::Ship,
                summary: String::new(),
            }],
        };
        assert_eq!(good.panel(), (1, 0));
        assert_eq!(good.clone().checked(), Ok(good.clone()));
        for (field, bad) in [
            (
                "name",
                Tool {
                    name: String::new(),
                    ..good.clone()
                },
            ),
            (
                "tagline",
                Tool {
                    tagline: "x".repeat(501),
                    ..good.clone()
                },
            ),
            (
                "description",
                Tool {
                    description: Some("x".repeat(5001)),
                    ..good.clone()
                },
            ),
            (
                "entry",
                Tool {
                    entry: "a\0b".to_owned(),
                    ..good.clone()
                },
            ),
            (
                "url",
                Tool {
                    url: "javascript:alert(1)".to_owned(),
                    ..good.clone()
                },
            ),
            (
                "reviews[0].reviewer",
                Tool {
                    reviews: vec![Review {
                        reviewer: String::new(),
                        ..good.reviews[0].clone()
                    }],
                    ..good.clone()
                },
            ),
        ] {
            assert!(bad.checked().expect_err(field).starts_with(field));
        }
    }
}
