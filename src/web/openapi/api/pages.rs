//! Pages and their forms.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::super::operation::{HTML, Operation, Part};
use super::super::parameters::{field, path, query, text};
use crate::catalog::views::list::{LONGEST_SEARCH, Sort};
use crate::http::problem::Code;

pub(super) const PART: Part = Part("pages");

fn page(operation: Operation, when: &str) -> Operation {
    operation
        .perhaps_voter()
        .for_people()
        .shows(200, when, HTML, text())
        .bearing(&["Content-Security-Policy", "Set-Cookie"])
}

/// What a vote's form holds.
pub(super) fn fields() -> ObjectBuilder {
    let choice = text().enum_values(Some(["ship", "skip", "withdraw"]));
    let back = text().description(Some("A path of ours to go back to."));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("choice", choice)
        .required("choice")
        .property("back", back)
}

/// A vote by plain form.
pub(super) fn form(operation: Operation, example: &str) -> Operation {
    operation
        .perhaps_voter()
        .for_people()
        .takes_form(fields(), example)
        .only_allowed_origins()
        .quota()
        .written()
        .replies(303, "Taken; back to the page.")
        .bearing(&["Location", "Set-Cookie"])
        .refuses(&[
            Code::Invalid,
            Code::VoterBanned,
            Code::ChallengeRequired,
            Code::UnknownTool,
            Code::Conflict,
            Code::Archived,
            Code::Frozen,
        ])
}

pub(super) fn operations() -> Vec<Operation> {
    let sorts = Sort::ALL.map(Sort::as_str);
    vec![
        page(PART.get("/", "showIndex"), "The page.")
            .says("The list of tools", "")
            .with(query("category", "Without regard to case.", text()))
            .with(query(
                "q",
                "A search.",
                text().max_length(Some(LONGEST_SEARCH)),
            ))
            .with(field("sort", "Where nobody says: `votes`.", &sorts))
            .with(field("order", "", &["asc", "desc"]))
            .with(query("cursor", "Where the list goes on.", text()))
            .refuses(&[Code::Invalid]),
        page(PART.get("/tools/{slug}", "showTool"), "The page.")
            .says("One tool", "")
            .refuses(&[Code::UnknownTool]),
        page(
            PART.get("/compare/{pair}", "showComparison"),
            "The comparison.",
        )
        .says("Two tools side by side", "")
        .with(path(
            "pair",
            "`a-vs-b`, two slugs.",
            text(),
            "codestral-2-vs-cursor-background-agents",
        ))
        .refuses(&[Code::NotFound]),
        page(
            PART.get("/compare", "findComparison"),
            "A choice of tools, and why there is no comparison yet.",
        )
        .says("Leads to a comparison", "")
        .with(query("a", "A slug or a name.", text()))
        .with(query("b", "Another.", text()))
        .replies(303, "Found.")
        .bearing(&["Location"]),
        form(
            PART.post("/tools/{slug}/vote", "postVote"),
            "choice=ship&back=/",
        )
        .says(
            "A vote by plain form",
            "From our own pages only. A visitor without a token gets one on the way.",
        ),
    ]
    .into_iter()
    .chain(files())
    .collect()
}

/// Files beside the pages.
fn files() -> Vec<Operation> {
    vec![
        PART.get("/robots.txt", "getRobots")
            .says("What crawlers may read, and where the sitemap is", "")
            .shows(200, "The rules.", "text/plain", text())
            .cached(),
        PART.get("/sitemap.xml", "getSitemap")
            .says("The pages of all tools but archived ones", "")
            .shows(200, "The addresses.", "application/xml", text())
            .cached(),
        PART.get("/llms.txt", "getLlmsText")
            .says(
                "What the site is, for language models",
                "Markdown, as llmstxt.org has it.",
            )
            .shows(200, "The text.", "text/markdown", text())
            .cached(),
        PART.get("/favicon.ico", "getFavicon")
            .says("The site's icon", "")
            .shows(200, "The icon.", "image/x-icon", text())
            .cached(),
        PART.get("/assets/{version}/{name}", "getAsset")
            .says(
                "A style sheet, a script or a picture of the pages",
                "With another version it answers too, and is not kept for good.",
            )
            .with(path("version", "Changes with the files.", text(), "0"))
            .with(path("name", "The file.", text(), "site.css"))
            .shows(200, "The file.", "text/css", text())
            .also_shows("text/javascript", text())
            .also_shows("image/svg+xml", text())
            .also_shows("image/png", text())
            .cached()
            .refuses(&[Code::NotFound]),
    ]
}
