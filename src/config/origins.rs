//! Origins as browsers send them: what `http.allowed_origins` may hold, in the one spelling that is compared.
//!
//! [`super::Settings`] reads them. An entry that no browser can ever send is refused, so that a site does not wonder at its votes.

use url::{Host, Url};

/// Schemes whose pages send `null`, or nothing, as their origin.
const NEVER_SENT: &[&str] = &[
    "about",
    "blob",
    "data",
    "file",
    "ftp",
    "javascript",
    "mailto",
    "ws",
    "wss",
];

/// The origins of a comma-separated list; `https://*.example.org` stands for all sub-domains.
pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    super::values::list(text).map(origin).collect()
}

fn origin(item: &str) -> Result<String, String> {
    let refused = |cause: &str| format!("{item} can never match: {cause}");
    let Some((scheme, rest)) = item.split_once("://") else {
        return Err(refused("expected an origin such as https://example.org"));
    };
    let scheme = scheme.to_ascii_lowercase();
    if NEVER_SENT.contains(&scheme.as_str()) {
        return Err(refused("browsers send no origin with this scheme"));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.is_empty() || authority.contains(['/', '?', '#', '@', '\\']) {
        return Err(refused("an origin is a scheme, a host and perhaps a port"));
    }
    let is_web = matches!(scheme.as_str(), "http" | "https");
    let (wildcard, authority) = match authority.strip_prefix("*.") {
        Some(parent) if is_web => ("*.", parent),
        _ => ("", authority),
    };
    if authority.contains('*') {
        return Err(refused(
            "* stands for sub-domains, as in https://*.example.org",
        ));
    }
    if !is_web {
        return app_origin(&scheme, authority)
            .ok_or_else(|| refused("this is no origin of an app"));
    }
    let url = Url::parse(&format!("{scheme}://{authority}"))
        .map_err(|cause| refused(&cause.to_string()))?;
    if url.port() == Some(0) {
        return Err(refused("no page has port 0"));
    }
    if !wildcard.is_empty() {
        match url.host() {
            Some(Host::Domain(domain)) if domain.contains('.') || domain == "localhost" => {}
            _ => return Err(refused("sub-domains are of a domain such as example.org")),
        }
    }
    let plain = url.origin().ascii_serialization();
    Ok(plain.replacen("://", &format!("://{wildcard}"), 1))
}

/// Apps have schemes of their own (`capacitor://localhost`, `chrome-extension://ID`), whose origins have no default port.
fn app_origin(scheme: &str, authority: &str) -> Option<String> {
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let is_host = authority
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
    (is_scheme && is_host).then(|| format!("{scheme}://{}", authority.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for (entry, sent) in [
            ("https://example.org", "https://example.org"),
            ("HTTPS://Example.ORG/", "https://example.org"),
            ("https://example.org:443", "https://example.org"),
            ("http://example.org:80/", "http://example.org"),
            ("http://example.org:443", "http://example.org:443"),
            (
                "https://b\u{fc}cher.example",
                "https://xn--bcher-kva.example",
            ),
            ("http://[::0:1]:8080", "http://[::1]:8080"),
            ("https://*.Example.org:8443", "https://*.example.org:8443"),
            (
                "https://*.b\u{fc}cher.example",
                "https://*.xn--bcher-kva.example",
            ),
            ("capacitor://localhost", "capacitor://localhost"),
            (
                "chrome-extension://abcdefghijklmnop/",
                "chrome-extension://abcdefghijklmnop",
            ),
            ("app://Obsidian.md", "app://obsidian.md"),
        ] {
            assert_eq!(origins(entry), Ok(vec![sent.to_owned()]), "{entry}");
        }
        assert_eq!(origins(" , "), Ok(Vec::new()));
        let two = origins("https://a.example, https://b.example").expect("two");
        assert_eq!(two.len(), 2);
    }

    #[test]
    fn what_can_never_match_is_refused() {
        for entry in [
            "example.org",
            "example.org:443",
            "null",
            "*",
            "*.example.org",
            "https://*",
            "https://*.org",
            "https://*.10.0.0.1",
            "https://a.*.example.org",
            "https://*example.org",
            "*://example.org",
            "https://example.org/path",
            "https://example.org?q",
            "https://example.org#f",
            "https://user@example.org",
            "https://example.org:0",
            "https://example.org:99999",
            "https://exa mple.org",
            "https://",
            "https:///",
            "file://host",
            "data://x",
            "ws://example.org",
            "capacitor://*.localhost",
            "app://",
        ] {
            let cause = origins(entry).expect_err(entry);
            assert!(cause.contains(entry), "{entry}: {cause}");
        }
    }
}
