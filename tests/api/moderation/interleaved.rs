//! Votes, resets, undos and periods in any order, against a model; and at the same time, against the recount.
//!
//! It must never draw other numbers on another run: a failure has to come again.
use super::{Moderator, TOOL};
use crate::harness::Backend;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;

crate::both!(
    in_any_order_the_tally_is_the_models,
    at_the_same_time_the_tally_is_the_recount
);

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below) as usize
    }
}

/// A vote of the model: its choice, when it was cast (in steps), and what has it out.
#[derive(Clone, Copy, Debug)]
struct Vote {
    choice: &'static str,
    at: usize,
    out: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Period {
    id: i64,
    from: usize,
    /// The first step beyond; for ever while it is open.
    to: usize,
}

#[derive(Default)]
struct Model {
    votes: HashMap<usize, Vote>,
    resets: Vec<i64>,
    periods: Vec<Period>,
}

impl Model {
    /// The oldest period in force that holds a step.
    fn covering(&self, at: usize, but: i64) -> Option<i64> {
        let holds = |p: &&Period| p.id != but && (p.from..p.to).contains(&at);
        self.periods.iter().filter(holds).map(|p| p.id).min()
    }

    fn cast(&mut self, voter: usize, choice: &'static str, at: usize) {
        let out = self.covering(at, 0);
        match self.votes.get(&voter) {
            Some(old) if old.choice == choice && (old.out.is_none() || old.out == out) => {}
            _ => {
                self.votes.insert(voter, Vote { choice, at, out });
            }
        }
    }

    fn take(&mut self, id: i64, matches: impl Fn(&Vote) -> bool) -> i64 {
        let mut taken = 0;
        for vote in self.votes.values_mut() {
            if vote.out.is_none() && matches(vote) {
                vote.out = Some(id);
                taken += 1;
            }
        }
        taken
    }

    fn put_back(&mut self, id: i64) -> i64 {
        self.resets.retain(|known| *known != id);
        self.periods.retain(|known| known.id != id);
        let mut back = 0;
        for (voter, vote) in self.votes.clone() {
            if vote.out == Some(id) {
                let out = self.covering(vote.at, id);
                back += i64::from(out.is_none());
                self.votes.get_mut(&voter).expect("there").out = out;
            }
        }
        back
    }

    fn counts(&self, aside: bool) -> (i64, i64) {
        let of = |choice| {
            let counted = |v: &&Vote| v.choice == choice && v.out.is_some() == aside;
            self.votes.values().filter(counted).count() as i64
        };
        (of("ship"), of("skip"))
    }
}

async fn in_any_order_the_tally_is_the_models(backend: Backend) {
    const VOTERS: u64 = 12;
    let moderator = Moderator::new(backend).await;
    let voters = moderator.server.setup.mint(VOTERS as usize).await;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut model = Model::default();
    // When each step began, as the server's clock says.
    let mut began: Vec<String> = Vec::new();
    for step in 0..220 {
        let now = moderator
            .reset(json!({"dry_run": true}))
            .await
            .expect(200)
            .json["to"]
            .clone();
        began.push(now.as_str().expect("time").to_owned());
        let voter = random.below(VOTERS);
        match random.below(14) {
            0..=6 => {
                let choice = ["ship", "skip"][random.below(2)];
                let cast = moderator
                    .client
                    .put_vote(&voters[voter], TOOL, choice)
                    .await;
                assert!(cast.success(), "{}", cast.text);
                model.cast(voter, choice, step);
            }
            7 => {
                moderator
                    .client
                    .delete_vote(&voters[voter], TOOL)
                    .await
                    .expect(200);
                model.votes.remove(&voter);
            }
            8 | 9 => {
                let choice = ["ship", "skip"][random.below(2)];
                let from = random.below(step as u64 + 1);
                let made = moderator
                    .reset(json!({"choice": choice, "from": began[from]}))
                    .await;
                // Nothing can be cast in a span that ends where it begins.
                if from == step && made.status == 422 {
                    continue;
                }
                let made = made.expect(201).json;
                let id = made["id"].as_i64().expect("id");
                let taken = model.take(id, |vote| vote.choice == choice && vote.at >= from);
                assert_eq!(made["matched"], taken, "step {step}");
                model.resets.push(id);
            }
            10 | 11 if !model.resets.is_empty() => {
                let id = model.resets[random.below(model.resets.len() as u64)];
                let undone = moderator.undo(&json!(id)).await.expect(200).json;
                assert_eq!(undone["restored"], model.put_back(id), "step {step}");
            }
            12 if model.periods.len() < 3 => {
                let from = random.below(step as u64 + 1);
                // Half of them last on.
                let to = if random.below(2) == 0 {
                    usize::MAX
                } else {
                    step
                };
                let end = if to == step {
                    began[step].clone()
                } else {
                    "2100-01-01T00:00:00Z".to_owned()
                };
                let body = json!({"tool": TOOL, "from": began[from], "to": end, "reason": "r"});
                let made = moderator.post("/periods", body).await;
                if from == to {
                    made.expect(422);
                    continue;
                }
                let made = made.expect(201).json;
                let id = made["id"].as_i64().expect("id");
                let taken = model.take(id, |vote| (from..to).contains(&vote.at));
                assert_eq!(made["matched"], taken, "step {step}");
                model.periods.push(Period { id, from, to });
            }
            13 if !model.periods.is_empty() => {
                let id = model.periods[random.below(model.periods.len() as u64)].id;
                let path = format!("/periods/{id}");
                let gone = moderator
                    .call(Method::DELETE, &path, None)
                    .await
                    .expect(200)
                    .json;
                assert_eq!(gone["restored"], model.put_back(id), "step {step}");
            }
            _ => {}
        }
        assert_eq!(moderator.counts().await, model.counts(false), "step {step}");
        assert_eq!(moderator.aside().await, model.counts(true), "step {step}");
        if step % 40 == 39 {
            moderator.server.verify().await;
        }
    }
    moderator.server.verify().await;
    // Everything put back, every vote counts.
    for id in model.resets.clone() {
        moderator.undo(&json!(id)).await.expect(200);
    }
    for period in model.periods.clone() {
        moderator
            .call(Method::DELETE, &format!("/periods/{}", period.id), None)
            .await
            .expect(200);
    }
    assert_eq!(moderator.aside().await, (0, 0));
    let (ship, skip) = moderator.counts().await;
    assert_eq!(ship + skip, model.votes.len() as i64);
    moderator.server.verify().await;
}

async fn at_the_same_time_the_tally_is_the_recount(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let second = match backend {
        // Two instances meet at the tally's lock.
        Backend::Postgres => Some(moderator.server.setup.start().await),
        Backend::Sqlite => None,
    };
    let voters = moderator.server.setup.mint(60).await;
    let clients = [
        moderator.client.clone(),
        second
            .as_ref()
            .map_or(moderator.client.clone(), |server| server.client()),
    ];
    let crowd = voters.iter().enumerate().map(|(n, voter)| {
        let client = &clients[n % 2];
        async move {
            let mut random = Random(0x2545_f491_4f6c_dd1d ^ (n as u64) << 20);
            for _ in 0..40 {
                let answer = match random.below(5) {
                    0 => client.delete_vote(voter, TOOL).await,
                    side => {
                        client
                            .put_vote(voter, TOOL, ["ship", "skip"][side % 2])
                            .await
                    }
                };
                assert!(answer.success(), "{}", answer.text);
            }
        }
    });
    let moderators = (0..3).map(|n: u64| {
        let moderator = &moderator;
        let base = clients[n as usize % 2].clone();
        async move {
            let mut random = Random(0x1234_5678_9abc_def1 + n);
            let mut made: Vec<(String, Value)> = Vec::new();
            let call = async |method: Method, path: &str, body: Option<Value>| {
                let call = base
                    .call(method, &format!("/v1/moderation{path}"))
                    .bearer(&moderator.token);
                match body {
                    Some(body) => call.json(&body).send().await,
                    None => call.send().await,
                }
            };
            for _ in 0..12 {
                let body = json!({"tool": TOOL, "reason": "r"});
                match random.below(4) {
                    0 | 1 => {
                        let mut body = body;
                        body["choice"] = json!(["ship", "skip"][random.below(2)]);
                        let reset = call(Method::POST, "/resets", Some(body)).await.expect(201);
                        made.push(("resets".to_owned(), reset.json["id"].clone()));
                    }
                    2 => {
                        let mut body = body;
                        body["from"] = json!("2020-01-01T00:00:00Z");
                        body["to"] = json!("2100-01-01T00:00:00Z");
                        let period = call(Method::POST, "/periods", Some(body)).await.expect(201);
                        made.push(("periods".to_owned(), period.json["id"].clone()));
                    }
                    _ => {
                        if made.is_empty() {
                            continue;
                        }
                        let (kind, id) = made.swap_remove(random.below(made.len() as u64));
                        let gone = if kind == "resets" {
                            call(Method::POST, &format!("/resets/{id}/undo"), None).await
                        } else {
                            call(Method::DELETE, &format!("/periods/{id}"), None).await
                        };
                        gone.expect(200);
                    }
                }
            }
            made
        }
    });
    let (_, made) = tokio::join!(join_all(crowd), join_all(moderators));
    moderator.server.verify().await;
    for (kind, id) in made.into_iter().flatten() {
        if kind == "resets" {
            moderator.undo(&id).await.expect(200);
        } else {
            moderator
                .call(Method::DELETE, &format!("/periods/{id}"), None)
                .await
                .expect(200);
        }
    }
    moderator.server.verify().await;
    let standing = moderator
        .server
        .home()
        .number("SELECT count(*) AS n FROM votes");
    let tallied = moderator.server.home().number(
        "SELECT CAST(SUM(ship + skip) AS BIGINT) AS n FROM tallies WHERE aside_ship = 0 AND aside_skip = 0",
    );
    assert_eq!(standing, tallied, "all put back");
}
