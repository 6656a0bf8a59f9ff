//! The headers by which a proxy names its client. Anybody can write them: `auth` decides whom to believe.

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The one header that is believed, from trusted peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardingHeader(HeaderName);

impl Default for ForwardingHeader {
    fn default() -> Self {
        Self(X_FORWARDED_FOR)
    }
}

impl ForwardingHeader {
    /// `Forwarded` (RFC 7239), or a header that holds addresses, such as `CF-Connecting-IP`. `None`: this is no name.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().map(Self).ok()
    }

    /// Whether this header is there, or another that proxies commonly send.
    pub fn is_sent(&self, headers: &HeaderMap) -> bool {
        [&self.0, &X_FORWARDED_FOR, &FORWARDED, &X_REAL_IP]
            .into_iter()
            .any(|name| headers.contains_key(name))
    }

    /// The header's lines, in their order. One that is no text is no address either.
    pub fn lines<'a>(&self, headers: &'a HeaderMap) -> impl DoubleEndedIterator<Item = &'a str> {
        let lines: Vec<&str> = headers
            .get_all(&self.0)
            .map(|line| line.to_str().unwrap_or("unreadable"))
            .collect();
        lines.into_iter()
    }

    /// The client's address in an element of a line, as it is written there.
    pub fn address<'a>(&self, element: &'a str) -> &'a str {
        if self.0 != FORWARDED {
            return element.trim();
        }
        let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
            .map(|(_, value)| value.trim().trim_matches('"'))
            .next()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_its_element() {
        let forwarded = ForwardingHeader::parse("Forwarded").expect("a header");
        for (element, address) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("  By=a; For=\"[2001:db8::1]:4711\" ", "[2001:db8::1]:4711"),
            ("for=_hidden", "_hidden"),
            ("proto=https", ""),
            ("192.0.2.60", ""),
        ] {
            assert_eq!(forwarded.address(element), address, "{element}");
        }
        let other = ForwardingHeader::parse("CF-Connecting-IP").expect("a header");
        assert_eq!(other.address(" 192.0.2.60 "), "192.0.2.60");
        assert!(ForwardingHeader::parse("a b").is_none());
    }
}
