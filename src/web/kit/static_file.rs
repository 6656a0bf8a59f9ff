//! [`StaticFile`]: a file that is compiled in, or made at the start. Scripts, style sheets and the like are sent with gzip to clients that
//! accept it: they are a third of their size then, also on a server without a proxy that compresses.

use std::io::Write;

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY,
};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::tallies::cache::etag;
use crate::tallies::routes::cached;

/// Bytes and their strong entity tag.
struct Encoded {
    body: Bytes,
    etag: Bytes,
}

/// See the file's head.
pub struct StaticFile {
    kind: HeaderValue,
    plain: Encoded,
    /// None of a font or a picture of pixels, which are compressed already, and of a page.
    gzip: Option<Encoded>,
}

impl Encoded {
    fn new(body: Bytes) -> Self {
        let etag = etag(&body);
        Self { body, etag }
    }
}

impl StaticFile {
    /// `kind` is the media type. Compresses `bytes`, once.
    pub fn new(kind: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            kind: HeaderValue::from_static(kind),
            gzip: is_compressed(kind)
                .then(|| compress(&bytes))
                .flatten()
                .map(|small| Encoded::new(small.into())),
            plain: Encoded::new(bytes),
        }
    }

    pub fn bytes(&self) -> &Bytes {
        &self.plain.body
    }

    /// The answer to a request with `headers`: 200, or 304 where the caller has it already.
    pub fn response(&self, headers: &HeaderMap, cache: HeaderValue) -> HttpResponse {
        let gzip = self.gzip.as_ref().filter(|_| accepts_gzip(headers));
        let sent = gzip.unwrap_or(&self.plain);
        let mut response = cached(headers, sent.body.clone(), sent.etag.clone());
        let out = response.headers_mut();
        out.insert(CONTENT_TYPE, self.kind.clone());
        out.insert(CACHE_CONTROL, cache);
        if self.gzip.is_some() {
            out.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if gzip.is_some() {
            out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Of pages none: on a server below a path their links are rewritten as they are sent.
fn is_compressed(kind: &str) -> bool {
    let kinds = [
        "text/css",
        "text/javascript",
        "application/json",
        "image/svg+xml",
    ];
    kinds.iter().any(|text| kind.starts_with(text))
}

/// None if memory for it could not be had.
fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// Whether `Accept-Encoding` names gzip and does not weigh it with nothing (RFC 9110 §12.5.3).
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|item| item.split(';').map(str::trim))
        .any(|mut parts| {
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            let nothing =
                parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            named && !nothing
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_sent_with_gzip_where_it_is_named() {
        let file = StaticFile::new("text/css", "a { color: red } ".repeat(100));
        let others = [("font/woff2", "\x01"), ("text/html", "<a href=\"/\">")];
        let others = others.map(|(kind, text)| StaticFile::new(kind, text.repeat(100)));
        for (line, sent) in [
            ("gzip", true),
            ("br, GZIP;q=0.8", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(line));
            let cache = HeaderValue::from_static("no-cache");
            let response = file.response(&headers, cache.clone());
            let encoding = response.headers().get(CONTENT_ENCODING);
            assert_eq!(encoding.is_some(), sent, "{line:?}");
            let varies = response.headers().get(VARY).expect("Vary");
            assert_eq!(varies, "Accept-Encoding");
            for other in &others {
                let response = other.response(&headers, cache.clone());
                assert!(!response.headers().contains_key(CONTENT_ENCODING));
            }
        }
    }
}
