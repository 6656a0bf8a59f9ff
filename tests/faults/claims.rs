//! Visitors who sign in while they vote: calls with both identities race each other, the visitor's and the user's own, on one
//! instance and on two; one row is left of the two, and the tally equals its recount.
use crate::book::TOOLS;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use crate::harness::site::Site;
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const TOOL: &str = TOOLS[0];
const CALLS: usize = 300;

struct Arena {
    servers: Vec<Server>,
    clients: Vec<Client>,
    site: Site,
    visitor: String,
}

/// Who calls, and what for.
#[derive(Clone, Copy)]
enum As {
    Visitor,
    User,
    Both,
}

impl Arena {
    async fn new(backend: Backend, instances: usize) -> Arena {
        let site = Site::new("EdDSA");
        let setup = site.setup(Home::new(backend).setup().generous());
        let mut servers = Vec::new();
        for _ in 0..instances {
            servers.push(setup.start().await);
        }
        let clients: Vec<Client> = servers.iter().map(Server::client).collect();
        let visitor = clients[0].visitor().await;
        Arena {
            servers,
            clients,
            site,
            visitor,
        }
    }

    async fn call(&self, n: usize, who: As, method: Method, choice: Option<&str>) -> Answer {
        let client = &self.clients[n % self.clients.len()];
        let mut call = client.call(method, &format!("/v1/tools/{TOOL}/vote"));
        if matches!(who, As::User | As::Both) {
            call = call.bearer(&self.site.user("7"));
        }
        if matches!(who, As::Visitor | As::Both) {
            call = call.header("cookie", &format!("tallyship-visitor={}", self.visitor));
        }
        match choice {
            Some(choice) => call.json(&json!({ "choice": choice })).send().await,
            None => call.send().await,
        }
    }

    /// All at once, the instances by turns.
    async fn volley(&self, command: impl Fn(usize) -> (As, Method, Option<&'static str>)) {
        let calls = (0..CALLS).map(|n| {
            let (who, method, choice) = command(n / self.clients.len());
            self.call(n, who, method, choice)
        });
        for (n, answer) in join_all(calls).await.into_iter().enumerate() {
            // A visitor who casts alone after they came as the user is told so.
            let (who, ..) = command(n / self.clients.len());
            let late = matches!(who, As::Visitor) && answer.code() == "conflict";
            assert!(
                answer.success() || late,
                "{}: {}",
                answer.status,
                answer.text
            );
        }
    }

    fn rows(&self) -> i64 {
        let rows = "SELECT count(*) AS n FROM votes";
        self.servers[0].home().number(rows)
    }

    /// One row at most, which the user has, and every instance shows it.
    async fn one_is_left(&self) {
        let mine = self.call(0, As::User, Method::GET, None).await.expect(200);
        let choice = mine.json["vote"]["choice"].as_str();
        assert_eq!(self.rows(), i64::from(choice.is_some()));
        let theirs = self.call(0, As::Visitor, Method::GET, None).await;
        assert!(theirs.expect(200).json["vote"]["choice"].is_null());
        let counts = match choice {
            Some("ship") => (1, 0),
            Some(_) => (0, 1),
            None => (0, 0),
        };
        for client in &self.clients {
            let seen = async || client.counts(TOOL).await == counts;
            eventually("the tally", Duration::from_secs(5), seen).await;
        }
        self.servers[0].verify().await;
    }
}

/// The vote is there, and then only calls with both identities, or of the user, come: nothing brings the visitor's back.
async fn a_vote_is_claimed_once(arena: Arena) {
    let cast = arena.call(0, As::Visitor, Method::PUT, Some("skip")).await;
    cast.expect(201);
    arena
        .volley(|n| match n % 4 {
            0 => (As::Both, Method::PUT, Some("ship")),
            1 => (As::Both, Method::GET, None),
            2 => (As::User, Method::PUT, Some("skip")),
            _ => (As::Both, Method::PUT, Some("skip")),
        })
        .await;
    assert_eq!(arena.rows(), 1);
    arena.one_is_left().await;
}

/// The same, and some withdraw.
async fn a_claim_races_withdrawals(arena: Arena) {
    let cast = arena.call(0, As::Visitor, Method::PUT, Some("ship")).await;
    cast.expect(201);
    arena
        .volley(|n| match n % 4 {
            0 => (As::Both, Method::PUT, Some("ship")),
            1 => (As::Both, Method::DELETE, None),
            2 => (As::User, Method::DELETE, None),
            _ => (As::Both, Method::GET, None),
        })
        .await;
    arena.one_is_left().await;
}

/// The visitor votes alone while both come together: whoever is first, one row is left, and it is the user's.
async fn a_visitor_goes_on(arena: Arena) {
    arena
        .volley(|n| match n % 5 {
            0 => (As::Visitor, Method::PUT, Some("ship")),
            1 => (As::Both, Method::PUT, Some("skip")),
            2 => (As::User, Method::PUT, Some("ship")),
            3 => (As::Visitor, Method::PUT, Some("skip")),
            _ => (As::Both, Method::GET, None),
        })
        .await;
    assert_eq!(arena.rows(), 1);
    arena.one_is_left().await;
}

/// Many persons, each with one vote alone and one with both identities at the same time: as many rows as persons.
async fn each_person_has_one_vote(arena: Arena) {
    const PERSONS: usize = 150;
    let tokens = arena.servers[0].setup.mint(PERSONS).await;
    let path = format!("/v1/tools/{TOOL}/vote");
    let persons = tokens.iter().enumerate().map(async |(n, token)| {
        let cast = |turn: usize, choice: &str| {
            let client = &arena.clients[(n + turn) % arena.clients.len()];
            let call = client.put(&path).json(&json!({ "choice": choice }));
            call.header("cookie", &format!("tallyship-visitor={token}"))
        };
        let user = arena.site.user(&n.to_string());
        let (both, alone) = (cast(0, "ship").bearer(&user), cast(1, "skip"));
        let (both, alone) = if n % 2 == 0 {
            tokio::join!(both.send(), alone.send())
        } else {
            let (alone, both) = tokio::join!(alone.send(), both.send());
            (both, alone)
        };
        assert!(both.success(), "{}", both.text);
        assert!(
            alone.success() || alone.code() == "conflict",
            "{}",
            alone.text
        );
        usize::from(alone.success())
    });
    let first: usize = join_all(persons).await.into_iter().sum();
    println!("of {PERSONS} visitors {first} were before their user");
    assert_eq!(arena.rows(), PERSONS as i64);
    let counts = (PERSONS as i64, 0);
    for client in &arena.clients {
        let seen = async || client.counts(TOOL).await == counts;
        eventually("the tally", Duration::from_secs(5), seen).await;
    }
    arena.servers[0].verify().await;
}

async fn persons(backend: Backend) {
    each_person_has_one_vote(Arena::new(backend, 1).await).await;
}

async fn claims(backend: Backend) {
    a_vote_is_claimed_once(Arena::new(backend, 1).await).await;
}

async fn withdrawals(backend: Backend) {
    a_claim_races_withdrawals(Arena::new(backend, 1).await).await;
}

async fn visitors(backend: Backend) {
    a_visitor_goes_on(Arena::new(backend, 1).await).await;
}

crate::both!(claims, withdrawals, visitors, persons);

#[test]
fn claims_on_two_instances_on_postgres() {
    run(async { a_vote_is_claimed_once(Arena::new(Backend::Postgres, 2).await).await });
}

#[test]
fn withdrawals_on_two_instances_on_postgres() {
    run(async { a_claim_races_withdrawals(Arena::new(Backend::Postgres, 2).await).await });
}

#[test]
fn visitors_on_two_instances_on_postgres() {
    run(async { a_visitor_goes_on(Arena::new(Backend::Postgres, 2).await).await });
}

#[test]
fn persons_on_two_instances_on_postgres() {
    run(async { each_person_has_one_vote(Arena::new(Backend::Postgres, 2).await).await });
}
