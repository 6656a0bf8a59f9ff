//! [`Source`]: a site that is read over HTTP, some requests at a time.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::runtime::Runtime;

use crate::cli::Failure;
use crate::config::Settings;

/// One answer takes no longer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The site's address without a slash at its end.
pub(super) fn address(url: Option<String>, settings: &Settings) -> Result<String, Failure> {
    let url = match (url, &settings.http.public_url) {
        (Some(url), _) => url,
        (None, Some(url)) => url.to_string(),
        (None, None) => format!("http://{}", settings.http.listen),
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

    /// The body of an address of the site.
    pub fn bytes(&self, path: &str) -> Result<bytes::Bytes, Failure> {
        let mut all = self.all(&[path.to_owned()])?;
        all.pop().ok_or_else(|| Failure::new("no answer"))
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

    pub fn text(&self, path: &str) -> Result<String, Failure> {
        let bytes = self.bytes(path)?;
        String::from_utf8(bytes.to_vec())
            .map_err(|_unread| Failure::new(format!("{}{path}: not UTF-8", self.site)))
    }

    /// The bodies of several addresses, asked for at the same time.
    pub fn all(&self, paths: &[String]) -> Result<Vec<bytes::Bytes>, Failure> {
        let requests = paths.iter().map(|path| async move {
            let url = format!("{}{path}", self.site);
            let failed = |cause: &dyn std::fmt::Display| Failure::new(format!("{url}: {cause}"));
            let answer = self.client.get(&url).send().await;
            let answer = answer.map_err(|cause| failed(&cause))?;
            if answer.status() != StatusCode::OK {
                return Err(failed(&answer.status()));
            }
            answer.bytes().await.map_err(|cause| failed(&cause))
        });
        self.runtime
            .block_on(futures_util::future::try_join_all(requests))
    }
}
