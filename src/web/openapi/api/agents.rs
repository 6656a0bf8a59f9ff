//! What agents read.

use serde_json::json;

use super::super::operation::{Operation, Part};
use super::super::parameters::{header, text};
use crate::web::mcp::{RpcAnswer, RpcMessage, VERSIONS};

pub(super) const PART: Part = Part("agents");

pub(super) fn operations() -> Vec<Operation> {
    let version = text().enum_values(Some(VERSIONS));
    vec![
        PART.post("/mcp", "postMcpMessage")
            .says(
                "A message of the Model Context Protocol",
                "Streamable HTTP without sessions and streams. The tools list, search and compare, and read tallies, histories and reviews; \
                 none votes. An `Origin`, which only browsers send, must be allowed.",
            )
            .with(header("MCP-Protocol-Version", "As `initialize` answered it.", version))
            .takes::<RpcMessage>(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}))
            .only_allowed_origins()
            .answers::<RpcAnswer>(200, "The answer to a request.")
            .replies(202, "A notification or a response was taken."),
    ]
}
