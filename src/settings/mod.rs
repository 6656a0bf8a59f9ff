//! [`Settings`]: everything that can be configured, read once at the start and passed down.
//!
//! `commands` reads it; rooms receive the part they need. Nothing here is global, and no secret is ever printed.

mod layers;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use crate::vocabulary::Quota;
pub use layers::{Layers, SettingError};

/// A secret text; its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[derive(Debug, Clone)]
pub struct Http {
    pub listen: SocketAddr,
    /// `None`: no admin listener.
    pub admin_listen: Option<SocketAddr>,
    /// `None`: the listener's own address.
    pub public_url: Option<Url>,
    pub workers: usize,
    /// Origins (`https://host[:port]`) that may vote besides the public URL's own.
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<IpNet>,
}

/// Where the votes are.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(Secret),
}

#[derive(Debug, Clone)]
pub struct Database {
    pub url: DatabaseUrl,
    /// Certificates (PEM) to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct Redis {
    /// Empty: no Redis. Several: the nodes of a cluster.
    pub urls: Vec<Secret>,
    pub ca_file: Option<PathBuf>,
    /// First part of every key, so that two sites can share one Redis.
    pub prefix: String,
}

/// `None` switches a quota off.
#[derive(Debug, Clone)]
pub struct Limits {
    pub votes_per_voter: Option<Quota>,
    pub votes_per_network: Option<Quota>,
    pub visitors_per_network: Option<Quota>,
}

#[derive(Debug, Clone)]
pub struct Identity {
    /// `None`: made on the first start (SQLite only).
    pub secret: Option<Secret>,
    pub secret_previous: Option<Secret>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

#[derive(Debug, Clone)]
pub struct Log {
    /// A `tracing` filter, such as `info` or `info,tallyship=debug`.
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub http: Http,
    pub database: Database,
    pub redis: Redis,
    pub limits: Limits,
    pub min_votes: i64,
    pub identity: Identity,
    pub hold: bool,
    /// `None`: load no catalogue.
    pub catalog_file: Option<PathBuf>,
    pub log: Log,
}

impl Settings {
    /// Reads every setting from its layers.
    ///
    /// # Errors
    /// The first unknown key or bad value, with key, value and source.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingError> {
        Ok(Self {
            http: http(layers)?,
            database: Database {
                url: layers.parse("database.url", database_url)?,
                ca_file: layers.path("database.ca_file"),
            },
            redis: redis(layers)?,
            limits: Limits {
                votes_per_voter: layers.parse("limits.votes_per_voter", quota)?,
                votes_per_network: layers.parse("limits.votes_per_network", quota)?,
                visitors_per_network: layers.parse("limits.visitors_per_network", quota)?,
            },
            min_votes: layers.parse("tally.min_votes", min_votes)?,
            identity: identity(layers)?,
            hold: layers.parse("abuse.hold", on_off)?,
            catalog_file: layers.path("catalog.file"),
            log: Log {
                level: layers.text("log.level").to_owned(),
                format: layers.parse("log.format", |text| match text {
                    "json" => Ok(LogFormat::Json),
                    "text" => Ok(LogFormat::Text),
                    _ => Err("expected json or text".to_owned()),
                })?,
            },
        })
    }
}

fn http(layers: &Layers) -> Result<Http, SettingError> {
    Ok(Http {
        listen: layers.parse("http.listen", address)?,
        admin_listen: layers.parse("http.admin_listen", |text| match text {
            "off" => Ok(None),
            _ => address(text).map(Some),
        })?,
        public_url: layers.parse("http.public_url", public_url)?,
        workers: layers.parse("http.workers", |text| match text {
            "" | "0" => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
            _ => text
                .parse()
                .ok()
                .filter(|n| (1..=1024).contains(n))
                .ok_or_else(|| "expected 1 to 1024".to_owned()),
        })?,
        allowed_origins: layers.parse("http.allowed_origins", origins)?,
        trusted_proxies: layers.parse("http.trusted_proxies", networks)?,
    })
}

fn redis(layers: &Layers) -> Result<Redis, SettingError> {
    let urls = layers.parse("redis.url", redis_urls)?;
    let ca_file = layers.parse("redis.ca_file", |text| match text {
        "" => Ok(None),
        _ if urls.len() > 1 => {
            Err("a cluster's certificates are the system's; SSL_CERT_FILE names others".to_owned())
        }
        _ => Ok(Some(PathBuf::from(text))),
    })?;
    Ok(Redis {
        urls,
        ca_file,
        prefix: layers.text("redis.prefix").to_owned(),
    })
}

fn identity(layers: &Layers) -> Result<Identity, SettingError> {
    layers.parse("identity.jwt_algorithm", |text| match text {
        "" => Ok(()),
        // Accepting it and then refusing every user would be worse than saying so at the start.
        "EdDSA" | "ES256" | "HS256" => {
            Err("signed-in users are not part of this version yet; leave it empty".to_owned())
        }
        _ => Err("expected EdDSA, ES256 or HS256".to_owned()),
    })?;
    Ok(Identity {
        secret: layers.parse("identity.secret", secret)?,
        secret_previous: layers.parse("identity.secret_previous", secret)?,
    })
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_unread| "expected ADDRESS:PORT, such as 127.0.0.1:8080".to_owned())
}

fn public_url(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|cause| cause.to_string())?;
    match (url.scheme(), url.host_str(), url.path()) {
        ("http" | "https", Some(_), "/") if url.query().is_none() && url.fragment().is_none() => {
            Ok(Some(url))
        }
        _ => Err("expected http://HOST or https://HOST, without a path".to_owned()),
    }
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    list(text)
        .map(|item| {
            public_url(item)
                .ok()
                .flatten()
                .map(|url| url.origin().ascii_serialization())
                .ok_or_else(|| format!("{item} is no origin such as https://example.org"))
        })
        .collect()
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    list(text)
        .map(|item| {
            let net = item
                .parse::<IpNet>()
                .or_else(|_| {
                    item.parse()
                        .map(|address: std::net::IpAddr| IpNet::from(address))
                })
                .map_err(|_unread| format!("{item} is no network such as 10.0.0.0/8"))?;
            if net.prefix_len() == 0 {
                return Err(format!(
                    "{item} would believe forwarding headers of everybody"
                ));
            }
            Ok(net)
        })
        .collect()
}

fn database_url(text: &str) -> Result<DatabaseUrl, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(DatabaseUrl::Postgres(Secret::new(text.to_owned())));
    }
    let path = text
        .strip_prefix("sqlite://")
        .or_else(|| text.strip_prefix("sqlite:"));
    match path {
        Some(path) if !path.is_empty() && !path.contains(":memory:") && !path.ends_with('/') => {
            Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
        }
        _ => Err("expected sqlite://PATH (a file) or postgres://…".to_owned()),
    }
}

fn redis_urls(text: &str) -> Result<Vec<Secret>, String> {
    list(text)
        .map(|item| match Url::parse(item) {
            Ok(url) if url.fragment() == Some("insecure") => Err(
                "#insecure would believe any certificate; name its authority in redis.ca_file"
                    .to_owned(),
            ),
            Ok(url) if matches!(url.scheme(), "redis" | "rediss") && url.host_str().is_some() => {
                Ok(Secret::new(item.to_owned()))
            }
            _ => Err("expected redis://HOST or rediss://HOST, several for a cluster".to_owned()),
        })
        .collect()
}

fn quota(text: &str) -> Result<Option<Quota>, String> {
    if text == "off" {
        return Ok(None);
    }
    Quota::parse(text).map(Some).map_err(str::to_owned)
}

fn min_votes(text: &str) -> Result<i64, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=1_000_000).contains(n))
        .ok_or_else(|| "expected 1 to 1000000".to_owned())
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

fn secret(text: &str) -> Result<Option<Secret>, String> {
    match text.len() {
        0 => Ok(None),
        1..32 => Err("expected at least 32 bytes".to_owned()),
        _ => Ok(Some(Secret::new(text.to_owned()))),
    }
}
