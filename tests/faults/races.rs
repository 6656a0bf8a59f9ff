//! Many calls of one voter at once: still one vote, on each database, and on two instances that share one.
//!
//! The server is judged by its answers, its tally, the rows, and its own recount (`tallyship verify`).
use crate::SLACK;
use crate::book::{Choice, TOOLS, shown};
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use std::time::Duration;

const CALLS: usize = 1000;
const TOOL: &str = TOOLS[0];
/// Within this another instance shows a vote.
const SPREAD: Duration = Duration::from_secs(1);

struct Arena {
    servers: Vec<Server>,
    clients: Vec<Client>,
    token: String,
}

impl Arena {
    async fn new(backend: Backend, instances: usize) -> Arena {
        let setup = Home::new(backend).setup().generous();
        let mut servers = Vec::new();
        for _ in 0..instances {
            servers.push(setup.start().await);
        }
        let clients: Vec<Client> = servers.iter().map(Server::client).collect();
        let token = clients[0].visitor().await;
        Arena {
            servers,
            clients,
            token,
        }
    }

    /// All calls at once, the instances by turns.
    async fn volley(&self, command: impl Fn(usize) -> Choice) -> Vec<Answer> {
        let calls = (0..CALLS).map(|n| {
            let client = &self.clients[n % self.clients.len()];
            match command(n / self.clients.len()) {
                Some(choice) => client.vote(&self.token, TOOL, choice).send(),
                None => client.withdrawal(&self.token, TOOL).send(),
            }
        });
        let answers = join_all(calls).await;
        for answer in &answers {
            assert!(answer.success(), "{}: {}", answer.status, answer.text);
        }
        answers
    }

    /// Every instance shows these counts, in time.
    async fn show(&self, counts: (i64, i64)) {
        for (n, client) in self.clients.iter().enumerate() {
            let took = eventually(
                "every instance shows the tally",
                SPREAD * SLACK,
                async || client.counts(TOOL).await == counts,
            )
            .await;
            println!("instance {n} showed {counts:?} after {took:?}");
        }
    }

    async fn version(&self) -> i64 {
        self.clients[0].tally(TOOL).await["version"]
            .as_i64()
            .expect("a version")
    }

    fn rows(&self) -> i64 {
        self.servers[0]
            .home()
            .number("SELECT count(*) AS n FROM votes WHERE choice IS NOT NULL")
    }

    async fn mine(&self) -> Choice {
        shown(
            &self.clients[0]
                .get_vote(&self.token, TOOL)
                .await
                .expect(200),
        )
    }
}

async fn the_same_call_a_thousand_times(arena: Arena) {
    let version = arena.version().await;
    let answers = arena.volley(|_| Some("ship")).await;
    assert_eq!(
        answers.iter().filter(|a| a.status == 201).count(),
        1,
        "one first vote"
    );
    assert_eq!(
        answers.iter().filter(|a| a.status == 200).count(),
        CALLS - 1
    );
    let cast_at = &answers[0].json["vote"]["cast_at"];
    assert!(
        answers
            .iter()
            .all(|a| &a.json["vote"]["cast_at"] == cast_at),
        "a repeated vote keeps its time"
    );
    assert_eq!(arena.rows(), 1);
    arena.show((1, 0)).await;
    assert_eq!(arena.version().await, version + 1, "one change");
    arena.servers[0].verify().await;
}

async fn a_voter_of_two_minds(arena: Arena) {
    let answers = arena.volley(|n| Some(["ship", "skip"][n % 2])).await;
    assert_eq!(
        answers.iter().filter(|a| a.status == 201).count(),
        1,
        "one first vote"
    );
    assert_eq!(arena.rows(), 1);
    let last = arena.mine().await;
    arena
        .show(if last == Some("ship") { (1, 0) } else { (0, 1) })
        .await;
    arena.servers[0].verify().await;
}

async fn a_voter_who_also_withdraws(arena: Arena) {
    arena
        .volley(|n| [Some("ship"), None, Some("skip"), Some("ship")][n % 4])
        .await;
    let counts = match arena.mine().await {
        Some("ship") => (1, 0),
        Some(_) => (0, 1),
        None => (0, 0),
    };
    arena.show(counts).await;
    arena.servers[0].verify().await;
    // And the tally still counts right from here.
    arena.clients[0].put_vote(&arena.token, TOOL, "skip").await;
    assert_eq!(arena.rows(), 1);
    arena.show((0, 1)).await;
    arena.servers[0].verify().await;
}

async fn identical_puts(backend: Backend) {
    the_same_call_a_thousand_times(Arena::new(backend, 1).await).await;
}

async fn alternating_puts(backend: Backend) {
    a_voter_of_two_minds(Arena::new(backend, 1).await).await;
}

async fn puts_and_deletes(backend: Backend) {
    a_voter_who_also_withdraws(Arena::new(backend, 1).await).await;
}

crate::both!(identical_puts, alternating_puts, puts_and_deletes);

#[test]
fn identical_puts_on_two_instances_on_postgres() {
    run(async { the_same_call_a_thousand_times(Arena::new(Backend::Postgres, 2).await).await });
}

#[test]
fn alternating_puts_on_two_instances_on_postgres() {
    run(async { a_voter_of_two_minds(Arena::new(Backend::Postgres, 2).await).await });
}

#[test]
fn puts_and_deletes_on_two_instances_on_postgres() {
    run(async { a_voter_who_also_withdraws(Arena::new(Backend::Postgres, 2).await).await });
}
