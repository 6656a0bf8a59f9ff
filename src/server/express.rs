//! The express lane: votes and tallies, nearly all of the traffic, without the framework's routing and layers.
//!
//! `server` lays it in front of the app. It calls the very handlers that `routes` names, between the same two halves of
//! `edge`; whatever it does not take goes the ordinary way. So it may only ever save time: what a caller sees is the same.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_http::body::{BoxBody, EitherBody, MessageBody};
use actix_http::{Method, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::edge::Edge;
use super::panics::caught;
use super::state::State;
use crate::front::Line;
use crate::request::{Call, Direct};
use crate::votes::routes::Waiting;
use crate::{tallies, votes};

/// The app with the lane in front: makes the service of each worker.
pub(super) struct Lane<F> {
    app: F,
    edge: Data<Edge>,
    state: State,
}

impl<F> Lane<F> {
    pub(super) fn beside(
        app: impl IntoServiceFactory<F, Request>,
        edge: &Data<Edge>,
        state: &State,
    ) -> Self
    where
        F: ServiceFactory<Request>,
    {
        Self {
            app: app.into_factory(),
            edge: edge.clone(),
            state: state.clone(),
        }
    }
}

impl<F, B> ServiceFactory<Request> for Lane<F>
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
    type Service = Worker<F::Service>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Service, ()>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let app = self.app.new_service(config);
        let own = Rc::new((self.edge.clone(), self.state.clone()));
        Box::pin(async move {
            Ok(Worker {
                app: app.await?,
                own,
            })
        })
    }
}

/// One worker's service.
pub(super) struct Worker<S> {
    app: S,
    own: Rc<(Data<Edge>, State)>,
}

/// What the lane takes.
#[derive(Clone, Copy)]
enum Taken {
    PutVote,
    DeleteVote,
    GetTally,
    GetTallies,
}

impl Taken {
    /// What metrics and the log call it.
    fn route(self) -> &'static str {
        match self {
            Self::PutVote | Self::DeleteVote => "vote",
            Self::GetTally => "tally",
            Self::GetTallies => "tallies",
        }
    }
}

/// What a call is, if it is for this lane. A path that needs decoding is not.
fn taken(method: &Method, path: &str) -> Option<Taken> {
    if path.contains('%') {
        return None;
    }
    if path == "/v1/tallies" {
        return (method == Method::GET).then_some(Taken::GetTallies);
    }
    let (slug, what) = path.strip_prefix("/v1/tools/")?.split_once('/')?;
    match (what, method) {
        _ if slug.is_empty() => None,
        ("vote", &Method::PUT) => Some(Taken::PutVote),
        ("vote", &Method::DELETE) => Some(Taken::DeleteVote),
        ("tally", &Method::GET) => Some(Taken::GetTally),
        _ => None,
    }
}

impl<S, B> Service<Request> for Worker<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = Response<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.app.poll_ready(context)
    }

    fn call(&self, request: Request) -> Self::Future {
        let Some(taken) = taken(request.method(), request.path()) else {
            let handling = Handling::of(&request);
            let answer = self.app.call(request);
            let own = Rc::clone(&self.own);
            return Box::pin(async move {
                let began = Instant::now();
                let answer = caught(answer).await;
                drop(handling);
                match answer {
                    Ok(answer) => {
                        let answer: Response<B> = answer?.into();
                        Ok(answer.map_body(|_, body| EitherBody::left(body)))
                    }
                    Err(problem) => {
                        own.0.broke(began);
                        let answer = Response::from(problem.error_response());
                        Ok(answer.map_body(|_, body| EitherBody::right(body)))
                    }
                }
            });
        };
        let own = Rc::clone(&self.own);
        Box::pin(async move {
            let _handling = Handling::of(&request);
            let (edge, state) = &*own;
            let answer = carry(taken, request, edge, state).await;
            Ok(Response::from(answer).map_body(|_, body| EitherBody::right(body)))
        })
    }
}

/// While it lives, a whole head is being handled, and the connection's own guard waits.
struct Handling(Option<Rc<Line>>);

impl Handling {
    fn of(request: &Request) -> Self {
        let line = request.conn_data::<Rc<Line>>().cloned();
        if let Some(line) = &line {
            line.handled(true);
        }
        Self(line)
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.handled(false);
        }
    }
}

/// How far a call has come without its request being let go.
enum Handled<'a> {
    Answered(HttpResponse),
    Waiting(Waiting<'a>),
}

/// From a request to its answer, whatever that is. The request ends as soon as nobody looks at it any more.
async fn carry(taken: Taken, mut request: Request, edge: &Edge, state: &State) -> HttpResponse {
    let body = request.take_payload();
    let begun = edge.begin(request.method(), &request.head().headers);
    let call = Direct::new(request);
    let handling = async {
        match taken {
            Taken::PutVote => {
                let waiting = votes::routes::put_vote(&call, body, &state.votes).await;
                waiting.map(Handled::Waiting)
            }
            Taken::DeleteVote => {
                let waiting = votes::routes::delete_vote(&call, body, &state.votes).await;
                waiting.map(Handled::Waiting)
            }
            Taken::GetTally => {
                tallies::routes::get_tally(&call, &state.board).map(Handled::Answered)
            }
            Taken::GetTallies => tallies::routes::get_tallies(&call, &state.board, &state.batches)
                .map(Handled::Answered),
        }
    };
    let handled = caught(handling).await.and_then(|handled| handled);
    let left = call.left();
    drop(call);
    let answer = match handled {
        Ok(Handled::Answered(answer)) => Ok(answer),
        Ok(Handled::Waiting(waiting)) => caught(waiting.answer()).await.and_then(|answer| answer),
        Err(problem) => Err(problem),
    };
    let mut answer = answer.unwrap_or_else(|problem| problem.error_response());
    edge.finish(begun, left, taken.route(), &mut answer);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<'a, F: Future>(_: impl Fn(Taken, Request, &'a Edge, &'a State) -> F) -> usize {
        size_of::<F>()
    }

    /// Some hundreds of votes wait at a time, and each is moved to the heap: what they take is not in the caches any more.
    #[test]
    fn a_call_in_the_lane_is_small() {
        let bytes = size(carry);
        println!("{bytes} bytes");
        assert!(bytes < 4096, "{bytes}");
    }
}
