//! What operations are asked with: path, query and header parameters.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

fn parameter(
    place: ParameterIn,
    name: &str,
    required: bool,
    says: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(if required {
            Required::True
        } else {
            Required::False
        })
        .description(Some(says))
        .schema(Some(schema))
        .build()
}

/// A part of the path.
pub(super) fn path(name: &str, says: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(ParameterIn::Path, name, true, says, schema)
}

pub(super) fn slug() -> Parameter {
    path("slug", "The tool.", Ref::from_schema_name("Slug"))
}

/// `tools=a,b`: at least one name among commas and spaces.
pub(super) fn tools(most: usize) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("[^,\\s]"))
        .examples(["codestral-2,cursor-background-agents"]);
    let says = format!("Slugs of up to {most} tools, comma separated; each counts once.");
    parameter(ParameterIn::Query, "tools", true, &says, schema)
}

pub(super) fn if_none_match() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let says = "An `ETag` that the caller has; a list of them, or `*`.";
    parameter(ParameterIn::Header, "If-None-Match", false, says, schema)
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
