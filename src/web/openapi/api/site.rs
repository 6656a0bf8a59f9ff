//! The site API.

use serde_json::json;

use super::super::operation::{Operation, Part};
use super::super::shapes::ToolList;
use crate::catalog::renames::routes::{FreedSlug, Rename};
use crate::catalog::views::ToolView;
use crate::catalog::views::routes::Many;
use crate::catalog::{Tool, ToolPatch};
use crate::http::problem::Code;

pub(super) const PART: Part = Part("site");

pub(super) fn operations() -> Vec<Operation> {
    let tool = json!({"name": "Codestral 2", "category": "Code completion", "entry": "Paid",
        "reviews": [{"reviewer": "Ana", "verdict": "ship", "summary": "Fast and precise."}]});
    vec![
        PART.post("/v1/tools", "putTools")
            .says(
                "Make or replace many tools",
                "All of them, or none and each bad one named. A bare list is taken too.",
            )
            .staff("site")
            .takes::<ToolList>(json!({"tools": [{"slug": "codestral-2", "name": "Codestral 2"}]}))
            .written()
            .answers::<Many>(201, "At least one is new.")
            .answers::<Many>(200, "All were there.")
            .refuses(&[Code::Conflict]),
        PART.put("/v1/tools/{slug}", "putTool")
            .says(
                "Make or replace a tool",
                "Brings an archived tool back. A slug that a renamed tool had is 409 until it is freed.",
            )
            .staff("site")
            .takes::<Tool>(tool)
            .written()
            .answers::<ToolView>(201, "A new tool.")
            .answers::<ToolView>(200, "Replaced.")
            .refuses(&[Code::Conflict]),
        PART.patch("/v1/tools/{slug}", "patchTool")
            .says("Change some fields of a tool", "")
            .staff("site")
            .takes::<ToolPatch>(json!({"entry": "Free"}))
            .written()
            .answers::<ToolView>(200, "The tool as it now is.")
            .refuses(&[Code::UnknownTool]),
        PART.delete("/v1/tools/{slug}", "archiveTool")
            .says(
                "Archive a tool",
                "It leaves the lists and takes no votes; its votes stay.",
            )
            .staff("site")
            .written()
            .answers::<ToolView>(200, "The tool as it now is.")
            .refuses(&[Code::TooLarge, Code::UnknownTool]),
        PART.post("/v1/tools/{slug}/rename", "renameTool")
            .says(
                "Give a tool another slug",
                "Votes, panel, history and acts of moderators stay. Every address with the former slug is answered 308, and lists of \
                 tools take it. 409 if another tool has the new slug, or had it and its address still leads there.",
            )
            .staff("site")
            .takes::<Rename>(json!({"slug": "codestral-2-1"}))
            .written()
            .answers::<ToolView>(200, "The tool as it now is.")
            .refuses(&[Code::UnknownTool, Code::Conflict]),
        PART.delete("/v1/redirects/{slug}", "freeSlug")
            .says(
                "Free a slug that a renamed tool had",
                "Its addresses lead nowhere then, and another tool may take it.",
            )
            .staff("site")
            .written()
            .answers::<FreedSlug>(200, "The slug, and the tool that it led to.")
            .refuses(&[Code::TooLarge, Code::NotFound]),
    ]
}
