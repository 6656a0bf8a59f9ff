//! What everybody may read.

use super::super::operation::{Operation, Part};
use super::super::parameters;
use super::super::shapes::TallyList;
use crate::problem::Code;
use crate::tallies::Tally;
use crate::verdicts::ToolView;
use crate::verdicts::routes::Comparison;

pub(super) const PART: Part = Part("tallies");

pub(super) fn operations() -> Vec<Operation> {
    vec![
        PART.get("/v1/tools/{slug}/tally", "getTally")
            .says("One tally", "")
            .answers_cached::<Tally>("The tally as it stands.")
            .refuses(&[Code::UnknownTool]),
        PART.get("/v1/tallies", "listTallies")
            .says("Many tallies", "")
            .with(parameters::tools(100))
            .answers_cached::<TallyList>("In the order asked; `missing` lists what is no tool.")
            .refuses(&[Code::Invalid]),
        PART.get("/v1/stream", "streamTallies")
            .says(
                "Tallies as they change",
                "Server-sent events: `event: tally`, `id: SLUG:VERSION`, `data:` a Tally. First the present tally of each tool, then \
                 each change, at most ten a second a tool, always the newest. A comment every 15 s keeps the line open.",
            )
            .with(parameters::tools(100))
            .shows(200, "The stream.", "text/event-stream", parameters::text())
            .refuses(&[
                Code::Invalid,
                Code::UnknownTool,
                Code::RateLimited,
                Code::Overloaded,
            ]),
        PART.get("/v1/tools/{slug}", "getTool")
            .says("One tool with its reviews and its tally", "")
            .answers_cached::<ToolView>("The tool.")
            .refuses(&[Code::UnknownTool]),
        PART.get("/v1/compare", "compareTools")
            .says(
                "Two to four tools side by side",
                "`verdict` says who leads by panel and by community; null for a tie, or while the intervals overlap.",
            )
            .with(parameters::tools(4))
            .answers_cached::<Comparison>("In the order asked.")
            .refuses(&[Code::Invalid, Code::UnknownTool]),
    ]
}
