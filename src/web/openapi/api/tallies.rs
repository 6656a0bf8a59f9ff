//! What everybody may read.

use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::super::operation::{JSON, Operation, Part};
use super::super::parameters::{self, query, text, time, word};
use super::super::shapes::TallyList;
use crate::catalog::views::ToolView;
use crate::catalog::views::history::routes::History;
use crate::catalog::views::list::routes::ListPage;
use crate::catalog::views::list::{LONGEST_SEARCH, MOST, Sort};
use crate::catalog::views::routes::Comparison;
use crate::http::problem::Code;
use crate::tallies::Tally;

pub(super) const PART: Part = Part("tallies");

/// What else a tally is to show.
fn include() -> Parameter {
    let says = "Adds `raw`, the counts with what moderators set aside.";
    word("include", says, &["set-aside"])
}

/// One event of a stream, its fields as a client reads them.
fn event() -> ObjectBuilder {
    let data = text()
        .content_media_type(JSON)
        .description(Some("A Tally; of `missing`, the names that are no tools."));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("event", text().enum_values(Some(["tally", "missing"])))
        .property("id", text())
        .property("data", data)
        .property("retry", ObjectBuilder::new().schema_type(Type::Integer))
}

pub(super) fn operations() -> Vec<Operation> {
    let sorts = Sort::ALL.map(Sort::as_str);
    let search = text().max_length(Some(LONGEST_SEARCH));
    vec![
        PART.get("/v1/tools/{slug}/tally", "getTally")
            .says("One tally", "")
            .with(include())
            .answers_cached::<Tally>("The tally as it stands.")
            .refuses(&[Code::Invalid, Code::UnknownTool]),
        PART.get("/v1/tallies", "listTallies")
            .says("Many tallies", "")
            .with(include())
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
            .shows(200, "The stream: an event.", "text/event-stream", event())
            .refuses(&[
                Code::Invalid,
                Code::UnknownTool,
                Code::RateLimited,
                Code::Overloaded,
            ]),
        PART.get("/v1/tools", "listTools")
            .says(
                "The catalogue with its tallies",
                "Page by page; archived tools are not in it. `community` sorts by the lower bound of the interval.",
            )
            .with(query("category", "Without regard to case.", text()))
            .with(query("q", "Words, each of which is found in name, tagline, category or slug.", search))
            .with(word("sort", "Where nobody says: `name`.", &sorts))
            .with(word("order", "Where nobody says: names from A, figures from the greatest.", &["asc", "desc"]))
            .with_all(parameters::paging(MOST))
            .answers_cached::<ListPage>("A page.")
            .refuses(&[Code::Invalid]),
        PART.get("/v1/tools/{slug}", "getTool")
            .says("One tool with its reviews and its tally", "")
            .answers_cached::<ToolView>("The tool.")
            .refuses(&[Code::UnknownTool]),
        PART.get("/v1/tools/{slug}/history", "getHistory")
            .says(
                "A tally over time",
                "Running totals, a point for each hour or day with a change. Without `from`, hours go back 400 days, days to the \
                 beginning.",
            )
            .with(word("step", "Where nobody says: `hour`.", &["hour", "day"]))
            .with(query("from", "The first step is this time's.", time()))
            .with(query("to", "The last step is this time's.", time()))
            .answers_cached::<History>("The points.")
            .refuses(&[Code::Invalid, Code::UnknownTool, Code::Unavailable]),
        PART.get("/v1/compare", "compareTools")
            .says(
                "Two to four tools side by side",
                "`verdict` says who leads by panel and by community; null for a tie, or while the 95 % interval of the difference (Newcombe 1998, method 10) holds zero.",
            )
            .with(parameters::tools_to_compare())
            .answers_cached::<Comparison>("In the order asked.")
            .refuses(&[Code::Invalid, Code::UnknownTool]),
    ]
}
