//! [`Broadcaster`]: the callers' end of the live stream. The board tells it which tools moved; routes bring it new listeners.
//!
//! Noting a change costs its caller a lock, and a wake at most once for each time that the tool is told.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use socket2::Socket;

use crate::config;
use crate::domain::Slug;
use crate::infra::telemetry::Metrics;
use crate::infra::workers;
use crate::tallies::cache::{TallyCache, TallyEntry};
use crate::tallies::stream::fanout::Fanout;
use crate::tallies::stream::stream_limit::{StreamLimit, StreamPermit};

/// Of the live thread, where 0 is usual and 19 the least urgent.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// A listener who has just come.
pub struct Subscribe {
    pub socket: Socket,
    /// Tools by the slugs that it asked for; some may be former ones.
    pub slots: Vec<(Slug, Arc<TallyEntry>)>,
    /// What it asked for and is no tool.
    pub missing: Vec<String>,
    /// HTTP/1.1; else the stream is bare.
    pub chunked: bool,
    pub permit: StreamPermit,
}

/// What waits for the thread.
#[derive(Default)]
pub(super) struct Messages {
    pub joins: Vec<Subscribe>,
    /// Tools that moved and of which the thread does not know yet, by id.
    pub moved: Vec<i32>,
    /// How often any tool moved: how busy voters are.
    pub moves: u64,
    pub ended: bool,
    /// Those and the ones that it knows of: there is nothing new in their moving again before they are told.
    noted: HashSet<i32, foldhash::fast::RandomState>,
    /// The thread sleeps until it is told.
    sleeps: bool,
}

#[derive(Default)]
pub(super) struct Mailbox {
    inbox: Mutex<Messages>,
    wake: Condvar,
}

impl Mailbox {
    /// Changes the inbox; where `put` says that this is news, it rings if the thread sleeps.
    fn put(&self, put: impl FnOnce(&mut Messages) -> bool) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if !put(&mut inbox) {
            return;
        }
        let rings = std::mem::take(&mut inbox.sleeps);
        drop(inbox);
        if rings {
            self.wake.notify_one();
        }
    }

    /// Takes everything, waiting until `until` where there is nothing.
    pub(super) fn take(&self, until: Instant) -> Messages {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        while inbox.joins.is_empty() && inbox.moved.is_empty() && !inbox.ended {
            let wait = until.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                break;
            }
            inbox.sleeps = true;
            inbox = self
                .wake
                .wait_timeout(inbox, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        inbox.sleeps = false;
        Messages {
            joins: std::mem::take(&mut inbox.joins),
            moved: std::mem::take(&mut inbox.moved),
            moves: std::mem::take(&mut inbox.moves),
            ended: inbox.ended,
            ..Messages::default()
        }
    }

    /// These are about to be told, or have nobody to be told to: when they move again, that is news. To be called before
    /// the board is read, so that nothing slips between.
    pub(super) fn forget(&self, tools: &[i32]) {
        if !tools.is_empty() {
            self.put(|inbox| {
                for tool in tools {
                    inbox.noted.remove(tool);
                }
                false
            });
        }
    }
}

/// Lets votes go first on a busy machine: to Linux each thread has a niceness of its own. Elsewhere it would be the whole
/// process's.
fn make_way() {
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%cause, "live thread could not lower its priority");
    }
}

/// The hub. Cloning shares it.
#[derive(Clone)]
pub struct Broadcaster {
    mailbox: Arc<Mailbox>,
    pub limit: Arc<StreamLimit>,
}

impl Broadcaster {
    /// Starts the thread, which ends after [`Broadcaster::end`].
    pub fn start(
        settings: &config::Live,
        board: Arc<TallyCache>,
        meters: Arc<Metrics>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let hub = Self {
            mailbox: Arc::default(),
            limit: StreamLimit::new(settings),
        };
        let mailbox = Arc::clone(&hub.mailbox);
        let thread = workers::spawn("live", move || {
            make_way();
            Fanout::new(mailbox, board, meters).run();
        })?;
        Ok((hub, thread))
    }

    /// A tool's tally has moved. Whoever calls has put it on the board before.
    pub fn moved(&self, tool: i32) {
        if self.limit.taken() > 0 {
            self.mailbox.put(|inbox| {
                inbox.moves += 1;
                let news = inbox.noted.insert(tool);
                if news {
                    inbox.moved.push(tool);
                }
                news
            });
        }
    }

    /// A new listener. After the end it is let go at once.
    pub fn join(&self, join: Subscribe) {
        self.mailbox.put(|inbox| {
            if !inbox.ended {
                inbox.joins.push(join);
            }
            true
        });
    }

    /// Ends every stream, properly and at once.
    pub fn end(&self) {
        self.mailbox.put(|inbox| {
            inbox.ended = true;
            true
        });
    }
}
