//! [`RequestParts`]: a request as handlers see it, whichever way it came: through the framework's routes, or by the fast path.
//!
//! `identity`, `limiter` and the busiest handlers take it. What must go into the answer, whatever that turns out to be, is
//! left here as a header; `server::edge` writes it.

use std::cell::RefCell;
use std::net::SocketAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};

/// Headers for the answer, in the order in which they were left.
#[derive(Default)]
pub struct ResponseHeaders(Vec<(HeaderName, HeaderValue)>);

impl ResponseHeaders {
    /// Appends them: one that is left twice is sent twice.
    pub fn write(self, headers: &mut HeaderMap) {
        for (name, value) in self.0 {
            headers.append(name, value);
        }
    }
}

/// What a handler may know of a request.
pub trait RequestParts {
    fn headers(&self) -> &HeaderMap;
    /// The path, without what needs decoding.
    fn path(&self) -> &str;
    fn query(&self) -> &str;
    /// `None` for the peer of a Unix socket.
    fn peer(&self) -> Option<SocketAddr>;
    /// Adds a header to the answer.
    fn leave(&self, name: HeaderName, value: HeaderValue);
    /// What was left, once.
    fn left(&self) -> ResponseHeaders;
}

impl RequestParts for HttpRequest {
    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn path(&self) -> &str {
        self.match_info().as_str()
    }

    fn query(&self) -> &str {
        self.query_string()
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.peer_addr()
    }

    fn leave(&self, name: HeaderName, value: HeaderValue) {
        let mut extensions = self.extensions_mut();
        if let Some(left) = extensions.get_mut::<ResponseHeaders>() {
            left.0.push((name, value));
        } else {
            extensions.insert(ResponseHeaders(vec![(name, value)]));
        }
    }

    fn left(&self) -> ResponseHeaders {
        self.extensions_mut().remove().unwrap_or_default()
    }
}

/// A request that was taken before the framework's routes.
pub struct RawRequest {
    request: actix_http::Request,
    left: RefCell<ResponseHeaders>,
}

impl RawRequest {
    pub fn new(request: actix_http::Request) -> Self {
        Self {
            request,
            left: RefCell::default(),
        }
    }

    /// What is kept with its connection.
    pub fn connection<T: 'static>(&self) -> Option<&T> {
        self.request.conn_data()
    }
}

impl RequestParts for RawRequest {
    fn headers(&self) -> &HeaderMap {
        HttpMessage::headers(&self.request)
    }

    fn path(&self) -> &str {
        self.request.path()
    }

    fn query(&self) -> &str {
        self.request.uri().query().unwrap_or_default()
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.request.peer_addr()
    }

    fn leave(&self, name: HeaderName, value: HeaderValue) {
        self.left.borrow_mut().0.push((name, value));
    }

    fn left(&self) -> ResponseHeaders {
        self.left.take()
    }
}
