//! Catalogue files: TOML, JSON or CSV, read whole and checked whole before anything is done with them.
//!
//! `catalog import` and the first start call it. A file with one bad tool gives no tools.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;
use utoipa::ToSchema;

use super::formula::unquoted;
use super::{NamedTool, Review, Tool};
use crate::domain::Slug;
use crate::domain::text::{line_at, without_bom};

/// Catalogue files are as bounded as the site API's bodies.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A tool with its slug.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ListedTool)]
pub struct Item {
    #[schema(value_type = Slug)]
    pub(super) slug: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Null or empty for none.
    #[serde(default, deserialize_with = "super::optional_line")]
    #[schema(value_type = Option<String>, max_length = 500)]
    tagline: String,
    /// Plain text, a blank line between paragraphs.
    #[serde(default, deserialize_with = "super::description")]
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// Null or empty for none.
    #[serde(default, deserialize_with = "super::optional_line")]
    #[schema(value_type = Option<String>, max_length = 100)]
    category: String,
    #[serde(default)]
    #[schema(max_length = 100)]
    entry: String,
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^(https?://[^/\s?#].*)?$")]
    url: String,
    #[serde(default)]
    #[schema(max_items = 100)]
    reviews: Vec<Review>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    tools: Vec<Item>,
}

/// A CSV row: the same columns, with `reviews` as a JSON list in one cell.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvRow {
    slug: String,
    name: String,
    #[serde(default)]
    tagline: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    category: String,
    #[serde(default)]
    entry: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    reviews: String,
}

/// The demo catalogue, if there is no `config/`.
const DEMO: &str = include_str!("../../config/catalog.toml");

/// The catalogue to begin with: that of the file, or the demo if nobody named another file.
pub fn initial(path: &Path) -> Result<Vec<NamedTool>, String> {
    if !path.exists() && path.as_os_str() == "config/catalog.toml" {
        toml(DEMO)
    } else {
        read(path)
    }
}

/// Reads a file; its ending says which kind it is.
///
/// # Errors
/// A sentence that says where the file is wrong.
pub fn read(path: &Path) -> Result<Vec<NamedTool>, String> {
    let size = std::fs::metadata(path)
        .map_err(|cause| format!("{}: {cause}", path.display()))?
        .len();
    if size > LARGEST {
        return Err(format!("{}: larger than {LARGEST} bytes", path.display()));
    }
    let text =
        std::fs::read_to_string(path).map_err(|cause| format!("{}: {cause}", path.display()))?;
    let kind = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
        .to_lowercase();
    let text = without_bom(&text);
    if text.trim().is_empty() {
        return Err(format!("{}: the file is empty", path.display()));
    }
    let tools = match kind.as_str() {
        "toml" => toml(text),
        "json" => json(text),
        "csv" => csv(text),
        _ => Err("the file's name must end in .toml, .json or .csv".to_owned()),
    };
    tools.map_err(|cause| format!("{}: {cause}", path.display()))
}

/// Reads TOML: `[[tools]]` with `[[tools.reviews]]`.
///
/// # Errors
/// A sentence that says where it is wrong.
pub fn toml(text: &str) -> Result<Vec<NamedTool>, String> {
    let document: Document = toml::from_str(text).map_err(|cause: toml::de::Error| {
        let line = line_at(text, cause.span().unwrap_or_default().start);
        format!("line {line}: {}", cause.message().replace('\n', "; "))
    })?;
    checked(document.tools)
}

/// Reads JSON: a list of tools, or an object with the list under `tools`.
///
/// # Errors
/// A sentence that says where it is wrong.
pub fn json(text: &str) -> Result<Vec<NamedTool>, String> {
    let entries = if text.trim_start().starts_with('[') {
        serde_json::from_str(text)
    } else {
        serde_json::from_str(text).map(|document: Document| document.tools)
    };
    checked(entries.map_err(|cause| cause.to_string())?)
}

/// Reads CSV with a line of column names.
///
/// # Errors
/// A sentence that says where it is wrong.
pub fn csv(text: &str) -> Result<Vec<NamedTool>, String> {
    let mut entries = Vec::new();
    let header = text.lines().next().unwrap_or_default();
    if header.contains(';') && !header.contains(',') {
        return Err("the columns are separated by semicolons; expected commas".to_owned());
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|cause| cause.to_string())?;
    if let Some(missing) =
        (["slug", "name"].iter()).find(|name| !columns.iter().any(|column| column == **name))
    {
        return Err(format!("no column is called {missing}"));
    }
    for (position, row) in reader.deserialize::<CsvRow>().enumerate() {
        let row = row.map_err(|cause| cause.to_string())?;
        let reviews = match row.reviews.trim() {
            "" => Vec::new(),
            list => serde_json::from_str(list)
                .map_err(|cause| format!("row {}: reviews: {cause}", position + 1))?,
        };
        let CsvRow {
            slug,
            name,
            tagline,
            description,
            category,
            entry,
            url,
            ..
        } = row;
        let [name, tagline, category, entry, url] =
            [name, tagline, category, entry, url].map(unquoted);
        let description = description.map(unquoted);
        entries.push(Item {
            slug,
            name,
            tagline,
            description,
            category,
            entry,
            url,
            reviews,
        });
    }
    checked(entries)
}

fn checked(entries: Vec<Item>) -> Result<Vec<NamedTool>, String> {
    let mut seen = HashSet::new();
    let mut tools = Vec::with_capacity(entries.len());
    for (position, entry) in entries.into_iter().enumerate() {
        let place = format!("tool {} ({:?})", position + 1, entry.slug);
        let listed = entry
            .checked()
            .map_err(|cause| format!("{place}: {cause}"))?;
        if !seen.insert(listed.slug.clone()) {
            return Err(format!("{place}: slug: named twice"));
        }
        tools.push(listed);
    }
    Ok(tools)
}

impl Item {
    /// The tool, if every field is within its bounds.
    pub(super) fn checked(self) -> Result<NamedTool, String> {
        let Self {
            slug,
            name,
            tagline,
            description,
            category,
            entry,
            url,
            reviews,
        } = self;
        let slug = Slug::parse(&slug).ok_or("slug: not of the form a-b-2")?;
        let tool = Tool {
            name,
            tagline,
            description,
            category,
            entry,
            url,
            reviews,
        };
        let tool = tool.checked()?;
        Ok(NamedTool { slug, tool })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_kinds_of_file_say_the_same() {
        let from_toml = toml(
            "[[tools]]\nslug = \"a\"\nname = \"A\"\n[[tools.reviews]]\nreviewer = \"R\"\nverdict = \"ship\"\n\
             [[tools]]\nslug = \"b\"\nname = \"B\"\n",
        );
        let from_json = json(
            r#"[{"slug":"a","name":"A","reviews":[{"reviewer":"R","verdict":"ship"}]},{"slug":"b","name":"B"}]"#,
        );
        let from_csv = csv(
            "slug,name,reviews\na,A,\"[{\"\"reviewer\"\":\"\"R\"\",\"\"verdict\"\":\"\"ship\"\"}]\"\nb,B,\n",
        );
        let expected = from_toml.expect("toml");
        assert_eq!((expected.len(), expected[0].tool.panel()), (2, (1, 0)));
        assert_eq!(from_json.expect("json"), expected);
        assert_eq!(from_csv.expect("csv"), expected);
    }

    #[test]
    fn one_bad_tool_spoils_the_file_and_is_named() {
        for (bad, named) in [
            (
                r#"[{"slug":"a","name":"A"},{"slug":"A","name":"A"}]"#,
                "tool 2",
            ),
            (
                r#"[{"slug":"a","name":"A"},{"slug":"a","name":"B"}]"#,
                "twice",
            ),
            (r#"[{"slug":"a"}]"#, "name"),
            (r#"[{"slug":"a","name":"A","extra":1}]"#, "extra"),
            (r#"{"tools":[{"slug":"a","name":""}]}"#, "name"),
        ] {
            let cause = json(bad).expect_err(bad);
            assert!(cause.contains(named), "{bad}: {cause}");
        }
    }
}
