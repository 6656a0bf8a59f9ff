//! Excluded periods, past and to come; freezing; what the tally shows of it.
use super::{Moderator, OTHER, TOOL};
use crate::harness::{Backend, eventually};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    a_past_span_leaves_the_tally_and_comes_back,
    inside_a_period_to_come_votes_are_set_aside_at_once,
    periods_and_resets_overlap_in_any_order,
    a_period_that_cannot_be_is_refused,
    of_many_deletions_at_once_one_counts,
    a_period_of_another_century_is_no_difference,
);

async fn exclude(moderator: &Moderator, from: &Value, to: &Value) -> Value {
    moderator
        .post(
            "/periods",
            json!({"tool": TOOL, "from": from, "to": to, "reason": "a raid"}),
        )
        .await
        .expect(201)
        .json
}

async fn a_period_of_another_century_is_no_difference(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let (from, to) = (json!("1895-01-01T00:00:00Z"), json!("1899-01-01T00:00:00Z"));
    let period = exclude(&moderator, &from, &to).await;
    moderator.server.verify().await;
    include(&moderator, &period).await;
    moderator.server.verify().await;
}

async fn include(moderator: &Moderator, period: &Value) -> Value {
    let path = format!("/periods/{}", period["id"]);
    moderator
        .call(Method::DELETE, &path, None)
        .await
        .expect(200)
        .json
}

fn ahead() -> (Value, Value) {
    (json!("2020-01-01T00:00:00Z"), json!("2100-01-01T00:00:00Z"))
}

async fn a_past_span_leaves_the_tally_and_comes_back(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("ship", 3).await;
    let raid = moderator.voters("skip", 4).await;
    moderator.voters("ship", 2).await;
    let feed = moderator.get(&format!("/votes?tool={TOOL}")).await;
    let cast_at = |n: usize| feed["items"][n]["cast_at"].clone();
    let (from, to) = (cast_at(5), cast_at(1));
    let version = moderator.version().await;
    let body = json!({"tool": TOOL, "from": from, "to": to, "reason": "r", "dry_run": true});
    assert_eq!(
        moderator.post("/periods", body).await.expect(200).json["matched"],
        4
    );
    let period = exclude(&moderator, &from, &to).await;
    assert_eq!(
        (&period["matched"], &period["undone"]),
        (&json!(4), &json!(false))
    );
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((5, 0), (0, 4))
    );
    assert_eq!(moderator.version().await, version + 1);
    // Its span is past, so casting again counts.
    moderator
        .client
        .put_vote(&raid[0], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((5, 1), (0, 3))
    );
    assert_eq!(
        moderator.get(&format!("/periods?tool={TOOL}")).await["items"][0]["id"],
        period["id"]
    );
    assert_eq!(
        moderator.get(&format!("/periods?tool={OTHER}")).await["items"],
        json!([])
    );
    moderator.server.verify().await;
    assert_eq!(include(&moderator, &period).await["restored"], 3);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((5, 4), (0, 0))
    );
    let path = format!("/periods/{}", period["id"]);
    moderator
        .call(Method::DELETE, &path, None)
        .await
        .problem(404, "not-found");
    assert_eq!(moderator.get("/periods").await["items"], json!([]));
    assert_eq!(
        moderator.get("/periods?all=true").await["items"][0]["undone"],
        true
    );
    moderator.server.verify().await;
}

async fn inside_a_period_to_come_votes_are_set_aside_at_once(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let early = moderator.voters("ship", 2).await;
    let (_, to) = ahead();
    let before = moderator.client.tally(TOOL).await;
    // From now on; the early ones were cast before it.
    let from = json!(moderator.reset(json!({"dry_run": true})).await.json["to"]);
    let period = exclude(&moderator, &from, &to).await;
    assert_eq!(period["matched"], 0);
    assert_eq!(moderator.client.tally(TOOL).await, before, "nothing moved");
    let voter = moderator.client.visitor().await;
    let cast = moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(201)
        .json;
    assert_eq!(cast["vote"]["choice"], "skip", "it shows to its voter");
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((2, 0), (0, 1))
    );
    let version = moderator.version().await;
    moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(
        moderator.version().await,
        version,
        "the same again changes nothing"
    );
    moderator
        .client
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(200);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((2, 0), (1, 0))
    );
    // One of before the period, changed inside it, leaves the tally; said again as it was, it stays.
    moderator
        .client
        .put_vote(&early[0], TOOL, "ship")
        .await
        .expect(200);
    assert_eq!(moderator.counts().await, (2, 0));
    moderator
        .client
        .put_vote(&early[0], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((1, 0), (1, 1))
    );
    moderator.client.delete_vote(&voter, TOOL).await.expect(200);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((1, 0), (0, 1))
    );
    let feed = moderator.get(&format!("/votes?tool={TOOL}")).await;
    assert_eq!(
        (&feed["items"][0]["counted"], &feed["items"][1]["counted"]),
        (&json!(false), &json!(true))
    );
    moderator.server.verify().await;
    assert_eq!(include(&moderator, &period).await["restored"], 1);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((1, 1), (0, 0))
    );
    moderator.voters("ship", 1).await;
    assert_eq!(moderator.counts().await, (2, 1), "the period is over");
    moderator.server.verify().await;
}

async fn periods_and_resets_overlap_in_any_order(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("ship", 4).await;
    let (from, to) = ahead();
    // A reset first, a period over the same votes, the reset undone: the period keeps them out.
    let reset = moderator.reset(json!({})).await.expect(201).json;
    let period = exclude(&moderator, &from, &to).await;
    assert_eq!(period["matched"], 0, "they were out already");
    assert_eq!(
        moderator.undo(&reset["id"]).await.expect(200).json["restored"],
        0
    );
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((0, 0), (4, 0))
    );
    moderator.server.verify().await;
    // A second period over the first, and the first deleted: the second keeps them out.
    let second = exclude(&moderator, &from, &to).await;
    moderator.voters("skip", 2).await;
    assert_eq!(include(&moderator, &period).await["restored"], 0);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((0, 0), (4, 2))
    );
    moderator.server.verify().await;
    assert_eq!(include(&moderator, &second).await["restored"], 6);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((4, 2), (0, 0))
    );
    // A period first: a reset takes nothing of what it has out, and only what counts.
    let period = exclude(&moderator, &from, &to).await;
    assert_eq!(period["matched"], 6);
    assert_eq!(
        moderator.reset(json!({})).await.expect(201).json["matched"],
        0
    );
    include(&moderator, &period).await;
    assert_eq!(moderator.counts().await, (4, 2));
    moderator.server.verify().await;
}

async fn a_period_that_cannot_be_is_refused(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let (from, to) = ahead();
    let good = json!({"tool": TOOL, "from": from, "to": to, "reason": "r"});
    for (field, bad, named) in [
        ("from", json!("2100-01-02T00:00:00Z"), "to"),
        ("from", Value::Null, "from"),
        ("to", json!("soon"), "to"),
        ("reason", json!(""), "reason"),
        ("extra", json!(1), "extra"),
    ] {
        let mut body = good.clone();
        body[field] = bad;
        let answer = moderator
            .post("/periods", body)
            .await
            .problem(422, "invalid");
        assert!(
            answer.json["detail"]
                .as_str()
                .expect("detail")
                .contains(named),
            "{}",
            answer.text
        );
    }
    let mut body = good.clone();
    body["tool"] = json!("nothing-there");
    moderator
        .post("/periods", body)
        .await
        .problem(404, "unknown-tool");
    moderator
        .call(Method::DELETE, "/periods/1", None)
        .await
        .problem(404, "not-found");
    // A reset is no period.
    let reset = moderator.reset(json!({})).await.expect(201).json;
    let path = format!("/periods/{}", reset["id"]);
    moderator
        .call(Method::DELETE, &path, None)
        .await
        .problem(404, "not-found");
}

/// However many delete a period at once, one does, and its votes come back once.
async fn of_many_deletions_at_once_one_counts(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("ship", 3).await;
    let (guard, (from, to)) = (Duration::from_secs(60), ahead());
    eventually("one came too late by a hair", guard, async || {
        let made = exclude(&moderator, &from, &to).await;
        assert_eq!(moderator.counts().await, (0, 0));
        let path = format!("/periods/{}", made["id"]);
        let deletions = (0..8).map(|_| moderator.call(Method::DELETE, &path, None));
        let answers = join_all(deletions).await;
        let of = |status: u16| {
            let same = answers.iter().filter(|answer| answer.status == status);
            same.count()
        };
        assert_eq!((of(200), of(404) + of(409)), (1, 7));
        assert_eq!(moderator.counts().await, (3, 0));
        of(409) > 0
    })
    .await;
    moderator.server.verify().await;
}
