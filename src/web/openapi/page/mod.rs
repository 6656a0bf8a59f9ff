//! The document as a page for readers: drawn from the document itself, so it cannot say anything else.
//!
//! `routes` asks for it once, at the start. Its one script copies; it needs none, and nothing from elsewhere.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what it does not have"
)]

mod words;

use askama::Template;
use serde_json::Value;

use words::{Prose, ValueType};

use crate::web::kit::assets;

/// A parameter, a header, or a field of a schema.
struct FieldRow {
    name: String,
    place: String,
    kind: ValueType,
    needed: bool,
    says: Prose,
}

struct Answer {
    status: String,
    good: bool,
    says: Prose,
    /// Media types with their schemas.
    kinds: Vec<(String, ValueType)>,
    headers: Vec<String>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    title: String,
    says: Prose,
    needs: String,
    asked: Vec<FieldRow>,
    takes: Vec<(String, ValueType)>,
    answers: Vec<Answer>,
    example: String,
}

struct Part {
    name: String,
    says: Prose,
    operations: Vec<Operation>,
}

struct Schema {
    name: String,
    says: Prose,
    kind: ValueType,
    fields: Vec<FieldRow>,
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    quickstart: Vec<Recipe<'a>>,
    assets: &'static str,
    title: String,
    version: String,
    about: Vec<Prose>,
    parts: Vec<Part>,
    schemas: Vec<Schema>,
    schemes: Vec<FieldRow>,
    headers: Vec<FieldRow>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The entries of an object, of none if it is none.
fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A way to a first vote.
struct Recipe<'a> {
    name: &'a str,
    says: Prose,
    code: String,
}

/// Three ways to a first vote on the tool `slug` of `site`.
fn quickstart(site: &str, slug: &str) -> Vec<Recipe<'static>> {
    let recipe = |name, says, code: &str| Recipe {
        name,
        says: Prose::of(says),
        code: code.replace("SITE", site).replace("SLUG", slug),
    };
    vec![
        recipe(
            "With curl",
            "Each visitor has a token. `jq` reads it from the answer.",
            include_str!("../assets/quickstart.sh").trim_end(),
        ),
        recipe(
            "With fetch",
            "In Node, or in a page of an origin that `http.allowed_origins` names.",
            include_str!("../assets/quickstart.mjs").trim_end(),
        ),
        recipe(
            "With the widget",
            "Buttons, panel and community in a page of an origin that `http.allowed_origins` names. Nothing else to write.",
            include_str!("../assets/quickstart.html").trim_end(),
        ),
    ]
}

/// The page of `document`, as `site` serves it; its examples vote on the tool `slug`.
///
/// # Errors
/// Where the template cannot be drawn.
pub(super) fn draw(document: &Value, site: &str, slug: &str) -> Result<String, askama::Error> {
    let parts = items(&document["tags"])
        .map(|tag| Part {
            name: text(&tag["name"]),
            says: Prose::field(&tag["description"]),
            operations: operations(document, &tag["name"]),
        })
        .collect();
    let components = &document["components"];
    let page = Page {
        quickstart: quickstart(site, slug),
        assets: assets::version(),
        title: text(&document["info"]["title"]),
        version: text(&document["info"]["version"]),
        about: Prose::paragraphs(document["info"]["description"].as_str().unwrap_or_default()),
        parts,
        schemas: entries(&components["schemas"])
            .map(|(name, schema)| self::schema(name, schema))
            .collect(),
        schemes: entries(&components["securitySchemes"])
            .map(|(name, scheme)| row(name, scheme))
            .collect(),
        headers: entries(&components["headers"])
            .map(|(name, header)| row(name, header))
            .collect(),
    };
    page.render()
}

fn operations(document: &Value, tag: &Value) -> Vec<Operation> {
    entries(&document["paths"])
        .flat_map(|(path, item)| {
            entries(item).map(move |(method, operation)| (path, method, operation))
        })
        .filter(|(_, _, operation)| items(&operation["tags"]).any(|name| name == tag))
        .map(|(path, method, operation)| self::operation(document, path, method, operation))
        .collect()
}

fn operation(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let body = &operation["requestBody"];
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        title: text(&operation["summary"]),
        says: Prose::field(&operation["description"]),
        needs: needs(operation),
        asked: items(&operation["parameters"])
            .map(|parameter| row(parameter["name"].as_str().unwrap_or_default(), parameter))
            .collect(),
        takes: kinds(body),
        answers: entries(&operation["responses"])
            .map(|(status, response)| answer(document, status, response))
            .collect(),
        example: example(path, method, operation),
    }
}

fn row(name: &str, value: &Value) -> FieldRow {
    FieldRow {
        name: name.to_owned(),
        place: text(&value["in"]),
        kind: ValueType::of(&value["schema"]),
        needed: value["required"] == true,
        says: Prose::field(&value["description"]),
    }
}

fn kinds(holder: &Value) -> Vec<(String, ValueType)> {
    entries(&holder["content"])
        .map(|(kind, content)| {
            let schema = &content["schema"];
            // A problem is the shared schema, narrowed.
            let schema = schema["allOf"].get(0).unwrap_or(schema);
            (kind.clone(), ValueType::of(schema))
        })
        .collect()
}

fn answer(document: &Value, status: &str, response: &Value) -> Answer {
    let target = response["$ref"].as_str();
    let response = target
        .and_then(|target| document.pointer(target.trim_start_matches('#')))
        .unwrap_or(response);
    Answer {
        status: status.to_owned(),
        good: status.starts_with(['2', '3']),
        says: Prose::field(&response["description"]),
        // What every answer, and every problem, is and has is said once, above.
        kinds: kinds(response)
            .into_iter()
            .filter(|(kind, _)| kind != "application/problem+json")
            .collect(),
        headers: entries(&response["headers"])
            .map(|(name, _)| name.clone())
            .filter(|name| name != "X-Request-Id")
            .collect(),
    }
}

/// Whose token a call needs, in words.
fn needs(operation: &Value) -> String {
    let schemes: Vec<&str> = items(&operation["security"])
        .flat_map(|way| entries(way).map(|(name, _)| name.as_str()))
        .collect();
    if let Some(role) = operation["x-role"].as_str() {
        return if schemes.contains(&super::operation::SESSION) {
            format!("A session of role {role} or above, by signing in.")
        } else {
            format!("A staff token of role {role} or above.")
        };
    }
    let free = items(&operation["security"])
        .any(|way| way.as_object().is_some_and(serde_json::Map::is_empty));
    match (schemes.is_empty(), free) {
        (true, _) => String::new(),
        (false, true) => "Knows a visitor by their token; a stranger is welcome.".to_owned(),
        (false, false) => {
            "A visitor token, as a cookie or bearer token, or a user's JWT of the site.".to_owned()
        }
    }
}

/// The call as a command.
fn example(path: &str, method: &str, operation: &Value) -> String {
    let mut address = path.to_owned();
    for parameter in items(&operation["parameters"]) {
        let name = parameter["name"].as_str().unwrap_or_default();
        let example = parameter["example"].as_str().unwrap_or("…");
        if parameter["in"] == "path" {
            address = address.replace(&format!("{{{name}}}"), example);
        } else if parameter["in"] == "query" && parameter["required"] == true {
            address = format!("{address}?{name}={example}");
        }
    }
    let mut words = vec!["curl".to_owned()];
    if method != "get" {
        words.push(format!("-X {}", method.to_uppercase()));
    }
    words.push(format!("\"$site{address}\""));
    let any = |scheme: &str| {
        items(&operation["security"])
            .flat_map(entries)
            .any(|(name, _)| name == scheme)
    };
    if any(super::operation::SESSION) {
        words.push("\\\n  -H \"cookie: tallyship-staff=$session\"".to_owned());
    }
    let bearer = any(super::operation::BEARER) || any(super::operation::STAFF);
    if bearer && needs(operation).starts_with('A') {
        words.push("\\\n  -H \"authorization: Bearer $token\"".to_owned());
    }
    let content = &operation["requestBody"]["content"];
    let body = &content["application/json"]["example"];
    if !body.is_null() {
        words.push("\\\n  -H 'content-type: application/json'".to_owned());
        words.push(format!("\\\n  -d '{body}'"));
    }
    for (name, value) in entries(&content["application/x-www-form-urlencoded"]["example"]) {
        let value = value.as_str().unwrap_or_default();
        words.push(format!("\\\n  --data-urlencode '{name}={value}'"));
    }
    words.join(" ")
}

fn schema(name: &str, schema: &Value) -> Schema {
    let fields = entries(&schema["properties"])
        .map(|(field, value)| FieldRow {
            name: field.clone(),
            place: String::new(),
            kind: ValueType::of(value),
            needed: items(&schema["required"]).any(|needed| needed.as_str() == Some(field)),
            says: Prose::field(&value["description"]),
        })
        .collect();
    Schema {
        name: name.to_owned(),
        says: Prose::field(&schema["description"]),
        kind: ValueType::of(schema),
        fields,
    }
}
