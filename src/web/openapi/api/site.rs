//! The site API.

use serde_json::json;

use super::super::operation::{Operation, Part};
use super::super::shapes::ToolList;
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
            .answers::<Many>(200, "All were there."),
        PART.put("/v1/tools/{slug}", "putTool")
            .says("Make or replace a tool", "Brings an archived tool back.")
            .staff("site")
            .takes::<Tool>(tool)
            .written()
            .answers::<ToolView>(201, "A new tool.")
            .answers::<ToolView>(200, "Replaced."),
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
    ]
}
