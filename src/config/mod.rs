//! Every setting, declared once, and [`Settings`]: what they say, read at the start and passed down.
//!
//! `cli` reads it; modules receive the part they need. Nothing here is global, and no secret is ever printed.

#[macro_use]
mod declare;
mod jwt;
mod layers;
mod listen;
mod oidc;
mod origins;
mod shown;
mod values;
mod webhook;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::domain::{Quota, Slug};
pub use declare::{Key, Section};
pub use jwt::{Algorithm, Jwt, KeySource};
pub use layers::{Layers, SettingError};
pub use listen::{ListenAddress, TrustedProxies};
use listen::{address, address_or_off, socket_mode, trusted_proxies};
pub use oidc::is_confidential;
use origins::origins;
pub use shown::ShownSetting;
use values::{
    any_secret, challenge_after, count, database_url, header_name, known_networks, log_format,
    log_level, log_origin, min_votes, networks, number, on_off, pair, path, patience, period,
    period_or_off, public_url, quorum, quota, redis_urls, secret, text, text_of_file, witnesses,
    workers,
};
pub use webhook::{WebhookEndpoint, WebhookEvent, WebhookFormat, WebhookKey};

/// A secret text; its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Where the votes are.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(Secret),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

declare::settings! {
    /// The listeners, and what they believe of a request.
    Http http = "http" {
        /// Public listener: `127.0.0.1:8080`, `localhost:8080`, `:8080` for all addresses, or a Unix socket, `unix:/run/tallyship.sock`. Port 0 takes any free port. Sockets that systemd passes go before it (`docs/deploying.md`).
        listen: ListenAddress = "127.0.0.1:8080" => address,
        /// Health, readiness and metrics, likewise; `off` closes it.
        admin_listen: Option<ListenAddress> = "127.0.0.1:9090" => address_or_off,
        /// Permissions of the Unix sockets that the server makes; who connects needs to write.
        socket_mode: u32 = "660" => socket_mode,
        /// How browsers reach the server, with a path such as `/votes` if it has one. Cross-site cookies need `https://`. Empty: the listener.
        public_url: Option<Url> = "" => public_url,
        /// Worker threads. Empty: one a core.
        workers: usize = "" => workers,
        /// Origins of other sites that may vote, comma separated. `https://*.example.org` stands for its sub-domains; apps have `capacitor://localhost`. The public URL's own origin always may.
        allowed_origins: Vec<String> = "" => origins,
        /// Networks of proxies whose forwarding header is believed, comma separated; `unix` stands for all clients of a Unix socket.
        trusted_proxies: TrustedProxies = "" => trusted_proxies,
        /// The header that is believed: `X-Forwarded-For`, `Forwarded`, `X-Real-IP` or `CF-Connecting-IP`; others are ignored.
        forwarding_header: String = "X-Forwarded-For" => header_name,
        /// How long browsers that came by https use https alone (`Strict-Transport-Security`), such as `365d`; `off` sends no header.
        hsts: Option<Duration> = "off" => period_or_off,
    }

    /// Where the votes are.
    Database database = "database" {
        /// `sqlite://PATH` or `postgres://…`; `DATABASE_URL` is read too.
        url [secret]: DatabaseUrl = "sqlite://data/tallyship.db" => database_url,
        /// Certificates (PEM) to verify Postgres by, instead of the system's; turns verified TLS on.
        ca_file: Option<PathBuf> = "" => path,
    }

    /// Redis holds the quotas of several instances together. Without it each instance limits by itself.
    Redis redis = "redis" {
        /// `redis://…` or `rediss://…`; several nodes of a cluster, comma separated. `REDIS_URL` is read too. Empty: no Redis.
        url [secret]: Vec<Secret> = "" => redis_urls,
        /// Certificates (PEM) to verify Redis by, instead of the system's.
        ca_file: Option<PathBuf> = "" => path,
        /// First part of every key, so that two sites can share one Redis.
        prefix: String = "tallyship" => text,
        /// A decision that takes Redis longer is made in process; a vote waits three times as long at most.
        patience: Duration = "25ms" => patience,
    }

    /// Quotas: `COUNT/PERIOD` with `s`, `m` or `h` is a burst of COUNT, refilled evenly over PERIOD; `off` switches a quota off.
    Limits limits = "limits" {
        /// Votes of one voter.
        votes_per_voter: Option<Quota> = "30/1m" => quota,
        /// Votes from one network (IPv4 /32, IPv6 /64); the /48 around an IPv6 network has 16 times as many.
        votes_per_network: Option<Quota> = "300/1m" => quota,
        /// New visitor tokens for one network; a /48 likewise.
        visitors_per_network: Option<Quota> = "600/1h" => quota,
        /// `NETWORK=FACTOR`, comma separated: a campus or an office with FACTOR times the quotas of a network.
        known_networks: Vec<(IpNet, u32)> = "" => known_networks,
    }

    /// Live streams of tallies.
    Live live = "live" {
        /// Open streams in all; one more is answered 503.
        streams: usize = "16000" => count,
        /// Open streams from one network; one more is answered 429. This machine's own addresses are not counted.
        streams_per_network: usize = "500" => count,
    }

    /// What a tally shows, and how often it is checked.
    Tally tally = "tally" {
        /// With fewer votes no percentage is shown.
        min_votes: i64 = "5" => min_votes,
        /// `on`: a tally says how many votes resets and excluded periods took out. The pages of tools and comparisons say so with this, with the public log, and with `moderation.public_log`.
        show_set_aside: bool = "off" => on_off,
        /// How often all tallies are recounted beside the running server (`s`, `m`, `h`, `d`); the metrics `tallyship_tally_drift` and `tallyship_recount_differences` have the result. `off`: never.
        recount_every: Option<Duration> = "24h" => period_or_off,
    }

    /// What the public may read of moderation, and who is told of alerts.
    Moderation moderation = "moderation" {
        /// `on`: `GET /v1/moderation/log` shows everybody which votes were taken out and put back, without personal data.
        public_log: bool = "off" => on_off,
        /// `http://` or `https://`: an endpoint of webhooks (`docs/webhooks.md`) that is posted each alert.
        webhook_url: Option<Url> = "" => webhook::url,
        /// Signs what is posted; needed with `webhook_url`. `whsec_` and 24 to 64 bytes in base64, or at least 32 bytes as they are.
        webhook_secret [secret]: Option<WebhookKey> = "" => webhook::key,
        /// `json`, or `slack`, `discord`, `ntfy`: a message with a link to the preview of the reset.
        webhook_format: WebhookFormat = "json" => webhook::format,
    }

    /// What happens to tools and tallies is posted to other servers, signed (`docs/webhooks.md`).
    Webhooks webhooks = "webhooks" {
        /// TOML: a table `[NAME]` for each endpoint, with `url`, `secret` or `secret_file`, and maybe `format`, `events`, `tools`.
        endpoints [secret]: Vec<WebhookEndpoint> = "" => webhook::endpoints,
        /// `tally.moved` is sent once a percentage has moved by this many points, 0 to 100. `0`: once the counts have.
        moved_points: i64 = "1" => webhook::moved_points,
        /// Networks that are not public and may be posted to nevertheless, comma separated.
        private_networks: Vec<IpNet> = "" => networks,
    }

    /// What stands out among the votes raises an alert for moderators (`docs/detector.md`); no vote is taken out by it.
    Detector detector = "detector" {
        /// `off`: no alerts.
        enabled: bool = "on" => on_off,
        /// The score, 1 to 100, from which an alert is raised.
        threshold: i32 = "60" => |text| number(text, 100),
        /// Votes that an alert needs, 1 to 10,000; one of a single network needs half as many.
        min_votes: u32 = "20" => |text| number(text, 10_000),
    }

    /// Who votes: visitors by tokens of this server, the site's signed-in users by tokens of the site.
    Identity identity = "identity" {
        /// Signs tokens and keys hashes; at least 32 bytes. Made in `data/` with SQLite, needed with Postgres.
        secret [secret]: Option<Secret> = "" => secret,
        /// Still believed while a secret is being rotated.
        secret_previous [secret]: Option<Secret> = "" => secret,
        /// `EdDSA`, `ES256` or `HS256`: what the site signs its users' tokens with; never taken from a token. Empty: visitors only.
        jwt_algorithm: Option<Algorithm> = "" => jwt::algorithm,
        /// What `iss` must say; part of every user's name for ever.
        jwt_issuer: String = "" => jwt::name,
        /// What `aud` must say, or hold.
        jwt_audience: String = "" => jwt::name,
        /// `KID:BASE64`, comma separated: the secret of HS256 (at least 32 bytes), or the PEM of a public key (as it is, or in base64).
        jwt_keys [secret]: Vec<(String, Secret)> = "" => jwt::keys,
        /// Instead of `jwt_keys` a JWKS: a file, or an https URL.
        jwt_jwks: Option<KeySource> = "" => jwt::jwks,
        /// Certificates (PEM) to verify the server of that URL by, instead of the system's.
        jwt_ca_file: Option<PathBuf> = "" => path,
        /// How often a JWKS is read anew; for a new `kid` it is read at once.
        jwt_refresh: Duration = "5m" => period,
        /// How long its last keys are believed if it cannot be read.
        jwt_max_stale: Duration = "24h" => period,
    }

    /// The identity provider (OpenID Connect) that moderators sign in to the dashboard with (`docs/moderation.md`), beside staff tokens.
    Oidc oidc = "oidc" {
        /// `https://HOST`, perhaps with a path, as the provider's discovery document has it; `http://` only on this machine. Empty: staff tokens only.
        issuer: Option<String> = "" => oidc::issuer,
        /// What the sign-in page calls the provider. Empty: its host.
        provider: String = "" => text,
        /// The name of this server at the provider, which must know the redirect URI: the public URL, then `/moderation/sign-in/callback`.
        client_id: String = "" => text,
        /// Empty: a public client.
        client_secret [secret]: Option<Secret> = "" => any_secret,
        /// What is asked for, with spaces between; `openid` must be among them. Some providers want one more for groups.
        scopes: String = "openid profile" => oidc::scopes,
        /// The claim of the ID token, or of the user info, that says who may moderate: a text or a list of texts. A path has dots, such as `realm_access.roles`.
        role_claim: String = "groups" => oidc::claim,
        /// Its values that make a moderator, comma separated.
        moderators: Vec<String> = "" => oidc::claim_values,
        /// Its values that make an admin, likewise.
        admins: Vec<String> = "" => oidc::claim_values,
        /// The claim that has a person's name, for the audit log; the `sub` stands beside it.
        name_claim: String = "name" => oidc::claim,
        /// How long a session lasts, 12 hours at most. Empty: until the ID token expires.
        session: Option<Duration> = "" => oidc::session,
        /// Certificates (PEM) to verify the provider by, instead of the system's.
        ca_file: Option<PathBuf> = "" => path,
    }

    /// What is done about votes that look stuffed (`docs/abuse.md`).
    Abuse abuse = "abuse" {
        /// `on`: votes of many fresh visitors of one network that look like one hand's wait for a moderator. `off`: every vote counts at once.
        hold: bool = "on" => on_off,
        /// Networks whose votes are never held, comma separated: a conference, an office.
        never_hold: Vec<IpNet> = "" => networks,
        /// How long after the first of them held votes count, if their network looks like a crowd by then; `off`: never by themselves.
        clear_after: Option<Duration> = "5m" => period_or_off,
        /// More held votes of a network, or on a tool, within an hour: new voters solve a challenge (proof of work) first. `0`: always.
        challenge_after: u32 = "1000" => challenge_after,
        /// `on`: so do those who are new to a tool on which the detector raised an alert within the last hour.
        challenge_on_alert: bool = "off" => on_off,
    }

    /// How long what has ended is kept (`s`, `m`, `h`, `d`); `off`: for ever. `docs/privacy.md` says what is kept besides.
    Retention retention = "retention" {
        /// Bans that were lifted or are over.
        ended_bans: Option<Duration> = "365d" => period_or_off,
        /// Staff tokens that were revoked or are over.
        ended_tokens: Option<Duration> = "365d" => period_or_off,
        /// Each hour of a tally's history; of older ones the last of each day is kept.
        hours: Option<Duration> = "off" => period_or_off,
    }

    /// The public log of ballots (`docs/transparency.md`). It needs a key.
    Transparency transparency = "transparency" {
        /// `off`: no log.
        enabled: bool = "on" => on_off,
        /// Ed25519: the 32-byte seed in base64, or PKCS#8 in PEM. Made in `data/` with SQLite; Postgres needs it: without a key nothing is logged.
        key [secret]: Option<Secret> = "" => any_secret,
        /// The log's name. Empty: host and port of the public URL, then `/log`. The first start fixes it.
        origin: Option<String> = "" => log_origin,
        /// The file that keeps the last checkpoint outside the database. Empty: beside a SQLite database, else nowhere.
        state: Option<PathBuf> = "" => path,
        /// Servers of others that cosign each checkpoint (c2sp.org/tlog-witness), comma separated: `URL KEY`, address and verifier key.
        witnesses: Vec<(Url, String)> = "" => witnesses,
        /// How many of them must have cosigned for `tallyship log witness`; `0`: all.
        quorum: usize = "0" => quorum,
    }

    /// The tools that can be voted on.
    Catalog catalog = "catalog" {
        /// Loaded into a database without tools. Empty: no catalogue is loaded.
        file: Option<PathBuf> = "config/catalog.toml" => path,
    }

    /// What the pages say besides the catalogue.
    Pages pages = "pages" {
        /// The comparison that the first page begins with; empty: the two tools with the most votes.
        featured: Option<[Slug; 2]> = "codestral-2,cursor-background-agents" => pair,
        /// A line at the foot of each page. Empty: no line.
        notice: String = "A demonstration: the panels' reviewers are made up, and so are their opinions." => text,
        /// A file of HTML that stands on the pages of tools and comparisons, such as a newsletter's form; no inline script or style.
        block_file: String = "" => text_of_file,
    }

    /// The server's log, on standard error.
    Log log = "log" {
        /// A filter; add `tallyship=debug` for a line on every request.
        level: EnvFilter = "info,actix_server=warn" => log_level,
        /// `json` or `text`. Empty: `text` if standard error is a terminal, else `json`.
        format: Option<LogFormat> = "" => log_format,
    }
}

/// Every setting, by section, in the order of its declaration.
pub fn sections() -> &'static [Section] {
    SECTIONS
}

impl Settings {
    /// Reads every setting from its layers.
    ///
    /// # Errors
    /// The first unknown key, bad value, or value that contradicts another, with key, value and source.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingError> {
        let settings = Self::parse(layers)?;
        let refuse = |name, cause: &str| layers.parse(name, |_| Err(cause.to_owned()));
        let redis = &settings.redis;
        if redis.ca_file.is_some() && redis.url.len() > 1 {
            let cause = "a cluster's certificates are the system's; SSL_CERT_FILE names others";
            return refuse("redis.ca_file", cause);
        }
        if let Some((name, cause)) = settings.identity.contradiction() {
            return refuse(name, cause);
        }
        if let Some((name, cause)) = settings.oidc.contradiction() {
            return refuse(name, cause);
        }
        let moderation = &settings.moderation;
        if moderation.webhook_url.is_some() && moderation.webhook_secret.is_none() {
            return refuse(
                "moderation.webhook_secret",
                "moderation.webhook_url needs this",
            );
        }
        Ok(settings)
    }
}
