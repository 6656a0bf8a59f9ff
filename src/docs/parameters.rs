//! What operations are asked with: path, query and header parameters.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

fn parameter(
    place: ParameterIn,
    name: &str,
    says: &str,
    schema: impl Into<RefOr<Schema>>,
) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .description(Some(says))
        .schema(Some(schema))
}

/// A part of the path.
pub(super) fn path(
    name: &str,
    says: &str,
    schema: impl Into<RefOr<Schema>>,
    example: &str,
) -> Parameter {
    parameter(ParameterIn::Path, name, says, schema)
        .required(Required::True)
        .example(Some(example.into()))
        .build()
}

pub(super) fn slug() -> Parameter {
    let slug = Ref::from_schema_name("Slug");
    path("slug", "The tool.", slug, "codestral-2")
}

/// `tools=a,b`: at least one name among commas and spaces.
pub(super) fn tools(most: usize) -> Parameter {
    let says = format!("Slugs of up to {most} tools, comma separated; each counts once.");
    parameter(
        ParameterIn::Query,
        "tools",
        &says,
        text().pattern(Some("[^,\\s]")),
    )
    .required(Required::True)
    .example(Some("codestral-2,cursor-background-agents".into()))
    .build()
}

pub(super) fn if_none_match() -> Parameter {
    let says = "An `ETag` that the caller has; a list of them, or `*`.";
    parameter(ParameterIn::Header, "If-None-Match", says, text())
        .required(Required::False)
        .build()
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
