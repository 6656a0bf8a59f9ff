//! [`ReplySlots`]: who waits for another thread's answer, each at a seat of their own thread's; so a thread whose callers are
//! answered together is woken once, and no call needs a channel, a timer or a wake-up of its own. A task on that thread wakes
//! them, and looks at even intervals for those who have waited too long.
//!
//! `votes::writer` seats those who wait for a commit, `limiter::shared` those who wait for Redis. A seat must never be given
//! to the next caller while an answer to the one before may still come.

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

/// The callers of all threads. Cloning shares them.
pub struct ReplySlots<A> {
    rooms: Arc<ArcSwap<Vec<Arc<Shard<A>>>>>,
    patience: Timeout,
}

impl<A> Clone for ReplySlots<A> {
    fn clone(&self) -> Self {
        Self {
            rooms: Arc::clone(&self.rooms),
            patience: self.patience,
        }
    }
}

impl<A: Send + 'static> ReplySlots<A> {
    /// Nobody yet. Who waits longer than `patience` is told that there will be no answer.
    #[must_use]
    pub fn new(patience: Timeout) -> Self {
        Self {
            rooms: Arc::default(),
            patience,
        }
    }

    /// A seat for a caller on this thread, and the means to answer.
    ///
    /// # Panics
    /// Outside of a worker: a thread's first caller starts a task beside its others (`tokio::task::spawn_local`).
    #[must_use]
    pub fn seat(&self) -> (Responder<A>, ReplyFuture<A>) {
        let room = self.room();
        let (seat, since) = room.sit_down();
        let seated = ReplyFuture {
            place: Some((Arc::clone(&room), seat)),
        };
        let place = Some((room, seat));
        (Responder { place, since }, seated)
    }

    fn room(&self) -> Arc<Shard<A>> {
        let here = thread::current().id();
        let known = self.rooms.load();
        if let Some(room) = known.iter().find(|room| room.thread == here) {
            return Arc::clone(room);
        }
        let room = Arc::new(Shard::new(here, self.patience));
        tokio::task::spawn_local(Shard::watch(Arc::clone(&room)));
        self.rooms
            .rcu(|rooms| rooms.iter().chain([&room]).cloned().collect::<Vec<_>>());
        room
    }

    /// Gives answers, each thread's in one go.
    pub fn tell(answers: impl IntoIterator<Item = (Responder<A>, A)>) {
        let mut rooms: Vec<(_, Vec<_>)> = Vec::new();
        for (reply, answer) in answers {
            let Some((room, _)) = &reply.place else {
                continue;
            };
            match rooms.iter_mut().find(|(known, _)| Arc::ptr_eq(known, room)) {
                Some((_, answers)) => answers.push((reply, answer)),
                None => rooms.push((Arc::clone(room), vec![(reply, answer)])),
            }
        }
        for (room, answers) in rooms {
            let mut seats = room.seats();
            for (mut reply, answer) in answers {
                if let Some((_, seat)) = reply.place.take() {
                    seats.answer(seat, Some(answer));
                }
            }
            drop(seats);
            room.bell.notify_one();
        }
    }
}

/// The means to answer one caller. Dropped, it says that there will be no answer.
pub struct Responder<A> {
    place: Option<(Arc<Shard<A>>, usize)>,
    since: u32,
}

impl<A> Responder<A> {
    /// Answers this caller alone; [`ReplySlots::tell`] is for many.
    pub fn give(mut self, answer: A) {
        self.end(Some(answer));
    }

    /// The caller has waited too long, and is told that there is no answer, or will be at once.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|(room, _)| room.is_over(self.since))
    }

    fn end(&mut self, answer: Option<A>) {
        if let Some((room, seat)) = self.place.take() {
            room.seats().answer(seat, answer);
            room.bell.notify_one();
        }
    }
}

impl<A> Drop for Responder<A> {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// A caller's wait; `None` where there will be no answer, or where it took too long.
pub struct ReplyFuture<A> {
    /// Nothing once the answer is had.
    place: Option<(Arc<Shard<A>>, usize)>,
}

impl<A> Future for ReplyFuture<A> {
    type Output = Option<A>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<A>> {
        let Some((room, seat)) = &self.place else {
            return Poll::Ready(None);
        };
        let mut seats = room.seats();
        let answer = match seats.all.get_mut(*seat) {
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
            _ => match seats.all.try_remove(*seat) {
                Some(Slot::Answered(answer)) => answer,
                _ => None,
            },
        };
        drop(seats);
        self.place = None;
        Poll::Ready(answer)
    }
}

impl<A> Drop for ReplyFuture<A> {
    fn drop(&mut self) {
        let Some((room, seat)) = self.place.take() else {
            return;
        };
        let mut seats = room.seats();
        match seats.all.get_mut(seat) {
            Some(place @ (Slot::Waiting { .. } | Slot::Late)) => *place = Slot::Left,
            Some(Slot::Answered(_)) => {
                let answered = seats.all.try_remove(seat);
                // An answer may be anything, so it goes without the lock.
                drop(seats);
                drop(answered);
            }
            Some(Slot::Left) | None => {}
        }
    }
}
