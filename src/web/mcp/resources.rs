//! Tools of the catalogue as resources: `tallyship://tools/{slug}` and `tallyship://tools/{slug}/history`.

use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{RESOURCE_NOT_FOUND, RpcError};
use crate::catalog::views::PublicReads;
use crate::catalog::views::list::ListQuery;

const TOOLS: &str = "tallyship://tools/";
const JSON: &str = "application/json";
const PAGE_LENGTH: &str = "100";

/// One page of all tools that are not archived, by name.
pub(super) fn list(reads: &PublicReads, params: &Value) -> Result<Value, RpcError> {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", PAGE_LENGTH);
    if let Some(cursor) = params["cursor"].as_str() {
        query.append_pair("cursor", cursor);
    }
    let ask =
        ListQuery::read(&query.finish()).map_err(|problem| RpcError::of_resource(&problem))?;
    let page = reads.lists.page(&reads.shelf, &reads.board, &ask);
    let resources = page.items.iter().map(|tool| {
        json!({
            "uri": format!("{TOOLS}{}", tool.shelved.slug),
            "name": tool.shelved.slug,
            "title": tool.name(),
            "description": tool.shelved.tool.tagline,
            "mimeType": JSON,
        })
    });
    let mut listed = json!({"resources": resources.collect::<Vec<_>>()});
    if let (Some(next), Some(fields)) = (page.next, listed.as_object_mut()) {
        fields.insert("nextCursor".to_owned(), json!(next));
    }
    Ok(listed)
}

pub(super) fn templates() -> Value {
    let template = |path: &str, name: &str, says: &str| json!({"uriTemplate": format!("{TOOLS}{path}"), "name": name, "description": says, "mimeType": JSON});
    json!({"resourceTemplates": [
        template("{slug}", "tool", "One tool with its reviews and its tally."),
        template("{slug}/history", "history", "The tally of one tool, day by day."),
    ]})
}

pub(super) async fn read(reads: &PublicReads, params: &Value) -> Result<Value, RpcError> {
    let uri = params["uri"].as_str().unwrap_or_default();
    let path = uri
        .strip_prefix(TOOLS)
        .ok_or_else(|| RpcError::new(RESOURCE_NOT_FOUND, format!("Unknown resource: {uri}")))?;
    let body = match path.strip_suffix("/history") {
        Some(slug) => reads.history(slug, "step=day").await,
        None => reads.find(path).and_then(|tool| reads.tool(&tool, false)),
    };
    let body = body.map_err(|problem| RpcError::of_resource(&problem))?;
    let text = String::from_utf8_lossy(&body);
    Ok(json!({"contents": [{"uri": uri, "mimeType": JSON, "text": text}]}))
}
