//! What a webhook is sent of an alert, by whose messages it takes. Pure.

use serde::Serialize;
use serde_json::json;

use crate::config::WebhookFormat;
use crate::detection::alerts::AlertView;
use crate::detection::finding::FindingKind;
use crate::domain::{Choice, Timestamp};

/// A request's body, and its headers besides the signature.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    pub body: Vec<u8>,
    pub headers: Vec<(&'static str, String)>,
}

/// The body that the Standard Webhooks specification recommends.
#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    /// The preview of the reset that the alert proposes.
    url: &'a str,
    data: &'a AlertView,
}

/// The address of the preview of the reset that an alert proposes; `site` is the public address without a last slash.
fn preview(alert: &AlertView, site: &str) -> String {
    let filter = &alert.filter;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("tool", filter.tool.as_str())
        .append_pair("from", &filter.from.to_string())
        .append_pair("to", &filter.to.to_string());
    if let Some(network) = &filter.network {
        query.append_pair("network", network);
    }
    if let Some(choice) = filter.choice {
        query.append_pair("choice", Choice::as_str(choice));
    }
    format!("{site}/moderation/reset?{}", query.finish())
}

fn sentence(alert: &AlertView) -> String {
    let what = match alert.kind {
        FindingKind::Burst => "A burst",
        FindingKind::Drip => "A slow drip",
        FindingKind::Network => "One network",
        FindingKind::AcrossTools => "One network on several tools",
    };
    let numbers = &alert.numbers;
    format!(
        "{what} on {}: {} votes ({} ship, {} skip) from {} networks, score {} of 100.",
        alert.tool, numbers.votes, numbers.ship, numbers.skip, numbers.networks, alert.score
    )
}

/// The message for one alert.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn message(
    alert: &AlertView,
    format: WebhookFormat,
    site: &str,
) -> Result<Message, serde_json::Error> {
    let (url, text) = (preview(alert, site), sentence(alert));
    let json_headers = || vec![("content-type", "application/json".to_owned())];
    Ok(match format {
        WebhookFormat::Json => Message {
            body: serde_json::to_vec(&Event {
                r#type: "alert.raised",
                timestamp: alert.raised_at,
                url: &url,
                data: alert,
            })?,
            headers: json_headers(),
        },
        WebhookFormat::Slack => Message {
            body: serde_json::to_vec(
                &json!({ "text": format!("{text} <{url}|Preview the reset>") }),
            )?,
            headers: json_headers(),
        },
        WebhookFormat::Discord => Message {
            body: serde_json::to_vec(&json!({ "content": format!("{text} <{url}>") }))?,
            headers: json_headers(),
        },
        WebhookFormat::Ntfy => Message {
            body: text.into_bytes(),
            headers: vec![
                ("content-type", "text/plain; charset=utf-8".to_owned()),
                ("title", format!("Tallyship alert on {}", alert.tool)),
                ("click", url),
            ],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::alerts::{AlertState, FilterView, NumbersView};
    use crate::detection::rule::ScorePartsView;
    use crate::domain::Slug;

    fn alert() -> AlertView {
        let tool = Slug::parse("codestral-2").expect("a slug");
        let at = Timestamp(1_795_485_600_000_000);
        AlertView {
            id: 7,
            tool: tool.clone(),
            kind: FindingKind::Burst,
            state: AlertState::Open,
            score: 71,
            numbers: NumbersView {
                votes: 90,
                ship: 90,
                skip: 0,
                networks: 10,
                fresh_tokens: 90,
                usual: 1,
                tools: 1,
                parts: ScorePartsView::default(),
            },
            first_seen: at,
            last_seen: at.plus_seconds(10),
            raised_at: at.plus_seconds(12),
            filter: FilterView {
                tool,
                from: at,
                to: at.plus_seconds(10),
                choice: Some(Choice::Ship),
                network: None,
            },
            dismissed_at: None,
            dismissed_by: None,
            dismiss_reason: None,
        }
    }

    #[test]
    fn each_format_says_what_and_leads_to_the_preview() {
        let link = "https://a.example/sub/moderation/reset?tool=codestral-2&from=2026-";
        for format in [
            WebhookFormat::Json,
            WebhookFormat::Slack,
            WebhookFormat::Discord,
            WebhookFormat::Ntfy,
        ] {
            let message = message(&alert(), format, "https://a.example/sub").expect("a message");
            let body = String::from_utf8(message.body).expect("text");
            let whole = format!("{body} {:?}", message.headers);
            assert!(
                whole.contains(link) && whole.contains("choice=ship"),
                "{whole}"
            );
            assert!(whole.contains("90"), "{whole}");
            if format != WebhookFormat::Ntfy {
                let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                let field = match format {
                    WebhookFormat::Slack => "text",
                    WebhookFormat::Discord => "content",
                    _ => "url",
                };
                assert!(
                    json[field].as_str().is_some_and(|text| text.contains(link)),
                    "{json}"
                );
            }
        }
    }
}
