//! A request of a webhook, by whose messages the endpoint takes. Pure.

use serde::Deserialize;
use serde_json::json;

use crate::config::WebhookFormat;
use crate::detection::alerts::AlertView;
use crate::detection::finding::FindingKind;

/// A request's body, and its headers besides the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub body: Vec<u8>,
    pub headers: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
struct WithUrl {
    url: String,
}

/// An alert as a sentence, without its network.
pub(super) fn sentence(alert: &AlertView) -> String {
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

/// The message of an event: its payload as it is, or the sentence with a link for people.
///
/// # Errors
/// If the payload has no URL.
pub(super) fn message(
    format: WebhookFormat,
    payload: String,
    (event, tool, text): (&str, &str, &str),
) -> Result<Message, serde_json::Error> {
    let headers = vec![("content-type", "application/json".to_owned())];
    if format == WebhookFormat::Json {
        return Ok(Message {
            body: payload.into_bytes(),
            headers,
        });
    }
    let WithUrl { url } = serde_json::from_str(&payload)?;
    let link = if event == "alert.raised" {
        "Preview the reset"
    } else {
        "Open"
    };
    Ok(match format {
        WebhookFormat::Json | WebhookFormat::Slack => Message {
            body: serde_json::to_vec(&json!({ "text": format!("{text} <{url}|{link}>") }))?,
            headers,
        },
        WebhookFormat::Discord => Message {
            body: serde_json::to_vec(&json!({ "content": format!("{text} <{url}>") }))?,
            headers,
        },
        WebhookFormat::Ntfy => Message {
            body: text.as_bytes().to_vec(),
            headers: vec![
                ("content-type", "text/plain; charset=utf-8".to_owned()),
                ("title", format!("Tallyship {event} on {tool}")),
                ("click", url),
            ],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::alerts::{Alert, AlertState};
    use crate::detection::finding::{Filter, Finding, Numbers};
    use crate::detection::rule::ScorePartsView;
    use crate::domain::{Choice, NetworkHash, Slug, Timestamp};
    use crate::webhooks::event;

    fn alert() -> Alert {
        let from = 1_795_485_600_000_000;
        Alert {
            id: 7,
            slug: Slug::parse("codestral-2").expect("a slug"),
            state: AlertState::Open,
            finding: Finding {
                kind: FindingKind::Network,
                tool: 1,
                filter: Filter {
                    from,
                    to: from + 10_000_000,
                    choice: Some(Choice::Ship),
                    network: Some(NetworkHash([0xab; 16])),
                },
                score: 71,
                parts: ScorePartsView::default(),
                numbers: Numbers {
                    votes: 90,
                    ship: 90,
                    networks: 1,
                    fresh: 90,
                    usual: 1,
                    tools: 1,
                },
            },
            raised_at: Timestamp(from + 12_000_000),
            updated_at: Timestamp(from + 12_000_000),
            dismissed_at: None,
            dismissed_by: None,
            dismiss_reason: None,
        }
    }

    #[test]
    fn each_format_says_what_and_leads_to_the_preview() {
        let link = "https://a.example/sub/moderation/reset?tool=codestral-2&from=2026-";
        let kept = event::alert(&alert());
        // What is kept of an alert must not name the network.
        assert!(!format!("{kept:?}").contains("abab"), "{kept:?}");
        for format in [
            WebhookFormat::Json,
            WebhookFormat::Slack,
            WebhookFormat::Discord,
            WebhookFormat::Ntfy,
        ] {
            let payload = event::alert_payload(alert(), "https://a.example/sub").expect("JSON");
            let about = ("alert.raised", "codestral-2", kept.summary.as_str());
            let message = message(format, payload, about).expect("a message");
            let body = String::from_utf8(message.body).expect("text");
            let whole = format!("{body} {:?}", message.headers);
            for part in [link, "choice=ship", "network=abab", "90"] {
                assert!(whole.contains(part), "{whole}");
            }
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
