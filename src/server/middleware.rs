//! What wraps every request: request id, CORS, the headers that handlers left, metrics and the log line.
//!
//! `server` puts it outermost, so that a refusal has its CORS headers too (without them a page sees a network failure)
//! and preflights cost no quota. It must never log an address, a token or a cookie.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};

use super::base_path::BasePath;
use super::resource::RouteName;
use super::routes::NAMES;
use crate::auth::Identity;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::http::request::{RequestParts, ResponseHeaders, check_encoding};
use crate::infra::log_limit::LogLimit;
use crate::infra::telemetry::Metrics;
use crate::server::wiring::Services;
use crate::web::site::{self, refusal};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, RateLimit, RateLimit-Policy, Retry-After, Visitor-Token, X-Request-Id",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const READING: HeaderValue = HeaderValue::from_static("GET, HEAD");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, if-none-match, x-request-id, altcha");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const ANY: HeaderValue = HeaderValue::from_static("*");
const VARIES: HeaderValue = HeaderValue::from_static("Origin");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// Browsers keep a preflight's answer for two hours at most.
const TWO_HOURS: HeaderValue = HeaderValue::from_static("7200");

/// What the edge works with.
pub(super) struct RequestPipeline {
    identity: Data<Identity>,
    meters: Arc<Metrics>,
    /// Of the public URL.
    pub(super) base: BasePath,
    /// Random at each start, so that no two instances give the same request id.
    start: String,
    requests: AtomicU64,
    /// `Strict-Transport-Security`, if the site has it.
    hsts: Option<HeaderValue>,
    /// For each route: lines of 4xx, and of 5xx.
    log_limits: HashMap<&'static str, [LogLimit; 2]>,
}

impl RequestPipeline {
    pub(super) fn new(parts: &Services) -> Self {
        Self {
            identity: parts.identity.clone(),
            meters: Arc::clone(&parts.meters),
            base: BasePath::new(&parts.public_url),
            start: uuid::Uuid::now_v7().simple().to_string(),
            requests: AtomicU64::new(0),
            hsts: hsts(parts),
            log_limits: NAMES
                .iter()
                .map(|name| (*name, Default::default()))
                .collect(),
        }
    }

    /// This start's name and the request's number.
    fn next_id(&self) -> HeaderValue {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut digits = itoa::Buffer::new();
        let id = [self.start.as_str(), "-", digits.format(number)].concat();
        HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
    }
}

/// Only an answer over https may say it, and only browsers that came by https heed it.
fn hsts(parts: &Services) -> Option<HeaderValue> {
    let lasts = parts.settings.http.hsts?;
    if !parts.identity.https {
        return None;
    }
    HeaderValue::try_from(format!("max-age={}", lasts.as_secs())).ok()
}

/// A request on its way: all that its answer needs of its beginning, so that the request itself need not be kept.
pub(super) struct RequestContext {
    at: Instant,
    id: HeaderValue,
    method: Method,
    preflight: bool,
    reader: CorsAccess,
}

/// Which pages may read an answer.
enum CorsAccess {
    /// None of another site: none asked, or it tried to write and is not on the list.
    Nobody,
    /// Pages of this origin, which is on the list.
    Allowed(HeaderValue),
    /// Counts are everybody's; without credentials nothing personal is in reach.
    Anyone,
}

impl RequestPipeline {
    pub(super) fn begin(&self, method: &Method, path: &str, headers: &HeaderMap) -> RequestContext {
        RequestContext {
            at: Instant::now(),
            id: request_id(self, headers),
            method: method.clone(),
            preflight: is_preflight(method, headers),
            reader: self.reader(method, path, headers),
        }
    }

    fn reader(&self, method: &Method, path: &str, headers: &HeaderMap) -> CorsAccess {
        let Some(origin) = headers.get(ORIGIN).filter(|_| is_for_other_sites(path)) else {
            return CorsAccess::Nobody;
        };
        let allowed = |origin: &str| self.identity.origins.allows(origin);
        if origin.to_str().is_ok_and(allowed) {
            CorsAccess::Allowed(origin.clone())
        } else if matches!(*method, Method::GET | Method::HEAD) || is_log(path) {
            CorsAccess::Anyone
        } else {
            CorsAccess::Nobody
        }
    }

    /// Gives an answer what every answer has, and what was left for it; counts it and logs it.
    pub(super) fn finish<B>(
        &self,
        begun: RequestContext,
        left: ResponseHeaders,
        route: &'static str,
        answer: &mut HttpResponse<B>,
    ) {
        let status = answer.status().as_u16();
        let took = begun.at.elapsed();
        self.meters.answered(route, status, took);
        self.log(&begun, route, status, took);
        if let Some(hsts) = &self.hsts {
            (answer.headers_mut()).append(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        decorate(begun, left, answer.headers_mut());
    }
}

/// Paths that pages of other sites may read or write: the public API, and what they embed. Everything else, above all the
/// dashboard and its API, is for our own pages alone.
fn is_for_other_sites(path: &str) -> bool {
    let is_below = |folder: &str| path.starts_with(folder);
    if is_below("/v1/moderation/") {
        return path == "/v1/moderation/log";
    }
    [
        "/v1/",
        "/embed/",
        "/badge/",
        "/preview/",
        "/fragment/",
        "/feeds/",
        "/log/",
    ]
    .into_iter()
    .any(is_below)
        || matches!(path, "/oembed" | "/openapi.json" | "/log")
}

/// The public log, where nothing can be written: its refusals may be read as its answers.
fn is_log(path: &str) -> bool {
    ["/log", "/v1/log"].into_iter().any(|log| {
        path.strip_prefix(log)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

impl RequestPipeline {
    /// The log line. One for each vote would cost as much as the vote: successes and refusals by the rules are written at
    /// debug. A flood of others writes a few lines and their number; the metrics count all.
    fn log(&self, begun: &RequestContext, route: &str, status: u16, took: Duration) {
        macro_rules! log {
            ($level:ident, $left_out:expr) => {
                tracing::$level!(
                    request_id = begun.id.to_str().unwrap_or_default(),
                    method = begun.method.as_str(),
                    route,
                    status,
                    micros = took.as_micros(),
                    left_out = $left_out,
                    "answered"
                )
            };
        }
        if status < 400 || matches!(status, 403 | 429) {
            log!(debug, 0);
            return;
        }
        // While the public log is refused, its worker has said why, once.
        let is_server_error = status >= 500 && !(status == 503 && route.starts_with("log_"));
        let limit = (self.log_limits.get(route))
            .and_then(|limits| limits.get(usize::from(is_server_error)));
        let admitted = limit.map_or(Some(0), |limit| limit.admit(Timestamp::now()));
        match (admitted, is_server_error) {
            (Some(left_out), true) => log!(error, left_out),
            (Some(left_out), false) => log!(info, left_out),
            (None, _) => log!(debug, 0),
        }
    }

    /// Counts a request whose handler panicked, taking everything that was known of it along.
    pub(super) fn record_panic(&self, began: Instant) {
        self.meters.answered("other", 500, began.elapsed());
    }
}

/// The middleware around the framework's routes.
pub(super) async fn around(
    edge: Data<RequestPipeline>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let begun = edge.begin(request.method(), request.path(), request.headers());
    // Nothing may hold on to the request while it is handled: the framework then takes it apart.
    let mut response = if begun.preflight {
        request
            .into_response(HttpResponse::new(StatusCode::NO_CONTENT))
            .map_into_right_body()
    } else if let Some(refused) = encoded(&request) {
        request
            .into_response(refused.error_response())
            .map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    if response.status().as_u16() >= 400 {
        response = for_reader(response);
    }
    let mut response = edge.base.add_to(response);
    let (http, answer) = (response.request().clone(), response.response_mut());
    let route = http
        .app_data::<RouteName>()
        .map_or("other", |route| route.0);
    edge.finish(begun, http.left(), route, answer);
    Ok(response)
}

/// Refuses an encoded request, which not every handler would look for; the route comes first.
fn encoded(request: &ServiceRequest) -> Option<Problem> {
    let refused = check_encoding(request.headers()).err()?;
    request.match_pattern().map(|_route| refused)
}

/// The routes whose refusals a browser gets as pages.
const PAGES: &[&str] = &[
    "index",
    "tool_page",
    "compare_page",
    "compare_pair",
    "vote_form",
];

/// A refusal at an address of the pages, or at none of ours, as a page where a browser asks for one.
fn for_reader<B>(
    response: ServiceResponse<EitherBody<B, BoxBody>>,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let http = response.request();
    let for_people = match http.app_data::<RouteName>() {
        Some(route) => PAGES.contains(&route.0),
        None => !http.path().starts_with("/v1/"),
    };
    if !for_people || !refusal::wants_page(http.headers()) {
        return response;
    }
    let problem: Option<Problem> = response
        .response()
        .error()
        .and_then(|error| error.as_error())
        .cloned();
    let state: Option<Data<site::state::SiteState>> = http.app_data().cloned();
    let (Some(problem), Some(state)) = (problem, state) else {
        return response;
    };
    let (http, _) = response.into_parts();
    let page = refusal::page(&state, &problem, problem.error_response());
    ServiceResponse::new(http, page.map_into_right_body())
}

fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The caller's own id, if it is harmless; else a new one.
fn request_id(edge: &RequestPipeline, headers: &HeaderMap) -> HeaderValue {
    let harmless = |id: &&HeaderValue| {
        let bytes = id.as_bytes();
        (1..=64).contains(&bytes.len())
            && bytes
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    headers
        .get(REQUEST_ID)
        .filter(harmless)
        .cloned()
        .unwrap_or_else(|| edge.next_id())
}

fn decorate(begun: RequestContext, left: ResponseHeaders, headers: &mut HeaderMap) {
    // Nobody else sets this one or the id, so nothing is to be replaced, and appending is cheaper.
    headers.append(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    left.write(headers);
    headers.append(VARY, VARIES);
    match begun.reader {
        CorsAccess::Nobody => {}
        CorsAccess::Allowed(origin) => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            if begun.preflight {
                headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
                headers.insert(ACCESS_CONTROL_MAX_AGE, TWO_HOURS);
            }
        }
        CorsAccess::Anyone => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            if begun.preflight {
                headers.insert(ACCESS_CONTROL_ALLOW_METHODS, READING);
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ANY);
                headers.insert(ACCESS_CONTROL_MAX_AGE, TWO_HOURS);
            }
        }
    }
    headers.append(REQUEST_ID, begun.id);
}
