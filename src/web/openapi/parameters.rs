//! What operations are asked with: path, query and header parameters.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Required, Schema, SchemaFormat};

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

/// A query parameter without which nothing goes.
pub(super) fn needed(
    name: &str,
    says: &str,
    schema: impl Into<RefOr<Schema>>,
    example: &str,
) -> Parameter {
    parameter(ParameterIn::Query, name, says, schema)
        .required(Required::True)
        .example(Some(example.into()))
        .build()
}

/// A query parameter that may be left out.
pub(super) fn query(name: &str, says: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(ParameterIn::Query, name, says, schema)
        .required(Required::False)
        .build()
}

/// One of these words.
pub(super) fn word(name: &str, says: &str, words: &[&str]) -> Parameter {
    query(name, says, text().enum_values(Some(words.iter().copied())))
}

/// The same of a form, whose empty field is as good as none.
pub(super) fn field(name: &str, says: &str, words: &[&str]) -> Parameter {
    let words = words.iter().copied().chain([""]);
    query(name, says, text().enum_values(Some(words)))
}

/// `limit` and `cursor` of every list.
pub(super) fn paging(most: usize) -> [Parameter; 2] {
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(most));
    [
        query("limit", "Items of a page.", limit),
        query("cursor", "`next` of the page before.", text()),
    ]
}

pub(super) fn slug() -> Parameter {
    path("slug", "The tool.", slug_of(), "codestral-2")
}

pub(super) fn slug_of() -> Ref {
    Ref::from_schema_name("Slug")
}

/// `tools=a,b`: at least one name among commas and spaces.
pub(super) fn tools(most: usize) -> Parameter {
    let says = format!("Slugs of up to {most} tools, comma separated; each counts once.");
    named_tools(&says, "[^,\\s]")
}

/// The same, two to four.
pub(super) fn tools_to_compare() -> Parameter {
    let says = "Slugs of two to four tools, comma separated; each counts once.";
    named_tools(says, "[^,\\s]\\s*,[,\\s]*[^,\\s]")
}

fn named_tools(says: &str, pattern: &str) -> Parameter {
    let example = "codestral-2,cursor-background-agents";
    needed("tools", says, text().pattern(Some(pattern)), example)
}

pub(super) fn if_none_match() -> Parameter {
    let says = "An `ETag` that the caller has; a list of them, or `*`.";
    header("If-None-Match", says, text())
}

/// A header that may be left out.
pub(super) fn header(name: &str, says: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(ParameterIn::Header, name, says, schema)
        .required(Required::False)
        .build()
}

/// The solution of a challenge.
pub(super) fn altcha() -> Parameter {
    let says = "The solution of the `challenge` that this call was refused with: the base64 of \
                `{\"challenge\":…,\"solution\":{\"counter\":…,\"derivedKey\":…}}`, good once and for five minutes. Else not looked at.";
    header("Altcha", says, text())
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// RFC 3339.
pub(super) fn time() -> RefOr<Schema> {
    <crate::domain::Timestamp as utoipa::PartialSchema>::schema()
}

/// A whole address, such as `https://votes.example/tools/a`.
pub(super) fn address() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uri".to_owned())))
}
