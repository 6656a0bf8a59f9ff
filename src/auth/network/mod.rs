//! The client's network: by trusted proxies only, cut to a prefix, and from there on a keyed hash.
//!
//! `caller` uses it. Nothing that a client writes left of the trusted tail of `X-Forwarded-For` may change the result,
//! and an address never leaves this file but as the bytes of a prefix that are hashed at once.

pub mod client;
pub mod daily_keys;
pub mod hash_cache;
pub mod quota_multipliers;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};

use crate::config::TrustedProxies;
use crate::domain::Timestamp;
use crate::http::request::RequestParts;
use crate::http::request::forwarding::ForwardingHeader;

/// The address of a peer that has none: a Unix socket's.
const THIS_MACHINE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A client's network: IPv4 /32 or IPv6 /64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Prefix([u8; 9]);

impl Prefix {
    /// Cuts an address. `::ffff:a.b.c.d` is the IPv4 address that it maps, or all of IPv4 would be one network.
    pub fn of(address: IpAddr) -> Self {
        let mut bytes = [0; 9];
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                bytes[0] = 4;
                bytes[1..5].copy_from_slice(&v4.octets());
            }
            IpAddr::V6(v6) => {
                bytes[0] = 6;
                bytes[1..9].copy_from_slice(&v6.octets()[..8]);
            }
        }
        Self(bytes)
    }

    /// Whether it is this machine's own (127.0.0.0/8 or ::1).
    pub fn is_loopback(&self) -> bool {
        // All of ::/64 but ::1 is none of anybody's.
        matches!(self.0, [4, 127, ..] | [6, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// The /48 that an IPv6 network lies in: whoever has one has 65,536 networks. IPv4 has no such thing.
    pub fn wide(&self) -> Option<Self> {
        let mut bytes = self.0;
        let [family @ 6, .., seventh, eighth] = &mut bytes else {
            return None;
        };
        // A family of its own, so that it is no /64 that ends in zeros.
        (*family, *seventh, *eighth) = (48, 0, 0);
        Some(Self(bytes))
    }

    /// What is hashed: the family and the prefix.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The peers whose forwarding header is believed.
pub struct Proxies {
    trusted: TrustedProxies,
    header: ForwardingHeader,
    last_warning: AtomicI64,
}

impl Proxies {
    pub fn new(trusted: TrustedProxies, header: ForwardingHeader) -> Self {
        Self {
            trusted,
            header,
            last_warning: AtomicI64::new(i64::MIN),
        }
    }

    /// `None`: the peer of a Unix socket.
    fn trusts(&self, address: Option<IpAddr>) -> bool {
        match address {
            Some(address) => (self.trusted.networks.iter()).any(|net| net.contains(&address)),
            None => self.trusted.unix,
        }
    }

    /// The address of the client on whose behalf `peer` calls.
    pub fn client_of(
        &self,
        peer: Option<IpAddr>,
        request: &impl RequestParts,
        now: Timestamp,
    ) -> IpAddr {
        let headers = request.headers();
        if !self.header.is_sent(headers) {
            return peer.unwrap_or(THIS_MACHINE);
        }
        self.warn_if_untrusted(peer, now);
        self.client(peer, self.header.lines(headers))
    }

    /// The client's address: the peer, unless it is trusted; then the rightmost entry of the header (all of its
    /// lines, in order) that is not itself trusted. What cannot be read as an address ends the walk at the hop that wrote
    /// it; where every entry is trusted, the leftmost is the client.
    pub fn client<'a>(
        &self,
        peer: Option<IpAddr>,
        forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut client = peer.map(|peer| peer.to_canonical());
        for line in forwarded_for.rev() {
            for entry in line.rsplit(',') {
                if !self.trusts(client) {
                    return client.unwrap_or(THIS_MACHINE);
                }
                match parse_entry(self.header.address(entry)) {
                    None => return client.unwrap_or(THIS_MACHINE),
                    address => client = address,
                }
            }
        }
        client.unwrap_or(THIS_MACHINE)
    }

    /// Warns, at most once a minute, that an untrusted peer sent a forwarding header: either somebody pretends, or a
    /// proxy of the operator's is missing in the configuration and all visitors count as one network.
    fn warn_if_untrusted(&self, peer: Option<IpAddr>, now: Timestamp) {
        if self.trusts(peer.map(|peer| peer.to_canonical())) {
            return;
        }
        let last = self.last_warning.load(Ordering::Relaxed);
        let due = now.seconds() >= last.saturating_add(60);
        if due
            && self
                .last_warning
                .compare_exchange(last, now.seconds(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            tracing::warn!(
                "ignored a forwarding header of a peer that is not in http.trusted_proxies"
            );
        }
    }
}

/// One entry: an address, or an address with a port as some proxies write it.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let address = entry
        .parse::<IpAddr>()
        .or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| {
            entry
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse::<IpAddr>()
        })
        .ok()?
        .to_canonical();
    (address != IpAddr::V4(Ipv4Addr::UNSPECIFIED)).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv6Addr;

    fn proxies() -> Proxies {
        behind("X-Forwarded-For")
    }

    fn behind(header: &str) -> Proxies {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("net"));
        let trusted = TrustedProxies {
            networks: networks.to_vec(),
            unix: false,
        };
        Proxies::new(trusted, ForwardingHeader::parse(header).expect("a header"))
    }

    #[test]
    fn only_the_configured_header_is_believed() {
        let mut request = actix_web::test::TestRequest::default();
        for (name, value) in [
            ("x-forwarded-for", "1.1.1.1"),
            (
                "forwarded",
                "for=9.9.9.9, for=\"[2001:db8::2]:80\";proto=https, for=10.2.2.2",
            ),
            ("x-real-ip", "3.3.3.3"),
            ("cf-connecting-ip", "4.4.4.4"),
        ] {
            request = request.append_header((name, value));
        }
        let request = request.to_http_request();
        for (header, expected) in [
            ("X-Forwarded-For", "1.1.1.1"),
            ("Forwarded", "2001:db8::2"),
            ("X-Real-IP", "3.3.3.3"),
            ("CF-Connecting-IP", "4.4.4.4"),
            ("X-Client-IP", "10.0.0.1"),
        ] {
            let client = |peer: &str| {
                let peer = peer.parse().expect("peer");
                let client = behind(header).client_of(Some(peer), &request, Timestamp(0));
                client.to_string()
            };
            assert_eq!(client("10.0.0.1"), expected, "{header}");
            assert_eq!(client("203.0.113.9"), "203.0.113.9", "{header}");
        }
    }

    fn client(peer: &str, lines: &[&str]) -> String {
        proxies()
            .client(Some(peer.parse().expect("peer")), lines.iter().copied())
            .to_string()
    }

    /// Also where this machine's own address is trusted: a process that may open the file need not be a proxy.
    #[test]
    fn a_unix_sockets_peer_is_believed_only_if_configured() {
        for (unix, lines, expected) in [
            (false, &["1.1.1.1"][..], "127.0.0.1"),
            (true, &["1.1.1.1"][..], "1.1.1.1"),
            (true, &["9.9.9.9, 1.1.1.1, 127.0.0.1"][..], "1.1.1.1"),
            (true, &["garbage"][..], "127.0.0.1"),
            (true, &[][..], "127.0.0.1"),
        ] {
            let trusted = TrustedProxies {
                networks: vec!["127.0.0.0/8".parse().expect("net")],
                unix,
            };
            let proxies = Proxies::new(trusted, ForwardingHeader::default());
            let client = proxies.client(None, lines.iter().copied());
            assert_eq!(client.to_string(), expected, "{unix} {lines:?}");
        }
    }

    #[test]
    fn the_walk_is_from_the_right_and_stops_at_the_first_untrusted() {
        for (peer, lines, expected) in [
            ("203.0.113.9", &["1.1.1.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &["9.9.9.9, 1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &["9.9.9.9, 1.1.1.1, 10.2.3.4"][..], "1.1.1.1"),
            ("10.0.0.1", &["9.9.9.9", "1.1.1.1, 10.2.3.4"][..], "1.1.1.1"),
            ("10.0.0.1", &["10.1.1.1, 10.2.2.2"][..], "10.1.1.1"),
            ("10.0.0.1", &["9.9.9.9, garbage"][..], "10.0.0.1"),
            ("10.0.0.1", &["9.9.9.9, garbage, 10.7.7.7"][..], "10.7.7.7"),
            ("10.0.0.1", &["9.9.9.9,"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1:4711"][..], "1.1.1.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"][..], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"][..], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:1.1.1.1"][..], "1.1.1.1"),
            ("::ffff:10.0.0.1", &["1.1.1.1"][..], "1.1.1.1"),
            ("fd00::1", &["2001:db8::7"][..], "2001:db8::7"),
            ("10.0.0.1", &["9.9.9.9, ::ffff:10.9.9.9"][..], "9.9.9.9"),
            ("10.0.0.1", &["6.6.6.6, 7.7.7.7, 1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &["127.0.0.1, 1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &["10.9.9.9, 1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &["1.1.1.1, 127.0.0.1"][..], "127.0.0.1"),
            ("10.0.0.1", &["1.1.1.1", "2.2.2.2"][..], "2.2.2.2"),
            ("10.0.0.1", &["1.1.1.1", "10.2.2.2"][..], "1.1.1.1"),
            (
                "10.0.0.1",
                &["1.1.1.1", "10.2.2.2", "10.3.3.3"][..],
                "1.1.1.1",
            ),
            ("10.0.0.1", &["1.1.1.1", "garbage"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1", ""][..], "10.0.0.1"),
            ("10.0.0.1", &["", "1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &[",1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &[",,1.1.1.1"][..], "1.1.1.1"),
            ("10.0.0.1", &["1.1.1.1,,10.1.1.1"][..], "10.1.1.1"),
            ("10.0.0.1", &[","][..], "10.0.0.1"),
            ("10.0.0.1", &[""][..], "10.0.0.1"),
            ("10.0.0.1", &["   "][..], "10.0.0.1"),
            ("10.0.0.1", &["  1.1.1.1  "][..], "1.1.1.1"),
            ("10.0.0.1", &["\t1.1.1.1\t"][..], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6;1.1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["6.6.6.6 1.1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["for=1.1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["unknown"][..], "10.0.0.1"),
            ("10.0.0.1", &["_hidden"][..], "10.0.0.1"),
            ("10.0.0.1", &["localhost"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.256"][..], "10.0.0.1"),
            ("10.0.0.1", &["01.1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["0x1.1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["16843009"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1/32"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1:"][..], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1:99999"][..], "10.0.0.1"),
            ("10.0.0.1", &["-1.1.1.1"][..], "10.0.0.1"),
            ("10.0.0.1", &["0.0.0.0"][..], "10.0.0.1"),
            ("10.0.0.1", &["9.9.9.9, 0.0.0.0"][..], "10.0.0.1"),
            ("10.0.0.1", &["255.255.255.255"][..], "255.255.255.255"),
            ("10.0.0.1", &["2001:db8::1%eth0"][..], "10.0.0.1"),
            ("10.0.0.1", &["2001:DB8::1"][..], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1, fd00::9"][..], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]:x"][..], "10.0.0.1"),
            ("10.0.0.1", &["2001:db8:::1"][..], "10.0.0.1"),
            (
                "10.0.0.1",
                &["::ffff:10.9.9.9, ::ffff:1.1.1.1"][..],
                "1.1.1.1",
            ),
            ("10.0.0.1", &["[::ffff:1.1.1.1]:80"][..], "1.1.1.1"),
            ("fd00::1", &["1.1.1.1, fd12::1, 10.0.0.9"][..], "1.1.1.1"),
            ("fe80::1", &["1.1.1.1"][..], "fe80::1"),
            ("11.0.0.1", &["10.0.0.1"][..], "11.0.0.1"),
            ("::ffff:203.0.113.9", &["1.1.1.1"][..], "203.0.113.9"),
            ("203.0.113.9", &["10.0.0.1"][..], "203.0.113.9"),
        ] {
            assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_left_of_the_trusted_tail_matters(left in "[ -~]{0,60}", real in any::<[u8; 4]>(), hops in 0usize..3) {
            let real = Ipv4Addr::from(real);
            prop_assume!(real != Ipv4Addr::UNSPECIFIED && real.octets()[0] != 10);
            let tail = [", 10.0.0.0", ", 10.0.0.1", ", 10.0.0.2"][..hops].concat();
            let honest = format!("{real}{tail}");
            let forged = format!("{left}, {real}{tail}");
            prop_assert_eq!(client("10.0.0.1", &[&forged]), client("10.0.0.1", &[&honest]));
            prop_assert_eq!(client("10.0.0.1", &[&left, &honest]), client("10.0.0.1", &[&honest]));
            prop_assert_eq!(client("203.0.113.9", &[&forged]), "203.0.113.9");
        }

        /// However many lines and hops: what the client wrote stands left of what the outermost proxy added.
        #[test]
        fn no_lines_of_a_client_matter(lines in proptest::collection::vec("([0-9a-f.:\\[\\], ]{0,40}|[ -~]{0,20})", 0..4), real in any::<u128>(), hops in 0u8..4) {
            let real = Ipv6Addr::from(real).to_canonical();
            prop_assume!(!proxies().trusts(Some(real)) && real != IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            let tail: Vec<String> = std::iter::once(real.to_string()).chain((0..hops).map(|n| format!("10.1.1.{n}"))).collect();
            let apart: Vec<&str> = lines.iter().map(String::as_str).chain(tail.iter().map(String::as_str)).collect();
            prop_assert_eq!(client("10.0.0.1", &apart), real.to_string());
            let together = [lines.join(","), tail.join(",")].join(",");
            prop_assert_eq!(client("10.0.0.1", &[&together]), real.to_string());
        }

        #[test]
        fn the_wide_network_is_of_48_bits(high in any::<u64>(), other in any::<u64>(), v4 in any::<[u8; 4]>()) {
            let of = |high: u64| Prefix::of(IpAddr::from((u128::from(high) << 64).to_be_bytes()));
            prop_assume!(high >> 32 != 0 && other >> 32 != 0);
            let same = high >> 16 == other >> 16;
            prop_assert_eq!(of(high).wide() == of(other).wide(), same);
            prop_assert!(of(high).wide() == of(high ^ 1).wide() && of(high).wide().is_some());
            prop_assert!(of(high).wide() != Some(of(high)));
            prop_assert!(Prefix::of(IpAddr::from(v4)).wide().is_none());
        }

        #[test]
        fn an_entry_is_read_or_not_but_never_panics(entry in "\\PC{0,50}") {
            let _ = parse_entry(&entry);
        }

        #[test]
        fn ipv6_counts_by_its_first_64_bits(high in any::<u64>(), a in any::<u64>(), b in any::<u64>()) {
            let address = |low: u64| IpAddr::from(((u128::from(high) << 64) | u128::from(low)).to_be_bytes());
            prop_assume!(high != 0);
            prop_assert!(Prefix::of(address(a)) == Prefix::of(address(b)));
        }

        #[test]
        fn a_mapped_address_is_the_ipv4_one(v4 in any::<[u8; 4]>(), other in any::<[u8; 4]>()) {
            let v4 = Ipv4Addr::from(v4);
            prop_assert!(Prefix::of(IpAddr::V6(v4.to_ipv6_mapped())) == Prefix::of(IpAddr::V4(v4)));
            prop_assert_eq!(Prefix::of(IpAddr::V4(v4)) == Prefix::of(IpAddr::V4(Ipv4Addr::from(other))), v4.octets() == other);
        }
    }
}
