//! [`TaskPool`]: who carry votes through the express lane, each one write at a time, and the next when it is done.
//!
//! `express` gives them writes. A clerk is a future that never ends, polled as a part of the call that it works for: all that it
//! needs on the way lies in the place where the write before had it, so that no memory is asked for, filled and freed for
//! each. What goes wrong with a write is its answer. A clerk whose caller has gone goes with it, whatever it was doing; it must
//! never be given another write.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::Request;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::panics::caught;
use crate::http::connection::InFlight;
use crate::http::problem::Code;
use crate::http::request::{RawRequest, RequestParts};
use crate::server::app_state::AppState;
use crate::server::middleware::RequestPipeline;
use crate::voting;

/// What the lane's calls work with.
#[derive(Clone)]
pub(super) struct TaskContext {
    pub(super) edge: Data<RequestPipeline>,
    pub(super) state: AppState,
}

/// More than wait for a commit at a time on a busy worker; beyond that memory is given back.
const IDLE: usize = 1024;

/// The writes that clerks carry.
#[derive(Clone, Copy)]
pub(super) enum Write {
    Put,
    Delete,
}

/// What metrics and the log call both.
const ROUTE: &str = "vote";

/// A worker's clerks.
pub(super) struct TaskPool {
    hire: TaskFactory,
    /// The last to be done is the next to be asked: its memory is still in the caches.
    idle: Rc<RefCell<Vec<PooledTask>>>,
}

/// Sets one to work at a desk.
type TaskFactory = Box<dyn Fn(Rc<Mailbox>) -> LocalBoxFuture<'static, ()>>;

struct PooledTask {
    desk: Rc<Mailbox>,
    work: LocalBoxFuture<'static, ()>,
}

/// Where a clerk finds its write, and leaves the answer.
#[derive(Default)]
pub(super) struct Mailbox {
    write: Cell<Option<(Write, Request)>>,
    answer: Cell<Option<HttpResponse>>,
}

impl Mailbox {
    /// The next write. Nobody is woken for it: whoever brings one polls.
    fn next(&self) -> impl Future<Output = (Write, Request)> {
        poll_fn(|_| self.write.take().map_or(Poll::Pending, Poll::Ready))
    }
}

impl TaskPool {
    pub(super) fn new(hire: impl Fn(Rc<Mailbox>) -> LocalBoxFuture<'static, ()> + 'static) -> Self {
        Self {
            hire: Box::new(hire),
            idle: Rc::default(),
        }
    }

    pub(super) fn give(&self, write: Write, request: Request) -> Writing {
        let idle = self.idle.borrow_mut().pop();
        let clerk = idle.unwrap_or_else(|| {
            let desk = Rc::new(Mailbox::default());
            PooledTask {
                work: (self.hire)(Rc::clone(&desk)),
                desk,
            }
        });
        clerk.desk.write.set(Some((write, request)));
        Writing {
            clerk: Some(clerk),
            idle: Rc::clone(&self.idle),
        }
    }
}

/// A write with its clerk, until it is answered.
pub(super) struct Writing {
    clerk: Option<PooledTask>,
    idle: Rc<RefCell<Vec<PooledTask>>>,
}

impl Future for Writing {
    type Output = HttpResponse;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HttpResponse> {
        let this = self.get_mut();
        // Taken while it works: one that panics, against all care, is not used again.
        let Some(mut clerk) = this.clerk.take() else {
            return Poll::Pending;
        };
        // Never ready: it waits for its next write.
        let _ = clerk.work.as_mut().poll(context);
        let Some(answer) = clerk.desk.answer.take() else {
            this.clerk = Some(clerk);
            return Poll::Pending;
        };
        let mut idle = this.idle.borrow_mut();
        if idle.len() < IDLE {
            idle.push(clerk);
        }
        Poll::Ready(answer)
    }
}

/// One write after another, from its request to its answer, whatever that is. The request ends as soon as nobody looks at it
/// any more.
pub(super) async fn work(desk: Rc<Mailbox>, own: Rc<TaskContext>) {
    let TaskContext { edge, state } = &*own;
    loop {
        let (write, mut request) = desk.next().await;
        let body = request.take_payload();
        let begun = edge.begin(request.method(), request.path(), &request.head().headers);
        let call = RawRequest::new(request);
        let (handled, waits) = {
            let handling = pin!(async {
                match write {
                    Write::Put => voting::routes::put_vote(&call, body, &state.votes).await,
                    Write::Delete => voting::routes::delete_vote(&call, body, &state.votes).await,
                }
            });
            waiting(caught(handling), &call).await
        };
        let left = call.left();
        let answer = match handled {
            Ok(Ok(vote)) => {
                let waits = waits.unwrap_or_else(|| InFlight::of(call.connection()));
                drop(call);
                let answer = caught(pin!(vote.answer())).await;
                drop(waits);
                answer.and_then(|answer| answer)
            }
            Ok(Err(problem)) | Err(problem) => {
                if problem.code == Code::TooLarge {
                    InFlight::of(call.connection()).close();
                }
                Err(problem)
            }
        };
        let mut answer = answer.unwrap_or_else(|problem| problem.error_response());
        edge.finish(begun, left, ROUTE, &mut answer);
        desk.answer.set(Some(answer));
    }
}

/// What `handling` comes to, and that the connection knows of its waiting, if it waits. The first wait is mostly none: the
/// framework hands a call on before it looks at the bytes behind its head, and comes back at once. Most refusals end there, and
/// the connection is not asked at all. A call that lay behind another is asked again only when the connection is next read, which
/// is also when its guard would begin to count against it.
fn waiting<T>(
    mut handling: impl Future<Output = T> + Unpin,
    call: &RawRequest,
) -> impl Future<Output = (T, Option<InFlight>)> {
    let (mut asked, mut waits) = (false, None);
    poll_fn(move |context| {
        let polled = Pin::new(&mut handling).poll(context);
        if polled.is_pending() {
            if asked && waits.is_none() {
                waits = Some(InFlight::of(call.connection()));
            }
            asked = true;
        }
        polled.map(|done| (done, waits.take()))
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use actix_http::test::TestRequest;
    use futures_util::FutureExt;
    use tokio::sync::Notify;

    use super::*;

    fn size<F: Future>(_: impl Fn(Rc<Mailbox>, Rc<TaskContext>) -> F) -> usize {
        size_of::<F>()
    }

    /// Some hundreds of votes wait at a time: what each of them takes is not in the caches any more.
    #[test]
    fn a_clerk_is_small() {
        let bytes = size(work);
        println!("{bytes} bytes");
        assert!(bytes < 4096, "{bytes}");
    }

    /// TaskPool who answer a PUT at once and a DELETE once they are told, and break down at the path `/breaks`; how many were
    /// hired.
    fn house() -> (TaskPool, Rc<Cell<u32>>, Rc<Notify>) {
        let (hired, told) = (Rc::new(Cell::new(0)), Rc::new(Notify::new()));
        let (count, wait) = (Rc::clone(&hired), Rc::clone(&told));
        let clerks = TaskPool::new(move |desk| {
            count.set(count.get() + 1);
            let wait = Rc::clone(&wait);
            Box::pin(async move {
                loop {
                    let (write, request) = desk.next().await;
                    assert_ne!(
                        request.path(),
                        "/breaks",
                        "a clerk of this test breaks down"
                    );
                    if matches!(write, Write::Delete) {
                        wait.notified().await;
                    }
                    desk.answer.set(Some(HttpResponse::NoContent().finish()));
                }
            })
        });
        (clerks, hired, told)
    }

    fn request(path: &str) -> Request {
        TestRequest::with_uri(path).finish()
    }

    #[test]
    fn who_is_done_is_asked_again_and_who_is_not_never() {
        let (clerks, hired, told) = house();
        let put = || clerks.give(Write::Put, request("/")).now_or_never();
        assert!(put().is_some());
        assert!(put().is_some());
        assert_eq!(hired.get(), 1, "the second write had the first one's clerk");

        // Its caller hangs up while it waits: the clerk is gone, and what it was about with it.
        let mut waiting = clerks.give(Write::Delete, request("/"));
        assert!((&mut waiting).now_or_never().is_none());
        drop(waiting);
        assert_eq!(Rc::strong_count(&told), 2, "ours, and the house's");
        assert!(put().is_some());
        assert_eq!(hired.get(), 2);

        // Two at a time, of which the one that waited is answered later.
        let mut waiting = clerks.give(Write::Delete, request("/"));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(put().is_some());
        assert_eq!(hired.get(), 3);
        told.notify_one();
        assert!(waiting.now_or_never().is_some());
        assert!(put().is_some());
        assert_eq!(hired.get(), 3);
    }

    #[test]
    fn who_broke_down_is_not_asked_again() {
        let (clerks, hired, _) = house();
        let broken = || clerks.give(Write::Put, request("/breaks")).now_or_never();
        assert!(catch_unwind(AssertUnwindSafe(broken)).is_err());
        assert!(
            clerks
                .give(Write::Put, request("/"))
                .now_or_never()
                .is_some()
        );
        assert_eq!(hired.get(), 2);
    }
}
