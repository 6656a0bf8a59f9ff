//! Every setting there is: its name, its built-in default, and whether it is a secret.
//!
//! `layers` knows a key by this list; `docs/configuration.md` and `config/default.toml` explain each, and a test here holds them to it.

/// A key, its default, and whether its value is a secret.
pub(super) struct Key {
    pub name: &'static str,
    pub default: &'static str,
    pub secret: bool,
}

const fn key(name: &'static str, default: &'static str) -> Key {
    Key {
        name,
        default,
        secret: false,
    }
}

const fn secret(name: &'static str) -> Key {
    Key {
        name,
        default: "",
        secret: true,
    }
}

/// Every setting there is. A secret one may also be given as `NAME_file`, a file that holds it.
pub(super) const KEYS: &[Key] = &[
    key("http.listen", "127.0.0.1:8080"),
    key("http.admin_listen", "127.0.0.1:9090"),
    key("http.public_url", ""),
    key("http.workers", ""),
    key("http.allowed_origins", ""),
    key("http.trusted_proxies", ""),
    key("http.forwarding_header", "X-Forwarded-For"),
    key("http.hsts", "off"),
    Key {
        name: "database.url",
        default: "sqlite://data/tallyship.db",
        secret: true,
    },
    key("database.ca_file", ""),
    secret("redis.url"),
    key("redis.ca_file", ""),
    key("redis.prefix", "tallyship"),
    key("redis.patience", "25ms"),
    key("limits.votes_per_voter", "30/1m"),
    key("limits.votes_per_network", "300/1m"),
    key("limits.visitors_per_network", "600/1h"),
    key("limits.known_networks", ""),
    key("live.streams", "16000"),
    key("live.streams_per_network", "500"),
    key("tally.min_votes", "5"),
    key("tally.show_set_aside", "off"),
    key("tally.recount_every", "24h"),
    key("moderation.public_log", "off"),
    key("moderation.webhook_url", ""),
    secret("moderation.webhook_secret"),
    key("moderation.webhook_format", "json"),
    key("detector.enabled", "on"),
    key("detector.threshold", "60"),
    key("detector.min_votes", "20"),
    secret("identity.secret"),
    secret("identity.secret_previous"),
    key("identity.jwt_algorithm", ""),
    key("identity.jwt_issuer", ""),
    key("identity.jwt_audience", ""),
    secret("identity.jwt_keys"),
    key("identity.jwt_jwks", ""),
    key("identity.jwt_ca_file", ""),
    key("identity.jwt_refresh", "5m"),
    key("identity.jwt_max_stale", "24h"),
    key("abuse.hold", "on"),
    key("abuse.never_hold", ""),
    key("abuse.clear_after", "5m"),
    key("abuse.challenge_after", "1000"),
    key("abuse.challenge_on_alert", "off"),
    key("retention.ended_bans", "365d"),
    key("retention.ended_tokens", "365d"),
    key("retention.hours", "off"),
    key("transparency.enabled", "on"),
    secret("transparency.key"),
    key("transparency.origin", ""),
    key("transparency.state", ""),
    key("catalog.file", "config/catalog.toml"),
    key("pages.featured", "codestral-2,cursor-background-agents"),
    key(
        "pages.notice",
        "A demonstration: the panels' reviewers are made up, and so are their opinions.",
    ),
    key("pages.block_file", ""),
    key("log.level", "info,actix_server=warn"),
    key("log.format", "json"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained_where_people_look() {
        let (page, file) = (
            include_str!("../../docs/configuration.md"),
            include_str!("../../config/default.toml"),
        );
        for key in KEYS {
            let (section, name) = key.name.split_once('.').expect("two parts");
            let variable = format!(
                "TALLYSHIP_{}__{}",
                section.to_uppercase(),
                name.to_uppercase()
            );
            let short = format!("…__{}", name.to_uppercase());
            assert!(
                page.contains(&variable) || page.contains(&short),
                "configuration.md: {variable}"
            );
            assert!(
                file.contains(&format!("# {name} = \"{}\"", key.default))
                    || file.contains(&format!("# {name} = {}", key.default)),
                "default.toml: {}",
                key.name
            );
        }
    }
}
