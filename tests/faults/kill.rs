//! kill -9 of the server under load, again and again: what was acknowledged is there, and the three books agree.
//!
//! The acknowledgements are kept by this process, not by the server. The twin runs the same rounds through a front that
//! answers too early, and has to be caught.
use crate::SLACK;
use crate::book::{self, Gauge, Voter, contradictions, counts, expected, under_load};
use crate::front::{Front, Manner};
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const ROUNDS: usize = 20;
const CROWD: usize = 64;
/// New voters a round; the others have voted in earlier rounds.
const FRESH: usize = 16;
const ACKNOWLEDGED: usize = 1000;
const READY: Duration = Duration::from_secs(2);

struct Trial {
    server: Server,
    manner: Option<Manner>,
    voters: Vec<Voter>,
    round: usize,
    slowest_start: Duration,
}

impl Trial {
    async fn new(backend: Backend, manner: Option<Manner>, rounds: usize) -> Trial {
        let setup = Home::new(backend).setup().generous();
        let server = setup.start().await;
        let tokens = setup.mint(CROWD + FRESH * rounds).await;
        let voters = tokens.into_iter().map(Voter::new).collect();
        Trial {
            server,
            manner,
            voters,
            round: 0,
            slowest_start: Duration::ZERO,
        }
    }

    /// Load, kill in the midst of it, start again; gives what contradicts the voters' book.
    async fn round(&mut self) -> Vec<String> {
        let from = self.round * FRESH;
        let crowd: Vec<Voter> = self.voters.drain(from..from + CROWD).collect();
        let front = self
            .manner
            .map(|manner| Front::open(manner, &self.server.url));
        let client = match &front {
            Some(front) => crate::harness::client::Client::of_another(&front.url),
            None => self.server.client(),
        };
        let gauge = Gauge::default();
        let at_kill = async {
            eventually(
                "votes are acknowledged",
                Duration::from_secs(60),
                async || {
                    gauge.acknowledged.load(SeqCst) >= ACKNOWLEDGED
                        && gauge.in_flight.load(SeqCst) > CROWD / 2
                },
            )
            .await;
            self.server.kill9();
            gauge.stop.store(true, SeqCst);
            gauge.in_flight.load(SeqCst)
        };
        let (crowd, in_flight) =
            under_load(&client, crowd, self.round as u64, &gauge, at_kill).await;
        drop(front);
        gauge.assert_clean();
        assert!(in_flight > 0, "nothing was in flight at the kill");
        self.voters.splice(from..from, crowd);
        self.round += 1;

        self.server = self.server.setup.start().await;
        self.slowest_start = self.slowest_start.max(self.server.started_in);
        self.server.admin().get("/readyz").send().await.expect(200);
        let window = from..from + CROWD;
        let found = contradictions(&self.server.client(), &mut self.voters[window]).await;
        assert_eq!(
            counts(&self.server.client()).await,
            expected(&self.voters),
            "tallies = votes of the voters"
        );
        self.server.verify().await;
        found
    }
}

async fn server_is_killed(backend: Backend) {
    let mut trial = Trial::new(backend, None, ROUNDS).await;
    for round in 1..=ROUNDS {
        assert_eq!(trial.round().await, [""; 0], "round {round}");
    }
    let all = contradictions(&trial.server.client(), &mut trial.voters).await;
    assert_eq!(all, [""; 0], "after all rounds");
    let rows = trial
        .server
        .home()
        .number("SELECT count(*) AS n FROM votes WHERE choice IS NOT NULL");
    let events = trial
        .server
        .home()
        .number("SELECT CAST(sum(length(changes)) / 17 AS BIGINT) AS n FROM ledger_entries");
    let slowest = trial.slowest_start;
    println!(
        "{backend:?}: {ROUNDS} kills, {rows} votes, {events} events, ready again in at most {slowest:?}"
    );
    assert!(slowest < READY * SLACK, "ready again in {slowest:?}");
    let current: i64 = book::counts(&trial.server.client())
        .await
        .iter()
        .map(|(ship, skip)| ship + skip)
        .sum();
    assert!(
        rows >= current && events as usize >= ROUNDS * ACKNOWLEDGED / 10,
        "{rows} rows, {current} counted"
    );
}

async fn an_early_answer_is_caught(backend: Backend) {
    let mut trial = Trial::new(backend, Some(Manner::Hasty), 5).await;
    for round in 1..=5 {
        let lost = trial.round().await.len();
        println!(
            "{backend:?}: answered before the commit, round {round}: {lost} acknowledged votes lost"
        );
        if lost > 0 {
            return;
        }
    }
    panic!("the check is blind: no loss seen though answers came before the commit");
}

async fn an_honest_front_is_not_blamed(backend: Backend) {
    let mut trial = Trial::new(backend, Some(Manner::Honest), 2).await;
    for round in 1..=2 {
        assert_eq!(trial.round().await, [""; 0], "round {round}");
    }
}

crate::both!(
    server_is_killed,
    an_early_answer_is_caught,
    an_honest_front_is_not_blamed
);
