//! Pages and their forms.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::super::operation::{HTML, Operation, Part};
use super::super::parameters::{self, text};
use crate::problem::Code;

pub(super) const PART: Part = Part("pages");

fn page(operation: Operation, when: &str) -> Operation {
    operation
        .perhaps_voter()
        .shows(200, when, HTML, text())
        .bearing(&["Content-Security-Policy"])
}

/// What a vote's form holds.
fn fields() -> ObjectBuilder {
    let choice = text().enum_values(Some(["ship", "skip", "withdraw"]));
    let back = text().description(Some("A path of ours to go back to."));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("choice", choice)
        .required("choice")
        .property("back", back)
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        page(
            PART.get("/", "showIndex"),
            "Every tool that is not archived.",
        )
        .says("The list of tools", ""),
        page(
            PART.get("/compare/{pair}", "showComparison"),
            "The comparison.",
        )
        .says("Two tools side by side", "")
        .with(parameters::path(
            "pair",
            "`a-vs-b`, two slugs.",
            text(),
            "codestral-2-vs-cursor-background-agents",
        ))
        .refuses(&[Code::NotFound]),
        PART.post("/tools/{slug}/vote", "postVote")
            .says(
                "A vote by plain form",
                "From our own pages only. A visitor without a token gets one on the way.",
            )
            .perhaps_voter()
            .takes_form(fields(), "choice=ship&back=/")
            .only_allowed_origins()
            .quota()
            .written()
            .replies(303, "Taken; back to the page.")
            .bearing(&["Location", "Set-Cookie"])
            .refuses(&[Code::UnknownTool, Code::Archived, Code::Frozen]),
        PART.get("/assets/{name}", "getAsset")
            .says("A style sheet or a script of the pages", "")
            .with(parameters::path("name", "The file.", text(), "site.css"))
            .shows(200, "The file.", "text/css", text())
            .also_shows("text/javascript", text())
            .cached()
            .refuses(&[Code::NotFound]),
    ]
}
