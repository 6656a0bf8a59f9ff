//! [`QuotaMultipliers`]: networks of which the site knows that many people are behind one address, and how many times the usual quota
//! each has.
//!
//! `client` asks it once a call, where there are any; nothing else does.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks, each with its factor.
#[derive(Debug, Clone, Default)]
pub struct QuotaMultipliers(Vec<(IpNet, u32)>);

impl QuotaMultipliers {
    pub fn new(networks: Vec<(IpNet, u32)>) -> Self {
        Self(networks)
    }

    /// How many times the usual quota this address has: of the narrowest network that holds it, else 1.
    pub fn factor(&self, address: IpAddr) -> u32 {
        // An IPv4 address may come as IPv6 (RFC 4291 §2.5.5.2).
        let address = address.to_canonical();
        self.0
            .iter()
            .filter(|(network, _)| network.contains(&address))
            .max_by_key(|(network, _)| network.prefix_len())
            .map_or(1, |(_, factor)| *factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_network_tells() {
        let known = QuotaMultipliers::new(vec![
            ("10.0.0.0/8".parse().expect("net"), 2),
            ("10.1.0.0/16".parse().expect("net"), 50),
            ("2001:db8::/32".parse().expect("net"), 3),
        ]);
        let of = |text: &str| known.factor(text.parse().expect("address"));
        assert_eq!(
            (of("10.9.9.9"), of("10.1.2.3"), of("::ffff:10.1.2.3")),
            (2, 50, 50)
        );
        assert_eq!((of("2001:db8::1"), of("192.0.2.1")), (3, 1));
        assert_eq!(
            QuotaMultipliers::default().factor("10.1.2.3".parse().expect("address")),
            1
        );
    }
}
