//! [`Source`]: a site that is read over HTTP, some requests at a time.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::runtime::Runtime;

use crate::cli::Failure;
use crate::config::Settings;

/// One answer takes no longer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A site may close a connection that is idle longer; nothing is read while `verify` waits for the log.
const MAX_IDLE: Duration = Duration::from_secs(1);

/// A checkpoint, a key or a proof is no longer.
pub(super) const MAX_NOTE_BYTES: usize = 64 << 10;

/// The site's address without a slash at its end.
pub(super) fn address(url: Option<String>, settings: &Settings) -> Result<String, Failure> {
    let url = match (url, &settings.http.public_url) {
        (Some(url), _) => url,
        (None, Some(url)) => url.to_string(),
        (None, None) => settings.http.listen.shown(),
    };
    let parsed = reqwest::Url::parse(&url).ok();
    match parsed.filter(|url| matches!(url.scheme(), "http" | "https")) {
        Some(url) => Ok(url.as_str().trim_end_matches('/').to_owned()),
        None => Err(Failure::configuration(format!(
            "--url {url}: expected http://HOST or https://HOST"
        ))),
    }
}

pub(super) struct Source {
    site: String,
    client: reqwest::Client,
    runtime: Runtime,
}

impl Source {
    pub fn open(site: &str) -> Result<Self, Failure> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .pool_idle_timeout(MAX_IDLE)
            .build()
            .map_err(Failure::new)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::new)?;
        Ok(Self {
            site: site.to_owned(),
            client,
            runtime,
        })
    }

    /// The body of an address of the site, of at most `max` bytes; or why it cannot be had.
    pub fn get(&self, path: &str, max: usize) -> Result<Vec<u8>, String> {
        self.runtime.block_on(self.fetch(path, max))
    }

    /// Whether an address of the site answers 200.
    pub fn has(&self, path: &str) -> Result<bool, Failure> {
        let url = format!("{}{path}", self.site);
        // The client needs the runtime as soon as a request is made.
        let answer = async { self.client.get(&url).send().await };
        let answer = self.runtime.block_on(answer);
        let answer = answer.map_err(|cause| Failure::new(format!("{url}: {cause}")))?;
        Ok(answer.status() == StatusCode::OK)
    }

    pub fn text(&self, path: &str, max: usize) -> Result<String, Failure> {
        let bytes = self.get(path, max).map_err(Failure::new)?;
        String::from_utf8(bytes)
            .map_err(|_unread| Failure::new(format!("{}{path}: not UTF-8", self.site)))
    }

    /// The bodies of several addresses, asked for at the same time.
    pub fn all(&self, paths: &[String], max: usize) -> Vec<Result<Vec<u8>, String>> {
        let requests = paths.iter().map(|path| self.fetch(path, max));
        let requests = async { futures_util::future::join_all(requests).await };
        self.runtime.block_on(requests)
    }

    /// A site may answer anything: a body without an end must not fill the memory.
    async fn fetch(&self, path: &str, max: usize) -> Result<Vec<u8>, String> {
        let url = format!("{}{path}", self.site);
        let failed = |cause: &dyn std::fmt::Display| format!("{url}: {cause}");
        let mut answer = self
            .client
            .get(&url)
            .send()
            .await
            .map_err(|cause| failed(&cause))?;
        if answer.status() != StatusCode::OK {
            return Err(failed(&answer.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|cause| failed(&cause))? {
            body.extend_from_slice(&chunk);
            if body.len() > max {
                return Err(failed(&format_args!("longer than {max} bytes")));
            }
        }
        Ok(body)
    }
}
