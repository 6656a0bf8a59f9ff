//! `POST /mcp`: the protocol's streamable HTTP, without sessions and streams: each message is answered with JSON.

use actix_web::http::header::{CACHE_CONTROL, ORIGIN};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{McpServer, RpcMessage, VERSIONS};
use crate::auth::Identity;
use crate::http::problem::{Code, Problem};
use crate::http::request;

const VERSION_HEADER: &str = "mcp-protocol-version";

/// What the route works with.
pub struct McpState {
    pub identity: Data<Identity>,
    pub server: McpServer,
}

/// Answers one message.
///
/// # Errors
/// In the order of checks of `docs/api.md`.
pub async fn post_mcp(
    http: HttpRequest,
    payload: Payload,
    state: Data<McpState>,
) -> Result<HttpResponse, Problem> {
    let headers = http.headers();
    request::check_head(headers, request::SMALL)?;
    request::require_json(headers)?;
    // Agents are no browsers. A page that sends this lets somebody else's agent read what its user's network can reach.
    let allows = |origin: &str| state.identity.origins.allows(origin);
    if let Some(origin) = headers.get(ORIGIN)
        && !origin.to_str().is_ok_and(allows)
    {
        return Err(Problem::new(
            Code::OriginRefused,
            "Pages of this origin may not send messages.",
        ));
    }
    let is_known = |version: &str| VERSIONS.contains(&version);
    if let Some(version) = headers.get(VERSION_HEADER)
        && !version.to_str().is_ok_and(is_known)
    {
        let known = VERSIONS.join(", ");
        return Err(Problem::bad_request(format!(
            "MCP-Protocol-Version: expected one of {known}."
        )));
    }
    let body = request::body(headers, payload, request::SMALL).await?;
    let message: RpcMessage = request::json(&body)?;
    let answer = state.server.answer(message).await;
    let mut response = match &answer {
        Some(_) => HttpResponse::Ok(),
        None => HttpResponse::Accepted(),
    };
    response.insert_header((CACHE_CONTROL, "no-store"));
    Ok(match answer {
        Some(answer) => response.json(answer),
        None => response.finish(),
    })
}
