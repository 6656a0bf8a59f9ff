//! `X-Forwarded-For`: the peer on the first line, then the header's lines. Nothing that a client writes may change its network.

use std::iter::once;
use std::net::{IpAddr, Ipv4Addr};

use tallyship::auth::network::{Prefix, Proxies};
use tallyship::config::TrustedProxies;
use tallyship::http::request::forwarding::ForwardingHeader;

use super::{first_line, text};

pub fn run(data: &[u8]) {
    let Some((peer, lines)) = text(data).map(first_line) else {
        return;
    };
    let nets = ["10.0.0.0/8", "fd00::/8", "192.168.7.1/32"];
    let trusted = TrustedProxies {
        networks: nets.iter().filter_map(|net| net.parse().ok()).collect(),
        unix: false,
    };
    let proxies = Proxies::new(trusted, ForwardingHeader::default());
    let peer: IpAddr = peer.parse().unwrap_or(IpAddr::from([10, 0, 0, 1]));
    let lines: Vec<&str> = lines.split('\n').collect();
    let client = proxies.client(Some(peer), lines.iter().copied());
    assert_eq!(client, client.to_canonical(), "one spelling of an address");
    assert_ne!(client_or(peer, client), IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    let joined = lines.join(",");
    assert_eq!(proxies.client(Some(peer), once(joined.as_str())), client, "lines are one list");

    let believed = proxies.client(Some(peer), once("203.0.113.7")) != peer.to_canonical();
    if !believed {
        assert_eq!(client, peer.to_canonical(), "a stranger's header is not believed");
    }
    for tail in ["203.0.113.7", "203.0.113.7, 10.1.1.1,fd00::2"] {
        let forged = format!("{joined}, {tail}");
        assert_eq!(
            proxies.client(Some(peer), once(forged.as_str())),
            proxies.client(Some(peer), once(tail)),
            "what stands left of the trusted tail is not looked at"
        );
    }

    let prefix = Prefix::of(client);
    assert_eq!(prefix.wide().is_some(), client.is_ipv6());
    assert!(prefix.wide() != Some(prefix));
    assert!(!prefix.is_loopback() || client.is_loopback() || client.is_ipv6());
}

/// The unspecified address is nobody's, but a peer may say that it has it.
fn client_or(peer: IpAddr, client: IpAddr) -> IpAddr {
    if peer.to_canonical() == client {
        IpAddr::from([1, 1, 1, 1])
    } else {
        client
    }
}
