//! [`Link`]: a connection to one Redis or to a Redis Cluster, with verified TLS and deadlines.
//!
//! The limiter and the relay call it. It never retries and never waits long: the callers decide what a lost Redis means.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection, PubSubStream};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture,
    ServerErrorKind, TlsCertificates, Value,
};

use crate::config;

/// Connecting may take this long; it happens beside the requests, never in one.
const CONNECT: Duration = Duration::from_secs(1);

fn client(settings: &config::Redis, url: &config::Secret) -> Result<Client, RedisError> {
    match &settings.ca_file {
        Some(file) if url.expose().starts_with("rediss:") => {
            let certificates = TlsCertificates {
                client_tls: None,
                root_cert: Some(std::fs::read(file)?),
            };
            Client::build_with_tls(url.expose(), certificates)
        }
        _ => Client::open(url.expose()),
    }
}

async fn single(client: &Client, response: Duration) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(response));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// A channel of one node: what is published on it comes in, and what goes out can be published.
pub struct Subscription {
    pub out: MultiplexedConnection,
    pub incoming: PubSubStream,
}

/// Subscribes to `channel` on the first node that answers.
///
/// # Errors
/// The last node's refusal.
pub async fn subscribe(
    settings: &config::Redis,
    channel: &str,
) -> Result<Subscription, RedisError> {
    let mut refused = RedisError::from((ErrorKind::InvalidClientConfig, "no Redis is set"));
    for url in &settings.url {
        let client = client(settings, url)?;
        let connecting = async {
            let mut incoming = client.get_async_pubsub().await?;
            incoming.subscribe(channel).await?;
            let out = single(&client, CONNECT).await?;
            let incoming = incoming.into_on_message();
            Ok(Subscription { out, incoming })
        };
        match tokio::time::timeout(CONNECT * 2, connecting).await {
            Ok(Ok(subscription)) => return Ok(subscription),
            Ok(Err(cause)) => refused = cause,
            Err(_late) => {
                refused = RedisError::from((ErrorKind::Io, "connecting took too long"));
            }
        }
    }
    Err(refused)
}

/// One connection, whichever kind of Redis it leads to.
#[derive(Clone)]
pub enum Link {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects, with `response` as the longest wait for any answer.
    ///
    /// # Errors
    /// Where Redis cannot be reached, or its certificate is not to be trusted.
    pub async fn connect(settings: &config::Redis, response: Duration) -> Result<Self, RedisError> {
        if let [url] = settings.url.as_slice() {
            return single(&client(settings, url)?, response)
                .await
                .map(Self::Single);
        }
        let urls = settings.url.iter().map(config::Secret::expose);
        let client = redis::cluster::ClusterClient::builder(urls)
            .retries(0)
            .connection_timeout(CONNECT)
            .response_timeout(response)
            .build()?;
        Ok(Self::Cluster(client.get_async_connection().await?))
    }

    /// In a cluster the keys of one call must share a slot.
    pub fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Runs `command` where a node of the cluster sent it, once: its slot has moved (MOVED), or is about to (ASK). `None`
    /// where `refused` names no other node.
    ///
    /// ASKING holds for the next command of a connection (redis.io, "Redis cluster specification"), and all calls share
    /// one, so the two are sent as one piece; the library's own way sends them apart, and they go astray under load.
    pub async fn follow(
        &self,
        refused: &RedisError,
        command: Cmd,
    ) -> Option<Result<Value, RedisError>> {
        let Self::Cluster(mut cluster) = self.clone() else {
            return None;
        };
        let (address, _slot) = refused.redirect_node()?;
        let (host, port) = address.rsplit_once(':')?;
        let (host, port) = (host.to_owned(), port.parse().ok()?);
        let mut piece = Pipeline::new();
        if refused.kind() == ErrorKind::Server(ServerErrorKind::Ask) {
            piece.cmd("ASKING");
        }
        piece.add_command(command);
        let (count, node) = (piece.len(), SingleNodeRoutingInfo::ByAddress { host, port });
        let answers = cluster.route_pipeline(piece, 0, count, node).await;
        let last = |answers: Vec<Value>| answers.into_iter().last().unwrap_or(Value::Nil);
        Some(answers.map(last).and_then(Value::extract_error))
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(conn) => conn.req_packed_command(cmd),
            Self::Cluster(conn) => conn.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(conn) => conn.req_packed_commands(pipeline, offset, count),
            Self::Cluster(conn) => conn.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        0
    }
}
