//! [`TaskPool`]: reusable futures, each of which handles one vote at a time, so that a vote does not allocate.
//!
//! `fast_path` submits votes. A pooled task is a future that never ends; the call that it handles polls it. If that call is dropped,
//! its task is dropped with it and never reused. `docs/decisions/fast-path.md` says what the pool is worth.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::Request;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::panics::catch_panic;
use crate::http::connection::InFlight;
use crate::http::problem::Code;
use crate::http::request::{RawRequest, RequestParts};
use crate::server::app_state::AppState;
use crate::server::middleware::RequestPipeline;
use crate::voting;

/// What the fast path's calls use.
#[derive(Clone)]
pub(super) struct TaskContext {
    pub(super) edge: Data<RequestPipeline>,
    pub(super) state: AppState,
}

/// More than the calls that wait for a commit at a time on a busy worker; idle tasks beyond that are dropped.
const MAX_IDLE_TASKS: usize = 1024;

/// What a pooled task handles.
#[derive(Clone, Copy)]
pub(super) enum Write {
    Put,
    Delete,
}

/// The route's name in metrics and the log.
const ROUTE: &str = "vote";

/// The pooled tasks of one worker thread.
pub(super) struct TaskPool {
    factory: TaskFactory,
    /// Last in, first out: the memory of the last task is still in the processor's caches.
    idle: Rc<RefCell<Vec<PooledTask>>>,
}

/// Makes a task that serves a mailbox.
type TaskFactory = Box<dyn Fn(Rc<Mailbox>) -> LocalBoxFuture<'static, ()>>;

struct PooledTask {
    mailbox: Rc<Mailbox>,
    work: LocalBoxFuture<'static, ()>,
}

/// Through it a task gets its write and leaves the answer.
#[derive(Default)]
pub(super) struct Mailbox {
    write: Cell<Option<(Write, Request)>>,
    answer: Cell<Option<HttpResponse>>,
}

impl Mailbox {
    /// The next write. It wakes nothing: the call that submits a write polls the task.
    fn next(&self) -> impl Future<Output = (Write, Request)> {
        poll_fn(|_| self.write.take().map_or(Poll::Pending, Poll::Ready))
    }
}

impl TaskPool {
    pub(super) fn new(
        factory: impl Fn(Rc<Mailbox>) -> LocalBoxFuture<'static, ()> + 'static,
    ) -> Self {
        Self {
            factory: Box::new(factory),
            idle: Rc::default(),
        }
    }

    pub(super) fn submit(&self, write: Write, request: Request) -> Writing {
        let idle = self.idle.borrow_mut().pop();
        let task = idle.unwrap_or_else(|| {
            let mailbox = Rc::new(Mailbox::default());
            PooledTask {
                work: (self.factory)(Rc::clone(&mailbox)),
                mailbox,
            }
        });
        task.mailbox.write.set(Some((write, request)));
        Writing {
            task: Some(task),
            idle: Rc::clone(&self.idle),
        }
    }
}

/// A submitted write, until it is answered.
pub(super) struct Writing {
    task: Option<PooledTask>,
    idle: Rc<RefCell<Vec<PooledTask>>>,
}

impl Future for Writing {
    type Output = HttpResponse;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HttpResponse> {
        let this = self.get_mut();
        // Taken out while it is polled, so a task that panics is never reused.
        let Some(mut task) = this.task.take() else {
            return Poll::Pending;
        };
        // It is never ready: it waits for its next write.
        let _ = task.work.as_mut().poll(context);
        let Some(answer) = task.mailbox.answer.take() else {
            this.task = Some(task);
            return Poll::Pending;
        };
        let mut idle = this.idle.borrow_mut();
        if idle.len() < MAX_IDLE_TASKS {
            idle.push(task);
        }
        Poll::Ready(answer)
    }
}

/// Handles one write after another, from request to answer. It drops each request as soon as it is no longer needed.
pub(super) async fn run_task(mailbox: Rc<Mailbox>, own: Rc<TaskContext>) {
    let TaskContext { edge, state } = &*own;
    loop {
        let (write, mut request) = mailbox.next().await;
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
            waiting(catch_panic(handling), &call).await
        };
        let left = call.left();
        let answer = match handled {
            Ok(Ok(vote)) => {
                let waits = waits.unwrap_or_else(|| InFlight::of(call.connection()));
                drop(call);
                let answer = catch_panic(pin!(vote.answer())).await;
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
        mailbox.answer.set(Some(answer));
    }
}

/// Runs `handling`, and marks the connection busy if it waits. actix polls a handler once before it has read the body, so the
/// first `Pending` is ignored; most refusals end there without looking up the connection.
fn waiting<T>(
    mut handling: impl Future<Output = T> + Unpin,
    call: &RawRequest,
) -> impl Future<Output = (T, Option<InFlight>)> {
    let (mut polled_before, mut waits) = (false, None);
    poll_fn(move |context| {
        let polled = Pin::new(&mut handling).poll(context);
        if polled.is_pending() {
            if polled_before && waits.is_none() {
                waits = Some(InFlight::of(call.connection()));
            }
            polled_before = true;
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
    fn a_task_is_small() {
        let bytes = size(run_task);
        println!("{bytes} bytes");
        assert!(bytes < 4096, "{bytes}");
    }

    /// TaskPool who answer a PUT at once and a DELETE once they are told, and break down at the path `/breaks`; how many were
    /// created.
    fn test_pool() -> (TaskPool, Rc<Cell<u32>>, Rc<Notify>) {
        let (created, told) = (Rc::new(Cell::new(0)), Rc::new(Notify::new()));
        let (count, wait) = (Rc::clone(&created), Rc::clone(&told));
        let pool = TaskPool::new(move |mailbox| {
            count.set(count.get() + 1);
            let wait = Rc::clone(&wait);
            Box::pin(async move {
                loop {
                    let (write, request) = mailbox.next().await;
                    assert_ne!(request.path(), "/breaks", "a task of this test panics");
                    if matches!(write, Write::Delete) {
                        wait.notified().await;
                    }
                    mailbox.answer.set(Some(HttpResponse::NoContent().finish()));
                }
            })
        });
        (pool, created, told)
    }

    fn request(path: &str) -> Request {
        TestRequest::with_uri(path).finish()
    }

    #[test]
    fn who_is_done_is_asked_again_and_who_is_not_never() {
        let (pool, created, told) = test_pool();
        let put = || pool.submit(Write::Put, request("/")).now_or_never();
        assert!(put().is_some());
        assert!(put().is_some());
        assert_eq!(
            created.get(),
            1,
            "the second write had the first one's task"
        );

        // Its caller hangs up while it waits: the task is gone, and what it was about with it.
        let mut waiting = pool.submit(Write::Delete, request("/"));
        assert!((&mut waiting).now_or_never().is_none());
        drop(waiting);
        assert_eq!(Rc::strong_count(&told), 2, "ours, and the pool's");
        assert!(put().is_some());
        assert_eq!(created.get(), 2);

        // Two at a time, of which the one that waited is answered later.
        let mut waiting = pool.submit(Write::Delete, request("/"));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(put().is_some());
        assert_eq!(created.get(), 3);
        told.notify_one();
        assert!(waiting.now_or_never().is_some());
        assert!(put().is_some());
        assert_eq!(created.get(), 3);
    }

    #[test]
    fn who_broke_down_is_not_asked_again() {
        let (pool, created, _) = test_pool();
        let broken = || pool.submit(Write::Put, request("/breaks")).now_or_never();
        assert!(catch_unwind(AssertUnwindSafe(broken)).is_err());
        assert!(
            pool.submit(Write::Put, request("/"))
                .now_or_never()
                .is_some()
        );
        assert_eq!(created.get(), 2);
    }
}
