//! What voters know of their own votes, kept outside the server: every acknowledgement, and every call whose outcome nobody told them.
//!
//! Called by the kill tests, each worker owns its voters, so the order of a voter's calls is known. It must never ask the
//! server what it should remember itself.
#![allow(dead_code)] // `tests/long` uses a part of it, `tests/faults` another
use crate::harness::client::{Answer, Client};
use futures_util::future::join_all;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

pub const TOOLS: [&str; 2] = ["codestral-2", "cursor-background-agents"];

/// `None`: no vote, never cast or withdrawn.
pub type Choice = Option<&'static str>;

#[derive(Clone, Default)]
struct Entry {
    acknowledged: Choice,
    /// Commands since then that were not answered with success: each may have taken effect.
    open: Vec<Choice>,
}

pub struct Voter {
    pub token: String,
    votes: [Entry; TOOLS.len()],
}

impl Voter {
    pub fn new(token: String) -> Voter {
        Voter {
            token,
            votes: Default::default(),
        }
    }
}

/// What the workers of one load share.
#[derive(Default)]
pub struct Gauge {
    pub acknowledged: AtomicUsize,
    pub unavailable: AtomicUsize,
    pub in_flight: AtomicUsize,
    /// Calls that ended without an answer.
    pub dropped: AtomicUsize,
    pub slowest_ms: AtomicU64,
    pub stop: AtomicBool,
    /// Odd while the database is known to be gone.
    pub phase: AtomicUsize,
    pub violations: Mutex<Vec<String>>,
}

impl Gauge {
    fn violation(&self, what: String) {
        self.violations.lock().expect("violations").push(what);
    }

    pub fn assert_clean(&self) {
        let violations = self.violations.lock().expect("violations");
        assert!(
            violations.is_empty(),
            "{} wrong answers, first: {}",
            violations.len(),
            violations[0]
        );
    }
}

/// A small generator of its own: runs are repeatable as far as threads are.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

/// One voter who votes, changes and withdraws without a pause, until told to stop or until a call gets no answer.
pub async fn vote_on(client: Client, mut voter: Voter, seed: u64, gauge: &Gauge) -> Voter {
    let mut dice = Dice(seed);
    while !gauge.stop.load(SeqCst) {
        let tool = dice.below(TOOLS.len() as u64) as usize;
        let command: Choice =
            [Some("ship"), Some("ship"), Some("skip"), Some("skip"), None][dice.below(5) as usize];
        let call = match command {
            Some(choice) => client.vote(&voter.token, TOOLS[tool], choice),
            None => client.withdrawal(&voter.token, TOOLS[tool]),
        };
        let entry = &mut voter.votes[tool];
        entry.open.push(command);
        let phase = gauge.phase.load(SeqCst);
        gauge.in_flight.fetch_add(1, SeqCst);
        let start = Instant::now();
        let result = call.try_send().await;
        gauge.in_flight.fetch_sub(1, SeqCst);
        gauge
            .slowest_ms
            .fetch_max(start.elapsed().as_millis() as u64, SeqCst);
        match result {
            Ok(answer) if answer.success() => {
                if phase % 2 == 1 && phase == gauge.phase.load(SeqCst) {
                    gauge.violation(format!(
                        "{} while there was no database: {}",
                        answer.status, answer.text
                    ));
                }
                entry.acknowledged = command;
                entry.open.clear();
                gauge.acknowledged.fetch_add(1, SeqCst);
            }
            Ok(answer) if answer.status == 503 => {
                if answer.header("retry-after").is_none() {
                    gauge.violation(format!("503 without Retry-After: {}", answer.text));
                }
                gauge.unavailable.fetch_add(1, SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(answer) => gauge.violation(format!("{}: {}", answer.status, answer.text)),
            Err(_) => {
                gauge.dropped.fetch_add(1, SeqCst);
                break;
            }
        }
    }
    voter
}

/// Lets `voters` vote, runs `meanwhile`, and gives the voters back once all have stopped.
pub async fn under_load<T>(
    client: &Client,
    voters: Vec<Voter>,
    seed: u64,
    gauge: &Gauge,
    meanwhile: impl Future<Output = T>,
) -> (Vec<Voter>, T) {
    let crowd = voters
        .into_iter()
        .enumerate()
        .map(|(n, voter)| vote_on(client.clone(), voter, seed * 1000 + n as u64, gauge));
    tokio::join!(join_all(crowd), meanwhile)
}

/// Asks the server for each voter's votes and lists what contradicts the book; what it shows is then the voter's state.
pub async fn contradictions(client: &Client, voters: &mut [Voter]) -> Vec<String> {
    let mut found = Vec::new();
    for group in voters.chunks_mut(64) {
        found.extend(
            join_all(group.iter_mut().map(|voter| check(client, voter)))
                .await
                .into_iter()
                .flatten(),
        );
    }
    found
}

async fn check(client: &Client, voter: &mut Voter) -> Vec<String> {
    let mut found = Vec::new();
    for (tool, entry) in TOOLS.iter().zip(&mut voter.votes) {
        let shown = shown(&client.get_vote(&voter.token, tool).await.expect(200));
        if shown != entry.acknowledged && !entry.open.contains(&shown) {
            found.push(format!(
                "{tool}: acknowledged {:?}, open {:?}, shown {shown:?}",
                entry.acknowledged, entry.open
            ));
        }
        *entry = Entry {
            acknowledged: shown,
            open: Vec::new(),
        };
    }
    found
}

/// The choice that an answer shows as the voter's.
pub fn shown(answer: &Answer) -> Choice {
    match answer.json["vote"]["choice"].as_str() {
        Some("ship") => Some("ship"),
        Some("skip") => Some("skip"),
        None if answer.json["vote"]["choice"].is_null() => None,
        other => panic!("a choice? {other:?}"),
    }
}

/// (ship, skip) that the book expects of each tool; only right after `contradictions` has settled all voters.
pub fn expected<'a>(voters: impl IntoIterator<Item = &'a Voter>) -> [(i64, i64); TOOLS.len()] {
    let mut counts = [(0, 0); TOOLS.len()];
    for voter in voters {
        for (count, entry) in counts.iter_mut().zip(&voter.votes) {
            match entry.acknowledged {
                Some("ship") => count.0 += 1,
                Some(_) => count.1 += 1,
                None => {}
            }
        }
    }
    counts
}

/// The tallies that a server shows, in the order of `TOOLS`.
pub async fn counts(client: &Client) -> [(i64, i64); TOOLS.len()] {
    [client.counts(TOOLS[0]).await, client.counts(TOOLS[1]).await]
}
