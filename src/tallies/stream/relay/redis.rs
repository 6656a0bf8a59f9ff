//! Notices by Redis's publish and subscribe. A cluster passes a notice on to all of its nodes, so any one will do.
//!
//! It never waits long: a Redis that is lost or hangs is given up, and `relay` tries again.

use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubStream};
use tokio::time::{Instant, timeout_at};

use crate::config;
use crate::infra::redis::{Subscription, subscribe};

/// We hear ourselves this often, or the connection is dead.
const TICK: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_secs(4);
/// Carries nothing.
const EMPTY: &str = "0";

pub(super) struct Wire {
    out: MultiplexedConnection,
    incoming: PubSubStream,
    channel: String,
    next_tick: Instant,
    heard: Instant,
}

impl Wire {
    pub(super) async fn connect(settings: &config::Redis) -> Result<Self, String> {
        let channel = format!("{}:tallies", settings.prefix);
        let Subscription { out, incoming } = subscribe(settings, &channel)
            .await
            .map_err(|cause| cause.to_string())?;
        let now = Instant::now();
        Ok(Self {
            out,
            incoming,
            channel,
            next_tick: now,
            heard: now,
        })
    }

    pub(super) async fn send(&mut self, notices: &[String]) -> Result<(), String> {
        let mut pipe = redis::pipe();
        for notice in notices {
            pipe.publish(&self.channel, notice).ignore();
        }
        let sent: redis::RedisResult<()> = pipe.query_async(&mut self.out).await;
        sent.map_err(|cause| cause.to_string())
    }

    pub(super) async fn receive(&mut self) -> Result<Vec<String>, String> {
        loop {
            match timeout_at(self.next_tick, self.incoming.next()).await {
                Ok(Some(message)) => {
                    self.heard = Instant::now();
                    let notice: Result<String, _> = message.get_payload();
                    if let Ok(notice) = notice
                        && notice != EMPTY
                    {
                        return Ok(vec![notice]);
                    }
                }
                Ok(None) => return Err("the connection to Redis ended".to_owned()),
                Err(_due) if self.heard.elapsed() > SILENCE => {
                    return Err("Redis says nothing".to_owned());
                }
                Err(_due) => {
                    self.next_tick = Instant::now() + TICK;
                    self.send(&[EMPTY.to_owned()]).await?;
                }
            }
        }
    }
}
