//! [`Link`]: a connection to one Redis or to a Redis Cluster, with verified TLS and deadlines.
//!
//! The limiter calls it. It never retries and never waits long: the callers decide what a lost Redis means.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, Pipeline, RedisError, RedisFuture, TlsCertificates, Value,
};

use crate::settings;

/// Connecting may take this long; it happens beside the requests, never in one.
const CONNECT: Duration = Duration::from_secs(1);

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
    pub async fn connect(
        settings: &settings::Redis,
        response: Duration,
    ) -> Result<Self, RedisError> {
        let certificates = match &settings.ca_file {
            Some(file) => Some(TlsCertificates {
                client_tls: None,
                root_cert: Some(std::fs::read(file)?),
            }),
            None => None,
        };
        if let [url] = settings.urls.as_slice() {
            let client = match certificates.filter(|_| url.expose().starts_with("rediss:")) {
                Some(certificates) => Client::build_with_tls(url.expose(), certificates)?,
                None => Client::open(url.expose())?,
            };
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT))
                .set_response_timeout(Some(response));
            return Ok(Self::Single(
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?,
            ));
        }
        let urls = settings.urls.iter().map(settings::Secret::expose);
        let client = redis::cluster::ClusterClient::builder(urls)
            .retries(0)
            .connection_timeout(CONNECT)
            .response_timeout(response)
            .build()?;
        Ok(Self::Cluster(client.get_async_connection().await?))
    }

    /// In a cluster the keys of one call must share a slot.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
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
