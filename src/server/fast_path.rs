//! The fast path: votes and tallies, nearly all of the traffic, without the framework's routing and middleware.
//!
//! `server` puts it in front of the app. It calls the handlers that `routes` names, between `begin` and `finish` of
//! `middleware`, as every other call; calls that it does not match go to the app. A caller sees no difference
//! (`tests/api/two_ways.rs`). `docs/decisions/fast-path.md` says what it is worth.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_http::body::{BoxBody, EitherBody, MessageBody};
use actix_http::{ConnectionType, Method, Request, Response, StatusCode};
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::panics::{catch_panic, catch_panic_sync};
use super::redirects;
use crate::http::connection::{ConnState, InFlight};
use crate::http::problem::Problem;
use crate::http::request::{RawRequest, RequestParts, ResponseHeaders, check_encoding};
use crate::server::app_state::AppState;
use crate::server::middleware::RequestPipeline;
use crate::server::task_pool::{TaskContext, TaskPool, Write, Writing, run_task};
use crate::tallies;

/// The app with the fast path in front; makes the service of each worker.
pub(super) struct FastPath<F> {
    app: F,
    own: TaskContext,
}

impl<F> FastPath<F> {
    pub(super) fn new(
        app: impl IntoServiceFactory<F, Request>,
        edge: &Data<RequestPipeline>,
        state: &AppState,
    ) -> Self
    where
        F: ServiceFactory<Request>,
    {
        Self {
            app: app.into_factory(),
            own: TaskContext {
                edge: edge.clone(),
                state: state.clone(),
            },
        }
    }
}

impl<F, B> ServiceFactory<Request> for FastPath<F>
where
    F: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        >,
    F::Service: 'static,
    F::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = Response<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Config = AppConfig;
    type Service = FastPathService<F::Service>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Service, ()>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let app = self.app.new_service(config);
        let own = Rc::new(self.own.clone());
        Box::pin(async move {
            let context = Rc::clone(&own);
            Ok(FastPathService {
                app: app.await?,
                pool: TaskPool::new(move |mailbox| {
                    Box::pin(run_task(mailbox, Rc::clone(&context)))
                }),
                own,
            })
        })
    }
}

pub(super) struct FastPathService<S> {
    app: S,
    own: Rc<TaskContext>,
    pool: TaskPool,
}

/// A call that the fast path handles.
#[derive(Clone, Copy)]
enum FastRoute {
    Write(Write),
    Read(Read),
}

#[derive(Clone, Copy)]
enum Read {
    Tally,
    Tallies,
}

impl Read {
    /// The route's name in metrics and the log.
    fn route(self) -> &'static str {
        match self {
            Self::Tally => "tally",
            Self::Tallies => "tallies",
        }
    }
}

/// The fast route of a call; `None` for all others, and for paths that need decoding.
fn match_route(method: &Method, path: &str) -> Option<FastRoute> {
    if path.as_bytes().contains(&b'%') {
        return None;
    }
    if path == "/v1/tallies" {
        return (method == Method::GET).then_some(FastRoute::Read(Read::Tallies));
    }
    let rest = path.as_bytes().strip_prefix(b"/v1/tools/")?;
    let end = rest.iter().position(|byte| *byte == b'/')?;
    match (rest.get(end..)?, method) {
        _ if end == 0 => None,
        (b"/vote", &Method::PUT) => Some(FastRoute::Write(Write::Put)),
        (b"/vote", &Method::DELETE) => Some(FastRoute::Write(Write::Delete)),
        (b"/tally", &Method::GET) => Some(FastRoute::Read(Read::Tally)),
        _ => None,
    }
}

impl<S, B> Service<Request> for FastPathService<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = Response<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Future = FastPathFuture<Self::Response>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.app.poll_ready(context)
    }

    fn call(&self, mut request: Request) -> Self::Future {
        if let Some(redirect) = self.own.edge.base.strip(&mut request) {
            return FastPathFuture::Read(Some(redirect));
        }
        if let Some(line) = request.conn_data::<Rc<ConnState>>() {
            if line.is_closing() {
                return FastPathFuture::Read(Some(not_carried_out()));
            }
            if request.head().connection_type() == ConnectionType::Close {
                line.close();
            }
        }
        if let Some(redirect) = redirect(&request, &self.own) {
            return FastPathFuture::Read(Some(redirect));
        }
        match match_route(request.method(), request.path()) {
            Some(FastRoute::Write(write)) => {
                FastPathFuture::Writing(self.pool.submit(write, request))
            }
            Some(FastRoute::Read(read)) => {
                FastPathFuture::Read(Some(answer(read, request, &self.own)))
            }
            None => FastPathFuture::App(self.call_app(request)),
        }
    }
}

impl<S, B> FastPathService<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    /// Everything else: through the framework's router.
    fn call_app(
        &self,
        request: Request,
    ) -> LocalBoxFuture<'static, Result<Response<EitherBody<B, BoxBody>>, Error>> {
        let handling = InFlight::of(request.conn_data());
        let answer = self.app.call(request);
        let own = Rc::clone(&self.own);
        Box::pin(async move {
            let began = Instant::now();
            let answer = catch_panic(pin!(answer)).await;
            match answer {
                Ok(answer) => {
                    let answer: Response<B> = answer?.into();
                    if answer.status() == StatusCode::PAYLOAD_TOO_LARGE {
                        handling.close();
                    }
                    Ok(answer.map_body(|_, body| EitherBody::left(body)))
                }
                Err(problem) => {
                    own.edge.record_panic(began);
                    let answer = Response::from(problem.error_response());
                    Ok(answer.map_body(|_, body| EitherBody::right(body)))
                }
            }
        })
    }
}

/// A call until its answer.
pub(super) enum FastPathFuture<R> {
    App(LocalBoxFuture<'static, Result<R, Error>>),
    /// Ready at once; taken once.
    Read(Option<HttpResponse>),
    Writing(Writing),
}

impl<B> Future for FastPathFuture<Response<EitherBody<B, BoxBody>>> {
    type Output = Result<Response<EitherBody<B, BoxBody>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match self.get_mut() {
            Self::App(answer) => return answer.as_mut().poll(context),
            Self::Read(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            Self::Writing(writing) => Pin::new(writing).poll(context),
        };
        answer.map(|answer| Ok(Response::from(answer).map_body(|_, body| EitherBody::right(body))))
    }
}

/// A request behind the last one of its connection is refused, and the connection closes.
fn not_carried_out() -> HttpResponse {
    let problem = Problem::bad_request("The connection closes after the previous request.");
    let mut answer = problem.error_response();
    answer.head_mut().set_connection_type(ConnectionType::Close);
    answer
}

/// The answer to a request for an address that a renamed tool had.
fn redirect(request: &Request, TaskContext { edge, state }: &TaskContext) -> Option<HttpResponse> {
    let mut answer = redirects::answer(request, &state.board, edge.base.path())?;
    let begun = edge.begin(request.method(), request.path(), &request.head().headers);
    edge.finish(
        begun,
        ResponseHeaders::default(),
        redirects::ROUTE,
        &mut answer,
    );
    Some(answer)
}

/// Answers a read. It never waits, so it needs no task.
fn answer(read: Read, request: Request, TaskContext { edge, state }: &TaskContext) -> HttpResponse {
    let begun = edge.begin(request.method(), request.path(), &request.head().headers);
    let call = RawRequest::new(request);
    let handled = catch_panic_sync(|| {
        check_encoding(call.headers())?;
        match read {
            Read::Tally => tallies::routes::get_tally(&call, &state.board),
            Read::Tallies => tallies::routes::get_tallies(&call, &state.board, &state.batches),
        }
    });
    let mut answer = handled.unwrap_or_else(|problem| problem.error_response());
    edge.finish(begun, call.left(), read.route(), &mut answer);
    answer
}
