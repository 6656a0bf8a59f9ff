//! Held votes that a reset or an excluded period takes out, or that are cast together: their voters are told what anybody else is told.
use super::held::{ask, on};
use super::{Moderator, TOOL};
use crate::harness::Backend;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

crate::both!(
    removals_tell_no_held_voter,
    acts_of_one_batch_have_a_version_each,
);

enum Step {
    Vote(Option<&'static str>),
    Reset,
    Undo,
    BeginPeriod,
    EndPeriod,
}

/// One voter, and what the answers to each act said: the status, by how much the version grew, whether the vote has a new time.
struct Told {
    voter: String,
    from: &'static str,
    cast_at: Value,
    answers: Vec<(u16, i64, bool)>,
}

impl Told {
    async fn vote(&mut self, moderator: &Moderator, choice: Option<&str>) {
        let before = moderator.version().await;
        let call = match choice {
            Some(choice) => ask(&moderator.client, &self.voter, TOOL, choice, self.from, "B"),
            None => moderator.client.withdrawal(&self.voter, TOOL),
        };
        let answer = call.send().await;
        let grew = answer.json["tally"]["version"].as_i64().expect("version") - before;
        let cast_at = answer.json["vote"]["cast_at"].clone();
        let is_new = cast_at != self.cast_at;
        self.answers.push((answer.status, grew, is_new));
        self.cast_at = cast_at;
    }

    async fn changes(&self, moderator: &Moderator) -> Vec<(Value, Value)> {
        let me = moderator.client.get("/v1/visitors/me").bearer(&self.voter);
        let me = me.send().await.expect(200).json;
        let changes = me["changes"].as_array().expect("changes").iter();
        changes
            .map(|change| (change["old"].clone(), change["new"].clone()))
            .collect()
    }
}

async fn removals_tell_no_held_voter(backend: Backend) {
    use Step::{BeginPeriod, EndPeriod, Reset, Undo, Vote};
    const SHIP: Step = Vote(Some("ship"));
    const SKIP: Step = Vote(Some("skip"));
    let moderator = Moderator::at(on(backend).start().await).await;
    let mut voters = moderator.server.setup.mint(26).await.into_iter();
    // Twenty of one network count; the ones after them are held.
    for voter in voters.by_ref().take(24) {
        let call = ask(&moderator.client, &voter, TOOL, "ship", "198.51.100.1", "B");
        call.send().await.expect(201);
    }
    assert_eq!(moderator.counts().await, (20, 0));
    let mut twins = ["203.0.113.9", "198.51.100.1"].map(|from| Told {
        voter: voters.next().expect("a voter"),
        from,
        cast_at: Value::Null,
        answers: Vec::new(),
    });
    let (mut reset, mut period) = (Value::Null, Value::Null);
    for step in [
        SHIP,
        Reset,
        SHIP,
        SHIP,
        Reset,
        Undo,
        SHIP,
        Reset,
        SKIP,
        BeginPeriod,
        SKIP,
        Vote(None),
        SHIP,
        EndPeriod,
        SHIP,
        SKIP,
    ] {
        match step {
            Vote(choice) => {
                for twin in &mut twins {
                    twin.vote(&moderator, choice).await;
                }
            }
            Reset => reset = moderator.reset(json!({})).await.expect(201).json["id"].clone(),
            Undo => drop(moderator.undo(&reset).await.expect(200)),
            BeginPeriod => {
                let span = json!({"tool": TOOL, "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z",
                    "reason": "a raid"});
                period = moderator.post("/periods", span).await.expect(201).json["id"].clone();
            }
            EndPeriod => {
                let path = format!("/periods/{period}");
                moderator
                    .call(Method::DELETE, &path, None)
                    .await
                    .expect(200);
            }
        }
    }
    let held = moderator.get(&format!("/held?tool={TOOL}")).await;
    assert!(!held["items"].as_array().expect("items").is_empty());
    let [counted, held] = &twins;
    assert_eq!(counted.answers, held.answers);
    assert!(counted.answers.iter().any(|(_, grew, _)| *grew == 0));
    let changes = counted.changes(&moderator).await;
    assert_eq!(changes, held.changes(&moderator).await);
    assert_eq!(changes.len(), 4, "{changes:?}");
    moderator.server.setup.verify().await;
}

/// Held voters at the same time, whose acts are committed together: no version is told with two tallies.
async fn acts_of_one_batch_have_a_version_each(backend: Backend) {
    let moderator = Moderator::at(on(backend).start().await).await;
    let voters = moderator.server.setup.mint(60).await;
    let cast = |voter, choice| ask(&moderator.client, voter, TOOL, choice, "198.51.100.7", "x");
    for voter in &voters {
        cast(voter, "ship").send().await.expect(201);
    }
    let calls = voters[28..]
        .iter()
        .enumerate()
        .map(|(n, voter)| match n % 2 {
            0 => cast(voter, "skip"),
            _ => moderator.client.withdrawal(voter, TOOL),
        });
    let mut told: BTreeMap<i64, Value> = BTreeMap::new();
    for answer in join_all(calls.map(|call| call.send())).await {
        let tally = answer.expect(200).json["tally"].clone();
        let version = tally["version"].as_i64().expect("a version");
        let before = told
            .entry(version)
            .or_insert_with(|| tally["community"].clone());
        assert_eq!(*before, tally["community"], "version {version}");
    }
}
