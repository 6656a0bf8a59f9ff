//! [`JwksRefresher`]: the thread that reads a JWKS anew, from its file or its https address, never on a call's own time.
//!
//! `users` starts it, and wakes it for a `kid` that it does not know; not more often than once in a while, whatever strangers
//! send. What was read last stays in use while the next cannot be read, but not for ever: a key that was revoked would too.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use reqwest::{Client, StatusCode};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use crate::auth::http_client::{self, MAX_BYTES, causes};
use crate::auth::users::jwks::KeySet;
use crate::config::Algorithm;
use crate::domain::Timestamp;
use crate::infra::workers;

/// After a failure it is read again so soon, or sooner where the settings want it read more often.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// An unknown `kid` has the set read at once, and then for so long none does.
const COOLDOWN_SECONDS: i64 = 30;

/// The keys in use: `None` until a set was read, and after the last one grew too old.
#[derive(Default)]
pub(super) struct Rings {
    pub(super) set: ArcSwapOption<KeySet>,
    /// The last try to read a set failed.
    pub(super) is_failing: AtomicBool,
}

/// How often a set is read, and how long the last one is believed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) every: Duration,
    pub(super) max_stale: Duration,
}

/// Where a JWKS is.
pub(super) enum Source {
    File(PathBuf),
    Url(Client, Url),
}

impl Source {
    /// An https address whose server is verified by the certificates of `ca`, or the system's.
    ///
    /// # Errors
    /// Invalid certificates.
    pub(super) fn url(url: &Url, ca: Option<&[u8]>) -> Result<Self, String> {
        let client = http_client::build(ca, true)?;
        Ok(Self::Url(client, url.clone()))
    }

    async fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => {
                let size = std::fs::metadata(path).map_err(|cause| cause.to_string())?;
                if size.len() > MAX_BYTES as u64 {
                    return Err(format!("it is longer than {MAX_BYTES} bytes"));
                }
                std::fs::read(path).map_err(|cause| cause.to_string())
            }
            Self::Url(client, url) => fetch(client, url).await,
        }
    }

    pub(super) async fn ring(&self, algorithm: Algorithm) -> Result<KeySet, String> {
        let bytes = self.read().await?;
        KeySet::of_jwks(algorithm, &bytes).map_err(str::to_owned)
    }
}

async fn fetch(client: &Client, url: &Url) -> Result<Vec<u8>, String> {
    let answer = client.get(url.clone()).send().await;
    let answer = answer.map_err(|cause| causes(&cause))?;
    if answer.status() != StatusCode::OK {
        return Err(format!("its server answered {}", answer.status().as_u16()));
    }
    http_client::body(answer).await
}

/// Lets one through, and then none for a while.
#[derive(Default)]
struct Cooldown(AtomicI64);

impl Cooldown {
    fn passes(&self, now: Timestamp) -> bool {
        let (last, now) = (self.0.load(Ordering::Relaxed), now.seconds());
        now >= last + COOLDOWN_SECONDS
            && self
                .0
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

/// The end that wakes the thread; the thread ends when it is dropped.
pub(super) struct JwksRefresher {
    wake: mpsc::Sender<()>,
    cooldown: Cooldown,
}

impl JwksRefresher {
    /// Reads it anew at its pace, so that a key that is gone ends, and a new one is known before it is used.
    pub(super) fn start(
        runtime: Runtime,
        source: Source,
        algorithm: Algorithm,
        pace: Pace,
        rings: Arc<Rings>,
    ) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::channel(1);
        workers::spawn("jwks", move || {
            runtime.block_on(run(woken, &source, algorithm, pace, &rings));
        })?;
        let cooldown = Cooldown::default();
        Ok(Self { wake, cooldown })
    }

    /// A token names a key that is not known: perhaps it is new.
    pub(super) fn unknown_kid(&self, now: Timestamp) {
        if self.cooldown.passes(now) {
            let _ = self.wake.try_send(());
        }
    }
}

async fn run(
    mut woken: mpsc::Receiver<()>,
    source: &Source,
    algorithm: Algorithm,
    Pace { every, max_stale }: Pace,
    rings: &Arc<Rings>,
) {
    let soon = every.min(AFTER_FAILURE).min(max_stale);
    let mut read_at = Instant::now();
    let mut pause = if rings.set.load().is_some() {
        every
    } else {
        soon
    };
    while !matches!(timeout(pause, woken.recv()).await, Ok(None)) {
        pause = match source.ring(algorithm).await {
            Ok(ring) => {
                warn_if_empty(&ring);
                rings.set.store(Some(Arc::new(ring)));
                rings.is_failing.store(false, Ordering::Relaxed);
                read_at = Instant::now();
                every
            }
            Err(cause) => {
                rings.is_failing.store(true, Ordering::Relaxed);
                if read_at.elapsed() < max_stale {
                    tracing::warn!(%cause, "JWKS unavailable; keeping the last keys; will retry");
                } else if rings.set.swap(None).is_some() {
                    tracing::error!(%cause, "JWKS unavailable and the last keys expired; signed-in users get 503; will retry");
                }
                soon
            }
        };
    }
}

pub(super) fn warn_if_empty(ring: &KeySet) {
    if ring.is_empty() {
        tracing::warn!("JWKS has no key of the configured algorithm; every user token is invalid");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_have_it_read_more_often() {
        let cooldown = Cooldown::default();
        let at = |seconds: i64| Timestamp((1_800_000_000 + seconds) * 1_000_000);
        assert!(cooldown.passes(at(0)));
        assert!((0..30).all(|second| !cooldown.passes(at(second))));
        assert!(cooldown.passes(at(30)) && !cooldown.passes(at(31)));
    }

    #[test]
    fn a_file_that_is_too_long_or_not_there_is_refused() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let path = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        let source = Source::File(path.clone());
        let read = || runtime.block_on(source.ring(Algorithm::EdDsa)).is_ok();
        assert!(!read());
        std::fs::write(&path, "{\"keys\":[]}").expect("a file");
        assert!(read());
        let long = format!("{{\"keys\":[{}]}}", " ".repeat(MAX_BYTES));
        std::fs::write(&path, long).expect("a file");
        assert!(!read());
        std::fs::remove_file(path).expect("cleans up");
    }
}
