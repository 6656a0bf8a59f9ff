//! Merges and the holding rule: one hand moves the target by twenty at most by them too, and they tell no voter what is held.
use super::held::on;
use super::merges::{counts, merge, merged, sound};
use super::one_hand::{Hand, SHIP, SKIP, at_most_twenty, tools};
use super::{Moderator, OTHER, TOOL};
use crate::harness::{Backend, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

crate::both!(
    one_hand_moves_the_target_by_twenty_at_most,
    nothing_tells_a_held_voter_of_a_merge
);

async fn one_hand_moves_the_target_by_twenty_at_most(backend: Backend) {
    let server = on(backend).env("TALLYSHIP_ABUSE__CLEAR_AFTER", "1s");
    let moderator = Moderator::at(server.start().await).await;
    let tools = tools(&moderator).await;
    let half = |nth: usize| if nth.is_multiple_of(2) { SKIP } else { SHIP };

    // Twenty voters on the tool, and twenty others on the target.
    for tool in &tools[..2] {
        let hand = Hand::new(&moderator, 20, "198.51.100.1").await;
        hand.all(tool, |_| SHIP).await;
    }
    let first = merged(&moderator, &tools[0], &tools[1]).await;
    assert_eq!(moderator.client.counts(&tools[1]).await, (20, 0));

    // On the tool they were a crowd, and on the target they turn.
    let hand = Hand::new(&moderator, 120, "198.51.100.2").await;
    hand.all(&tools[2], half).await;
    let second = merged(&moderator, &tools[2], &tools[3]).await;
    assert_eq!(moderator.client.counts(&tools[3]).await, (60, 60));
    hand.all(&tools[3], |_| SHIP).await;
    at_most_twenty(&moderator, &tools[3], "they turned").await;

    // The merge itself turns votes of the target.
    let mut hand = Hand::new(&moderator, 60, "198.51.100.3").await;
    hand.all(&tools[5], half).await;
    let dissent = Hand::new(&moderator, 10, "198.51.100.3").await;
    dissent.all(&tools[4], |_| SKIP).await;
    hand.voters = hand.voters.into_iter().step_by(2).collect();
    hand.all(&tools[4], |_| SHIP).await;
    assert_eq!(moderator.client.counts(&tools[4]).await, (30, 10));
    let third = merged(&moderator, &tools[4], &tools[5]).await;
    assert_eq!(
        (&third["added"], &third["changed"]),
        (&10.into(), &30.into())
    );
    at_most_twenty(&moderator, &tools[5], "the merge turned them").await;
    sound(&moderator).await;

    for report in [&first, &second, &third] {
        moderator.undo(&report["id"]).await.expect(200);
    }
    at_most_twenty(&moderator, &tools[3], "those who turned stay").await;
    for (tool, left) in [(0, (20, 0)), (2, (60, 60)), (4, (30, 10))] {
        assert_eq!(counts(&moderator, &tools[tool]).await, left);
    }
    // Votes of the target that were set aside count again.
    eventually("the all-clear", Duration::from_secs(60), async || {
        counts(&moderator, &tools[1]).await == (20, 0)
            && counts(&moderator, &tools[5]).await == (30, 30)
    })
    .await;
    sound(&moderator).await;
}

/// An answer without what differs between any two voters.
fn told(value: &Value) -> Value {
    const TOLD: [&str; 5] = ["choice", "counted", "new", "old", "tool"];
    match value {
        Value::Object(fields) => {
            let told = fields.iter().map(|(name, value)| {
                let is_told = TOLD.contains(&name.as_str());
                let value = if is_told { value.clone() } else { told(value) };
                (name.clone(), value)
            });
            Value::Object(told.collect())
        }
        Value::Array(items) => items.iter().map(told).collect(),
        Value::Null => Value::Null,
        _ => json!("_"),
    }
}

/// Asserts that both voters read the same of their votes.
async fn alike(moderator: &Moderator, voters: [&str; 2], when: &str) {
    for path in [
        format!("/v1/tools/{TOOL}/vote"),
        format!("/v1/tools/{OTHER}/vote"),
        format!("/v1/votes?tools={TOOL},{OTHER}"),
        "/v1/visitors/me".to_owned(),
    ] {
        let mut read = Vec::new();
        for voter in voters {
            let answer = moderator.client.get(&path).bearer(voter).send().await;
            let headers: BTreeSet<String> =
                answer.headers.keys().map(|name| name.to_string()).collect();
            read.push((answer.status, headers, told(&answer.json)));
        }
        assert_eq!(read[0], read[1], "{path}, {when}");
    }
}

async fn nothing_tells_a_held_voter_of_a_merge(backend: Backend) {
    let moderator = Moderator::at(on(backend).start().await).await;
    let client = &moderator.client;
    // Of each thirty the last ten are held. Two of those who have a vote on the target, one of them held, cast one on the tool later.
    let come = Hand::new(&moderator, 30, "198.51.100.1").await;
    come.all(TOOL, |_| SHIP).await;
    let have = Hand::new(&moderator, 30, "198.51.100.2").await;
    have.all(OTHER, |_| SKIP).await;
    let mut both = Hand::new(&moderator, 0, "203.0.113.5").await;
    both.voters = [0, 29].map(|nth: usize| have.voters[nth].clone()).into();
    both.all(TOOL, |_| SHIP).await;
    let all_alike = async |when: &str| {
        for hand in [&come, &have] {
            alike(&moderator, [&hand.voters[0], &hand.voters[29]], when).await;
        }
    };
    all_alike("before").await;
    let preview = merge(&moderator, TOOL, json!({"into": OTHER, "dry_run": true})).await;
    let report = merged(&moderator, TOOL, OTHER).await;
    for said in [&preview.expect(200).json, &report] {
        let numbers = ["matched", "added", "changed", "kept"];
        assert_eq!(numbers.map(|name| &said[name]), [22, 20, 2, 0]);
    }
    assert_eq!(client.counts(OTHER).await, (21, 19));
    for voter in [&come.voters[29], &have.voters[29]] {
        let own = client.get_vote(voter, OTHER).await.expect(200).json;
        assert_eq!(own["vote"]["choice"], "ship");
    }
    all_alike("merged").await;
    sound(&moderator).await;
    moderator.undo(&report["id"]).await.expect(200);
    assert_eq!(client.counts(OTHER).await, (0, 20));
    assert_eq!(client.counts(TOOL).await, (22, 0));
    all_alike("undone").await;
    sound(&moderator).await;

    // On the target they wait for a moderator as any other.
    let id = merged(&moderator, TOOL, OTHER).await["id"].clone();
    let body = json!({"tool": OTHER, "choice": "skip", "reason": "a ring"});
    let rejected = moderator.post("/held/reject", body).await.expect(200).json;
    assert_eq!(rejected["matched"], 9);
    let body = json!({"tool": OTHER, "reason": "a school class"});
    let released = moderator.post("/held/release", body).await.expect(200).json;
    assert_eq!(released["matched"], 11);
    assert_eq!(client.counts(OTHER).await, (32, 19));
    sound(&moderator).await;
    moderator.undo(&id).await.expect(200);
    // The voter of the target who was let count stays so.
    assert_eq!(client.counts(OTHER).await, (0, 21));
    assert_eq!(client.counts(TOOL).await, (22, 0));
    sound(&moderator).await;
}
