//! The page of choices: where `GET /compare?a=&b=` does not name two tools, it says why and lists the tools that match.

use askama::Template;

use super::index::Query;
use super::state::SiteState;
use crate::catalog::views::ToolWithTally;
use crate::web::site::meta::Head;

/// The page of choices.
#[derive(Template)]
#[template(path = "choose.html")]
pub struct ChoosePage<'a> {
    pub head: Head,
    pub notice: &'a str,
    pub sides: [Side; 2],
    pub min_votes: i64,
}

/// The list of one side.
pub struct Side {
    /// The form's field: `a` or `b`.
    pub field: &'static str,
    pub label: &'static str,
    /// Why there is something to choose; empty if the tool is known.
    pub reason: String,
    pub options: Vec<ToolWithTally>,
    /// The tool that was found by what was typed.
    pub chosen: Option<String>,
}

impl Side {
    /// The side whose field held `text`, which named the tool `found`.
    pub fn of(
        state: &SiteState,
        (field, label): (&'static str, &'static str),
        text: &str,
        found: Option<ToolWithTally>,
        limit: usize,
    ) -> Self {
        let mut side = Self {
            field,
            label,
            reason: String::new(),
            options: state.most_voted("", limit),
            chosen: None,
        };
        if let Some(tool) = found {
            let slug = tool.shelved.slug.as_str().to_owned();
            side.options
                .retain(|other| other.shelved.slug.as_str() != slug);
            side.options.insert(0, tool);
            side.chosen = Some(slug);
        } else if text.is_empty() {
            "No tool was named.".clone_into(&mut side.reason);
        } else {
            let matching = Query::of_search(text).ask().map(|query| {
                let list = state.lists.page(&state.shelf, &state.board, &query);
                list.items
            });
            let matching = matching.unwrap_or_default();
            side.reason = match matching.len() {
                0 => format!("No tool is named “{text}”."),
                1 => format!("No tool is named “{text}”. One tool matches."),
                n => format!("No tool is named “{text}”. {n} tools match."),
            };
            if !matching.is_empty() {
                side.options = matching;
            }
        }
        side
    }

    /// Whether the tool was found by what was typed.
    pub fn is_chosen(&self, tool: &ToolWithTally) -> bool {
        self.chosen.as_deref() == Some(tool.shelved.slug.as_str())
    }
}
