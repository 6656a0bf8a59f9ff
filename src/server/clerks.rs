//! [`Clerks`]: who carry votes through the express lane, each one write at a time, and the next when it is done.
//!
//! `express` gives them writes. A clerk is a task that never ends: all that it needs on the way lies in the place where the
//! write before had it, so that no memory is asked for, filled and freed for each. What goes wrong with a write is its answer;
//! a clerk whose caller has gone goes with it, whatever it was doing.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::Request;
use actix_web::{HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::express::{Handling, Own};
use super::panics::caught;
use crate::request::{Call, Direct};
use crate::votes;

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
pub(super) struct Clerks {
    own: Rc<Own>,
    /// The last to be done is the next to be asked: its memory is still in the caches.
    idle: Rc<RefCell<Vec<Clerk>>>,
}

struct Clerk {
    desk: Rc<Desk>,
    work: LocalBoxFuture<'static, ()>,
}

/// Where a clerk finds its write, and leaves the answer.
#[derive(Default)]
struct Desk {
    write: Cell<Option<(Write, Request)>>,
    answer: Cell<Option<HttpResponse>>,
}

impl Clerks {
    pub(super) fn new(own: &Rc<Own>) -> Self {
        Self {
            own: Rc::clone(own),
            idle: Rc::default(),
        }
    }

    pub(super) fn give(&self, write: Write, request: Request) -> Writing {
        let idle = self.idle.borrow_mut().pop();
        let clerk = idle.unwrap_or_else(|| {
            let desk = Rc::new(Desk::default());
            Clerk {
                work: Box::pin(work(Rc::clone(&desk), Rc::clone(&self.own))),
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
    clerk: Option<Clerk>,
    idle: Rc<RefCell<Vec<Clerk>>>,
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
async fn work(desk: Rc<Desk>, own: Rc<Own>) {
    let Own { edge, state } = &*own;
    loop {
        let next = poll_fn(|_| desk.write.take().map_or(Poll::Pending, Poll::Ready));
        let (write, mut request) = next.await;
        let body = request.take_payload();
        let begun = edge.begin(request.method(), &request.head().headers);
        let call = Direct::new(request);
        let (handled, waits) = {
            let handling = pin!(async {
                match write {
                    Write::Put => votes::routes::put_vote(&call, body, &state.votes).await,
                    Write::Delete => votes::routes::delete_vote(&call, body, &state.votes).await,
                }
            });
            waiting(caught(handling), &call).await
        };
        let left = call.left();
        let answer = match handled {
            Ok(Ok(vote)) => {
                let waits = waits.unwrap_or_else(|| Handling::of(call.connection()));
                drop(call);
                let answer = caught(pin!(vote.answer())).await;
                drop(waits);
                answer.and_then(|answer| answer)
            }
            Ok(Err(problem)) | Err(problem) => Err(problem),
        };
        let mut answer = answer.unwrap_or_else(|problem| problem.error_response());
        edge.finish(begun, left, ROUTE, &mut answer);
        desk.answer.set(Some(answer));
    }
}

/// What `handling` comes to, and that the connection knows of its waiting, if it waits. The first wait is none: the framework
/// hands a call on before it looks at the bytes behind its head, and comes back at once. Most refusals end there, and the
/// connection is not asked at all.
fn waiting<T>(
    mut handling: impl Future<Output = T> + Unpin,
    call: &Direct,
) -> impl Future<Output = (T, Option<Handling>)> {
    let (mut asked, mut waits) = (false, None);
    poll_fn(move |context| {
        let polled = Pin::new(&mut handling).poll(context);
        if polled.is_pending() {
            if asked && waits.is_none() {
                waits = Some(Handling::of(call.connection()));
            }
            asked = true;
        }
        polled.map(|done| (done, waits.take()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<F: Future>(_: impl Fn(Rc<Desk>, Rc<Own>) -> F) -> usize {
        size_of::<F>()
    }

    /// Some hundreds of votes wait at a time: what each of them takes is not in the caches any more.
    #[test]
    fn a_clerk_is_small() {
        let bytes = size(work);
        println!("{bytes} bytes");
        assert!(bytes < 4096, "{bytes}");
    }
}
