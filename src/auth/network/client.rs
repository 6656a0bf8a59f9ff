//! [`Client`]: the network that a call comes from, and its hashes: one for bans, one for the votes of a day, others for quotas.
//!
//! Routes make one a call. The address is no part of it, and the prefix does not leave this file but hashed.

use std::cell::OnceCell;
use std::iter;
use std::net::IpAddr;

use crate::auth::Identity;
use crate::auth::keys::Keys;
use crate::auth::network::Prefix;
use crate::auth::network::daily_keys::DailyKeys;
use crate::auth::network::hash_cache::{HashCache, NetworkHashes};
use crate::domain::{BanHash, NetworkHash, Timestamp, VoterOrigins};
use crate::http::request::RequestParts;

/// The caller's network; hashed only where a hash is wanted, and once.
pub struct Client<'a> {
    prefix: Prefix,
    keys: &'a Keys,
    days: &'a DailyKeys,
    now: Timestamp,
    memo: &'a HashCache,
    own: OnceCell<NetworkHashes>,
    limiter: OnceCell<[u8; 16]>,
    factor: u32,
    is_never_held: bool,
}

impl<'a> Client<'a> {
    pub fn new(
        prefix: Prefix,
        (keys, days): (&'a Keys, &'a DailyKeys),
        memo: &'a HashCache,
        now: Timestamp,
    ) -> Self {
        Self {
            prefix,
            keys,
            days,
            now,
            memo,
            own: OnceCell::new(),
            limiter: OnceCell::new(),
            factor: 1,
            is_never_held: false,
        }
    }

    /// The same with so many times the usual quotas.
    #[must_use]
    pub fn with_factor(self, factor: u32) -> Self {
        Self { factor, ..self }
    }

    /// The same, of a network whose votes are never held, or not.
    #[must_use]
    pub fn never_held(self, is_never_held: bool) -> Self {
        Self {
            is_never_held,
            ..self
        }
    }

    /// Whether the site said that this network's votes are never held.
    pub fn is_never_held(&self) -> bool {
        self.is_never_held
    }

    /// How many times the usual quotas its network has.
    pub fn factor(&self) -> u32 {
        self.factor
    }

    /// Whether the call comes from this machine itself.
    pub fn is_this_machine(&self) -> bool {
        self.prefix.is_loopback()
    }

    fn own(&self) -> NetworkHashes {
        let make = || NetworkHashes {
            ban: self.keys.ban(self.prefix.bytes()),
            origins: VoterOrigins {
                network: self.keys.origin(self.prefix.bytes()),
                wide: (self.prefix.wide()).map(|wide| self.keys.origin(wide.bytes())),
            },
        };
        *(self.own).get_or_init(|| self.memo.hash(self.prefix, make))
    }

    /// As bans know it; also under the secret before, while that is believed.
    pub fn ban_hashes(&self) -> impl Iterator<Item = BanHash> {
        let previous = self.keys.previous_ban(self.prefix.bytes());
        iter::once(self.own().ban).chain(previous)
    }

    /// As a vote of today bears it.
    pub fn network(&self) -> NetworkHash {
        self.days.seal(self.own().ban, self.now)
    }

    /// As the holding rule knows it, and the /48 around it.
    pub fn origins(&self) -> VoterOrigins {
        self.own().origins
    }

    /// As the limiter knows it: under a key that no midnight changes.
    pub fn limiter_key(&self) -> [u8; 16] {
        *(self.limiter).get_or_init(|| self.keys.limiter(self.prefix.bytes()))
    }

    /// The /48 around an IPv6 network, as the limiter knows it.
    pub fn wide_limiter_key(&self) -> Option<[u8; 16]> {
        Some(self.keys.limiter(self.prefix.wide()?.bytes()))
    }
}

impl Identity {
    fn is_never_held(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        (self.never_held.iter()).any(|network| network.contains(&address))
    }

    /// The caller's network.
    pub fn client(&self, request: &impl RequestParts, now: Timestamp) -> Client<'_> {
        let peer = request.peer().map(|peer| peer.ip());
        let address = self.proxies.client_of(peer, request, now);
        Client::new(
            Prefix::of(address),
            (&self.keys, &self.days),
            &self.memo,
            now,
        )
        .with_factor(self.known.factor(address))
        .never_held(self.is_never_held(address))
    }
}
