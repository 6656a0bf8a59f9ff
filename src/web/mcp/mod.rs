//! A server of the Model Context Protocol: the public read models as tools and resources for agents. It reads and never votes.
//!
//! `routes` answers with it over HTTP, `cli` over standard input. It keeps nothing between two messages, so there are no
//! sessions and no streams. See <https://modelcontextprotocol.io/specification/2025-11-25>.

mod resources;
pub mod routes;
mod tools;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::catalog::views::PublicReads;
use crate::http::problem::{Code, Problem};
use crate::http::request;

/// Protocol versions that are spoken here, the newest first.
pub const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

const PARSE_ERROR: i64 = -32_700;
const INVALID_REQUEST: i64 = -32_600;
const METHOD_NOT_FOUND: i64 = -32_601;
const INVALID_PARAMS: i64 = -32_602;
const INTERNAL_ERROR: i64 = -32_603;
const RESOURCE_NOT_FOUND: i64 = -32_002;

const INSTRUCTIONS: &str = "Verdicts on AI tools: ship or skip. Each tool has a panel of reviewers and, beside it, the community's \
    votes. `community.percent` is the share of ship votes, `community.interval` its 95 % interval, both null while there are too few \
    votes. Name the interval or the number of votes when you name a percentage. A comparison's `verdict` is null if the difference may \
    be chance. Only people vote: there is no tool for it.";

/// A JSON-RPC message: a request, or without `id` a notification, or without `method` a response.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = McpMessage)]
pub struct RpcMessage {
    #[serde(rename = "jsonrpc")]
    _version: RpcVersion,
    /// A text or a number.
    id: Option<Value>,
    method: Option<String>,
    #[schema(value_type = Option<Object>)]
    params: Option<Map<String, Value>>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
enum RpcVersion {
    #[serde(rename = "2.0")]
    Two,
}

/// The answer to a request: `result`, or `error`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = McpAnswer)]
pub struct RpcAnswer {
    jsonrpc: RpcVersion,
    id: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RpcError>,
}

/// The error in place of a result.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = McpError)]
struct RpcError {
    code: i64,
    message: String,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// A resource that cannot be read.
    fn of_resource(problem: &Problem) -> Self {
        let code = match problem.code {
            Code::UnknownTool | Code::NotFound => RESOURCE_NOT_FOUND,
            Code::Invalid => INVALID_PARAMS,
            _ => INTERNAL_ERROR,
        };
        Self::new(code, problem.detail())
    }
}

impl RpcAnswer {
    fn new(id: Value, outcome: Result<Value, RpcError>) -> Self {
        let (result, error) = match outcome {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            jsonrpc: RpcVersion::Two,
            id,
            result,
            error,
        }
    }
}

/// The server. Every answer is of the present.
#[derive(Clone)]
pub struct McpServer {
    pub reads: PublicReads,
}

impl McpServer {
    /// The answer to a message; `None` to a notification or a response, which want none.
    pub async fn answer(&self, message: RpcMessage) -> Option<RpcAnswer> {
        let (id, method) = (message.id?, message.method?);
        if !id.is_string() && !id.is_number() {
            let error = RpcError::new(INVALID_REQUEST, "id: expected a text or a number.");
            return Some(RpcAnswer::new(Value::Null, Err(error)));
        }
        let params = Value::Object(message.params.unwrap_or_default());
        Some(RpcAnswer::new(id, self.call(&method, &params).await))
    }

    /// The same for one line of text.
    pub async fn answer_line(&self, line: &str) -> Option<RpcAnswer> {
        let problem = match request::json(line.as_bytes()) {
            Ok(message) => return self.answer(message).await,
            Err(problem) => problem,
        };
        let code = match problem.code {
            Code::Invalid => INVALID_REQUEST,
            _ => PARSE_ERROR,
        };
        let error = RpcError::new(code, problem.detail());
        Some(RpcAnswer::new(Value::Null, Err(error)))
    }

    async fn call(&self, method: &str, params: &Value) -> Result<Value, RpcError> {
        match method {
            "initialize" => Ok(initialized(params)),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(json!({"tools": tools::listed()})),
            "tools/call" => tools::call(&self.reads, params).await,
            "resources/list" => resources::list(&self.reads, params),
            "resources/templates/list" => Ok(resources::templates()),
            "resources/read" => resources::read(&self.reads, params).await,
            _ => Err(RpcError::new(
                METHOD_NOT_FOUND,
                format!("Unknown method: {method}"),
            )),
        }
    }
}

fn initialized(params: &Value) -> Value {
    let [newest, ..] = VERSIONS;
    let wanted = params["protocolVersion"].as_str().unwrap_or_default();
    let version = VERSIONS.into_iter().find(|version| *version == wanted);
    json!({
        "protocolVersion": version.unwrap_or(newest),
        "capabilities": {"tools": {}, "resources": {}},
        "serverInfo": {
            "name": "tallyship",
            "title": "Tallyship",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "instructions": INSTRUCTIONS,
    })
}
