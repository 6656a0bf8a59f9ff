//! Random acts against a model: votes, withdrawals, claims, erasures, imports, resets, undos, periods, held votes, edits of the catalogue,
//! and a clock that steps. After every twenty the recount agrees, and counts are the model's.
//!
//! It must never draw other numbers on another run: a failure has to come again. The model knows what the contract says, and no more.
#![allow(dead_code)] // `tests/long` uses a part of it
mod held;

use crate::harness::client::Client;
use crate::harness::clock::Clock;
use crate::harness::server::{Home, Server};
use crate::harness::site::{Site, claims, now};
use crate::harness::{Backend, eventually};
use held::{Hand, address};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

const TOOLS: [&str; 2] = ["codestral-2", "cursor-background-agents"];
const VISITORS: usize = 8;
const USERS: usize = 3;
const CHECKED_EVERY: usize = 20;
const HOUR: i64 = 3600;
const STEPS_OF_THE_CLOCK: [i64; 6] = [0, HOUR, -HOUR, 24 * HOUR, 30, -30];
const SHOWN: Duration = Duration::from_secs(25);
const ME: &str = "/v1/visitors/me";
/// An open end is the server's present: a clock that was ahead may have votes beyond it.
const FAR_AWAY: &str = "2100-01-01T00:00:00Z";

/// Who votes; an erased voter is nobody any more, but their votes stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Who {
    Visitor(usize),
    User(usize),
    Nobody(usize),
}

#[derive(Clone, Debug)]
struct Vote {
    choice: &'static str,
    cast_at: String,
    /// The removal in force that has it.
    aside: Option<i64>,
}

struct Removal {
    id: i64,
    tool: usize,
    /// Of a period.
    span: Option<(String, String)>,
}

struct Model {
    servers: Vec<Server>,
    clients: Vec<Client>,
    clock: Clock,
    site: Site,
    staff: String,
    state: u64,
    /// Who they are now: one who was erased comes back as another.
    visitors: Vec<(usize, String)>,
    users: Vec<usize>,
    made: usize,
    votes: BTreeMap<(usize, Who), Vote>,
    /// Whose votes are held, though withdrawn, and whether they were rejected.
    held: HashMap<(usize, Who), bool>,
    hands: Vec<Hand>,
    /// Of all who were of a hand, by their numbers; and of visitors who have done nothing yet.
    tokens: HashMap<usize, String>,
    unused: Vec<String>,
    /// Visitors who came as a user on a tool.
    linked: HashSet<(usize, usize)>,
    removals: Vec<Removal>,
    exported: Vec<(usize, Who, Vote)>,
    erased: HashSet<Who>,
    edits: usize,
}

impl Model {
    async fn new(backend: Backend) -> Model {
        let home = Home::new(backend);
        let clock = Clock::new(&home, "clock");
        let site = Site::new("EdDSA");
        let setup = site.setup(clock.setup(home.setup().generous()));
        // Each visitor comes from a network of its own, so that none but those of a hand are held.
        let setup = setup
            .without("TALLYSHIP_ABUSE__HOLD")
            .env("TALLYSHIP_ABUSE__CHALLENGE_AFTER", "1000000")
            .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1");
        let instances = if backend == Backend::Postgres { 2 } else { 1 };
        let mut servers = Vec::new();
        for _ in 0..instances {
            servers.push(setup.start().await);
        }
        let made = servers[0]
            .run_cli(&["token", "create", "--role", "admin", "--name", "admin"])
            .await
            .success("token");
        let visitors = setup.mint(VISITORS).await.into_iter().enumerate();
        Model {
            clients: servers.iter().map(Server::client).collect(),
            servers,
            clock,
            site,
            staff: made.stdout.trim().to_owned(),
            state: 0x2545_f491_4f6c_dd1d,
            visitors: visitors.collect(),
            users: (VISITORS..VISITORS + USERS).collect(),
            made: VISITORS + USERS,
            votes: BTreeMap::new(),
            held: HashMap::new(),
            hands: Vec::new(),
            tokens: HashMap::new(),
            unused: Vec::new(),
            linked: HashSet::new(),
            removals: Vec::new(),
            exported: Vec::new(),
            erased: HashSet::new(),
            edits: 0,
        }
    }

    fn random(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % below as u64) as usize
    }

    fn client(&mut self) -> Client {
        let n = self.random(self.clients.len());
        self.clients[n].clone()
    }

    fn user(&self, n: usize) -> String {
        self.user_token(self.users[n])
    }

    fn user_token(&self, id: usize) -> String {
        let mut claims = claims(&format!("user-{id}"));
        // Good on every day to which the clock steps.
        (claims["iat"], claims["exp"]) = (json!(now() - 48 * HOUR), json!(now() + 480 * HOUR));
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": crate::harness::site::KID});
        self.site.token(&header, &claims)
    }

    fn one_more(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    /// The oldest period in force that covers a vote.
    fn covering(&self, tool: usize, cast_at: &str) -> Option<i64> {
        let periods = self.removals.iter().filter(|removal| removal.tool == tool);
        periods
            .filter(|removal| {
                let span = removal.span.as_ref();
                span.is_some_and(|(from, to)| from.as_str() <= cast_at && cast_at < to.as_str())
            })
            .map(|removal| removal.id)
            .min()
    }

    async fn step(&mut self) {
        match self.random(44) {
            0..=19 => self.vote().await,
            20..=23 => self.withdraw().await,
            24..=26 => self.claim().await,
            27 | 28 => self.erase().await,
            29 => self.reset().await,
            30 => self.exclude().await,
            31 | 32 => self.undo().await,
            33 => self.export().await,
            34 => self.import().await,
            35 | 36 => self.edit().await,
            37..=39 => self.hand().await,
            40 => self.settle().await,
            _ => {
                let n = self.random(STEPS_OF_THE_CLOCK.len());
                self.clock.set(STEPS_OF_THE_CLOCK[n]);
            }
        }
    }

    fn cast(&mut self, tool: usize, who: Who, choice: &'static str, answer: &Value) {
        let cast_at = answer["vote"]["cast_at"]
            .as_str()
            .expect("a time")
            .to_owned();
        // The same choice again keeps its time, but for what a removal took out.
        let aside = self.covering(tool, &cast_at);
        let vote = Vote {
            choice,
            cast_at,
            aside,
        };
        match self.votes.get_mut(&(tool, who)) {
            Some(old) if old.choice == choice && old.aside.is_none() => {}
            Some(old) if old.choice == choice && old.cast_at == vote.cast_at => {}
            _ => drop(self.votes.insert((tool, who), vote)),
        }
    }

    async fn vote(&mut self) {
        let (tool, client) = (self.random(2), self.client());
        let choice = ["ship", "skip"][self.random(2)];
        if self.random(4) == 0 {
            let n = self.random(USERS);
            let answer = client.put_vote(&self.user(n), TOOLS[tool], choice).await;
            assert!(answer.success(), "{}", answer.text);
            self.cast(tool, Who::User(self.users[n]), choice, &answer.json);
            return;
        }
        let n = self.random(VISITORS);
        let (id, token) = self.visitors[n].clone();
        let call = client.vote(&token, TOOLS[tool], choice);
        let answer = call.header("x-forwarded-for", &address(id)).send().await;
        if self.linked.contains(&(tool, id)) {
            answer.problem(409, "conflict");
        } else {
            assert!(answer.success(), "{}", answer.text);
            self.cast(tool, Who::Visitor(id), choice, &answer.json);
        }
    }

    async fn withdraw(&mut self) {
        let (tool, client, n) = (self.random(2), self.client(), self.random(VISITORS));
        let (id, token) = self.visitors[n].clone();
        client.delete_vote(&token, TOOLS[tool]).await.expect(200);
        self.votes.remove(&(tool, Who::Visitor(id)));
    }

    async fn claim(&mut self) {
        let (tool, client) = (self.random(2), self.client());
        let (n, v) = (self.random(USERS), self.random(VISITORS));
        let (id, token) = self.visitors[v].clone();
        let call = client.get(&format!("/v1/tools/{}/vote", TOOLS[tool]));
        let call = call
            .bearer(&self.user(n))
            .header("cookie", &format!("tallyship-visitor={token}"));
        call.send().await.expect(200);
        // Without a vote of the visitor's there is nothing to claim.
        if let Some(vote) = self.votes.remove(&(tool, Who::Visitor(id))) {
            self.linked.insert((tool, id));
            self.votes
                .entry((tool, Who::User(self.users[n])))
                .or_insert(vote);
        }
    }

    async fn erase(&mut self) {
        let (client, nobody) = (self.client(), self.one_more());
        let who = if self.random(4) == 0 {
            let n = self.random(USERS);
            let token = self.user(n);
            client.delete(ME).bearer(&token).send().await.expect(200);
            std::mem::replace(&mut self.users[n], nobody)
        } else {
            let n = self.random(VISITORS);
            let (_, token) = self.visitors[n].clone();
            client.delete(ME).bearer(&token).send().await.expect(200);
            let other = self.client();
            other
                .put_vote(&token, TOOLS[0], "ship")
                .await
                .problem(401, "bad-token");
            let fresh = self.client().visitor().await;
            std::mem::replace(&mut self.visitors[n], (nobody, fresh)).0
        };
        self.forget(Who::Visitor(who));
        self.forget(Who::User(who));
    }

    /// Votes of the erased stay, held or not, without a name.
    fn forget(&mut self, who: Who) {
        self.erased.insert(who);
        for tool in 0..2 {
            let held = self.held.remove(&(tool, who));
            if let Some(vote) = self.votes.remove(&(tool, who)) {
                let nobody = Who::Nobody(self.one_more());
                self.votes.insert((tool, nobody), vote);
                self.held
                    .extend(held.map(|rejected| ((tool, nobody), rejected)));
            }
        }
    }

    async fn moderate(&mut self, path: &str, body: Value) -> Value {
        let client = self.client();
        let call = client.post(&format!("/v1/moderation{path}"));
        let answer = call.bearer(&self.staff).json(&body).send().await;
        assert!(answer.success(), "{path}: {}", answer.text);
        answer.json
    }

    async fn reset(&mut self) {
        let tool = self.random(2);
        let choice = ["ship", "skip"][self.random(2)];
        let mut body =
            json!({"tool": TOOLS[tool], "reason": "random", "dry_run": false, "choice": choice});
        body["to"] = json!(FAR_AWAY);
        let id = self.moderate("/resets", body).await["id"]
            .as_i64()
            .expect("an id");
        for ((of, _), vote) in &mut self.votes {
            if *of == tool && vote.aside.is_none() && vote.choice == choice {
                vote.aside = Some(id);
            }
        }
        self.removals.push(Removal {
            id,
            tool,
            span: None,
        });
    }

    async fn exclude(&mut self) {
        let tool = self.random(2);
        let times: Vec<String> = self
            .votes
            .values()
            .map(|vote| vote.cast_at.clone())
            .collect();
        if times.is_empty() {
            return;
        }
        let to = times[self.random(times.len())].clone();
        let from = "2000-01-01T00:00:00.000000Z".to_owned();
        let body = json!({"tool": TOOLS[tool], "from": from, "to": to, "reason": "random"});
        let id = self.moderate("/periods", body).await["id"]
            .as_i64()
            .expect("an id");
        for ((of, _), vote) in &mut self.votes {
            if *of == tool && vote.aside.is_none() && vote.cast_at < to {
                vote.aside = Some(id);
            }
        }
        self.removals.push(Removal {
            id,
            tool,
            span: Some((from, to)),
        });
    }

    async fn undo(&mut self) {
        if self.removals.is_empty() {
            return;
        }
        let n = self.random(self.removals.len());
        let gone = self.removals.remove(n);
        if gone.span.is_some() {
            let client = self.client();
            let call = client.delete(&format!("/v1/moderation/periods/{}", gone.id));
            let answer = call.bearer(&self.staff).send().await;
            assert!(answer.success(), "{}", answer.text);
        } else {
            self.moderate(&format!("/resets/{}/undo", gone.id), json!({}))
                .await;
        }
        let keys: Vec<(usize, Who)> = self.votes.keys().copied().collect();
        for key in keys {
            let vote = &self.votes[&key];
            if vote.aside == Some(gone.id) {
                let covering = self.covering(gone.tool, &vote.cast_at.clone());
                self.votes.get_mut(&key).expect("there").aside = covering;
            }
        }
    }

    async fn export(&mut self) {
        let done = self.servers[0]
            .run_cli(&["export", "votes", "kept.csv", "--force"])
            .await;
        // Before there was `--force` a file was replaced without.
        if done.code() != 0 {
            let _ = std::fs::remove_file(self.servers[0].home().path().join("kept.csv"));
            let again = self.servers[0]
                .run_cli(&["export", "votes", "kept.csv"])
                .await;
            again.success("export");
        }
        let counted = self
            .votes
            .iter()
            .filter(|(key, vote)| self.counts(key, vote));
        self.exported = counted
            .map(|((tool, who), vote)| (*tool, *who, vote.clone()))
            .collect();
    }

    async fn import(&mut self) {
        if self.exported.is_empty() {
            return;
        }
        // A clock that is behind would find votes of the future in the file.
        self.clock.set(24 * HOUR);
        let done = self.servers[0]
            .run_cli(&["import", "votes", "kept.csv"])
            .await;
        done.success("import");
        for (tool, who, line) in self.exported.clone() {
            let linked = matches!(who, Who::Visitor(id) if self.linked.contains(&(tool, id)));
            if linked || self.erased.contains(&who) {
                continue;
            }
            if !self.votes.contains_key(&(tool, who)) && !self.came_back(tool, who, &line).await {
                continue;
            }
            let aside = self.covering(tool, &line.cast_at);
            match self.votes.get(&(tool, who)) {
                Some(old) if old.aside.is_some() || old.cast_at >= line.cast_at => {}
                _ => drop(self.votes.insert((tool, who), Vote { aside, ..line })),
            }
        }
    }

    fn counts(&self, key: &(usize, Who), vote: &Vote) -> bool {
        vote.aside.is_none() && !self.held.contains_key(key)
    }

    async fn edit(&mut self) {
        self.edits += 1;
        let (client, tool) = (self.client(), self.random(2));
        let name = format!("Edit {}", self.edits);
        let path = format!("/v1/tools/{}", TOOLS[tool]);
        let verdict = ["ship", "skip"][self.random(2)];
        let review = json!({"reviewer": "R", "verdict": verdict, "summary": name});
        let body = json!({"name": name, "reviews": [review]});
        let put = client
            .put(&path)
            .bearer(&self.staff)
            .json(&body)
            .send()
            .await
            .expect(200);
        assert_eq!(put.json["name"], name);
        for client in &self.clients {
            eventually("the edit is shown", SHOWN, async || {
                client.get(&path).send().await.expect(200).json["name"] == name
            })
            .await;
        }
    }

    /// Every instance shows the model's counts, and the recount agrees.
    async fn check(&self, step: usize) {
        for (tool, slug) in TOOLS.iter().enumerate() {
            let count = |choice: &str| {
                let of = |(key, vote): &(&(usize, Who), &Vote)| {
                    key.0 == tool && vote.choice == choice && self.counts(key, vote)
                };
                self.votes.iter().filter(of).count() as i64
            };
            let expected = (count("ship"), count("skip"));
            for client in &self.clients {
                let what = format!("{slug} shows {expected:?} after {step} steps");
                eventually(&what, SHOWN, async || client.counts(slug).await == expected).await;
            }
        }
        self.servers[0].verify().await;
    }
}

/// So many random steps.
pub async fn random_acts(backend: Backend, steps: usize) {
    let mut model = Model::new(backend).await;
    for step in 1..=steps {
        model.step().await;
        if step % CHECKED_EVERY == 0 {
            model.check(step).await;
        }
    }
}

mod two_thousand_random_acts {
    #[test]
    fn on_sqlite() {
        crate::harness::run(super::random_acts(crate::harness::Backend::Sqlite, 2_000));
    }

    #[test]
    fn on_two_instances_of_postgres() {
        crate::harness::run(super::random_acts(crate::harness::Backend::Postgres, 2_000));
    }
}
