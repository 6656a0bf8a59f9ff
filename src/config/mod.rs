//! [`Settings`]: everything that can be configured, read once at the start and passed down.
//!
//! `cli` reads it; modules receive the part they need. Nothing here is global, and no secret is ever printed.

mod detector;
mod jwt;
mod keys;
mod layers;
mod origins;
mod shown;
mod transparency;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::domain::{Quota, Slug};
pub use detector::{Detector, Webhook, WebhookFormat};
pub use jwt::{Algorithm, Jwt, KeySource};
pub use layers::{Layers, SettingError};
use origins::origins;
pub use shown::ShownSetting;
pub use transparency::Transparency;
use values::{
    address, challenge_after, count, database_url, header_name, known_networks, log_level,
    min_votes, networks, on_off, pair, patience, period_or_off, public_url, quota, redis_urls,
    secret,
};

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
    /// The header by which trusted proxies name the client; the one that is believed.
    pub forwarding_header: String,
    /// How long browsers shall use https alone (`Strict-Transport-Security`); `None`: nothing is said.
    pub hsts: Option<Duration>,
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
    /// A decision that takes longer is made in process.
    pub patience: Duration,
}

/// `None` switches a quota off.
#[derive(Debug, Clone)]
pub struct Limits {
    pub votes_per_voter: Option<Quota>,
    pub votes_per_network: Option<Quota>,
    pub visitors_per_network: Option<Quota>,
    /// Networks with so many times the quotas of others.
    pub known_networks: Vec<(IpNet, u32)>,
}

/// How many streams may be open.
#[derive(Debug, Clone)]
pub struct Live {
    pub streams: usize,
    pub streams_per_network: usize,
}

#[derive(Debug, Clone)]
pub struct Identity {
    /// `None`: made on the first start (SQLite only).
    pub secret: Option<Secret>,
    pub secret_previous: Option<Secret>,
    /// `None`: no signed-in users.
    pub jwt: Option<Jwt>,
}

/// How long what has ended is kept; `None` for ever.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Bans that were lifted or are over.
    pub ended_bans: Option<Duration>,
    /// Staff tokens that were revoked or are over.
    pub ended_tokens: Option<Duration>,
    /// Each hour of a tally; of older ones the last of each day is kept.
    pub hours: Option<Duration>,
}

/// What the pages say besides the catalogue.
#[derive(Debug, Clone)]
pub struct Pages {
    /// The comparison to begin with; `None`: the two tools with the most votes.
    pub featured: Option<[Slug; 2]>,
    /// A line at the foot of each page; may be empty.
    pub notice: String,
    /// The site's own HTML on the pages of tools and comparisons; may be empty.
    pub block: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

#[derive(Debug, Clone)]
pub struct Log {
    /// A `tracing` filter, such as `info` or `info,tallyship=debug`.
    pub level: EnvFilter,
    pub format: LogFormat,
}

/// What is done about votes that look stuffed.
#[derive(Debug, Clone, Copy)]
pub struct Abuse {
    /// Whether votes are held, and anybody is challenged.
    pub hold: bool,
    /// Held votes of a network, or on a tool, within an hour, after which new voters are challenged; 0: always.
    pub challenge_after: u32,
    /// Whether an alert of the detector challenges those who are new to its tool.
    pub challenge_on_alert: bool,
    /// For so long no vote of a network was held before those that were may be cleared; `None`: never by itself.
    pub clear_after: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub http: Http,
    pub database: Database,
    pub redis: Redis,
    pub limits: Limits,
    pub live: Live,
    pub min_votes: i64,
    /// Whether a Tally says how many votes are set aside.
    pub show_set_aside: bool,
    /// How often all is recounted beside the running server; `None`: never.
    pub recount_every: Option<Duration>,
    /// Whether everybody may read which votes were taken out, without personal data.
    pub public_log: bool,
    pub detector: Detector,
    /// Who is told of alerts; `None`: the dashboard alone.
    pub webhook: Option<Webhook>,
    pub identity: Identity,
    pub abuse: Abuse,
    /// Networks whose votes are never held.
    pub never_hold: Vec<IpNet>,
    pub retention: Retention,
    pub transparency: Transparency,
    /// `None`: load no catalogue.
    pub catalog_file: Option<PathBuf>,
    pub pages: Pages,
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
                known_networks: layers.parse("limits.known_networks", known_networks)?,
            },
            live: Live {
                streams: layers.parse("live.streams", count)?,
                streams_per_network: layers.parse("live.streams_per_network", count)?,
            },
            min_votes: layers.parse("tally.min_votes", min_votes)?,
            show_set_aside: layers.parse("tally.show_set_aside", on_off)?,
            recount_every: layers.parse("tally.recount_every", period_or_off)?,
            public_log: layers.parse("moderation.public_log", on_off)?,
            detector: detector::read(layers)?,
            webhook: detector::webhook(layers)?,
            identity: identity(layers)?,
            never_hold: layers.parse("abuse.never_hold", networks)?,
            abuse: Abuse {
                hold: layers.parse("abuse.hold", on_off)?,
                challenge_after: layers.parse("abuse.challenge_after", challenge_after)?,
                challenge_on_alert: layers.parse("abuse.challenge_on_alert", on_off)?,
                clear_after: layers.parse("abuse.clear_after", period_or_off)?,
            },
            retention: Retention {
                ended_bans: layers.parse("retention.ended_bans", period_or_off)?,
                ended_tokens: layers.parse("retention.ended_tokens", period_or_off)?,
                hours: layers.parse("retention.hours", period_or_off)?,
            },
            transparency: transparency::read(layers)?,
            catalog_file: layers.path("catalog.file"),
            pages: Pages {
                featured: layers.parse("pages.featured", pair)?,
                notice: layers.text("pages.notice").to_owned(),
                block: layers.parse("pages.block_file", text_of_file)?,
            },
            log: Log {
                level: layers.parse("log.level", log_level)?,
                format: layers.parse("log.format", |text| match text {
                    "json" => Ok(LogFormat::Json),
                    "text" => Ok(LogFormat::Text),
                    _ => Err("expected json or text".to_owned()),
                })?,
            },
        })
    }
}

/// What a file says; nothing for no file.
fn text_of_file(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    std::fs::read_to_string(path).map_err(|cause| format!("the file cannot be read: {cause}"))
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
        forwarding_header: layers.parse("http.forwarding_header", header_name)?,
        hsts: layers.parse("http.hsts", period_or_off)?,
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
        patience: layers.parse("redis.patience", patience)?,
    })
}

fn identity(layers: &Layers) -> Result<Identity, SettingError> {
    Ok(Identity {
        secret: layers.parse("identity.secret", secret)?,
        secret_previous: layers.parse("identity.secret_previous", secret)?,
        jwt: jwt::read(layers)?,
    })
}
