//! [`Callers`]: who waits for another thread's answer, each at a seat of their own thread's; so a thread whose callers are
//! answered together is woken once, and no call needs a channel, a timer or a wake-up of its own.
//!
//! `votes::writer` seats those who wait for a commit, `limiter::shared` those who wait for Redis. A seat must never be given
//! to the next caller while an answer to the one before may still come.

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use arc_swap::ArcSwap;
use slab::Slab;
use tokio::sync::Notify;

/// The callers of all threads. Cloning shares them.
pub struct Callers<A> {
    rooms: Arc<ArcSwap<Vec<Arc<Room<A>>>>>,
    patience: Arc<Patience>,
}

/// How long callers wait, in looks (see [`Callers::look`]).
struct Patience {
    looks: AtomicU32,
    most: u32,
}

impl Patience {
    fn now(&self) -> u32 {
        self.looks.load(Ordering::Relaxed)
    }

    fn is_over(&self, since: u32) -> bool {
        self.now().wrapping_sub(since) > self.most
    }
}

/// The callers of one thread.
struct Room<A> {
    thread: ThreadId,
    seats: Mutex<Seats<A>>,
    /// Rung for those who are called.
    bell: Notify,
    patience: Arc<Patience>,
}

struct Seats<A> {
    all: Slab<Seat<A>>,
    /// Whose turn it is, and who was not told yet.
    called: Vec<Waker>,
}

enum Seat<A> {
    Waiting {
        since: u32,
        waker: Option<Waker>,
    },
    /// `None` where there will be no answer. The caller frees the seat.
    Answered(Option<A>),
    /// Waited too long and is told so; its answer may still come.
    Late,
    /// The caller has gone; whoever has the reply frees the seat.
    Left,
}

impl<A> Seats<A> {
    /// Gives a waiting caller its answer; an empty seat that it was for is free now.
    fn answer(&mut self, seat: usize, answer: Option<A>) {
        match self.all.get_mut(seat) {
            Some(place @ (Seat::Waiting { .. } | Seat::Late)) => {
                if let Seat::Waiting { waker, .. } = place {
                    self.called.extend(waker.take());
                }
                *place = Seat::Answered(answer);
            }
            Some(Seat::Left) => drop(self.all.try_remove(seat)),
            Some(Seat::Answered(_)) | None => {}
        }
    }
}

impl<A> Room<A> {
    fn seats(&self) -> MutexGuard<'_, Seats<A>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On the callers' own thread, where waking a task is a push to a list.
    async fn wake(room: Arc<Self>) {
        let mut called = Vec::new();
        loop {
            room.bell.notified().await;
            std::mem::swap(&mut called, &mut room.seats().called);
            for waker in called.drain(..) {
                waker.wake();
            }
        }
    }
}

impl<A> Clone for Callers<A> {
    fn clone(&self) -> Self {
        Self {
            rooms: Arc::clone(&self.rooms),
            patience: Arc::clone(&self.patience),
        }
    }
}

impl<A: Send + 'static> Callers<A> {
    /// Nobody yet. Who waits longer than `most` looks is told that there will be no answer.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self {
            rooms: Arc::default(),
            patience: Arc::new(Patience {
                looks: AtomicU32::new(0),
                most,
            }),
        }
    }

    /// A seat for a caller on this thread, and the means to answer.
    ///
    /// # Panics
    /// Outside of a worker: a thread's first caller starts a task beside its others (`tokio::task::spawn_local`).
    #[must_use]
    pub fn seat(&self) -> (Reply<A>, Seated<A>) {
        let room = self.room();
        let since = self.patience.now();
        let waiting = Seat::Waiting { since, waker: None };
        let seat = room.seats().all.insert(waiting);
        let seated = Seated {
            place: Some((Arc::clone(&room), seat)),
        };
        let place = Some((room, seat));
        (Reply { place, since }, seated)
    }

    fn room(&self) -> Arc<Room<A>> {
        let here = thread::current().id();
        let known = self.rooms.load();
        if let Some(room) = known.iter().find(|room| room.thread == here) {
            return Arc::clone(room);
        }
        let room = Arc::new(Room {
            thread: here,
            seats: Mutex::new(Seats {
                all: Slab::new(),
                called: Vec::new(),
            }),
            bell: Notify::new(),
            patience: Arc::clone(&self.patience),
        });
        tokio::task::spawn_local(Room::wake(Arc::clone(&room)));
        self.rooms
            .rcu(|rooms| rooms.iter().chain([&room]).cloned().collect::<Vec<_>>());
        room
    }

    /// Gives answers, each thread's in one go.
    pub fn tell(answers: impl IntoIterator<Item = (Reply<A>, A)>) {
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

    /// A look at who waits: those who have waited for too many of them are told. To be called at even intervals.
    pub fn look(&self) {
        self.patience.looks.fetch_add(1, Ordering::Relaxed);
        for room in self.rooms.load().iter() {
            let mut seats = room.seats();
            let Seats { all, called } = &mut *seats;
            let before = called.len();
            for (_, seat) in all.iter_mut() {
                if let Seat::Waiting { since, waker } = seat
                    && self.patience.is_over(*since)
                {
                    called.extend(waker.take());
                    *seat = Seat::Late;
                }
            }
            let rings = called.len() > before;
            drop(seats);
            if rings {
                room.bell.notify_one();
            }
        }
    }
}

/// The means to answer one caller. Dropped, it says that there will be no answer.
pub struct Reply<A> {
    place: Option<(Arc<Room<A>>, usize)>,
    since: u32,
}

impl<A> Reply<A> {
    /// Answers this caller alone; [`Callers::tell`] is for many.
    pub fn give(mut self, answer: A) {
        self.end(Some(answer));
    }

    /// The caller has waited too long, and is told that there is no answer, or will be at once.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|(room, _)| room.patience.is_over(self.since))
    }

    fn end(&mut self, answer: Option<A>) {
        if let Some((room, seat)) = self.place.take() {
            room.seats().answer(seat, answer);
            room.bell.notify_one();
        }
    }
}

impl<A> Drop for Reply<A> {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// A caller's wait; `None` where there will be no answer, or where it took too long.
pub struct Seated<A> {
    /// Nothing once the answer is had.
    place: Option<(Arc<Room<A>>, usize)>,
}

impl<A> Future for Seated<A> {
    type Output = Option<A>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<A>> {
        let Some((room, seat)) = &self.place else {
            return Poll::Ready(None);
        };
        let mut seats = room.seats();
        let answer = match seats.all.get_mut(*seat) {
            Some(Seat::Waiting { waker, .. }) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                return Poll::Pending;
            }
            Some(place @ Seat::Late) => {
                *place = Seat::Left;
                None
            }
            _ => match seats.all.try_remove(*seat) {
                Some(Seat::Answered(answer)) => answer,
                _ => None,
            },
        };
        drop(seats);
        self.place = None;
        Poll::Ready(answer)
    }
}

impl<A> Drop for Seated<A> {
    fn drop(&mut self) {
        let Some((room, seat)) = self.place.take() else {
            return;
        };
        let mut seats = room.seats();
        match seats.all.get_mut(seat) {
            Some(place @ (Seat::Waiting { .. } | Seat::Late)) => *place = Seat::Left,
            Some(Seat::Answered(_)) => {
                let answered = seats.all.try_remove(seat);
                // An answer may be anything, so it goes without the lock.
                drop(seats);
                drop(answered);
            }
            Some(Seat::Left) | None => {}
        }
    }
}
