//! Who calls: visitors by signed token, the site's users by its JWT, networks by hashes under keys of a day, origins by allow-list, staff by stored token.
//!
//! Routes take the extractors of [`caller`]; the limiter takes network hashes. No address and no token leaves this room.

pub mod caller;
pub mod client;
pub mod days;
pub mod erased;
pub mod keys;
pub mod known;
pub mod memo;
pub mod name;
pub mod network;
pub mod origin;
pub mod routes;
pub mod secret;
pub mod staff;
mod store;
pub mod users;
pub mod visitor_token;

use std::sync::Arc;

use url::Url;

use crate::db::Readers;
use crate::vocabulary::{Moment, VoterId};
use caller::Voter;
use days::Days;
use erased::Erased;
use keys::Keys;
use known::Known;
use memo::Memo;
use network::Proxies;
use origin::Origins;
use users::Users;

/// What the extractors need; one for the whole server.
pub struct Identity {
    pub keys: Keys,
    /// Under which networks are hashed today.
    pub days: Arc<Days>,
    pub proxies: Proxies,
    /// The hashes of the networks that called last.
    memo: Memo,
    /// Networks with more than the usual quotas.
    pub known: Known,
    pub origins: Origins,
    /// Whether browsers reach us by https: decides the cookie's name and attributes.
    pub https: bool,
    /// Staff tokens are looked up here.
    pub readers: Readers,
    /// Whose tokens are no longer believed.
    pub erased: Arc<Erased>,
    /// The site's own users; `None`: visitors only.
    pub users: Option<Users>,
    /// When staff tokens were last used, until that is written.
    pub uses: staff::Uses,
}

impl Identity {
    #[must_use]
    pub fn new(
        (keys, days): (Keys, Arc<Days>),
        users: Option<Users>,
        (proxies, known): (Proxies, Known),
        origins: Origins,
        public_url: &Url,
        readers: Readers,
        erased: Arc<Erased>,
    ) -> Self {
        Self {
            keys,
            days,
            users,
            proxies,
            known,
            memo: Memo::default(),
            origins,
            https: public_url.scheme() == "https",
            readers,
            erased,
            uses: staff::Uses::default(),
        }
    }

    /// The visitor cookie's name. `__Host-` (RFC 6265bis) pins it to this host, and needs https.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.https {
            "__Host-tallyship-visitor"
        } else {
            "tallyship-visitor"
        }
    }

    /// The `Set-Cookie` that carries `token`. Written by hand: the framework's cookies know no `Partitioned` (CHIPS).
    #[must_use]
    pub fn set_cookie(&self, token: &str) -> String {
        let name = self.cookie_name();
        let age = visitor_token::LASTS_SECONDS;
        let site = if self.https {
            "SameSite=None; Secure; Partitioned"
        } else {
            "SameSite=Lax"
        };
        format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; {site}")
    }

    /// The `Set-Cookie` that takes the visitor cookie away.
    #[must_use]
    pub fn clear_cookie(&self) -> String {
        let name = self.cookie_name();
        let site = if self.https {
            "SameSite=None; Secure; Partitioned"
        } else {
            "SameSite=Lax"
        };
        format!("{name}=; Path=/; Max-Age=0; HttpOnly; {site}")
    }

    /// A new visitor and their token.
    #[must_use]
    pub fn mint(&self, now: Moment) -> (Voter, String) {
        let id = new_voter();
        let token = visitor_token::sign(&self.keys, id, now);
        (Voter::new_visitor(id), token)
    }
}

/// A new visitor: `UUIDv7` (RFC 9562), so that voters of one time stand next to each other in every index.
#[must_use]
pub fn new_voter() -> VoterId {
    VoterId(uuid::Uuid::now_v7().into_bytes())
}

/// When a visitor was made, read out of the id; `None` for ids that carry no time.
#[must_use]
pub fn made_at(voter: VoterId) -> Option<Moment> {
    let (seconds, nanos) = uuid::Uuid::from_bytes(voter.0).get_timestamp()?.to_unix();
    Some(Moment(
        i64::try_from(seconds).ok()? * 1_000_000 + i64::from(nanos) / 1_000,
    ))
}
