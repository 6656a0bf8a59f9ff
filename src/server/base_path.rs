//! A site below a path: `PUBLIC_URL=https://example.org/votes`.
//!
//! `fast_path` strips the path from requests, and `middleware` adds it to links. Everything between is written for the root of a host.
//! A proxy may pass the path on or remove it. Absolute addresses are not its business: they are made from the public URL.

use actix_http::Request;
use actix_http::body::{BoxBody, EitherBody, MessageBody};
use actix_http::uri::Uri;
use actix_web::HttpResponse;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use url::Url;

/// Attributes of HTML that hold an address.
const LINK_ATTRIBUTES: [&str; 4] = ["href", "src", "action", "formaction"];

/// The path of the public URL without a slash at its end; empty at the root of a host.
pub(super) struct BasePath(String);

impl BasePath {
    pub(super) fn new(public_url: &Url) -> Self {
        Self(public_url.path().trim_end_matches('/').to_owned())
    }

    pub(super) fn path(&self) -> &str {
        &self.0
    }

    /// Removes the path from a request that has it; one for the path without a slash behind it is redirected.
    pub(super) fn strip(&self, request: &mut Request) -> Option<HttpResponse> {
        if self.0.is_empty() {
            return None;
        }
        let rest = request
            .uri()
            .path_and_query()?
            .as_str()
            .strip_prefix(&self.0)?;
        if rest.starts_with('/') {
            let uri = Uri::try_from(rest).ok()?;
            request.head_mut().uri = uri;
        } else if rest.is_empty() || rest.starts_with('?') {
            let target = format!("{}/{rest}", self.0);
            let mut redirect = HttpResponse::PermanentRedirect();
            return Some(redirect.insert_header((LOCATION, target)).finish());
        }
        None
    }

    /// Adds the path to the links of a page and to a redirect.
    pub(super) fn add_to<B: MessageBody + 'static>(
        &self,
        mut response: ServiceResponse<EitherBody<B, BoxBody>>,
    ) -> ServiceResponse<EitherBody<B, BoxBody>> {
        if self.0.is_empty() {
            return response;
        }
        let headers = response.headers_mut();
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.filter(|target| is_local(target));
        let location = location.map(|target| HeaderValue::try_from(format!("{}{target}", self.0)));
        if let Some(Ok(location)) = location {
            headers.insert(LOCATION, location);
        }
        let is_page = headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if !is_page {
            return response;
        }
        response.map_body(|_, body| match body.try_into_bytes() {
            Ok(page) => {
                let page = String::from_utf8_lossy(&page);
                EitherBody::right(BoxBody::new(add_to_links(&page, &self.0)))
            }
            Err(body) => body,
        })
    }
}

fn is_local(target: &str) -> bool {
    target.starts_with('/') && !target.starts_with("//")
}

/// Texts of people hold no `"`: templates escape it. So `="/` is markup of ours.
fn add_to_links(page: &str, base: &str) -> String {
    let mut linked = String::with_capacity(page.len() + 1024);
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("=\"/") {
        let attribute = before.rsplit(|c: char| !c.is_ascii_lowercase()).next();
        let is_link = attribute.is_some_and(|name| LINK_ATTRIBUTES.contains(&name));
        linked.push_str(before);
        linked.push_str("=\"");
        if is_link && !after.starts_with('/') {
            linked.push_str(base);
        }
        linked.push('/');
        rest = after;
    }
    linked.push_str(rest);
    linked
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn base(url: &str) -> BasePath {
        BasePath::new(&Url::parse(url).expect("a URL"))
    }

    #[test]
    fn links_of_a_page_get_the_path_and_nothing_else_does() {
        let page = r#"<a href="/tools/x">="/ href=&quot;/no&quot;</a><img src="/badge/x.svg"><a href="//other"><p data-x="/no">
            <a href="https://h/x"><form action="/moderation"><button formaction="/">"#;
        let linked = r#"<a href="/votes/tools/x">="/ href=&quot;/no&quot;</a><img src="/votes/badge/x.svg"><a href="//other"><p data-x="/no">
            <a href="https://h/x"><form action="/votes/moderation"><button formaction="/votes/">"#;
        assert_eq!(add_to_links(page, "/votes"), linked);
    }

    #[test]
    fn requests_lose_the_path() {
        let base = base("https://example.org/votes/");
        for (given, kept) in [
            ("/votes/tools/x?q=1", "/tools/x?q=1"),
            ("/votes/", "/"),
            ("/tools/x", "/tools/x"),
            ("/votesx", "/votesx"),
            ("/votes/votes/", "/votes/"),
        ] {
            let mut request = TestRequest::with_uri(given).to_request();
            assert!(base.strip(&mut request).is_none(), "{given}");
            assert_eq!(request.uri().to_string(), kept, "{given}");
        }
        let mut bare = TestRequest::with_uri("/votes?lang=de").to_request();
        let redirect = base.strip(&mut bare).expect("a redirect");
        assert_eq!(redirect.status(), 308);
        assert_eq!(
            redirect.headers().get(LOCATION).expect("a target"),
            "/votes/?lang=de"
        );
    }

    #[test]
    fn at_the_root_nothing_changes() {
        let mut request = TestRequest::with_uri("/tools/x").to_request();
        assert!(base("https://example.org").strip(&mut request).is_none());
        assert_eq!(request.uri().path(), "/tools/x");
    }
}
