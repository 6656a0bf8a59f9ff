//! Who calls: visitors by signed token, the site's users by its JWT, networks by hashes under keys of a day, origins by allow-list, staff by stored token.
//!
//! Routes take the extractors of [`caller`]; the limiter takes network hashes. No address and no token leaves this module.

pub mod audit;
pub mod authenticate;
pub mod denylist;
mod http_client;
pub mod identity_provider;
pub mod keys;
pub mod name;
pub mod network;
pub mod origin;
pub mod secret;
pub mod sessions;
pub mod staff;
mod store;
pub mod users;
pub mod visitor_token;

use std::sync::Arc;

use ipnet::IpNet;
use url::Url;

use crate::auth::network::daily_keys::DailyKeys;
use crate::auth::network::hash_cache::HashCache;
use crate::auth::network::quota_multipliers::QuotaMultipliers;
use crate::domain::{Timestamp, VoterId};
use crate::infra::db::Readers;
use authenticate::Voter;
use denylist::Denylist;
use keys::Keys;
use network::Proxies;
use origin::Origins;
use users::Users;

/// What the extractors need; one for the whole server.
pub struct Identity {
    pub keys: Keys,
    /// Under which networks are hashed today.
    pub days: Arc<DailyKeys>,
    pub proxies: Proxies,
    /// The hashes of the networks that called last.
    memo: HashCache,
    /// Networks with more than the usual quotas.
    pub known: QuotaMultipliers,
    /// Networks whose votes are never held.
    pub never_held: Vec<IpNet>,
    pub origins: Origins,
    /// Whether browsers reach us by https: decides the cookie's name and attributes.
    pub https: bool,
    /// Staff tokens are looked up here.
    pub readers: Readers,
    /// Whose tokens are no longer believed.
    pub erased: Arc<Denylist>,
    /// The site's own users; `None`: visitors only.
    pub users: Option<Users>,
    /// When staff tokens were last used, until that is written.
    pub uses: staff::Uses,
    pub failed_sign_ins: staff::FailedSignIns,
}

impl Identity {
    pub fn new(
        (keys, days): (Keys, Arc<DailyKeys>),
        users: Option<Users>,
        (proxies, known, never_held): (Proxies, QuotaMultipliers, Vec<IpNet>),
        origins: Origins,
        public_url: &Url,
        readers: Readers,
        erased: Arc<Denylist>,
    ) -> Self {
        Self {
            keys,
            days,
            users,
            proxies,
            known,
            never_held,
            memo: HashCache::default(),
            origins,
            https: public_url.scheme() == "https",
            readers,
            erased,
            uses: staff::Uses::default(),
            failed_sign_ins: staff::FailedSignIns::default(),
        }
    }

    /// The visitor cookie's name. `__Host-` (RFC 6265bis) pins it to this host, and needs https.
    pub fn cookie_name(&self) -> &'static str {
        if self.https {
            "__Host-tallyship-visitor"
        } else {
            "tallyship-visitor"
        }
    }

    /// The `Set-Cookie` that carries `token`.
    pub fn set_cookie(&self, token: &str) -> String {
        self.visitor_cookie(token, visitor_token::LASTS_SECONDS)
    }

    /// The `Set-Cookie` that takes the visitor cookie away.
    pub fn clear_cookie(&self) -> String {
        self.visitor_cookie("", 0)
    }

    /// Written by hand: the framework's cookies know no `Partitioned` (CHIPS).
    fn visitor_cookie(&self, token: &str, age: i64) -> String {
        let name = self.cookie_name();
        let site = if self.https {
            "SameSite=None; Secure; Partitioned"
        } else {
            "SameSite=Lax"
        };
        format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; {site}")
    }

    /// A new visitor and their token.
    pub fn mint(&self, now: Timestamp) -> (Voter, String) {
        let id = new_voter();
        let token = visitor_token::sign(&self.keys, id, now);
        (Voter::new_visitor(id), token)
    }
}

/// A new visitor: `UUIDv7` (RFC 9562), so that voters of one time stand next to each other in every index.
pub fn new_voter() -> VoterId {
    VoterId(uuid::Uuid::now_v7().into_bytes())
}

/// When a visitor was made, read out of the id; `None` for ids that carry no time.
pub fn made_at(voter: VoterId) -> Option<Timestamp> {
    let (seconds, nanos) = uuid::Uuid::from_bytes(voter.0).get_timestamp()?.to_unix();
    Some(Timestamp(
        i64::try_from(seconds).ok()? * 1_000_000 + i64::from(nanos) / 1_000,
    ))
}
