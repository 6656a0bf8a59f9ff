//! Which web pages may vote: the allow-list of origins, for CSRF (is this write wanted?) and CORS (may the page read the answer?).
//!
//! `caller` asks [`Origins::check_write`] before any write; `server` writes the CORS headers. Reads are open to all.

use std::collections::HashSet;

use url::Url;

use crate::http::problem::{Code, Problem};

/// How a call carries its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialSource {
    /// Sent by the browser on its own: any page could cause such a call.
    Cookie,
    /// Put there by the caller's own code.
    Bearer,
    None,
}

/// Where a browser says that a call comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestOrigin<'a> {
    pub origin: Option<&'a str>,
    pub sec_fetch_site: Option<&'a str>,
}

/// The origins that may vote.
#[derive(Debug, Clone)]
pub struct Origins {
    allowed: HashSet<String>,
    own: HashSet<String>,
    /// What an origin of a sub-domain begins and ends with, as in `https://` and `.example.org:8443`.
    subdomains: Vec<(String, String)>,
}

impl Origins {
    /// The public URL's own origin always may. On loopback its other spellings are the same place.
    pub fn new(public_url: &Url, allowed: &[String]) -> Self {
        let mut own = HashSet::from([public_url.origin().ascii_serialization()]);
        if let (Some("127.0.0.1" | "localhost" | "[::1]"), Some(port)) =
            (public_url.host_str(), public_url.port())
        {
            for host in ["127.0.0.1", "localhost", "[::1]"] {
                own.insert(format!("{}://{host}:{port}", public_url.scheme()));
            }
        }
        let allowed: HashSet<String> = allowed.iter().cloned().chain(own.iter().cloned()).collect();
        let subdomains = (allowed.iter())
            .filter_map(|entry: &String| entry.split_once('*'))
            .map(|(begin, end)| (begin.to_owned(), end.to_owned()))
            .collect();
        Self {
            allowed,
            own,
            subdomains,
        }
    }

    pub fn allows(&self, origin: &str) -> bool {
        self.allowed.contains(origin) || self.is_subdomain(origin)
    }

    fn is_subdomain(&self, origin: &str) -> bool {
        let is_label = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        self.subdomains.iter().any(|(begin, end)| {
            let labels = origin
                .strip_prefix(begin.as_str())
                .and_then(|rest| rest.strip_suffix(end.as_str()));
            labels.is_some_and(|labels| !labels.is_empty() && labels.bytes().all(is_label))
        })
    }

    /// Whether this is our own origin, in any of its spellings.
    pub fn is_own(&self, origin: &str) -> bool {
        self.own.contains(origin)
    }

    /// The allow-list besides our own origin, in one order.
    pub fn listed(&self) -> Vec<&str> {
        let mut listed: Vec<&str> = self
            .allowed
            .difference(&self.own)
            .map(String::as_str)
            .collect();
        listed.sort_unstable();
        listed
    }

    /// Whether a write may go on.
    ///
    /// An `Origin` that is there must be allowed, whatever carries the credentials. Without one, a cookie-borne call
    /// passes only if it is no browser's (`Sec-Fetch-Site` is missing too); a bearer token is never sent by itself.
    ///
    /// # Errors
    /// 403 `origin-refused`.
    pub fn check_write(
        &self,
        carrier: CredentialSource,
        from: RequestOrigin<'_>,
    ) -> Result<(), Problem> {
        let fine = match (from.origin, from.sec_fetch_site) {
            (Some(origin), _) => self.allows(origin),
            (None, None) => true,
            (None, Some(_)) => carrier == CredentialSource::Bearer,
        };
        if fine { Ok(()) } else { Err(refused()) }
    }

    /// Whether a form post to our own pages may go on: own origin only.
    ///
    /// # Errors
    /// 403 `origin-refused`.
    pub fn check_own(&self, from: RequestOrigin<'_>) -> Result<(), Problem> {
        let fine = match (from.origin, from.sec_fetch_site) {
            (Some(origin), _) => self.own.contains(origin),
            (None, site) => matches!(site, None | Some("same-origin")),
        };
        if fine { Ok(()) } else { Err(refused()) }
    }
}

fn refused() -> Problem {
    Problem::new(
        Code::OriginRefused,
        "The page's origin is not on the allow-list of this site.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        Origins::new(
            &Url::parse("https://votes.example").expect("url"),
            &["https://main.example".to_owned()],
        )
    }

    #[test]
    fn writes_by_the_table() {
        let sites = [
            None,
            Some("same-origin"),
            Some("same-site"),
            Some("cross-site"),
            Some("none"),
        ];
        for carrier in [
            CredentialSource::Cookie,
            CredentialSource::Bearer,
            CredentialSource::None,
        ] {
            for sec_fetch_site in sites {
                for (origin, listed) in [
                    ("https://votes.example", true),
                    ("https://main.example", true),
                    ("https://evil.example", false),
                    ("http://main.example", false),
                    ("https://main.example:8443", false),
                    ("null", false),
                    ("", false),
                ] {
                    let from = RequestOrigin {
                        origin: Some(origin),
                        sec_fetch_site,
                    };
                    assert_eq!(
                        origins().check_write(carrier, from).is_ok(),
                        listed,
                        "{carrier:?} {from:?}"
                    );
                }
                let from = RequestOrigin {
                    origin: None,
                    sec_fetch_site,
                };
                let expected = sec_fetch_site.is_none() || carrier == CredentialSource::Bearer;
                assert_eq!(
                    origins().check_write(carrier, from).is_ok(),
                    expected,
                    "{carrier:?} {from:?}"
                );
            }
        }
    }

    #[test]
    fn forms_come_from_our_own_pages_only() {
        let check = |origin, sec_fetch_site| {
            origins()
                .check_own(RequestOrigin {
                    origin,
                    sec_fetch_site,
                })
                .is_ok()
        };
        assert!(check(Some("https://votes.example"), Some("same-origin")));
        assert!(!check(Some("https://main.example"), Some("cross-site")));
        assert!(!check(None, Some("cross-site")) && !check(Some("null"), None));
        assert!(check(None, None) && check(None, Some("same-origin")));
    }

    #[test]
    fn a_wildcard_is_every_sub_domain_and_nothing_else() {
        let own = Url::parse("https://votes.example").expect("url");
        let origins = Origins::new(&own, &["https://*.main.example:8443".to_owned()]);
        for origin in [
            "https://a.main.example:8443",
            "https://a.b.main.example:8443",
        ] {
            assert!(origins.allows(origin), "{origin}");
        }
        for origin in [
            "https://main.example:8443",
            "https://.main.example:8443",
            "https://*.main.example:8443/",
            "https://a.main.example",
            "http://a.main.example:8443",
            "https://amain.example:8443",
            "https://evil.example/.main.example:8443",
            "https://evil.example:1.main.example:8443",
            "https://evil@a.main.example:8443",
        ] {
            assert!(!origins.allows(origin), "{origin}");
        }
    }

    #[test]
    fn loopback_has_three_names() {
        let origins = Origins::new(&Url::parse("http://127.0.0.1:8080").expect("url"), &[]);
        assert!(origins.allows("http://localhost:8080") && origins.allows("http://127.0.0.1:8080"));
        assert!(
            !origins.allows("http://localhost:8081") && !origins.allows("https://localhost:8080")
        );
    }
}
