//! `GET /v1/stream?tools=a,b`: server-sent events. First the present tally of each tool, then each change.
//!
//! The answer's head is an ordinary one, with everything that wraps a request. When it is sent, the socket goes to the hub.

use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, Version};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Identity;
use crate::domain::Timestamp;
use crate::http::connection::{ConnState, OnUpgrade};
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::tallies::cache::TallyCache;
use crate::tallies::stream::broadcaster::{Broadcaster, Subscribe};
use crate::tallies::stream::stream_limit::StreamLimitError;

/// The most tools on one stream.
const MOST: usize = 100;
/// Seconds after which a refused caller may find a place.
const RETRY_AFTER: u64 = 10;

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-cache");
/// Tells nginx and its like to pass events on as they come.
const UNBUFFERED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);

/// Opens a stream. Tools that do not exist are named in a first event `missing`, as `GET /v1/tallies` names them.
pub async fn get_stream(
    http: HttpRequest,
    board: Data<TallyCache>,
    identity: Data<Identity>,
    hub: Data<Broadcaster>,
) -> Result<HttpResponse, Problem> {
    let (mut slots, mut missing) = (Vec::new(), Vec::new());
    for item in request::tools(http.query_string(), MOST)? {
        match board.named(item) {
            Ok(named) => slots.push(named),
            Err(name) => missing.push(name),
        }
    }
    if let (true, Some(name)) = (slots.is_empty(), missing.first()) {
        return Err(Problem::unknown_tool(name));
    }
    let mut answer = HttpResponse::Ok().finish();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, EVENTS);
    headers.insert(CACHE_CONTROL, NOT_KEPT);
    headers.insert(UNBUFFERED.0, UNBUFFERED.1);
    if http.method() == Method::HEAD {
        return Ok(answer);
    }

    let client = identity.client(&http, Timestamp::now());
    // From this machine itself: a proxy that nobody declared would be one network with all visitors behind it.
    let network = (!client.is_this_machine()).then(|| client.limiter_key());
    let permit = hub.limit.take(network).map_err(refusal)?;
    let line = http.conn_data::<Rc<ConnState>>().cloned();
    let line = line.ok_or_else(Problem::internal)?;
    let chunked = http.version() >= Version::HTTP_11;
    if !chunked {
        answer.head_mut().no_chunking(true);
        answer.head_mut().set_connection_type(ConnectionType::Close);
    }
    let hub = Broadcaster::clone(&hub);
    let taker: OnUpgrade = Box::new(move |socket| {
        hub.join(Subscribe {
            socket,
            slots,
            missing,
            chunked,
            permit,
        });
    });
    let body = Leaving {
        line,
        taker: Some(taker),
    };
    Ok(answer.set_body(body).map_into_boxed_body())
}

fn refusal(error: StreamLimitError) -> Problem {
    match error {
        StreamLimitError::NetworkFull => Problem::new(
            Code::RateLimited,
            "Your network has no stream left. Close one, or poll /v1/tallies.",
        ),
        StreamLimitError::Full => Problem::new(
            Code::Overloaded,
            "This server has no stream left. Poll /v1/tallies instead.",
        ),
    }
    .retry_after(RETRY_AFTER)
}

/// A body that never comes: asked for it, the stream leaves HTTP.
struct Leaving {
    line: Rc<ConnState>,
    taker: Option<OnUpgrade>,
}

impl MessageBody for Leaving {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let this = self.get_mut();
        if let Some(taker) = this.taker.take() {
            this.line.give_to(taker);
        }
        Poll::Pending
    }
}
