//! Resets, periods and freezes by hand: each says what it would do, needs a reason, is done, and taken back.
use super::{Seat, field};
use crate::harness::Backend;
use crate::harness::desk::value;
use crate::moderation::TOOL;
use serde_json::json;

crate::both!(
    a_reset_says_its_numbers_is_carried_out_and_undone,
    a_plan_that_no_longer_holds_is_shown_afresh,
    a_reset_bans_and_its_undo_lifts,
    a_period_is_excluded_and_deleted,
    a_tool_is_frozen_and_reopened,
);

const PREVIEW: &str = "/moderation/reset?tool=codestral-2&choice=ship";

async fn a_reset_says_its_numbers_is_carried_out_and_undone(backend: Backend) {
    let seat = Seat::new(backend).await;
    seat.desk.voters("skip", 6).await;
    seat.desk.voters("ship", 9).await;
    let (before, tally) = (seat.everything(), seat.desk.client.tally(TOOL).await);
    let page = seat.page(PREVIEW).await;
    assert_eq!(field(&page, "matched"), "9 votes");
    assert_eq!(
        (field(&page, "before"), field(&page, "after")),
        ("60%", "0%")
    );
    assert!(page.contains("from 1 network"), "{page}");
    assert_eq!(seat.everything(), before, "a preview changes nothing");
    let plan = value(&page, "plan").expect("a plan");
    let with = |reason| {
        [
            ("tool", TOOL),
            ("choice", "ship"),
            ("plan", plan.as_str()),
            ("reason", reason),
        ]
    };
    let long = "x".repeat(1_001);
    for reason in ["", "   ", long.as_str()] {
        let again = seat
            .post("/moderation/resets", &with(reason))
            .await
            .page(422);
        assert!(again.text.contains("reason: expected"), "{}", again.text);
        assert_eq!(
            field(&again.text, "matched"),
            "9 votes",
            "the preview is there again"
        );
    }
    assert_eq!(
        seat.everything(),
        before,
        "without a reason nothing is done"
    );
    let to = seat
        .done("/moderation/resets", &with("A ring, one network"))
        .await;
    assert_eq!(seat.desk.counts().await, (0, 6));
    let page = seat.page(&to).await;
    assert_eq!(field(&page, "now"), "0%");
    assert!(
        page.contains("A ring, one network") && page.contains("the moderator"),
        "{page}"
    );
    let list = seat.page("/moderation/resets").await;
    assert!(list.contains(&format!("{to}/undo")), "{list}");

    let before = seat.everything();
    let undo = format!("{to}/undo");
    let page = seat.page(&undo).await;
    assert_eq!(field(&page, "matched"), "9 votes");
    assert_eq!(
        (field(&page, "before"), field(&page, "after")),
        ("0%", "60%")
    );
    seat.post(&undo, &[("reason", " ")]).await.page(422);
    assert_eq!(
        seat.everything(),
        before,
        "neither the preview nor a form without a reason"
    );
    assert_eq!(seat.done(&undo, &[("reason", "They were real")]).await, to);
    let now = seat.desk.client.tally(TOOL).await;
    assert_eq!(now["community"], tally["community"]);
    assert!(seat.page(&to).await.contains("They were real"));
    // Once only.
    seat.get(&undo).await.page(409);
    seat.post(&undo, &[("reason", "again")]).await.page(409);
    let audit = seat.desk.get("/audit").await;
    let acts: Vec<&str> = audit["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|entry| entry["act"].as_str().expect("act"))
        .filter(|act| *act != "visitors.mint")
        .collect();
    assert_eq!(acts[..3], ["reset.undo", "reset", "session.begin"]);
    let page = seat.page("/moderation/audit").await;
    assert!(
        page.contains("They were real") && page.contains("A ring, one network"),
        "{page}"
    );
    let by = audit["items"][1]["actor_id"].as_str().expect("who");
    assert!(by.ends_with(" via dashboard"), "{by}");
    assert_eq!(page.matches(by).count(), 2, "reset and undo: {page}");
    seat.desk.server.verify().await;
}

async fn a_plan_that_no_longer_holds_is_shown_afresh(backend: Backend) {
    let seat = Seat::new(backend).await;
    let ring = seat.desk.voters("ship", 5).await;
    let page = seat.page(PREVIEW).await;
    let plan = value(&page, "plan").expect("a plan");
    // One of them thinks again meanwhile.
    seat.desk
        .client
        .put_vote(&ring[0], TOOL, "skip")
        .await
        .expect(200);
    let before = seat.everything();
    let fields = |plan| {
        [
            ("tool", TOOL),
            ("choice", "ship"),
            ("plan", plan),
            ("reason", "a \"ring\""),
        ]
    };
    let again = seat
        .post("/moderation/resets", &fields(plan.as_str()))
        .await
        .page(409);
    assert_eq!(seat.everything(), before, "nothing was done");
    assert_eq!(field(&again.text, "matched"), "4 votes", "a fresh preview");
    assert!(
        again.text.contains("a &#34;ring&#34;</textarea>"),
        "what was typed stays: {}",
        again.text
    );
    for bad in ["", "x", "1-00"] {
        seat.post("/moderation/resets", &fields(bad))
            .await
            .page(422);
    }
    let fresh = value(&again.text, "plan").expect("a plan");
    assert_ne!(fresh, plan);
    seat.done("/moderation/resets", &fields(fresh.as_str()))
        .await;
    assert_eq!(seat.desk.counts().await, (0, 1));
    seat.post("/moderation/resets", &fields(fresh.as_str()))
        .await
        .page(409);
    let unknown = [
        ("tool", "nothing-there"),
        ("plan", fresh.as_str()),
        ("reason", "x"),
    ];
    seat.post("/moderation/resets", &unknown).await.page(404);
    seat.desk.server.verify().await;
}

async fn a_reset_bans_and_its_undo_lifts(backend: Backend) {
    let seat = Seat::new(backend).await;
    let ring = seat.desk.voters("ship", 3).await;
    let plan = value(&seat.page(PREVIEW).await, "plan").expect("a plan");
    let with = |until| {
        [
            ("tool", TOOL),
            ("choice", "ship"),
            ("plan", plan.as_str()),
            ("reason", "bots"),
            ("ban", "yes"),
            ("ban_until", until),
        ]
    };
    let past = seat
        .post("/moderation/resets", &with("2020-01-01T00:00"))
        .await
        .page(422);
    assert!(
        past.text
            .contains("ban_until: expected a time in the future"),
        "{}",
        past.text
    );
    assert!(
        past.text.contains("value=\"yes\" checked"),
        "what was ticked stays: {}",
        past.text
    );
    let to = seat
        .done("/moderation/resets", &with("2100-01-01T00:00"))
        .await;
    let refused = seat.desk.client.put_vote(&ring[0], TOOL, "ship").await;
    refused.problem(403, "voter-banned");
    let bans = seat.page("/moderation/bans").await;
    assert_eq!(bans.matches("1 Jan 2100, 00:00:00").count(), 3, "{bans}");
    let undo = format!("{to}/undo");
    assert!(
        seat.page(&undo).await.contains("3 bans"),
        "the preview says so"
    );
    seat.done(&undo, &[("reason", "no bots")]).await;
    assert!(
        seat.page("/moderation/bans")
            .await
            .contains("Nobody is banned")
    );
    seat.desk
        .client
        .put_vote(&ring[0], TOOL, "skip")
        .await
        .expect(200);
    seat.desk.server.verify().await;
}

async fn a_period_is_excluded_and_deleted(backend: Backend) {
    let seat = Seat::new(backend).await;
    seat.desk.voters("ship", 6).await;
    let tally = seat.desk.client.tally(TOOL).await;
    let before = seat.everything();
    let (from, to) = ("2020-01-01T00:00:00", "2100-01-01T00:00:00");
    let new =
        |from: &str, to: &str| format!("/moderation/periods/new?tool={TOOL}&from={from}&to={to}");
    let page = seat.page(&new(from, to)).await;
    assert_eq!(field(&page, "matched"), "6 votes");
    assert_eq!(
        (field(&page, "before"), field(&page, "after")),
        ("100%", "—")
    );
    for (from, to) in [("", to), (from, ""), (to, from), (from, "tomorrow")] {
        seat.get(&new(from, to)).await.page(422);
    }
    let with = |reason| {
        [
            ("tool", TOOL),
            ("from", from),
            ("to", to),
            ("reason", reason),
        ]
    };
    let again = seat.post("/moderation/periods", &with("")).await.page(422);
    assert_eq!(field(&again.text, "matched"), "6 votes");
    let unknown = [
        ("tool", "nothing-there"),
        ("from", from),
        ("to", to),
        ("reason", "x"),
    ];
    seat.post("/moderation/periods", &unknown).await.page(404);
    assert_eq!(seat.everything(), before);
    seat.done("/moderation/periods", &with("A raid")).await;
    assert_eq!(
        (seat.desk.counts().await, seat.desk.aside().await),
        ((0, 0), (6, 0))
    );
    let tool = seat.page(&format!("/moderation/tools/{TOOL}")).await;
    assert!(
        tool.contains("A raid") && tool.contains("class=\"hatched\""),
        "{tool}"
    );
    assert_eq!(field(&tool, "aside"), "6 votes");

    let id = seat.desk.get("/periods").await["items"][0]["id"].to_string();
    let delete = format!("/moderation/periods/{id}/delete");
    let before = seat.everything();
    let page = seat.page(&delete).await;
    assert_eq!(
        (field(&page, "matched"), field(&page, "after")),
        ("6 votes", "100%")
    );
    seat.post(&delete, &[("reason", "")]).await.page(422);
    assert_eq!(seat.everything(), before);
    seat.done(&delete, &[("reason", "No raid")]).await;
    assert_eq!(
        seat.desk.client.tally(TOOL).await["community"],
        tally["community"]
    );
    seat.get(&delete).await.page(409);
    seat.post(&delete, &[("reason", "again")]).await.page(409);
    // A period is no reset.
    seat.get(&format!("/moderation/resets/{id}"))
        .await
        .page(404);
    assert!(seat.page("/moderation/periods").await.contains("No raid"));
    seat.desk.server.verify().await;
}

async fn a_tool_is_frozen_and_reopened(backend: Backend) {
    let seat = Seat::new(backend).await;
    let voter = seat.desk.client.visitor().await;
    let state = format!("/moderation/tools/{TOOL}/state");
    let before = seat.everything();
    let page = seat.page(&state).await;
    assert_eq!(
        value(&page, "state").as_deref(),
        Some("frozen"),
        "what is offered"
    );
    seat.post(&state, &[("state", "frozen"), ("reason", "")])
        .await
        .page(422);
    seat.post(&state, &[("state", "archived"), ("reason", "x")])
        .await
        .page(422);
    assert_eq!(seat.everything(), before);
    seat.desk
        .client
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    let to = seat
        .done(&state, &[("state", "frozen"), ("reason", "A rush")])
        .await;
    assert!(seat.page(&to).await.contains("Frozen"));
    assert!(seat.page("/moderation").await.contains(">frozen<"));
    seat.desk
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .problem(423, "frozen");
    let page = seat.page(&state).await;
    assert_eq!(value(&page, "state").as_deref(), Some("open"));
    seat.done(&state, &[("state", "open"), ("reason", "It is over")])
        .await;
    seat.desk
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(200);
    let entry = &seat.desk.get("/audit?limit=1").await["items"][0];
    assert_eq!(
        (&entry["act"], &entry["reason"]),
        (&json!("tool.state"), &json!("It is over"))
    );
    seat.desk.server.verify().await;
}
