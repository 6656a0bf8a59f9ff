//! How each kind of value is read from its text; the error is a phrase that says what was expected.
//!
//! Only [`super::Settings`] calls it. No phrase may repeat a secret's text.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use super::{DatabaseUrl, LogFormat, Secret};
use crate::domain::{Quota, Slug};

pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// Empty or 0: one a core.
pub(super) fn workers(text: &str) -> Result<usize, String> {
    match text {
        "" | "0" => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        _ => number(text, 1024),
    }
}

/// From 1 to `max`.
pub(super) fn number<T: FromStr + PartialOrd + Display + From<u8> + Copy>(
    text: &str,
    max: T,
) -> Result<T, String> {
    text.parse()
        .ok()
        .filter(|number| (T::from(1)..=max).contains(number))
        .ok_or_else(|| format!("expected 1 to {max}"))
}

pub(super) fn public_url(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let expected =
        || "expected http://HOST or https://HOST, perhaps with a path such as /votes".to_owned();
    let mut url = Url::parse(text).map_err(|_unread| expected())?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    let path = url.path().trim_end_matches('/').to_owned();
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host))
            if !host.contains('*')
                && url.port() != Some(0)
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && path.chars().all(is_plain)
                && !path.contains("//") =>
        {
            // With a slash at its end, so that addresses below it can be appended.
            url.set_path(&format!("{path}/"));
            Ok(Some(url))
        }
        _ => Err(expected()),
    }
}

pub(super) fn pair(text: &str) -> Result<Option<[Slug; 2]>, String> {
    let slugs: Option<Vec<Slug>> = list(text).map(Slug::parse).collect();
    match slugs.as_deref() {
        Some([]) => Ok(None),
        Some([a, b]) if a != b => Ok(Some([a.clone(), b.clone()])),
        _ => Err("expected two tools, such as a-tool,another, or nothing".to_owned()),
    }
}

/// The name of a header (RFC 9110, section 5.1).
pub(super) fn header_name(text: &str) -> Result<String, String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if text.is_empty() || !text.chars().all(is_token) {
        return Err("expected the name of a header, such as X-Forwarded-For".to_owned());
    }
    Ok(text.to_ascii_lowercase())
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
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
                return Err(format!("{item} names every address there is"));
            }
            Ok(net)
        })
        .collect()
}

pub(super) fn known_networks(text: &str) -> Result<Vec<(IpNet, u32)>, String> {
    list(text)
        .map(|item| {
            let (network, factor) = item
                .split_once('=')
                .ok_or_else(|| format!("{item} is no NETWORK=FACTOR such as 192.0.2.0/24=20"))?;
            let [network] = networks(network)?[..] else {
                return Err(format!("{item} names no network"));
            };
            let factor = factor
                .trim()
                .parse()
                .ok()
                .filter(|factor| (1..=1_000).contains(factor));
            Ok((
                network,
                factor.ok_or_else(|| format!("{item} has no factor of 1 to 1000"))?,
            ))
        })
        .collect()
}

pub(super) fn database_url(text: &str) -> Result<DatabaseUrl, String> {
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

pub(super) fn redis_urls(text: &str) -> Result<Vec<Secret>, String> {
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

pub(super) fn quota(text: &str) -> Result<Option<Quota>, String> {
    if text == "off" {
        return Ok(None);
    }
    Quota::parse(text).map(Some).map_err(str::to_owned)
}

pub(super) fn count(text: &str) -> Result<usize, String> {
    number(text, 1_000_000)
}

pub(super) fn challenge_after(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|n| *n <= 1_000_000)
        .ok_or_else(|| "expected 0 (always) to 1000000 held votes".to_owned())
}

pub(super) fn min_votes(text: &str) -> Result<i64, String> {
    number(text, 1_000_000)
}

/// A filter such as `info,actix_server=warn`. The filter's own parser takes an unknown level for the name of a target.
pub(super) fn log_level(text: &str) -> Result<EnvFilter, String> {
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let is_directive =
        |item: &str| is_level(item) || item.contains(['=', '[']) || item.contains("::");
    if let Some(unknown) = list(text).find(|item| !is_directive(item)) {
        return Err(format!(
            "{unknown} is no level; expected error, warn, info, debug, trace or off, or TARGET=LEVEL"
        ));
    }
    EnvFilter::try_new(text).map_err(|cause| cause.to_string())
}

pub(super) fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

/// `90s`, `5m`, `24h` or `365d`, of at least a second and at most a hundred years.
pub(super) fn period(text: &str) -> Result<Duration, String> {
    let expected = || "expected a time such as 90s, 5m, 24h or 365d".to_owned();
    let unit = text.chars().last().ok_or_else(expected)?;
    let scale: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(expected()),
    };
    let count = text.strip_suffix(unit).unwrap_or_default();
    let count: u64 = count.parse().map_err(|_unread| expected())?;
    let seconds = count.checked_mul(scale);
    seconds
        .filter(|seconds| (1..=36_500 * 86_400).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(expected)
}

/// `25ms`: what a call may wait for, from a millisecond to a second.
pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let count = text.strip_suffix("ms").and_then(|count| count.parse().ok());
    count
        .filter(|count| (1..=1_000).contains(count))
        .map(Duration::from_millis)
        .ok_or_else(|| "expected 1ms to 1000ms".to_owned())
}

/// A period as above, or `off`.
pub(super) fn period_or_off(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    period(text)
        .map(Some)
        .map_err(|expected| format!("{expected}, or off"))
}

pub(super) fn secret(text: &str) -> Result<Option<Secret>, String> {
    match text.len() {
        0 => Ok(None),
        1..32 => Err("expected at least 32 bytes".to_owned()),
        _ => Ok(Some(Secret::new(text.to_owned()))),
    }
}

/// A secret whose form its user checks.
#[expect(clippy::unnecessary_wraps, reason = "every parser may fail")]
pub(super) fn any_secret(text: &str) -> Result<Option<Secret>, String> {
    Ok((!text.is_empty()).then(|| Secret::new(text.to_owned())))
}

/// Any text; it may be empty.
#[expect(clippy::unnecessary_wraps, reason = "every parser may fail")]
pub(super) fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// A path; empty means none.
#[expect(clippy::unnecessary_wraps, reason = "every parser may fail")]
pub(super) fn path(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// The content of the file that `path` names; empty for no file.
pub(super) fn text_of_file(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    std::fs::read_to_string(path).map_err(|cause| format!("the file cannot be read: {cause}"))
}

pub(super) fn log_format(text: &str) -> Result<Option<LogFormat>, String> {
    match text {
        "" => Ok(None),
        "json" => Ok(Some(LogFormat::Json)),
        "text" => Ok(Some(LogFormat::Text)),
        _ => Err("expected json or text".to_owned()),
    }
}

/// A checkpoint's origin (c2sp.org/tlog-checkpoint): a name without a scheme.
pub(super) fn log_origin(text: &str) -> Result<Option<String>, String> {
    let is_name = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+');
    match text {
        "" => Ok(None),
        _ if is_name && !text.contains("://") && !text.ends_with('/') => Ok(Some(text.to_owned())),
        _ => Err("expected a name such as votes.example.org/log, without a scheme".to_owned()),
    }
}

/// Address and verifier key of each witness, with a space between.
pub(super) fn witnesses(text: &str) -> Result<Vec<(Url, String)>, String> {
    list(text)
        .map(|item| {
            let (url, key) = item
                .split_once(' ')
                .ok_or_else(|| format!("{item} is not an address and a verifier key"))?;
            let url = public_url(url)?.ok_or_else(|| format!("{item} has no address"))?;
            Ok((url, key.trim().to_owned()))
        })
        .collect()
}

pub(super) fn quorum(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| *n <= 100)
        .ok_or_else(|| "expected 0 (all) to 100 witnesses".to_owned())
}
