//! [`Detector`] and [`Webhook`]: from when on something is an alert, and who is told of it besides the dashboard.
//!
//! [`super::Settings`] reads them. It must never repeat a secret's text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::layers::{Layers, SettingError};
use super::{Secret, values};

#[derive(Debug, Clone, Copy)]
pub struct Detector {
    pub enabled: bool,
    /// The score, 1 to 100, from which an alert is raised.
    pub threshold: i32,
    /// Votes that are needed for one.
    pub min_votes: u32,
}

/// Where alerts are posted. Its `Debug` does not show the key.
#[derive(Clone)]
pub struct Webhook {
    pub url: Url,
    /// The key of the signature: bytes.
    pub key: Vec<u8>,
    pub format: WebhookFormat,
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

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhook(..)")
    }
}

fn number(text: &str, most: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=most).contains(n))
        .ok_or_else(|| format!("expected 1 to {most}"))
}

pub(super) fn read(layers: &Layers) -> Result<Detector, SettingError> {
    let threshold = layers.parse("detector.threshold", |text| number(text, 100))?;
    Ok(Detector {
        enabled: layers.parse("detector.enabled", values::on_off)?,
        threshold: i32::try_from(threshold).unwrap_or(100),
        min_votes: layers.parse("detector.min_votes", |text| number(text, 10_000))?,
    })
}

/// `None`: nobody is told.
pub(super) fn webhook(layers: &Layers) -> Result<Option<Webhook>, SettingError> {
    let url = layers.parse("moderation.webhook_url", url)?;
    let key = layers.parse("moderation.webhook_secret", |text| {
        match (text, url.is_some()) {
            ("", true) => Err("moderation.webhook_url needs this".to_owned()),
            ("", false) => Ok(Vec::new()),
            _ => key(text),
        }
    })?;
    let format = layers.parse("moderation.webhook_format", |text| match text {
        "json" => Ok(WebhookFormat::Json),
        "slack" => Ok(WebhookFormat::Slack),
        "discord" => Ok(WebhookFormat::Discord),
        "ntfy" => Ok(WebhookFormat::Ntfy),
        _ => Err("expected json, slack, discord or ntfy".to_owned()),
    })?;
    Ok(url.map(|url| Webhook { url, key, format }))
}

fn url(text: &str) -> Result<Option<Url>, String> {
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
fn key(text: &str) -> Result<Vec<u8>, String> {
    let expected = "expected whsec_ and 24 to 64 bytes in base64, or at least 32 bytes";
    let Some(encoded) = text.strip_prefix("whsec_") else {
        let secret = values::secret(text)?;
        return Ok(secret.map_or(Vec::new(), |secret: Secret| {
            secret.expose().as_bytes().to_vec()
        }));
    };
    STANDARD
        .decode(encoded)
        .ok()
        .filter(|key| (24..=64).contains(&key.len()))
        .ok_or_else(|| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

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
        assert!(read(&[]).expect("fine").webhook.is_none());
        let long = "k".repeat(32);
        let secret = |text| ("moderation.webhook_secret", text);
        let given = read(&[URL, secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]);
        let webhook = given.expect("fine").webhook.expect("one");
        assert_eq!((webhook.key.len(), webhook.url.as_str()), (24, URL.1));
        let plain = read(&[URL, secret(&long)]).expect("fine");
        assert_eq!(plain.webhook.expect("one").key, [b'k'; 32]);
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

    #[test]
    fn thresholds_have_bounds() {
        let usual = read(&[]).expect("fine").detector;
        assert_eq!(
            (usual.enabled, usual.threshold, usual.min_votes),
            (true, 60, 20)
        );
        for (name, bad) in [
            ("detector.threshold", "0"),
            ("detector.threshold", "101"),
            ("detector.min_votes", "few"),
            ("detector.enabled", "yes"),
        ] {
            let refused = read(&[(name, bad)]).expect_err(bad);
            assert!(refused.contains(name), "{refused}");
        }
    }
}
