//! The catalogue as a file: TOML, JSON or CSV, such that `file` reads the same tools out of it.
//!
//! `catalog export` calls it.

use serde::Serialize;

use super::formula::quoted;
use super::{NamedTool, Tool};

/// The kinds of catalogue file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Toml,
    Json,
    Csv,
}

#[derive(Serialize)]
struct Item<'a> {
    slug: &'a str,
    #[serde(flatten)]
    tool: &'a Tool,
}

impl<'a> Item<'a> {
    fn of(listed: &'a NamedTool) -> Self {
        Self {
            slug: listed.slug.as_str(),
            tool: &listed.tool,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    tools: Vec<Item<'a>>,
}

/// The text of a catalogue file. `raw`: cells of CSV stand as they are, also such that a spreadsheet takes for formulas.
///
/// # Errors
/// A sentence, where a library cannot write what it was given; none is known.
pub fn text(tools: &[NamedTool], format: Format, raw: bool) -> Result<String, String> {
    let items: Vec<Item<'_>> = tools.iter().map(Item::of).collect();
    match format {
        Format::Toml => {
            toml::to_string_pretty(&Document { tools: items }).map_err(|cause| cause.to_string())
        }
        Format::Json => serde_json::to_string_pretty(&items)
            .map(|text| text + "\n")
            .map_err(|cause| cause.to_string()),
        Format::Csv => csv(&items, raw),
    }
}

fn csv(items: &[Item<'_>], raw: bool) -> Result<String, String> {
    let cell = |text: &'_ str| {
        if raw {
            text.to_owned()
        } else {
            quoted(text).into_owned()
        }
    };
    let mut out = csv::Writer::from_writer(Vec::new());
    let columns = [
        "slug",
        "name",
        "tagline",
        "description",
        "category",
        "entry",
        "url",
        "reviews",
    ];
    out.write_record(columns)
        .map_err(|cause| cause.to_string())?;
    for Item { slug, tool } in items {
        let reviews = if tool.reviews.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&tool.reviews).map_err(|cause| cause.to_string())?
        };
        let texts = [
            tool.name.as_str(),
            &tool.tagline,
            tool.description.as_deref().unwrap_or_default(),
            &tool.category,
            &tool.entry,
            &tool.url,
        ];
        let cells = std::iter::once((*slug).to_owned())
            .chain(texts.map(cell))
            .chain([reviews]);
        out.write_record(cells).map_err(|cause| cause.to_string())?;
    }
    let bytes = out.into_inner().map_err(|cause| cause.to_string())?;
    String::from_utf8(bytes).map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Review, file};
    use crate::domain::{Choice, Slug};
    use proptest::prelude::*;

    /// Any text that a field of one line takes.
    fn words() -> impl Strategy<Value = String> {
        prop_oneof![
            "[!-~äß€😀][ -~äß€😀]{0,40}",
            Just(String::new()),
            Just("\"quoted\", 'and' = [not] # \\n".to_owned()),
            Just("'''\"\"\"".to_owned()),
            Just("=1+1".to_owned()),
        ]
    }

    /// Any summary: the same, or several lines.
    fn summaries() -> impl Strategy<Value = String> {
        prop_oneof![
            words(),
            Just("\"quoted\", 'and' = [not]\n\n# \\n\n".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same_tools(
            fields in prop::collection::vec((words(), words(), words(), words(), prop::collection::vec((summaries(), any::<bool>()), 0..3)), 0..4)
        ) {
            let tools: Vec<NamedTool> = fields
                .into_iter()
                .enumerate()
                .map(|(n, (name, tagline, category, entry, reviews))| NamedTool {
                    slug: Slug::parse(&format!("t{n}")).expect("slug"),
                    tool: Tool {
                        name: if name.is_empty() { "=1".to_owned() } else { name },
                        description: (!tagline.is_empty())
                            .then(|| format!("{tagline}\n\n{category}.")),
                        tagline,
                        category,
                        entry,
                        url: if n == 0 { String::new() } else { format!("https://example.org/{n}?a=\"b\"") },
                        reviews: reviews
                            .into_iter()
                            .map(|(summary, ship)| Review {
                                reviewer: "R".to_owned(),
                                verdict: if ship { Choice::Ship } else { Choice::Skip },
                                summary,
                            })
                            .collect(),
                    },
                })
                .collect();
            for format in [Format::Toml, Format::Json, Format::Csv] {
                let text = text(&tools, format, false).expect("writes");
                let read = match format {
                    Format::Toml => file::toml(&text),
                    Format::Json => file::json(&text),
                    Format::Csv => file::csv(&text),
                };
                prop_assert_eq!(read.as_ref(), Ok(&tools), "{}", text);
            }
        }
    }
}
