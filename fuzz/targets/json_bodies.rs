//! JSON bodies of every call that takes one: each reads it, or says 400 of what is no JSON and 422 of what is another shape.

use serde::de::{DeserializeOwned, IgnoredAny};
use tallyship::catalog::{NamedTool, Tool, ToolPatch, bulk};
use tallyship::voting::visitor_routes::NoFields;
use tallyship::moderation::bans::routes::BanBody;
use tallyship::moderation::review::routes::HeldBody;
use tallyship::moderation::removals::periods::routes::PeriodBody;
use tallyship::moderation::routes::{ResetBody, StateBody, WhyBody};
use tallyship::http::problem::{Code, Problem};
use tallyship::http::request::json;
use tallyship::voting::json::Cast;
use tallyship::web::mcp::RpcMessage;

use super::text;

fn is_json(body: &[u8]) -> bool {
    text(body).is_some() && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn judged<T>(body: &[u8], outcome: Result<T, Problem>) -> Option<T> {
    match outcome {
        Ok(value) => {
            assert!(is_json(body), "what is no JSON was read");
            Some(value)
        }
        Err(problem) => {
            match problem.code {
                Code::BadRequest => assert!(!is_json(body), "JSON was called none: {}", problem.detail()),
                Code::Invalid => {}
                other => panic!("a body was refused with {other:?}"),
            }
            let detail = problem.detail();
            assert!(!detail.is_empty() && detail.len() <= 20_000 + 8 * body.len());
            let document: serde_json::Value = serde_json::from_slice(&problem.document()).unwrap_or_default();
            assert_eq!(document.get("detail").and_then(|text| text.as_str()), Some(detail));
            None
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    judged(body, json(body))
}

pub fn run(body: &[u8]) {
    if let Some(cast) = read::<Cast>(body) {
        let written = serde_json::json!({ "choice": cast.choice }).to_string();
        assert_eq!(read::<Cast>(written.as_bytes()).map(|again| again.choice), Some(cast.choice));
    }
    let empty = read::<NoFields>(body).is_some();
    let as_value = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body).ok();
    assert!(!empty || as_value.is_some_and(|map| map.is_empty()));
    read::<ResetBody>(body);
    read::<StateBody>(body);
    read::<WhyBody>(body);
    read::<BanBody>(body);
    read::<PeriodBody>(body);
    read::<HeldBody>(body);
    read::<RpcMessage>(body);
    let tool = read::<Tool>(body);
    if let Some(mut tool) = tool.and_then(|tool| tool.checked().ok()) {
        let written = serde_json::to_vec(&tool).unwrap_or_default();
        assert_eq!(read::<Tool>(&written).as_ref(), Some(&tool));
        let before = tool.clone();
        tool.patch(ToolPatch::default());
        assert_eq!(tool, before, "an empty patch changes nothing");
    }
    read::<ToolPatch>(body);
    if let Some(tools) = judged(body, bulk::read(body)) {
        assert!((1..=bulk::MOST).contains(&tools.len()));
        let again = |listed: &NamedTool| listed.tool.clone().checked();
        assert!(tools.iter().all(|listed| again(listed).as_ref() == Ok(&listed.tool)));
        let mut slugs: Vec<&str> = tools.iter().map(|listed| listed.slug.as_str()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), tools.len(), "a slug stands there twice");
    }
}
