//! [`Webhook`]: who is told of alerts besides the dashboard.
//!
//! It must never repeat a secret's text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::{Moderation, values};

/// Where alerts are posted.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub url: Url,
    pub key: WebhookKey,
    pub format: WebhookFormat,
}

/// The key of the signature: bytes. Its `Debug` does not show them.
#[derive(Clone)]
pub struct WebhookKey(pub Vec<u8>);

impl std::fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookKey(..)")
    }
}

/// Whose messages a webhook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFormat {
    /// The alert as the API answers it.
    Json,
    Slack,
    Discord,
    Ntfy,
}

impl Moderation {
    /// `None`: the dashboard alone has alerts.
    pub fn webhook(&self) -> Option<Webhook> {
        let (url, key) = (self.webhook_url.clone()?, self.webhook_secret.clone()?);
        let format = self.webhook_format;
        Some(Webhook { url, key, format })
    }
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
        assert!(read(&[]).expect("fine").moderation.webhook().is_none());
        let long = "k".repeat(32);
        let secret = |text| ("moderation.webhook_secret", text);
        let given = read(&[URL, secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]);
        let webhook = given.expect("fine").moderation.webhook().expect("one");
        assert_eq!((webhook.key.0.len(), webhook.url.as_str()), (24, URL.1));
        let plain = read(&[URL, secret(&long)]).expect("fine").moderation;
        assert_eq!(plain.webhook().expect("one").key.0, [b'k'; 32]);
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
}
