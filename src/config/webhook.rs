//! [`WebhookEndpoint`]: a server that events are posted to, from `webhooks.endpoints` and `moderation.webhook_url`.
//!
//! It must never repeat a secret's text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;

use super::{Settings, values};
use crate::domain::Slug;
use crate::domain::text::{line_at, without_bom};

/// The name of the endpoint that `moderation.webhook_url` makes.
const ALERTS: &str = "alerts";
const MAX_ENDPOINTS: usize = 20;

/// Where events are posted.
#[derive(Debug, Clone)]
pub struct WebhookEndpoint {
    pub name: String,
    pub url: Url,
    pub key: WebhookKey,
    pub format: WebhookFormat,
    /// Empty: every event.
    pub events: Vec<WebhookEvent>,
    /// Empty: events of every tool.
    pub tools: Vec<Slug>,
}

impl WebhookEndpoint {
    /// The one address of `moderation.webhook_url` is the operator's own choice, and needs no network beside it.
    pub fn may_be_private(&self) -> bool {
        self.name == ALERTS
    }

    pub fn takes(&self, event: WebhookEvent) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }
}

/// What an endpoint can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum WebhookEvent {
    #[serde(rename = "tally.moved")]
    TallyMoved,
    #[serde(rename = "verdict.changed")]
    VerdictChanged,
    #[serde(rename = "tool.frozen")]
    ToolFrozen,
    #[serde(rename = "reset.made")]
    ResetMade,
    #[serde(rename = "reset.undone")]
    ResetUndone,
    #[serde(rename = "alert.raised")]
    AlertRaised,
}

impl WebhookEvent {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TallyMoved => "tally.moved",
            Self::VerdictChanged => "verdict.changed",
            Self::ToolFrozen => "tool.frozen",
            Self::ResetMade => "reset.made",
            Self::ResetUndone => "reset.undone",
            Self::AlertRaised => "alert.raised",
        }
    }
}

/// The key of the signature: bytes. Its `Debug` does not show them.
#[derive(Clone)]
pub struct WebhookKey(pub Vec<u8>);

impl std::fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookKey(..)")
    }
}

/// Whose messages an endpoint takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// As the Standard Webhooks specification recommends.
    #[default]
    Json,
    Slack,
    Discord,
    Ntfy,
}

impl Settings {
    /// Every endpoint, that of `moderation.webhook_url` first.
    pub fn webhook_endpoints(&self) -> Vec<WebhookEndpoint> {
        let moderation = &self.moderation;
        let parts = moderation.webhook_url.clone();
        let alerts = parts
            .zip(moderation.webhook_secret.clone())
            .map(|(url, key)| WebhookEndpoint {
                name: ALERTS.to_owned(),
                url,
                key,
                format: moderation.webhook_format,
                events: vec![WebhookEvent::AlertRaised],
                tools: Vec::new(),
            });
        let others = self.webhooks.endpoints.iter().cloned();
        alerts.into_iter().chain(others).collect()
    }
}

/// An endpoint as `webhooks.endpoints` has it, below its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointTable {
    url: String,
    secret: Option<String>,
    secret_file: Option<PathBuf>,
    #[serde(default)]
    format: WebhookFormat,
    #[serde(default)]
    events: Vec<WebhookEvent>,
    #[serde(default)]
    tools: Vec<String>,
}

impl EndpointTable {
    fn endpoint(self, name: String) -> Result<WebhookEndpoint, String> {
        let is_name = |text: &str| Slug::parse(text).is_some() && text != ALERTS;
        if !is_name(&name) {
            let expected = "expected a name of a-z, 0-9 and -, and not \"alerts\"";
            return Err(format!("[{name}]: {expected}"));
        }
        let secret = match (self.secret, self.secret_file) {
            (Some(secret), None) => secret,
            (None, Some(file)) => std::fs::read_to_string(&file)
                .map(|text| without_bom(&text).trim().to_owned())
                .map_err(|cause| format!("[{name}] secret_file {}: {cause}", file.display()))?,
            _ => return Err(format!("[{name}]: expected secret or secret_file")),
        };
        let missing = |what: &str| format!("[{name}] {what}: it is empty");
        let tools = self.tools.iter().map(|tool| {
            Slug::parse(tool).ok_or_else(|| format!("[{name}] tools: {tool} is not a tool's slug"))
        });
        Ok(WebhookEndpoint {
            url: url(&self.url)
                .map_err(|cause| format!("[{name}] url: {cause}"))?
                .ok_or_else(|| missing("url"))?,
            key: key(&secret)
                .map_err(|cause| format!("[{name}] secret: {cause}"))?
                .ok_or_else(|| missing("secret"))?,
            format: self.format,
            events: self.events,
            tools: tools.collect::<Result<_, _>>()?,
            name,
        })
    }
}

pub(super) fn endpoints(text: &str) -> Result<Vec<WebhookEndpoint>, String> {
    let tables: BTreeMap<String, EndpointTable> =
        toml::from_str(text).map_err(|cause: toml::de::Error| {
            // What the parser says may repeat a secret.
            let line = line_at(text, cause.span().unwrap_or_default().start);
            format!(
                "line {line}: expected TOML with a table for each endpoint: [NAME] with url, secret or secret_file, \
                 and maybe format, events and tools"
            )
        })?;
    if tables.len() > MAX_ENDPOINTS {
        return Err(format!("expected at most {MAX_ENDPOINTS} endpoints"));
    }
    let tables = tables.into_iter();
    tables.map(|(name, table)| table.endpoint(name)).collect()
}

pub(super) fn moved_points(text: &str) -> Result<i64, String> {
    let points = text
        .parse()
        .ok()
        .filter(|points| (0..=100).contains(points));
    points.ok_or_else(|| "expected 0 to 100".to_owned())
}

pub(super) fn format(text: &str) -> Result<WebhookFormat, String> {
    match text {
        "json" => Ok(WebhookFormat::Json),
        "slack" => Ok(WebhookFormat::Slack),
        "discord" => Ok(WebhookFormat::Discord),
        "ntfy" => Ok(WebhookFormat::Ntfy),
        _ => Err("expected json, slack, discord or ntfy".to_owned()),
    }
}

pub(super) fn url(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some()
                && url.username().is_empty()
                && url.password().is_none() =>
        {
            Ok(Some(url))
        }
        _ => Err("expected http://HOST/PATH or https://HOST/PATH".to_owned()),
    }
}

/// As the Standard Webhooks specification writes a key, or plain bytes.
pub(super) fn key(text: &str) -> Result<Option<WebhookKey>, String> {
    let Some(encoded) = text.strip_prefix("whsec_") else {
        let secret = values::secret(text)?;
        return Ok(secret.map(|secret| WebhookKey(secret.expose().as_bytes().to_vec())));
    };
    STANDARD
        .decode(encoded)
        .ok()
        .filter(|key| (24..=64).contains(&key.len()))
        .map(|key| Some(WebhookKey(key)))
        .ok_or_else(|| {
            "expected whsec_ and 24 to 64 bytes in base64, or at least 32 bytes".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, Settings};

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let mut layers = Layers::defaults();
        for (name, text) in pairs {
            layers
                .set(name, text, "a test")
                .map_err(|bad| bad.to_string())?;
        }
        Settings::from_layers(&layers).map_err(|bad| bad.to_string())
    }

    const URL: (&str, &str) = ("moderation.webhook_url", "https://hooks.example/tallyship");

    #[test]
    fn a_webhook_needs_an_address_of_the_web_and_a_secret() {
        assert!(read(&[]).expect("fine").webhook_endpoints().is_empty());
        let long = "k".repeat(32);
        let secret = |text| ("moderation.webhook_secret", text);
        let given = read(&[URL, secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]);
        let endpoints = given.expect("fine").webhook_endpoints();
        let webhook = endpoints.first().expect("one");
        assert_eq!((webhook.key.0.len(), webhook.url.as_str()), (24, URL.1));
        let plain = read(&[URL, secret(&long)])
            .expect("fine")
            .webhook_endpoints();
        assert_eq!(plain.first().expect("one").key.0, [b'k'; 32]);
        for bad in [
            "",
            "short",
            "whsec_short",
            "whsec_no base64 at all, and long enough",
        ] {
            let refused = read(&[URL, secret(bad)]).expect_err(bad);
            assert!(refused.contains("moderation.webhook_secret"), "{refused}");
            assert!(bad.is_empty() || !refused.contains(bad), "{refused}");
        }
        for bad in [
            "ftp://a.example",
            "hooks.example",
            "https://u:p@a.example/",
            "file:///etc",
        ] {
            let url = ("moderation.webhook_url", bad);
            let refused = read(&[url, secret(&long)]).expect_err(bad);
            assert!(refused.contains("moderation.webhook_url"), "{refused}");
        }
    }

    fn endpoints(text: &str) -> Result<Vec<super::WebhookEndpoint>, String> {
        let long = "k".repeat(32);
        let alerts = [URL, ("moderation.webhook_secret", long.as_str())];
        let read = read(&[alerts.as_slice(), &[("webhooks.endpoints", text)]].concat())?;
        Ok(read.webhook_endpoints())
    }

    #[test]
    fn each_endpoint_has_a_filter_and_a_secret_of_its_own() {
        use super::{WebhookEvent as Event, WebhookFormat};
        let slug = |text| crate::domain::Slug::parse(text).expect("a slug");
        let read = endpoints(
            "[site]\nurl = \"https://a.example/\"\nsecret = \"ssssssssssssssssssssssssssssssss\"\n\
             [ops]\nurl = \"https://b.example/\"\nsecret = \"oooooooooooooooooooooooooooooooo\"\n\
             format = \"slack\"\nevents = [\"tool.frozen\"]\ntools = [\"a\"]\n",
        );
        let read = read.expect("three");
        let names: Vec<&str> = read.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, ["alerts", "ops", "site"]);
        let [alerts, ops, site] = read.as_slice() else {
            panic!("{names:?}")
        };
        assert_eq!(
            (ops.format, &ops.key.0),
            (WebhookFormat::Slack, &vec![b'o'; 32])
        );
        assert_eq!(ops.tools, [slug("a")]);
        assert!(ops.takes(Event::ToolFrozen) && !ops.takes(Event::TallyMoved));
        assert!(site.takes(Event::TallyMoved) && site.tools.is_empty());
        assert!(alerts.takes(Event::AlertRaised) && !alerts.takes(Event::TallyMoved));
    }

    #[test]
    fn a_bad_endpoint_is_named_and_its_secret_is_not() {
        let fine =
            "url = \"https://a.example/\"\nsecret = \"hunter2-hunter2-hunter2-hunter2-32\"\n";
        for (text, named) in [
            (format!("[alerts]\n{fine}"), "alerts"),
            (format!("[A b]\n{fine}"), "line 1"),
            (format!("[a]\n{fine}color = 1\n"), "line 4"),
            (format!("[a]\n{fine}events = [\"tool.melted\"]\n"), "line 4"),
            (format!("[a]\n{fine}tools = [\"No Slug\"]\n"), "[a] tools"),
            (format!("[a]\n{fine}secret_file = \"x\"\n"), "[a]"),
            (
                "[a]\nurl = \"ftp://a\"\nsecret = \"x\"\n".to_owned(),
                "[a] url",
            ),
            (
                "[a]\nurl = \"https://a.example\"\nsecret = \"hunter2\"\n".to_owned(),
                "[a] secret",
            ),
            (
                "[a]\nurl = \"https://a.example\"\nsecret_file = \"/no/file\"\n".to_owned(),
                "/no/file",
            ),
            ("[a]\nsecret = \"hunter2".to_owned(), "line 2"),
        ] {
            let refused = endpoints(&text).expect_err(&text);
            for part in ["webhooks.endpoints", named] {
                assert!(refused.contains(part), "{refused}");
            }
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
