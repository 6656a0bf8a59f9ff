//! Posting deliveries to an endpoint: the client, the request with its signature, and when a failed one is tried next.
//!
//! The worker calls it. It must reach no address that [`AllowedAddresses`] refuses, and never log a URL.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode, redirect};

use super::address::{AllowedAddresses, PublicResolver};
use super::event;
use super::message::{Message, message};
use super::signature;
use super::store::{Attempt, DueContent, DueDelivery, Failure};
use crate::config::WebhookEndpoint;
use crate::domain::{DAY_SECONDS, Timestamp};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// After a failure the next attempt waits so long, and then twice as long each time, up to an hour.
const MIN_BACKOFF_SECONDS: i64 = 5;
const MAX_BACKOFF_SECONDS: i64 = 3_600;
/// A delivery that fails for so long is given up.
const GIVE_UP_SECONDS: i64 = 3 * DAY_SECONDS;

/// A client that reaches the allowed addresses alone.
#[derive(Clone)]
pub(super) struct BoundClient {
    client: Client,
    allowed: AllowedAddresses,
}

impl BoundClient {
    pub(super) fn new(allowed: AllowedAddresses) -> reqwest::Result<Self> {
        // A proxy would resolve names by itself, and a redirect could lead to any address.
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(PublicResolver(allowed.clone())))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("tallyship/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, allowed })
    }
}

/// When a delivery that failed `attempts` times before is tried next; `None` if it is given up.
fn next_attempt(attempts: i32, created_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let doublings = u32::try_from(attempts).unwrap_or_default().min(20);
    let wait = (MIN_BACKOFF_SECONDS << doublings).min(MAX_BACKOFF_SECONDS);
    (now < created_at.plus_seconds(GIVE_UP_SECONDS)).then(|| now.plus_seconds(wait))
}

/// A request of a delivery, or why it cannot be made.
pub(super) struct ReadyDelivery {
    delivery: DueDelivery,
    message: Result<Message, String>,
}

/// What became of a batch for an endpoint.
pub(super) struct Batch {
    pub endpoint: WebhookEndpoint,
    pub attempts: Vec<Attempt>,
    /// It answered 410: it wants nothing any more.
    pub is_gone: bool,
}

pub(super) fn ready(
    endpoint: &WebhookEndpoint,
    delivery: DueDelivery,
    site: &str,
) -> ReadyDelivery {
    let payload = match &delivery.content {
        DueContent::Payload(payload) => Ok(payload.clone()),
        DueContent::Alert(alert) => event::alert_payload((**alert).clone(), site),
    };
    let about = (
        delivery.event.as_str(),
        delivery.tool.as_str(),
        delivery.summary.as_str(),
    );
    let message = payload.and_then(|payload| message(endpoint.format, payload, about));
    ReadyDelivery {
        message: message.map_err(|cause| cause.to_string()),
        delivery,
    }
}

/// Sends one after the other, up to the first failure: what waits behind it is still due.
pub(super) async fn post_all(
    client: BoundClient,
    endpoint: WebhookEndpoint,
    ready: Vec<ReadyDelivery>,
) -> Batch {
    let mut attempts = Vec::new();
    let mut is_gone = false;
    for ReadyDelivery { delivery, message } in ready {
        let posted = match message {
            Ok(message) => post(&client, &endpoint, &delivery.event_id, message).await,
            Err(cause) => Err(PostError::Failed(cause)),
        };
        let now = Timestamp::now();
        let next_at = next_attempt(delivery.attempts, delivery.created_at, now);
        let failure = match posted {
            Ok(()) => None,
            Err(PostError::Gone) => {
                is_gone = true;
                Some(Failure {
                    cause: "it answered 410".to_owned(),
                    next_at: None,
                })
            }
            Err(PostError::Failed(cause)) => Some(Failure { cause, next_at }),
        };
        let failed = failure.is_some();
        attempts.push(Attempt {
            delivery: delivery.id,
            failure,
        });
        if failed {
            break;
        }
    }
    Batch {
        endpoint,
        attempts,
        is_gone,
    }
}

enum PostError {
    Gone,
    Failed(String),
}

/// One attempt. Of the answer only the status is read.
async fn post(
    client: &BoundClient,
    endpoint: &WebhookEndpoint,
    id: &str,
    message: Message,
) -> Result<(), PostError> {
    client
        .allowed
        .check_url(&endpoint.url)
        .map_err(PostError::Failed)?;
    let seconds = Timestamp::now().seconds();
    let signature = signature::signature(&endpoint.key.0, id, seconds, &message.body);
    let mut request = client.client.post(endpoint.url.clone());
    for (name, value) in message.headers {
        request = request.header(name, value);
    }
    let answer = request
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature)
        .body(message.body)
        .send()
        .await
        .map_err(|cause| PostError::Failed(causes(cause)))?;
    match answer.status() {
        StatusCode::GONE => Err(PostError::Gone),
        status if status.is_success() => Ok(()),
        status => Err(PostError::Failed(format!(
            "it answered {}",
            status.as_u16()
        ))),
    }
}

/// An error with what caused it, without the URL: that may hold a secret of its own.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_further_and_further_apart_until_the_delivery_is_given_up() {
        let mut now = Timestamp(0);
        let mut waits = Vec::new();
        while let Some(next) =
            next_attempt(i32::try_from(waits.len()).expect("few"), Timestamp(0), now)
        {
            waits.push(next.seconds() - now.seconds());
            now = next;
        }
        assert_eq!(waits.get(..4), Some([5, 10, 20, 40].as_slice()));
        assert_eq!(waits.last(), Some(&MAX_BACKOFF_SECONDS));
        assert_eq!(now.seconds() / DAY_SECONDS, 3);
    }
}
