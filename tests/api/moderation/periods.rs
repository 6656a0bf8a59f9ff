//! Excluded periods, past and to come; freezing; what the tally shows of it.
use super::{Desk, OTHER, TOOL};
use crate::harness::Backend;
use crate::harness::server::Home;
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    a_past_span_leaves_the_tally_and_comes_back,
    inside_a_period_to_come_votes_are_set_aside_at_once,
    periods_and_resets_overlap_in_any_order,
    a_period_that_cannot_be_is_refused,
    a_tool_is_frozen_and_opened,
    the_tally_says_what_is_set_aside,
    the_public_log_names_nobody
);

async fn exclude(desk: &Desk, from: &Value, to: &Value) -> Value {
    desk.post(
        "/periods",
        json!({"tool": TOOL, "from": from, "to": to, "reason": "a raid"}),
    )
    .await
    .expect(201)
    .json
}

async fn include(desk: &Desk, period: &Value) -> Value {
    let path = format!("/periods/{}", period["id"]);
    desk.call(Method::DELETE, &path, None)
        .await
        .expect(200)
        .json
}

fn ahead() -> (Value, Value) {
    (json!("2020-01-01T00:00:00Z"), json!("2100-01-01T00:00:00Z"))
}

async fn a_past_span_leaves_the_tally_and_comes_back(backend: Backend) {
    let desk = Desk::new(backend).await;
    desk.voters("ship", 3).await;
    let raid = desk.voters("skip", 4).await;
    desk.voters("ship", 2).await;
    let feed = desk.get(&format!("/votes?tool={TOOL}")).await;
    let cast_at = |n: usize| feed["items"][n]["cast_at"].clone();
    let (from, to) = (cast_at(5), cast_at(1));
    let version = desk.version().await;
    let body = json!({"tool": TOOL, "from": from, "to": to, "reason": "r", "dry_run": true});
    assert_eq!(
        desk.post("/periods", body).await.expect(200).json["matched"],
        4
    );
    let period = exclude(&desk, &from, &to).await;
    assert_eq!(
        (&period["matched"], &period["undone"]),
        (&json!(4), &json!(false))
    );
    assert_eq!((desk.counts().await, desk.aside().await), ((5, 0), (0, 4)));
    assert_eq!(desk.version().await, version + 1);
    // Its span is past, so casting again counts.
    desk.client
        .put_vote(&raid[0], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!((desk.counts().await, desk.aside().await), ((5, 1), (0, 3)));
    assert_eq!(
        desk.get(&format!("/periods?tool={TOOL}")).await["items"][0]["id"],
        period["id"]
    );
    assert_eq!(
        desk.get(&format!("/periods?tool={OTHER}")).await["items"],
        json!([])
    );
    desk.server.verify().await;
    assert_eq!(include(&desk, &period).await["restored"], 3);
    assert_eq!((desk.counts().await, desk.aside().await), ((5, 4), (0, 0)));
    let path = format!("/periods/{}", period["id"]);
    desk.call(Method::DELETE, &path, None)
        .await
        .problem(404, "not-found");
    assert_eq!(desk.get("/periods").await["items"], json!([]));
    assert_eq!(
        desk.get("/periods?all=true").await["items"][0]["undone"],
        true
    );
    desk.server.verify().await;
}

async fn inside_a_period_to_come_votes_are_set_aside_at_once(backend: Backend) {
    let desk = Desk::new(backend).await;
    let early = desk.voters("ship", 2).await;
    let (_, to) = ahead();
    let before = desk.client.tally(TOOL).await;
    // From now on; the early ones were cast before it.
    let from = json!(desk.reset(json!({"dry_run": true})).await.json["to"]);
    let period = exclude(&desk, &from, &to).await;
    assert_eq!(period["matched"], 0);
    assert_eq!(desk.client.tally(TOOL).await, before, "nothing moved");
    let voter = desk.client.visitor().await;
    let cast = desk
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(201)
        .json;
    assert_eq!(cast["vote"]["choice"], "skip", "it shows to its voter");
    assert_eq!((desk.counts().await, desk.aside().await), ((2, 0), (0, 1)));
    let version = desk.version().await;
    desk.client.put_vote(&voter, TOOL, "skip").await.expect(200);
    assert_eq!(
        desk.version().await,
        version,
        "the same again changes nothing"
    );
    desk.client.put_vote(&voter, TOOL, "ship").await.expect(200);
    assert_eq!((desk.counts().await, desk.aside().await), ((2, 0), (1, 0)));
    // One of before the period, changed inside it, leaves the tally; said again as it was, it stays.
    desk.client
        .put_vote(&early[0], TOOL, "ship")
        .await
        .expect(200);
    assert_eq!(desk.counts().await, (2, 0));
    desk.client
        .put_vote(&early[0], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!((desk.counts().await, desk.aside().await), ((1, 0), (1, 1)));
    desk.client.delete_vote(&voter, TOOL).await.expect(200);
    assert_eq!((desk.counts().await, desk.aside().await), ((1, 0), (0, 1)));
    let feed = desk.get(&format!("/votes?tool={TOOL}")).await;
    assert_eq!(
        (&feed["items"][0]["counted"], &feed["items"][1]["counted"]),
        (&json!(false), &json!(true))
    );
    desk.server.verify().await;
    assert_eq!(include(&desk, &period).await["restored"], 1);
    assert_eq!((desk.counts().await, desk.aside().await), ((1, 1), (0, 0)));
    desk.voters("ship", 1).await;
    assert_eq!(desk.counts().await, (2, 1), "the period is over");
    desk.server.verify().await;
}

async fn periods_and_resets_overlap_in_any_order(backend: Backend) {
    let desk = Desk::new(backend).await;
    desk.voters("ship", 4).await;
    let (from, to) = ahead();
    // A reset first, a period over the same votes, the reset undone: the period keeps them out.
    let reset = desk.reset(json!({})).await.expect(201).json;
    let period = exclude(&desk, &from, &to).await;
    assert_eq!(period["matched"], 0, "they were out already");
    assert_eq!(
        desk.undo(&reset["id"]).await.expect(200).json["restored"],
        0
    );
    assert_eq!((desk.counts().await, desk.aside().await), ((0, 0), (4, 0)));
    desk.server.verify().await;
    // A second period over the first, and the first deleted: the second keeps them out.
    let second = exclude(&desk, &from, &to).await;
    desk.voters("skip", 2).await;
    assert_eq!(include(&desk, &period).await["restored"], 0);
    assert_eq!((desk.counts().await, desk.aside().await), ((0, 0), (4, 2)));
    desk.server.verify().await;
    assert_eq!(include(&desk, &second).await["restored"], 6);
    assert_eq!((desk.counts().await, desk.aside().await), ((4, 2), (0, 0)));
    // A period first: a reset takes nothing of what it has out, and only what counts.
    let period = exclude(&desk, &from, &to).await;
    assert_eq!(period["matched"], 6);
    assert_eq!(desk.reset(json!({})).await.expect(201).json["matched"], 0);
    include(&desk, &period).await;
    assert_eq!(desk.counts().await, (4, 2));
    desk.server.verify().await;
}

async fn a_period_that_cannot_be_is_refused(backend: Backend) {
    let desk = Desk::new(backend).await;
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
        let answer = desk.post("/periods", body).await.problem(422, "invalid");
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
    desk.post("/periods", body)
        .await
        .problem(404, "unknown-tool");
    desk.call(Method::DELETE, "/periods/1", None)
        .await
        .problem(404, "not-found");
    // A reset is no period.
    let reset = desk.reset(json!({})).await.expect(201).json;
    let path = format!("/periods/{}", reset["id"]);
    desk.call(Method::DELETE, &path, None)
        .await
        .problem(404, "not-found");
}

async fn a_tool_is_frozen_and_opened(backend: Backend) {
    let desk = Desk::new(backend).await;
    let voters = desk.voters("ship", 2).await;
    let version = desk.version().await;
    let set = async |slug: &str, body: Value| {
        desk.call(Method::PUT, &format!("/tools/{slug}/state"), Some(body))
            .await
    };
    let frozen = json!({"state": "frozen", "reason": "a raid"});
    let answer = set(TOOL, frozen.clone()).await.expect(200).json;
    assert_eq!(
        (&answer["state"], &answer["version"]),
        (&json!("frozen"), &json!(version + 1))
    );
    desk.client
        .put_vote(&voters[0], TOOL, "skip")
        .await
        .problem(423, "frozen");
    desk.client
        .delete_vote(&voters[0], TOOL)
        .await
        .problem(423, "frozen");
    // Moderators go on meanwhile.
    let reset = desk.reset(json!({})).await.expect(201).json;
    desk.client
        .put_vote(&voters[0], TOOL, "ship")
        .await
        .problem(423, "frozen");
    set(TOOL, frozen.clone()).await.expect(200);
    set(TOOL, json!({"state": "open", "reason": "it is over"}))
        .await
        .expect(200);
    desk.client
        .put_vote(&voters[0], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(desk.undo(&reset["id"]).await.json["restored"], 1);
    assert_eq!(desk.counts().await, (1, 1));
    for bad in [
        json!({"state": "archived", "reason": "r"}),
        json!({"state": "frozen"}),
        json!({"state": "frozen", "reason": ""}),
    ] {
        set(TOOL, bad).await.problem(422, "invalid");
    }
    set("nothing-there", frozen.clone())
        .await
        .problem(404, "unknown-tool");
    let site = super::staff(&desk.server, "site").await;
    let archive = desk
        .client
        .delete(&format!("/v1/tools/{OTHER}"))
        .bearer(&site);
    archive.send().await.expect(200);
    set(OTHER, frozen).await.problem(410, "archived");
    desk.server.verify().await;
}

async fn the_tally_says_what_is_set_aside(backend: Backend) {
    let home = Home::new(backend);
    let setup = home
        .setup()
        .generous()
        .env("TALLYSHIP_TALLY__SHOW_SET_ASIDE", "on");
    let desk = Desk::at(setup.start().await).await;
    desk.voters("ship", 6).await;
    desk.voters("skip", 6).await;
    assert_eq!(desk.client.tally(TOOL).await["community"]["set_aside"], 0);
    desk.reset(json!({"choice": "skip"})).await.expect(201);
    let tally = desk.client.tally(TOOL).await;
    assert_eq!(
        (
            &tally["community"]["set_aside"],
            &tally["community"]["percent"]
        ),
        (&json!(6), &json!(100))
    );
    assert!(tally.get("raw").is_none());
    for path in [
        format!("/v1/tools/{TOOL}/tally?include=set-aside"),
        format!("/v1/tallies?tools={TOOL},{OTHER}&include=set-aside"),
        format!("/v1/tools/{TOOL}?include=set-aside"),
    ] {
        let answer = desk.client.get(&path).send().await.expect(200);
        let body = &answer.json;
        let tally = [&body["tallies"][0], &body["tally"], body]
            .into_iter()
            .find(|tally| tally["community"].is_object())
            .expect("a tally");
        let raw = &tally["raw"];
        assert_eq!(
            (&raw["ship"], &raw["skip"], &raw["votes"], &raw["percent"]),
            (&json!(6), &json!(6), &json!(12), &json!(50)),
            "{path}"
        );
        let etag = answer.header("etag").expect("etag").to_owned();
        let again = desk
            .client
            .get(&path)
            .header("if-none-match", &etag)
            .send()
            .await;
        again.expect(304);
    }
    let bad = desk
        .client
        .get(&format!("/v1/tools/{TOOL}/tally?include=everything"));
    bad.send().await.problem(422, "invalid");
}

async fn the_public_log_names_nobody(backend: Backend) {
    let desk = Desk::new(backend).await;
    let log = async |desk: &Desk| desk.client.get("/v1/moderation/log").send().await;
    log(&desk).await.problem(404, "not-found");
    let setup = desk
        .server
        .setup
        .clone()
        .env("TALLYSHIP_MODERATION__PUBLIC_LOG", "on");
    desk.voters("ship", 2).await;
    let voter = desk.get("/votes").await["items"][0]["voter"].clone();
    let made = desk
        .reset(json!({"voter": voter, "reason": "Mallory again"}))
        .await
        .expect(201)
        .json;
    desk.undo(&made["id"]).await.expect(200);
    drop(desk);
    let desk = Desk::at(setup.start().await).await;
    let shown = log(&desk).await.expect(200);
    let item = &shown.json["items"][0];
    assert_eq!(
        (&item["kind"], &item["tool"], &item["votes"]),
        (&json!("reset"), &json!(TOOL), &json!(1))
    );
    assert!(item["at"].is_string() && item["undone_at"].is_string());
    for private in [
        "Mallory",
        voter.as_str().expect("text"),
        "moderator",
        "network",
    ] {
        assert!(!shown.text.contains(private), "{private}: {}", shown.text);
    }
}
