//! The documents themselves.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::super::operation::{HTML, JSON, Operation, Part};
use super::super::parameters::{self, text};
use crate::http::problem::Code;

pub(super) const PART: Part = Part("documents");

pub(super) fn operations() -> Vec<Operation> {
    let any = ObjectBuilder::new().schema_type(Type::Object);
    vec![
        PART.get("/openapi.json", "getOpenApi")
            .says("This document", "OpenAPI 3.1.")
            .shows(200, "The document.", JSON, any)
            .cached(),
        PART.get("/docs", "showDocs")
            .says(
                "This document for readers",
                "Needs nothing from elsewhere, and no script.",
            )
            .shows(200, "The page.", HTML, text())
            .bearing(&["Content-Security-Policy"])
            .cached(),
        PART.get("/docs/{name}", "getDocsAsset")
            .says("The page's style sheet", "")
            .with(parameters::path("name", "The file.", text(), "docs.css"))
            .shows(200, "The file.", "text/css", text())
            .cached()
            .refuses(&[Code::NotFound]),
    ]
}
