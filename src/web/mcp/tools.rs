//! What agents may call: each tool is a read of the public API, with its parameters as arguments.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use super::{INVALID_PARAMS, RpcError};
use crate::catalog::views::PublicReads;
use crate::catalog::views::list::{LONGEST_SEARCH, MOST, Sort};
use crate::http::problem::Problem;

/// One argument of a tool.
struct Argument {
    name: &'static str,
    says: &'static str,
    kind: ArgumentKind,
    is_required: bool,
}

enum ArgumentKind {
    Text,
    Limit,
    Words(Vec<&'static str>),
    Slug,
    SlugsToCompare,
}

/// What a call reads.
#[derive(Clone, Copy)]
enum ReadModel {
    List,
    Comparison,
    Tally,
    History,
    Tool,
}

/// A tool of the protocol.
struct AgentTool {
    name: &'static str,
    title: &'static str,
    says: &'static str,
    arguments: Vec<Argument>,
    reads: ReadModel,
}

fn optional(name: &'static str, says: &'static str, kind: ArgumentKind) -> Argument {
    Argument {
        name,
        says,
        kind,
        is_required: false,
    }
}

fn required(name: &'static str, says: &'static str, kind: ArgumentKind) -> Argument {
    Argument {
        is_required: true,
        ..optional(name, says, kind)
    }
}

fn slug() -> Argument {
    let says = "The tool's slug, such as codestral-2; search_tools finds it.";
    required("tool", says, ArgumentKind::Slug)
}

fn paging() -> [Argument; 2] {
    [
        optional("limit", "Tools of a page.", ArgumentKind::Limit),
        optional("cursor", "`next` of the page before.", ArgumentKind::Text),
    ]
}

impl AgentTool {
    fn new(
        (name, title): (&'static str, &'static str),
        says: &'static str,
        arguments: Vec<Argument>,
        reads: ReadModel,
    ) -> Self {
        Self {
            name,
            title,
            says,
            arguments,
            reads,
        }
    }
}

/// Tools of the protocol that read many tools of the catalogue.
fn of_many() -> [AgentTool; 3] {
    let category = optional("category", "Without regard to case.", ArgumentKind::Text);
    let sort = optional(
        "sort",
        "By default name; community is the lower bound of the interval.",
        ArgumentKind::Words(Sort::ALL.map(Sort::as_str).to_vec()),
    );
    let order = optional(
        "order",
        "By default names from A, figures from the greatest.",
        ArgumentKind::Words(vec!["asc", "desc"]),
    );
    let words = "Words, each of which is found in name, tagline, category or slug.";
    let words = required("query", words, ArgumentKind::Text);
    let slugs = "Slugs of two to four tools.";
    let slugs = required("tools", slugs, ArgumentKind::SlugsToCompare);
    let paged = |mut arguments: Vec<Argument>| {
        arguments.extend(paging());
        arguments
    };
    [
        AgentTool::new(
            ("list_tools", "List tools"),
            "The catalogue of AI tools with the panel's verdict and the community's votes, page by page.",
            paged(vec![category, sort, order]),
            ReadModel::List,
        ),
        AgentTool::new(
            ("search_tools", "Search tools"),
            "The tools that a search finds, with their tallies.",
            paged(vec![words]),
            ReadModel::List,
        ),
        AgentTool::new(
            ("compare_tools", "Compare tools"),
            "Two to four tools side by side, and who leads by panel and by community. No leader while the difference may be chance.",
            vec![slugs],
            ReadModel::Comparison,
        ),
    ]
}

/// Tools of the protocol that read one tool of the catalogue.
fn of_one() -> [AgentTool; 3] {
    let step = ArgumentKind::Words(vec!["hour", "day"]);
    let step = optional("step", "By default day.", step);
    let time = "A time such as 2026-11-24T02:00:00Z.";
    let time = |name| optional(name, time, ArgumentKind::Text);
    [
        AgentTool::new(
            ("get_tally", "Get a tally"),
            "The votes on one tool: counts, percent ship and its 95 % interval, the panel, and the gap between them.",
            vec![slug()],
            ReadModel::Tally,
        ),
        AgentTool::new(
            ("get_history", "Get a tally's history"),
            "The tally of one tool over time, as running totals.",
            vec![slug(), step, time("from"), time("to")],
            ReadModel::History,
        ),
        AgentTool::new(
            ("get_reviews", "Get a panel's reviews"),
            "One tool with its description, each reviewer's verdict and summary, and its tally.",
            vec![slug()],
            ReadModel::Tool,
        ),
    ]
}

fn all() -> impl Iterator<Item = AgentTool> {
    of_many().into_iter().chain(of_one())
}

impl Argument {
    fn schema(&self) -> Value {
        let mut schema = match &self.kind {
            ArgumentKind::Text if self.name == "query" => {
                json!({"type": "string", "minLength": 1, "maxLength": LONGEST_SEARCH})
            }
            ArgumentKind::Text => json!({"type": "string"}),
            ArgumentKind::Limit => json!({"type": "integer", "minimum": 1, "maximum": MOST}),
            ArgumentKind::Words(words) => json!({"type": "string", "enum": words}),
            ArgumentKind::Slug => json!({"type": "string", "maxLength": 64}),
            ArgumentKind::SlugsToCompare => {
                json!({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 4})
            }
        };
        if let Some(fields) = schema.as_object_mut() {
            fields.insert("description".to_owned(), json!(self.says));
        }
        schema
    }

    fn expected(&self) -> &'static str {
        match self.kind {
            ArgumentKind::Limit => "a whole number",
            ArgumentKind::SlugsToCompare => "a list of texts",
            ArgumentKind::Text | ArgumentKind::Words(_) | ArgumentKind::Slug => "a text",
        }
    }

    /// The value as the public API takes it in a query.
    fn text(&self, value: &Value) -> Option<String> {
        match (&self.kind, value) {
            (ArgumentKind::SlugsToCompare, Value::Array(items)) => {
                let slugs: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                slugs.map(|slugs| slugs.join(","))
            }
            (ArgumentKind::Limit, Value::Number(number)) => Some(number.to_string()),
            (ArgumentKind::SlugsToCompare | ArgumentKind::Limit, _) => None,
            (_, Value::String(text)) => Some(text.clone()),
            _ => None,
        }
    }
}

impl AgentTool {
    fn described(&self) -> Value {
        let arguments = self.arguments.iter();
        let properties: Map<String, Value> = arguments
            .clone()
            .map(|argument| (argument.name.to_owned(), argument.schema()))
            .collect();
        let required = arguments.filter(|argument| argument.is_required);
        json!({
            "name": self.name,
            "title": self.title,
            "description": self.says,
            "inputSchema": {
                "type": "object",
                "properties": properties,
                "required": required.map(|argument| argument.name).collect::<Vec<_>>(),
                "additionalProperties": false,
            },
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        })
    }

    /// The arguments by name, as texts.
    fn read(&self, given: &Map<String, Value>) -> Result<Vec<(&'static str, String)>, Problem> {
        let known = |name: &str| self.arguments.iter().any(|argument| argument.name == name);
        if let Some(unknown) = given.keys().find(|name| !known(name)) {
            return Err(Problem::invalid(format!("{unknown}: unknown argument.")));
        }
        let mut read = Vec::new();
        for argument in &self.arguments {
            let name = argument.name;
            match given.get(name).filter(|value| !value.is_null()) {
                Some(value) => {
                    let text = argument.text(value).ok_or_else(|| {
                        Problem::invalid(format!("{name}: expected {}.", argument.expected()))
                    })?;
                    read.push((name, text));
                }
                None if argument.is_required => {
                    return Err(Problem::invalid(format!("{name}: required.")));
                }
                None => {}
            }
        }
        Ok(read)
    }

    async fn call(
        &self,
        reads: &PublicReads,
        given: &Map<String, Value>,
    ) -> Result<Bytes, Problem> {
        let mut query = Serializer::new(String::new());
        let mut slug = String::new();
        let mut has_step = false;
        for (name, text) in self.read(given)? {
            match name {
                "tool" => slug = text,
                "query" => {
                    query.append_pair("q", &text);
                }
                _ => {
                    has_step |= name == "step";
                    query.append_pair(name, &text);
                }
            }
        }
        match self.reads {
            ReadModel::List => reads.list(&query.finish()),
            ReadModel::Comparison => reads.comparison(&query.finish()),
            ReadModel::Tally => reads.tally(&slug),
            ReadModel::Tool => reads.tool(&reads.find(&slug)?, false),
            ReadModel::History => {
                // Days, unlike the API: hours would fill an agent's context.
                if !has_step {
                    query.append_pair("step", "day");
                }
                reads.history(&slug, &query.finish()).await
            }
        }
    }
}

pub(super) fn listed() -> Vec<Value> {
    all().map(|tool| tool.described()).collect()
}

/// Calls a tool. What is wrong with its arguments is a result, which the agent can read and mend.
pub(super) async fn call(reads: &PublicReads, params: &Value) -> Result<Value, RpcError> {
    let name = params["name"].as_str().unwrap_or_default();
    let tool = all().find(|tool| tool.name == name);
    let tool =
        tool.ok_or_else(|| RpcError::new(INVALID_PARAMS, format!("Unknown tool: {name}")))?;
    let given = match &params["arguments"] {
        Value::Null => Map::new(),
        Value::Object(given) => given.clone(),
        _ => {
            return Err(RpcError::new(
                INVALID_PARAMS,
                "arguments: expected an object.",
            ));
        }
    };
    Ok(match tool.call(reads, &given).await {
        Ok(body) => json!({
            "content": [{"type": "text", "text": String::from_utf8_lossy(&body)}],
            "structuredContent": serde_json::from_slice::<Value>(&body).unwrap_or_default(),
        }),
        Err(problem) => json!({
            "content": [{"type": "text", "text": problem.detail()}],
            "isError": true,
        }),
    })
}
