//! Posting deliveries to an endpoint: the client, and the request with its signature.
//!
//! The worker calls it. It must reach no address that [`AllowedAddresses`] refuses, and never log a URL.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode, redirect};

use super::address::{AllowedAddresses, PublicResolver};
use super::backoff::next_attempt;
use super::event;
use super::message::{Message, message};
use super::signature;
use super::store::{Attempt, DueContent, DueDelivery, Failure};
use crate::config::WebhookEndpoint;
use crate::domain::Timestamp;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

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

impl Batch {
    /// Why its last attempt failed; there is none after it.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.attempts.last()?.failure.as_ref()
    }
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
