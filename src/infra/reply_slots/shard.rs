//! [`Shard`]: the seats of one thread's callers, and the task on that thread that wakes them and looks at them.
//!
//! Only `callers` uses it. The lock on the seats must be held for as long as it takes to fill or free some, never longer.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::ThreadId;
use std::time::Duration;

use slab::Slab;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long callers wait: so many looks at them, with so much time between two.
#[derive(Debug, Clone, Copy)]
pub struct Timeout {
    pub looks: u32,
    pub every: Duration,
}

impl Timeout {
    /// Nobody waits longer.
    #[must_use]
    pub fn whole(self) -> Duration {
        self.every * self.looks
    }
}

/// The callers of one thread.
pub(super) struct Shard<A> {
    pub thread: ThreadId,
    seats: Mutex<Seats<A>>,
    /// Rung for those who are called, and by who comes while nobody is looked at.
    pub bell: Notify,
    /// So many looks there were.
    looks: AtomicU32,
    patience: Timeout,
}

pub(super) struct Seats<A> {
    pub all: Slab<Slot<A>>,
    /// Whose turn it is, and who was not told yet.
    called: Vec<Waker>,
    /// Somebody may wait, so there are looks.
    pub watched: bool,
}

pub(super) enum Slot<A> {
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
    pub fn answer(&mut self, seat: usize, answer: Option<A>) {
        match self.all.get_mut(seat) {
            Some(place @ (Slot::Waiting { .. } | Slot::Late)) => {
                if let Slot::Waiting { waker, .. } = place {
                    self.called.extend(waker.take());
                }
                *place = Slot::Answered(answer);
            }
            Some(Slot::Left) => drop(self.all.try_remove(seat)),
            Some(Slot::Answered(_)) | None => {}
        }
    }
}

impl<A> Shard<A> {
    pub fn new(thread: ThreadId, patience: Timeout) -> Self {
        Self {
            thread,
            seats: Mutex::new(Seats {
                all: Slab::new(),
                called: Vec::new(),
                watched: false,
            }),
            bell: Notify::new(),
            looks: AtomicU32::new(0),
            patience,
        }
    }

    /// A seat, and at which look it was taken.
    pub fn sit_down(&self) -> (usize, u32) {
        let since = self.looks.load(Ordering::Relaxed);
        let mut seats = self.seats();
        let seat = seats.all.insert(Slot::Waiting { since, waker: None });
        let rings = !std::mem::replace(&mut seats.watched, true);
        drop(seats);
        if rings {
            self.bell.notify_one();
        }
        (seat, since)
    }

    pub fn seats(&self) -> MutexGuard<'_, Seats<A>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether who came at the look `since` has waited for too many.
    pub fn is_over(&self, since: u32) -> bool {
        self.looks.load(Ordering::Relaxed).wrapping_sub(since) >= self.patience.looks
    }

    /// Wakes who was called, and looks at who waits while anybody does. On the callers' own thread, where waking a task is
    /// a push to a list.
    pub async fn watch(room: Arc<Self>) {
        let mut called = Vec::new();
        let next_look = sleep_until(Instant::now());
        tokio::pin!(next_look);
        let mut watched = false;
        loop {
            tokio::select! {
                biased;
                () = &mut next_look, if watched => {
                    room.look();
                    watched = false;
                }
                () = room.bell.notified() => {}
            }
            let mut seats = room.seats();
            std::mem::swap(&mut called, &mut seats.called);
            if !watched {
                seats.watched = !seats.all.is_empty();
                watched = seats.watched;
                next_look
                    .as_mut()
                    .reset(Instant::now() + room.patience.every);
            }
            drop(seats);
            for waker in called.drain(..) {
                waker.wake();
            }
        }
    }

    /// A look at who waits: those who have waited for too many of them are called.
    pub fn look(&self) {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let mut seats = self.seats();
        let Seats { all, called, .. } = &mut *seats;
        for (_, seat) in all.iter_mut() {
            if let Slot::Waiting { since, waker } = seat
                && self.is_over(*since)
            {
                called.extend(waker.take());
                *seat = Slot::Late;
            }
        }
    }
}
