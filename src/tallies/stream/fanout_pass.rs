//! [`Round`]: telling the tools that moved to all who listen, in slices, so that a vote never waits long for a core.
//!
//! Only the audience's thread calls it, and rests between two slices. It never waits for a socket.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::Event;
use super::subscriber::{Sent, Subscriber};
use crate::domain::Slug;
use crate::tallies::cache::{TallyCache, TallyEntry};

/// So long at a time: shorter than the kernel lets one thread run before another that wants the core.
const SLICE: Duration = Duration::from_millis(1);
/// The clock is looked at after this many listeners.
const STRIDE: usize = 16;

/// A tool that somebody listens to.
pub(super) struct Tool {
    pub slot: Arc<TallyEntry>,
    /// The slugs by which listeners asked for it.
    pub asked: RefCell<Vec<Slug>>,
    /// What was told last, or what the last who joined was shown.
    pub event: RefCell<Event>,
    pub listeners: RefCell<Vec<(Rc<Subscriber>, u8)>>,
    /// It moved after it was told.
    pub moved: Cell<bool>,
    pub due: Cell<Instant>,
}

impl Tool {
    pub(super) fn refresh(&self, board: &TallyCache, stale: bool) {
        let asked = self.asked.borrow();
        let next = self.event.borrow().next(board, &self.slot, &asked, stale);
        if let Some(next) = next {
            self.event.replace(next);
        }
    }
}

/// The tools that are being told, the last first, and how many of its listeners have been.
#[derive(Default)]
pub(super) struct Round {
    tools: Vec<Rc<Tool>>,
    done: usize,
}

impl Round {
    pub(super) fn over(tools: Vec<Rc<Tool>>) -> Self {
        Self { tools, done: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.tools.is_empty()
    }

    /// Listeners have changed their places. Who has been told already is not told again.
    pub(super) fn start_over(&mut self) {
        self.done = 0;
    }

    /// Tells listeners for one slice from `now` on; returns how many were told.
    pub(super) fn go_on(&mut self, stuck: &mut Vec<Rc<Subscriber>>, now: Instant) -> u64 {
        let mut told = 0;
        while let Some(tool) = self.tools.last() {
            let listeners = tool.listeners.borrow();
            for some in listeners
                .get(self.done..)
                .unwrap_or_default()
                .chunks(STRIDE)
            {
                told += tell(tool, some, stuck, now);
                self.done += some.len();
                if now.elapsed() >= SLICE {
                    break;
                }
            }
            let whole = self.done >= listeners.len();
            drop(listeners);
            if whole {
                self.tools.pop();
                self.done = 0;
            }
            if now.elapsed() >= SLICE {
                break;
            }
        }
        told
    }
}

/// Who is stuck already gets the newest later.
fn tell(
    tool: &Tool,
    listeners: &[(Rc<Subscriber>, u8)],
    stuck: &mut Vec<Rc<Subscriber>>,
    now: Instant,
) -> u64 {
    let mut told = 0;
    for (subscriber, at) in listeners {
        if subscriber.stuck.get().is_some() {
            continue;
        }
        let Some(watched) = subscriber.watched.get(usize::from(*at)) else {
            continue;
        };
        if watched.sent.get() >= tool.event.borrow().edition {
            continue;
        }
        match subscriber.tell(watched, now) {
            Sent::Whole => told += 1,
            Sent::Stuck => stuck.push(Rc::clone(subscriber)),
            Sent::Gone => {}
        }
    }
    told
}
