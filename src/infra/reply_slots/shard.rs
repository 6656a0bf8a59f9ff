//! [`Shard`]: the slots of one thread's calls, and the task on that thread that wakes them and finds timeouts.
//!
//! Only `reply_slots` uses it. The lock on the slots is held only while slots are filled or freed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::ThreadId;
use std::time::Duration;

use slab::Slab;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long calls wait, in ticks and the time of one tick.
#[derive(Debug, Clone, Copy)]
pub struct Timeout {
    pub ticks: u32,
    pub tick: Duration,
}

impl Timeout {
    /// The longest wait.
    pub fn whole(self) -> Duration {
        self.tick * self.ticks
    }
}

/// The slots of one thread.
pub(super) struct Shard<A> {
    pub thread: ThreadId,
    slots: Mutex<Slots<A>>,
    /// Notified if wakers are due, or if the first call comes while ticks are off.
    pub notify: Notify,
    /// Ticks so far; wraps.
    ticks: AtomicU32,
    timeout: Timeout,
}

pub(super) struct Slots<A> {
    pub all: Slab<Slot<A>>,
    /// Wakers of answered calls that were not woken yet.
    to_wake: Vec<Waker>,
    /// Calls may wait, so ticks are on.
    pub is_ticking: bool,
}

pub(super) enum Slot<A> {
    Waiting {
        since: u32,
        waker: Option<Waker>,
    },
    /// `None` if there is no answer. The call frees the slot.
    Answered(Option<A>),
    /// Timed out; the answer may still come.
    Late,
    /// The call was dropped; its responder frees the slot.
    Left,
}

impl<A> Slots<A> {
    /// Answers a waiting call; frees the slot if the call was dropped.
    pub fn answer(&mut self, slot: usize, answer: Option<A>) {
        match self.all.get_mut(slot) {
            Some(place @ (Slot::Waiting { .. } | Slot::Late)) => {
                if let Slot::Waiting { waker, .. } = place {
                    self.to_wake.extend(waker.take());
                }
                *place = Slot::Answered(answer);
            }
            Some(Slot::Left) => drop(self.all.try_remove(slot)),
            Some(Slot::Answered(_)) | None => {}
        }
    }
}

impl<A> Shard<A> {
    pub fn new(thread: ThreadId, timeout: Timeout) -> Self {
        Self {
            thread,
            slots: Mutex::new(Slots {
                all: Slab::new(),
                to_wake: Vec::new(),
                is_ticking: false,
            }),
            notify: Notify::new(),
            ticks: AtomicU32::new(0),
            timeout,
        }
    }

    /// A new slot, and the tick at which it was allocated.
    pub fn allocate(&self) -> (usize, u32) {
        let since = self.ticks.load(Ordering::Relaxed);
        let mut slots = self.slots();
        let slot = slots.all.insert(Slot::Waiting { since, waker: None });
        let starts = !std::mem::replace(&mut slots.is_ticking, true);
        drop(slots);
        if starts {
            self.notify.notify_one();
        }
        (slot, since)
    }

    pub fn slots(&self) -> MutexGuard<'_, Slots<A>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a call that came at tick `since` has timed out.
    pub fn is_over(&self, since: u32) -> bool {
        self.ticks.load(Ordering::Relaxed).wrapping_sub(since) >= self.timeout.ticks
    }

    /// Wakes answered calls, and ticks while calls wait. It runs on the calls' own thread, where waking a task is a push to a
    /// list.
    pub async fn run(shard: Arc<Self>) {
        let mut to_wake = Vec::new();
        let next_tick = sleep_until(Instant::now());
        tokio::pin!(next_tick);
        let mut is_ticking = false;
        loop {
            tokio::select! {
                biased;
                () = &mut next_tick, if is_ticking => {
                    shard.tick();
                    is_ticking = false;
                }
                () = shard.notify.notified() => {}
            }
            let mut slots = shard.slots();
            std::mem::swap(&mut to_wake, &mut slots.to_wake);
            if !is_ticking {
                slots.is_ticking = !slots.all.is_empty();
                is_ticking = slots.is_ticking;
                next_tick
                    .as_mut()
                    .reset(Instant::now() + shard.timeout.tick);
            }
            drop(slots);
            for waker in to_wake.drain(..) {
                waker.wake();
            }
        }
    }

    /// Advances the clock by one tick and times out calls.
    pub fn tick(&self) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
        let mut slots = self.slots();
        let Slots { all, to_wake, .. } = &mut *slots;
        for (_, slot) in all.iter_mut() {
            if let Slot::Waiting { since, waker } = slot
                && self.is_over(*since)
            {
                to_wake.extend(waker.take());
                *slot = Slot::Late;
            }
        }
    }
}
