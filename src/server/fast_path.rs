//! The express lane: votes and tallies, nearly all of the traffic, without the framework's routing and layers.
//!
//! `server` lays it in front of the app. It calls the very handlers that `routes` names, between the same two halves of
//! `edge`; whatever it does not take goes the ordinary way. So it may only ever save time: what a caller sees is the same.

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

use super::panics::{caught, caught_at_once};
use crate::http::connection::{ConnState, InFlight};
use crate::http::problem::Problem;
use crate::http::request::{RawRequest, RequestParts};
use crate::server::app_state::AppState;
use crate::server::middleware::RequestPipeline;
use crate::server::task_pool::{TaskContext, TaskPool, Write, Writing, work};
use crate::tallies;

/// The app with the lane in front: makes the service of each worker.
pub(super) struct FastPath<F> {
    app: F,
    own: TaskContext,
}

impl<F> FastPath<F> {
    pub(super) fn beside(
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
            let of_clerks = Rc::clone(&own);
            Ok(FastPathService {
                app: app.await?,
                clerks: TaskPool::new(move |desk| Box::pin(work(desk, Rc::clone(&of_clerks)))),
                own,
            })
        })
    }
}

/// One worker's service.
pub(super) struct FastPathService<S> {
    app: S,
    own: Rc<TaskContext>,
    clerks: TaskPool,
}

/// What the lane takes.
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
    /// What metrics and the log call it.
    fn route(self) -> &'static str {
        match self {
            Self::Tally => "tally",
            Self::Tallies => "tallies",
        }
    }
}

/// What a call is, if it is for this lane. A path that needs decoding is not.
fn taken(method: &Method, path: &str) -> Option<FastRoute> {
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

    fn call(&self, request: Request) -> Self::Future {
        if let Some(line) = request.conn_data::<Rc<ConnState>>() {
            if line.is_closing() {
                return FastPathFuture::Read(Some(not_carried_out()));
            }
            if request.head().connection_type() == ConnectionType::Close {
                line.close();
            }
        }
        match taken(request.method(), request.path()) {
            Some(FastRoute::Write(write)) => {
                FastPathFuture::Writing(self.clerks.give(write, request))
            }
            Some(FastRoute::Read(read)) => {
                FastPathFuture::Read(Some(answer(read, request, &self.own)))
            }
            None => FastPathFuture::App(self.by_the_app(request)),
        }
    }
}

impl<S, B> FastPathService<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    /// The ordinary way.
    fn by_the_app(
        &self,
        request: Request,
    ) -> LocalBoxFuture<'static, Result<Response<EitherBody<B, BoxBody>>, Error>> {
        let handling = InFlight::of(request.conn_data());
        let answer = self.app.call(request);
        let own = Rc::clone(&self.own);
        Box::pin(async move {
            let began = Instant::now();
            let answer = caught(pin!(answer)).await;
            match answer {
                Ok(answer) => {
                    let answer: Response<B> = answer?.into();
                    if answer.status() == StatusCode::PAYLOAD_TOO_LARGE {
                        handling.close();
                    }
                    Ok(answer.map_body(|_, body| EitherBody::left(body)))
                }
                Err(problem) => {
                    own.edge.broke(began);
                    let answer = Response::from(problem.error_response());
                    Ok(answer.map_body(|_, body| EitherBody::right(body)))
                }
            }
        })
    }
}

/// A call on its way to its answer.
pub(super) enum FastPathFuture<R> {
    App(LocalBoxFuture<'static, Result<R, Error>>),
    /// Its answer is here already, and is taken once.
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

/// What follows the last request of a connection is refused, and the connection ends.
fn not_carried_out() -> HttpResponse {
    let problem = Problem::bad_request("The connection ended with the request before.");
    let mut answer = problem.error_response();
    answer.head_mut().set_connection_type(ConnectionType::Close);
    answer
}

/// A read waits for nothing: its answer is made where the call comes in.
fn answer(read: Read, request: Request, TaskContext { edge, state }: &TaskContext) -> HttpResponse {
    let begun = edge.begin(request.method(), request.path(), &request.head().headers);
    let call = RawRequest::new(request);
    let handled = caught_at_once(|| match read {
        Read::Tally => tallies::routes::get_tally(&call, &state.board),
        Read::Tallies => tallies::routes::get_tallies(&call, &state.board, &state.batches),
    });
    let mut answer = handled.unwrap_or_else(|problem| problem.error_response());
    edge.finish(begun, call.left(), read.route(), &mut answer);
    answer
}
