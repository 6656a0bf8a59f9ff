//! [`ReplySlots`]: per-thread slots in which calls wait for another thread's answer.
//!
//! `voting::writer` uses them for commits, `rate_limit::redis_worker` for Redis. A batch of answers wakes each worker thread once,
//! so no call needs a channel, a timer or a wake-up of its own (`docs/decisions/reply-slots.md`). A slot is reused only after
//! its last answer can no longer come.

mod shard;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use arc_swap::ArcSwap;

pub use shard::Timeout;
use shard::{Shard, Slot};

/// The slots of all threads. Clones share them.
pub struct ReplySlots<A> {
    shards: Arc<ArcSwap<Vec<Arc<Shard<A>>>>>,
    timeout: Timeout,
}

impl<A> Clone for ReplySlots<A> {
    fn clone(&self) -> Self {
        Self {
            shards: Arc::clone(&self.shards),
            timeout: self.timeout,
        }
    }
}

impl<A: Send + 'static> ReplySlots<A> {
    /// No slots yet. A call that waits longer than `timeout` gets no answer.
    pub fn new(timeout: Timeout) -> Self {
        Self {
            shards: Arc::default(),
            timeout,
        }
    }

    /// A slot for a call on this thread, and what answers it.
    ///
    /// # Panics
    /// Outside of a worker: a thread's first call starts a local task (`tokio::task::spawn_local`).
    pub fn allocate(&self) -> (Responder<A>, ReplyFuture<A>) {
        let shard = self.shard();
        let (slot, since) = shard.allocate();
        let future = ReplyFuture {
            place: Some((Arc::clone(&shard), slot)),
        };
        let place = Some((shard, slot));
        (Responder { place, since }, future)
    }

    fn shard(&self) -> Arc<Shard<A>> {
        let here = thread::current().id();
        let known = self.shards.load();
        if let Some(shard) = known.iter().find(|shard| shard.thread == here) {
            return Arc::clone(shard);
        }
        let shard = Arc::new(Shard::new(here, self.timeout));
        tokio::task::spawn_local(Shard::run(Arc::clone(&shard)));
        self.shards
            .rcu(|shards| shards.iter().chain([&shard]).cloned().collect::<Vec<_>>());
        shard
    }

    /// Answers many calls; each thread is locked and woken once.
    pub fn reply_all(answers: impl IntoIterator<Item = (Responder<A>, A)>) {
        let mut shards: Vec<(_, Vec<_>)> = Vec::new();
        for (reply, answer) in answers {
            let Some((shard, _)) = &reply.place else {
                continue;
            };
            match shards
                .iter_mut()
                .find(|(known, _)| Arc::ptr_eq(known, shard))
            {
                Some((_, answers)) => answers.push((reply, answer)),
                None => shards.push((Arc::clone(shard), vec![(reply, answer)])),
            }
        }
        for (shard, answers) in shards {
            let mut slots = shard.slots();
            for (mut reply, answer) in answers {
                if let Some((_, slot)) = reply.place.take() {
                    slots.answer(slot, Some(answer));
                }
            }
            drop(slots);
            shard.notify.notify_one();
        }
    }
}

/// Answers one call. If it is dropped, the call gets no answer.
pub struct Responder<A> {
    place: Option<(Arc<Shard<A>>, usize)>,
    since: u32,
}

impl<A> Responder<A> {
    /// Answers this call alone; [`ReplySlots::reply_all`] is for many.
    pub fn reply(mut self, answer: A) {
        self.end(Some(answer));
    }

    /// The call has timed out, or does at the next tick.
    pub fn is_late(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|(shard, _)| shard.is_over(self.since))
    }

    fn end(&mut self, answer: Option<A>) {
        if let Some((shard, slot)) = self.place.take() {
            shard.slots().answer(slot, answer);
            shard.notify.notify_one();
        }
    }
}

impl<A> Drop for Responder<A> {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// A call's wait; `None` if there is no answer, or after the timeout.
pub struct ReplyFuture<A> {
    /// `None` once the answer was taken.
    place: Option<(Arc<Shard<A>>, usize)>,
}

impl<A> Future for ReplyFuture<A> {
    type Output = Option<A>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<A>> {
        let Some((shard, slot)) = &self.place else {
            return Poll::Ready(None);
        };
        let mut slots = shard.slots();
        let answer = match slots.all.get_mut(*slot) {
            Some(Slot::Waiting { waker, .. }) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                return Poll::Pending;
            }
            Some(place @ Slot::Late) => {
                *place = Slot::Left;
                None
            }
            _ => match slots.all.try_remove(*slot) {
                Some(Slot::Answered(answer)) => answer,
                _ => None,
            },
        };
        drop(slots);
        self.place = None;
        Poll::Ready(answer)
    }
}

impl<A> Drop for ReplyFuture<A> {
    fn drop(&mut self) {
        let Some((shard, slot)) = self.place.take() else {
            return;
        };
        let mut slots = shard.slots();
        match slots.all.get_mut(slot) {
            Some(place @ (Slot::Waiting { .. } | Slot::Late)) => *place = Slot::Left,
            Some(Slot::Answered(_)) => {
                let answered = slots.all.try_remove(slot);
                // An answer's drop may take long, so it runs without the lock.
                drop(slots);
                drop(answered);
            }
            Some(Slot::Left) | None => {}
        }
    }
}
