//! [`RedisLimiter`]: the limiter in Redis as the rest sees it: a question, and an answer within bounded time, or none.
//!
//! One thread of its own gathers what waits, asks Redis once for all of it, and watches over the connection: a call that
//! takes longer than `redis.patience` (25 ms by default) is decided in process; two such, or an error, open the breaker until a trial run succeeds.
//! No caller ever waits for a connection to be made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::redis::{Gcra, ScriptCommand};
use super::{Charge, Decisions, Policy};
use crate::config;
use crate::domain::Quota;
use crate::infra::redis::Link;
use crate::infra::reply_slots::{ReplySlots, Responder, Timeout};
use crate::infra::workers;

/// What has waited so many patiences in the queue is not asked any more: with the call itself a caller stays under 100 ms.
const STALE: u32 = 2;
/// None waits that long: the thread lets go of what it cannot answer in time. Should it not, its callers go on without it.
const LONGEST: Timeout = Timeout {
    ticks: 2,
    tick: Duration::from_secs(1),
};
/// Calls taken together; the script's key list stays far below Lua's limit.
const BATCH: usize = 128;
const QUEUE: usize = 8192;
/// So many slow calls in a row open the breaker; an error does at once.
const SLOW_CALLS: u32 = 2;
/// Between trials while the breaker is open.
const TRIAL_EVERY: Duration = Duration::from_millis(500);
/// An idle connection is tried this often, so that its loss is known before a vote meets it.
const IDLE_TRIAL: Duration = Duration::from_secs(1);
/// A start waits this long for Redis: what it knows of quotas must count from the first vote on.
const FIRST_WORD: Duration = Duration::from_secs(1);

struct DecisionRequest {
    command: ScriptCommand,
    since: Instant,
    reply: Option<Responder<Decisions>>,
}

/// The questioner's end. Cloning shares it.
#[derive(Clone)]
pub struct RedisLimiter {
    queue: mpsc::Sender<DecisionRequest>,
    callers: ReplySlots<Decisions>,
    up: Arc<AtomicBool>,
    /// Whether Redis has been found there, or not there.
    tried: watch::Receiver<bool>,
}

impl RedisLimiter {
    /// Starts the thread; Redis need not be there yet.
    pub fn start(settings: config::Redis) -> std::io::Result<Self> {
        let (queue, asks) = mpsc::channel(QUEUE);
        let up = Arc::new(AtomicBool::new(false));
        let gcra = Gcra::new(&settings.prefix);
        let (trying, tried) = watch::channel(false);
        let watch = RedisWorker {
            settings,
            gcra,
            asks,
            up: Arc::clone(&up),
            trying,
        };
        workers::spawn_async("limiter", move || watch.run())?;
        let callers = ReplySlots::new(LONGEST);
        Ok(Self {
            queue,
            callers,
            up,
            tried,
        })
    }

    /// Waits until it is known whether Redis is there, but not for long.
    pub async fn first_word(&self) {
        let mut tried = self.tried.clone();
        let _ = timeout(FIRST_WORD, tried.wait_for(|tried| *tried)).await;
    }

    /// Whether Redis decides at this moment.
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Redis's decision on `charges`; `None` where it has none to give in time.
    ///
    /// # Panics
    /// Outside of a worker, see [`ReplySlots::allocate`].
    pub async fn check(&self, charges: &[Charge]) -> Option<Decisions> {
        if !self.is_up() {
            return None;
        }
        let (reply, answer) = self.callers.allocate();
        let ask = DecisionRequest {
            command: ScriptCommand::Check(charges.to_vec()),
            since: Instant::now(),
            reply: Some(reply),
        };
        self.queue.try_send(ask).ok()?;
        answer.await
    }

    /// Takes back what was charged; best effort.
    pub fn give_back(&self, charges: &[Charge]) {
        if self.is_up() {
            let ask = DecisionRequest {
                command: ScriptCommand::GiveBack(charges.to_vec()),
                since: Instant::now(),
                reply: None,
            };
            let _ = self.queue.try_send(ask);
        }
    }
}

/// Why there is no connection.
struct NoLink {
    cause: String,
    /// It was made, and the script did not run in time.
    late: bool,
}

/// The thread's end.
struct RedisWorker {
    settings: config::Redis,
    gcra: Gcra,
    asks: mpsc::Receiver<DecisionRequest>,
    up: Arc<AtomicBool>,
    trying: watch::Sender<bool>,
}

impl RedisWorker {
    async fn run(mut self) {
        let mut said = false;
        loop {
            match self.connect().await {
                Ok(link) => {
                    self.up.store(true, Ordering::Relaxed);
                    self.trying.send_replace(true);
                    tracing::info!("redis available; it decides on quotas");
                    said = false;
                    let ended = self.serve(link).await;
                    self.up.store(false, Ordering::Relaxed);
                    let Some(cause) = ended else { return };
                    tracing::warn!(%cause, "redis unavailable; using in-process limits");
                }
                Err(refused) => {
                    if !said {
                        said = true;
                        let cause = refused.cause;
                        tracing::warn!(%cause, "redis unavailable at start; using in-process limits");
                    }
                    // One that is there and was late once is worth the wait of a start.
                    if !refused.late {
                        self.trying.send_replace(true);
                    }
                }
            }
            if !self.refuse_for(TRIAL_EVERY).await {
                return;
            }
        }
    }

    /// A connection on which the script has run in time.
    async fn connect(&mut self) -> Result<Link, NoLink> {
        let patience = self.settings.patience;
        let absent = |cause| NoLink { cause, late: false };
        let late = |cause| NoLink { cause, late: true };
        let connecting = Link::connect(&self.settings, Duration::from_millis(200));
        let link = timeout(Duration::from_secs(2), connecting)
            .await
            .map_err(|_late| absent("connecting took too long".to_owned()))?;
        let link = link.map_err(|cause| absent(cause.to_string()))?;
        // The first run may have to load the script.
        self.trial(&link, patience * 4).await.map_err(late)?;
        self.trial(&link, patience).await.map_err(late)?;
        Ok(link)
    }

    /// Runs the script on a key that counts nothing.
    async fn trial(&self, link: &Link, patience: Duration) -> Result<(), String> {
        let quota = Quota {
            count: 1_000_000,
            period: Duration::from_secs(1),
        };
        let command = ScriptCommand::Check(vec![Charge {
            policy: Policy::VotesPerVoter,
            quota,
            key: *b"trial-no-voter-x",
        }]);
        match timeout(patience, self.gcra.run(link, &[command])).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(cause.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    /// Answers until something breaks; `None` when the server ends.
    async fn serve(&mut self, link: Link) -> Option<String> {
        let (patience, mut slow) = (self.settings.patience, 0);
        let mut waiting: Vec<DecisionRequest> = Vec::with_capacity(BATCH);
        loop {
            match timeout(IDLE_TRIAL, self.asks.recv_many(&mut waiting, BATCH)).await {
                Ok(0) => return None,
                Ok(_) => {}
                Err(_idle) => {
                    match self.trial(&link, patience).await {
                        Ok(()) => slow = 0,
                        Err(cause) if slow + 1 >= SLOW_CALLS => return Some(cause),
                        Err(_) => slow += 1,
                    }
                    continue;
                }
            }
            waiting.retain(|ask| ask.since.elapsed() < patience * STALE);
            let asks = waiting.drain(..).map(|ask| (ask.command, ask.reply));
            let (commands, replies): (Vec<ScriptCommand>, Vec<_>) = asks.unzip();
            match timeout(patience, self.gcra.run(&link, &commands)).await {
                Ok(Ok(answers)) => {
                    slow = 0;
                    let told = replies.into_iter().zip(answers);
                    ReplySlots::reply_all(
                        told.filter_map(|(reply, decisions)| Some((reply?, decisions))),
                    );
                }
                Ok(Err(cause)) => return Some(cause.to_string()),
                Err(_late) => {
                    slow += 1;
                    // The replies go, which sends their callers to the limiter in process.
                    if slow >= SLOW_CALLS {
                        return Some("no answer in time".to_owned());
                    }
                }
            }
        }
    }

    /// Lets those that still ask fall back, for a while; `false` when the server ends.
    async fn refuse_for(&mut self, while_: Duration) -> bool {
        let pause = sleep(while_);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return true,
                ask = self.asks.recv() => if ask.is_none() { return false },
            }
        }
    }
}
