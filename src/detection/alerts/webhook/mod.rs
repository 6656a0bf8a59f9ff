//! The worker that tells a webhook of each alert that was raised, signed, until it is taken.
//!
//! `server` starts it where a webhook is set. Alerts that are to be told lie in the database, so a kill loses none; one that
//! was taken just before a kill is told again, under the same `webhook-id`. It has a thread and a connection of its own, and
//! the instance that detects is the one that tells. A receiver that does not answer costs nobody else: each try has a
//! deadline, tries come further and further apart, and after a day an alert is not told any more.

mod message;
mod signature;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::{Client, redirect};

use self::message::{Message, message};
use super::Alert;
use super::store;
use crate::config::{self, Webhook};
use crate::detection::worker::IsLeader;
use crate::domain::{DAY_SECONDS, Timestamp};
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::telemetry::Metrics;
use crate::infra::workers::Worker;
use crate::voting::writer::Votes;

/// Between two looks at what is to be told.
const EVERY: Duration = Duration::from_secs(2);
/// Alerts of one look.
const PAGE: i64 = 20;
/// A receiver has so long to take one.
const WHOLE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(3);
/// After a failure the next try waits so long, and then twice as long each time, up to an hour.
const FIRST_WAIT_SECONDS: i64 = 5;
const LONGEST_WAIT_SECONDS: i64 = 3_600;
/// After so long nobody wants to hear of it any more.
const GIVE_UP_SECONDS: i64 = DAY_SECONDS;

/// Starts it. Dropping it ends the thread at once, also in the middle of a try.
///
/// # Errors
/// If the thread cannot be started, or TLS cannot be set up.
pub fn start(
    database: config::Database,
    (webhook, public_url): (Webhook, &url::Url),
    votes: Votes,
    meters: Arc<Metrics>,
    leading: IsLeader,
) -> std::io::Result<Worker> {
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .user_agent(concat!("tallyship/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(std::io::Error::other)?;
    let tell = Tell {
        database,
        webhook,
        site: public_url.as_str().trim_end_matches('/').to_owned(),
        client,
        votes,
        meters,
        leading,
        conn: None,
        tries: HashMap::new(),
    };
    Worker::start_async("webhook", move || tell.run())
}

/// When an alert that was not taken is tried next.
#[derive(Debug, Clone, Copy)]
struct Tried {
    wait_seconds: i64,
    next: Timestamp,
}

impl Tried {
    fn after(before: Option<Self>, now: Timestamp) -> Self {
        let wait_seconds = before.map_or(FIRST_WAIT_SECONDS, |before| {
            (2 * before.wait_seconds).min(LONGEST_WAIT_SECONDS)
        });
        Self {
            wait_seconds,
            next: now.plus_seconds(wait_seconds),
        }
    }
}

struct Tell {
    database: config::Database,
    webhook: Webhook,
    /// The site's public address, without a last slash.
    site: String,
    client: Client,
    votes: Votes,
    meters: Arc<Metrics>,
    leading: IsLeader,
    conn: Option<DbConnection>,
    /// By alert; bounded by what one look gives.
    tries: HashMap<i64, Tried>,
}

impl Tell {
    async fn run(mut self) {
        let mut said = false;
        loop {
            tokio::time::sleep(EVERY).await;
            if !self.leading.load(Ordering::Relaxed) {
                self.conn = None;
                continue;
            }
            let now = Timestamp::now();
            match self.untold(now) {
                Ok(alerts) => {
                    said = false;
                    self.tries
                        .retain(|id, _| alerts.iter().any(|alert| alert.id == *id));
                    for alert in alerts {
                        self.tell(alert, Timestamp::now()).await;
                    }
                }
                Err(cause) => {
                    self.conn = None;
                    if !std::mem::replace(&mut said, true) {
                        tracing::error!(%cause, "pending alerts could not be read; will retry");
                    }
                }
            }
        }
    }

    fn untold(&mut self, now: Timestamp) -> Result<Vec<Alert>, db::OpenError> {
        if self.conn.is_none() {
            self.conn = Some(db::open(&self.database, Purpose::Read)?);
        }
        let since = now.plus_seconds(-GIVE_UP_SECONDS);
        match self.conn.as_mut() {
            Some(conn) => Ok(store::untold(conn, since, PAGE)?),
            None => Ok(Vec::new()),
        }
    }

    async fn tell(&mut self, alert: Alert, now: Timestamp) {
        let (id, raised_at) = (alert.id, alert.raised_at);
        let before = self.tries.get(&id).copied();
        if before.is_some_and(|tried| now < tried.next) {
            return;
        }
        match self.post(alert, now).await {
            Ok(()) => {
                self.meters.webhook(true);
                // Where this fails it is told again, under the same id.
                let noted = self
                    .votes
                    .edit(move |conn| store::note_told(conn, id, raised_at, now))
                    .await;
                if noted.is_ok() {
                    self.tries.remove(&id);
                } else {
                    self.tries.insert(id, Tried::after(before, now));
                }
            }
            Err(cause) => {
                self.meters.webhook(false);
                if before.is_none() {
                    tracing::warn!(alert = id, %cause, "webhook delivery failed; will retry");
                }
                self.tries
                    .insert(id, Tried::after(before, Timestamp::now()));
            }
        }
    }

    /// One try.
    async fn post(&self, alert: Alert, now: Timestamp) -> Result<(), String> {
        // Raised anew it is another message; told anew it is the same.
        let id = format!("alert_{}_{}", alert.id, alert.raised_at.0);
        let Message { body, headers } = message(&alert.into(), self.webhook.format, &self.site)
            .map_err(|bad| bad.to_string())?;
        let signature = signature::signature(&self.webhook.key.0, &id, now.seconds(), &body);
        let mut request = self.client.post(self.webhook.url.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request
            .header("webhook-id", id)
            .header("webhook-timestamp", now.seconds().to_string())
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await
            // The address may hold a secret of its own.
            .map_err(|bad| bad.without_url().to_string())?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(format!("it answered {}", answer.status().as_u16()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_come_further_and_further_apart_up_to_an_hour() {
        let mut tried = Tried::after(None, Timestamp(0));
        assert_eq!(tried.next, Timestamp(0).plus_seconds(FIRST_WAIT_SECONDS));
        let mut waits = Vec::new();
        for _ in 0..12 {
            tried = Tried::after(Some(tried), tried.next);
            waits.push(tried.wait_seconds);
        }
        assert_eq!(waits.get(..3), Some([10, 20, 40].as_slice()));
        assert_eq!(waits.last(), Some(&LONGEST_WAIT_SECONDS));
    }
}
