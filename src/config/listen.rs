//! [`ListenAddress`] and [`TrustedProxies`]: where connections come from, and which of them speak for others.
//!
//! `config` parses them, `server` binds and `auth` asks. Nothing here opens a socket.

use std::fmt::{Display, Formatter};
use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use ipnet::IpNet;

use super::values::{list, networks};

/// What a listener is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Display for ListenAddress {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl ListenAddress {
    /// As the server prints it: a URL, or a Unix socket's path, which no URL can name.
    pub fn shown(&self) -> String {
        match self {
            Self::Tcp(address) => format!("http://{address}"),
            Self::Unix(_) => self.to_string(),
        }
    }
}

/// The peers whose forwarding header is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    pub networks: Vec<IpNet>,
    /// Whoever connects to a Unix socket.
    pub unix: bool,
}

/// `127.0.0.1:8080`, `localhost:8080`, `:8080` for all addresses, or `unix:PATH`.
pub(super) fn address(text: &str) -> Result<ListenAddress, String> {
    let expected =
        || "expected ADDRESS:PORT, such as 127.0.0.1:8080 or :8080, or unix:PATH".to_owned();
    if let Some(path) = text.strip_prefix("unix:") {
        let names_file = !path.is_empty() && !path.ends_with('/');
        return names_file
            .then(|| ListenAddress::Unix(path.into()))
            .ok_or_else(expected);
    }
    if let Some(port) = text.strip_prefix(':') {
        let port = port.parse().map_err(|_unread| expected())?;
        return Ok(ListenAddress::Tcp((Ipv6Addr::UNSPECIFIED, port).into()));
    }
    if let Ok(address) = text.parse() {
        return Ok(ListenAddress::Tcp(address));
    }
    let found: Vec<SocketAddr> = text
        .to_socket_addrs()
        .map_err(|cause| format!("{}: {cause}", expected()))?
        .collect();
    let v4 = found.iter().find(|address| address.is_ipv4());
    let first = v4.or(found.first()).copied();
    first.map(ListenAddress::Tcp).ok_or_else(expected)
}

pub(super) fn address_or_off(text: &str) -> Result<Option<ListenAddress>, String> {
    match text {
        "off" => Ok(None),
        _ => address(text).map(Some),
    }
}

/// Permissions of a socket file in octal digits, such as `660`.
pub(super) fn socket_mode(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o777 && text.len() >= 3)
        .ok_or_else(|| "expected octal digits, such as 660".to_owned())
}

/// Networks, and `unix` for the peers of Unix sockets.
pub(super) fn trusted_proxies(text: &str) -> Result<TrustedProxies, String> {
    let (unix, others): (Vec<&str>, Vec<&str>) = list(text).partition(|item| *item == "unix");
    Ok(TrustedProxies {
        networks: networks(&others.join(","))?,
        unix: !unix.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_an_address_is_read() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::]:8080"),
            ("[::1]:0", "[::1]:0"),
            (":8080", "[::]:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("unix:/run/tallyship.sock", "unix:/run/tallyship.sock"),
            ("unix:data/public.sock", "unix:data/public.sock"),
        ] {
            let read = address(text).map(|address| address.to_string());
            assert_eq!(read.as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "8080",
            ":",
            ":x",
            ":65536",
            "unix:",
            "unix:/run/",
            "a b:1",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
        assert_eq!(address_or_off("off"), Ok(None));
    }

    #[test]
    fn permissions_are_octal() {
        assert_eq!(socket_mode("660"), Ok(0o660));
        assert_eq!(socket_mode("0666"), Ok(0o666));
        for text in ["", "6", "668", "7777", "rw-", "-66"] {
            assert!(socket_mode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn peers_of_unix_sockets_are_trusted_by_name_only() {
        let read =
            |text| trusted_proxies(text).map(|proxies| (proxies.networks.len(), proxies.unix));
        assert_eq!(read(""), Ok((0, false)));
        assert_eq!(read("127.0.0.1, ::1"), Ok((2, false)));
        assert_eq!(read("unix"), Ok((0, true)));
        assert_eq!(read("10.0.0.0/8, unix"), Ok((1, true)));
        assert!(trusted_proxies("unix:/run/x").is_err());
    }
}
