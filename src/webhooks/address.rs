//! [`PublicResolver`]: names resolve to public addresses only, so that no endpoint leads into the private network.
//!
//! The worker's client resolves by it, and asks [`AllowedAddresses`] about an address that stands in a URL itself.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, LazyLock};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// IPv4 and the part of global IPv6 that are not for the public internet (the special-purpose registries of IANA).
const SPECIAL: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "2001::/23",
    "2001:db8::/32",
    // 6to4 holds an IPv4 address.
    "2002::/16",
    "3fff::/20",
];

static SPECIAL_NETWORKS: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| SPECIAL.iter().filter_map(|net| net.parse().ok()).collect());

fn is_public(address: IpAddr) -> bool {
    let is_global = |address: Ipv6Addr| {
        address
            .segments()
            .first()
            .is_some_and(|first| first >> 13 == 1)
    };
    let may_be = match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => is_global(address),
    };
    may_be && !SPECIAL_NETWORKS.iter().any(|net| net.contains(&address))
}

/// Public addresses, and the private networks that the settings allow.
#[derive(Debug, Clone)]
pub(super) struct AllowedAddresses(pub Arc<[IpNet]>);

impl AllowedAddresses {
    /// Every address.
    pub(super) fn all() -> Self {
        let every = [IpAddr::from([0; 4]), IpAddr::from([0; 16])];
        Self(
            every
                .iter()
                .filter_map(|first| IpNet::new(*first, 0).ok())
                .collect(),
        )
    }

    fn check(&self, address: IpAddr) -> Result<(), String> {
        let address = address.to_canonical();
        if is_public(address) || self.0.iter().any(|net| net.contains(&address)) {
            return Ok(());
        }
        Err(format!(
            "{address} is not public; webhooks.private_networks can allow it"
        ))
    }

    /// Checks an address that a URL names itself; names are checked when they are resolved.
    pub(super) fn check_url(&self, url: &Url) -> Result<(), String> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check(address.into()),
            Some(Host::Ipv6(address)) => self.check(address.into()),
            _ => Ok(()),
        }
    }
}

/// Resolves by the system, and fails if any address of the name is not allowed.
pub(super) struct PublicResolver(pub AllowedAddresses);

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            found
                .iter()
                .try_for_each(|found| allowed.check(found.ip()))?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_public_addresses_pass() {
        let allowed = AllowedAddresses(Arc::new([]));
        assert_eq!(SPECIAL_NETWORKS.len(), SPECIAL.len());
        for public in ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            allowed.check(address(public)).expect(public);
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "2001:db8::1",
            "2002:a00:1::",
        ] {
            allowed.check(address(private)).expect_err(private);
        }
    }

    #[test]
    fn a_private_network_is_allowed_by_name() {
        let allowed = AllowedAddresses(Arc::new(["10.0.0.0/8".parse().expect("a network")]));
        allowed.check(address("10.1.2.3")).expect("allowed");
        allowed.check(address("::ffff:10.1.2.3")).expect("allowed");
        allowed.check(address("192.168.0.1")).expect_err("another");
        let url = |text| Url::parse(text).expect("a URL");
        allowed
            .check_url(&url("http://0x7f.1/"))
            .expect_err("127.0.0.1");
        allowed.check_url(&url("http://[::1]/")).expect_err("local");
        allowed
            .check_url(&url("http://10.0.0.1/"))
            .expect("allowed");
    }
}
