//! The documents themselves.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::super::operation::{JSON, Operation, Part};

pub(super) const PART: Part = Part("documents");

pub(super) fn operations() -> Vec<Operation> {
    let any = ObjectBuilder::new().schema_type(Type::Object);
    vec![
        PART.get("/openapi.json", "getOpenApi")
            .says("This document", "OpenAPI 3.1.")
            .shows(200, "The document.", JSON, any)
            .cached(),
    ]
}
