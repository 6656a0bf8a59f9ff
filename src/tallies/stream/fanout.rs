//! The audience: all open streams, and the one thread that writes to them.
//!
//! `hub` starts it and brings what happened. It never waits for a socket. A tool is told at most ten times a second, always
//! the newest, the first change at once; and while votes come in, the thread rests after each slice of a round: they go first.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::{Event, greeting};
use super::subscriber::{Sent, Subscriber, Watched};
use crate::domain::{Slug, Timestamp};
use crate::infra::telemetry::Metrics;
use crate::tallies::cache::{TallyCache, TallyEntry};
use crate::tallies::stream::broadcaster::{Mailbox, Subscribe};
use crate::tallies::stream::fanout_pass::{Round, Tool};

/// Between two publications of one tool.
const PACE: Duration = Duration::from_millis(100);
/// While votes come, after each slice of a round this many times as long a rest: a third of a core at most.
const REST: u32 = 2;
/// However long a slice took, the next is not put off further.
const LONGEST_REST: Duration = Duration::from_secs(2);
/// A listener gets a comment this often; with one look more it stays within 15 s.
const BEAT: Duration = Duration::from_millis(14_600);
/// Between two looks at who hung up and who is due a heartbeat.
const LOOK: Duration = Duration::from_millis(250);
/// A look at everybody's hang-up takes this many looks.
const PARTS: u64 = 16;
/// While somebody is stuck, that is tried again this soon; for the long stuck, [`LOOK`] does.
const RETRY: Duration = Duration::from_millis(20);
/// Stuck for so long is no moment's jam any more.
const LONG_STUCK: Duration = Duration::from_secs(1);
/// A listener that takes nothing for so long is let go: with everything around it, within 30 s.
const PATIENCE: Duration = Duration::from_secs(28);

pub(super) struct Fanout {
    mailbox: Arc<Mailbox>,
    board: Arc<TallyCache>,
    meters: Arc<Metrics>,
    tools: HashMap<i32, Rc<Tool>, foldhash::fast::RandomState>,
    everybody: Vec<Rc<Subscriber>>,
    stuck: Vec<Rc<Subscriber>>,
    greeted: u64,
    /// The database cannot be read, and every tally says so.
    stale: bool,
    round: Round,
    /// When a tool moved last, and until when votes are taken to be coming in.
    moved_at: Instant,
    busy_until: Instant,
    /// Before this no round begins or goes on.
    rested_at: Instant,
    look_at: Instant,
    part: u64,
    retry_at: Instant,
}

impl Fanout {
    pub(super) fn new(mailbox: Arc<Mailbox>, board: Arc<TallyCache>, meters: Arc<Metrics>) -> Self {
        let now = Instant::now();
        Self {
            mailbox,
            board,
            meters,
            tools: HashMap::default(),
            everybody: Vec::new(),
            stuck: Vec::new(),
            greeted: 0,
            stale: false,
            round: Round::default(),
            moved_at: now,
            busy_until: now,
            rested_at: now,
            look_at: now + LOOK,
            part: 0,
            retry_at: now,
        }
    }

    pub(super) fn run(mut self) {
        loop {
            let inbox = self.mailbox.take(self.wakes_at());
            if inbox.ended {
                for subscriber in &self.everybody {
                    subscriber.end();
                }
                return;
            }
            let now = Instant::now();
            self.heed(inbox.moves, now);
            let mut unheard = inbox.moved;
            unheard.retain(|id| match self.tools.get(id) {
                Some(tool) => {
                    tool.moved.set(true);
                    false
                }
                None => true,
            });
            self.mailbox.forget(&unheard);
            self.round(now);
            for join in inbox.joins {
                self.welcome(join, Instant::now());
            }
            if now >= self.retry_at || now >= self.look_at {
                self.retry(now);
            }
            if now >= self.look_at {
                self.look(now);
            }
        }
    }

    /// One vote by itself is told as fast as can be. While more come, telling rests between its slices.
    fn heed(&mut self, moves: u64, now: Instant) {
        if moves > 1 || (moves == 1 && now < self.moved_at + PACE) {
            self.busy_until = now + PACE;
        }
        if moves > 0 {
            self.moved_at = now;
        }
    }

    /// When there is something to do though nobody comes and nothing moves.
    fn wakes_at(&self) -> Instant {
        let due = self
            .tools
            .values()
            .filter(|tool| tool.moved.get())
            .map(|tool| tool.due.get().max(self.rested_at))
            .min();
        let retry = (!self.stuck.is_empty()).then_some(self.retry_at);
        let round = (!self.round.is_over()).then_some(self.rested_at);
        [due, retry, round]
            .into_iter()
            .flatten()
            .fold(self.look_at, Instant::min)
    }

    /// Goes on with the round, or begins one with every tool that has moved and is due.
    fn round(&mut self, now: Instant) {
        if now < self.rested_at {
            return;
        }
        if self.round.is_over() {
            let due = |tool: &&Rc<Tool>| tool.moved.get() && now >= tool.due.get();
            let tools: Vec<Rc<Tool>> = self.tools.values().filter(due).map(Rc::clone).collect();
            let ids: Vec<i32> = tools.iter().map(|tool| tool.slot.id).collect();
            self.mailbox.forget(&ids);
            for tool in &tools {
                tool.moved.set(false);
                tool.due.set(now + PACE);
                tool.refresh(&self.board, self.stale);
            }
            self.round = Round::over(tools);
        }
        let told = self.round.go_on(&mut self.stuck, now);
        if told > 0 {
            self.meters.told(told);
        }
        if told > 0 && now < self.busy_until {
            // On a busy machine a slice takes longer, and so does the rest.
            self.rested_at = now + (now.elapsed() * (1 + REST)).min(LONGEST_REST);
        }
    }

    fn welcome(&mut self, join: Subscribe, now: Instant) {
        let watched: Box<[Watched]> = join
            .slots
            .into_iter()
            .map(|(asked, slot)| Watched {
                tool: self.tool(asked, slot, now),
                sent: Cell::new(0),
            })
            .collect();
        self.greeted += 1;
        let subscriber = Rc::new(Subscriber::new(
            join.socket,
            watched,
            join.chunked,
            join.permit,
            self.greeted % PARTS,
            now + BEAT,
        ));
        // It listens before it is shown what there is: nothing can slip between.
        for (watched, at) in subscriber.watched.iter().zip(0..) {
            watched
                .tool
                .listeners
                .borrow_mut()
                .push((Rc::clone(&subscriber), at));
            watched.tool.refresh(&self.board, self.stale);
        }
        let mut sent = subscriber.greet(&greeting(self.greeted, &join.missing), now);
        if sent == Sent::Whole {
            sent = subscriber.catch_up(now);
        }
        if sent == Sent::Stuck {
            self.stuck.push(Rc::clone(&subscriber));
        }
        self.everybody.push(subscriber);
    }

    fn tool(&mut self, slug: Slug, slot: Arc<TallyEntry>, now: Instant) -> Rc<Tool> {
        let tool = self.tools.entry(slot.id).or_insert_with(|| {
            let asked = vec![slug.clone()];
            Rc::new(Tool {
                event: RefCell::new(Event::first(&self.board, &slot, &asked, self.stale)),
                slot,
                asked: RefCell::new(asked),
                listeners: RefCell::default(),
                moved: Cell::new(false),
                due: Cell::new(now),
            })
        });
        let mut asked = tool.asked.borrow_mut();
        if !asked.contains(&slug) {
            asked.push(slug);
        }
        drop(asked);
        Rc::clone(tool)
    }

    /// Tries those whose socket took no more.
    fn retry(&mut self, now: Instant) {
        self.retry_at = now + RETRY;
        let long = |since: Instant| now.duration_since(since) > LONG_STUCK;
        // The long stuck wait for the look.
        let looks = now >= self.look_at;
        let meters = &self.meters;
        self.stuck.retain(|subscriber| {
            let since = subscriber.stuck.get().unwrap_or(now);
            if long(since) && !looks {
                return !subscriber.is_gone();
            }
            if subscriber.catch_up(now) != Sent::Stuck {
                subscriber.stuck.set(None);
                return false;
            }
            // Progress moves the moment on.
            let since = subscriber.stuck.get().unwrap_or(now);
            if now.duration_since(since) < PATIENCE {
                return true;
            }
            subscriber.close();
            meters.let_go();
            false
        });
    }

    /// Heartbeats, who has gone, and whether the database can be read.
    fn look(&mut self, now: Instant) {
        self.look_at = now + LOOK;
        self.part = (self.part + 1) % PARTS;
        let stale = self.board.is_stale(Timestamp::now());
        if std::mem::replace(&mut self.stale, stale) != stale {
            for tool in self.tools.values() {
                tool.moved.set(true);
            }
        }
        let mut gone = 0;
        for subscriber in &self.everybody {
            if subscriber.part == self.part && subscriber.hung_up() {
                subscriber.close();
            } else if now >= subscriber.beat_at.get() {
                subscriber.beat_at.set(subscriber.beat_at.get() + BEAT);
                if subscriber.beat(now) == Sent::Stuck && subscriber.stuck.get() == Some(now) {
                    self.stuck.push(Rc::clone(subscriber));
                }
            }
            gone += usize::from(subscriber.is_gone());
        }
        if gone > 0 {
            self.everybody.retain(|subscriber| !subscriber.is_gone());
            self.stuck.retain(|subscriber| !subscriber.is_gone());
            for tool in self.tools.values() {
                tool.listeners.borrow_mut().retain(|(s, _)| !s.is_gone());
            }
            self.round.start_over();
            let mut unheard = Vec::new();
            self.tools.retain(|id, tool| {
                let heard = !tool.listeners.borrow().is_empty();
                if !heard {
                    unheard.push(*id);
                }
                heard
            });
            self.mailbox.forget(&unheard);
        }
        self.meters.streams(self.everybody.len());
    }
}
