//! Resets, periods and freezes by hand: each says what it would do, needs a reason, is done, and taken back.
use super::{Dashboard, field};
use crate::harness::Backend;
use crate::harness::dashboard::value;
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
    let dashboard = Dashboard::new(backend).await;
    dashboard.moderator.voters("skip", 6).await;
    dashboard.moderator.voters("ship", 9).await;
    let (before, tally) = (
        dashboard.everything(),
        dashboard.moderator.client.tally(TOOL).await,
    );
    let page = dashboard.page(PREVIEW).await;
    assert_eq!(field(&page, "matched"), "9 votes");
    assert_eq!(
        (field(&page, "before"), field(&page, "after")),
        ("60%", "0%")
    );
    assert!(page.contains("from 1 network"), "{page}");
    assert_eq!(dashboard.everything(), before, "a preview changes nothing");
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
        let again = dashboard
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
        dashboard.everything(),
        before,
        "without a reason nothing is done"
    );
    let to = dashboard
        .done("/moderation/resets", &with("A ring, one network"))
        .await;
    assert_eq!(dashboard.moderator.counts().await, (0, 6));
    let page = dashboard.page(&to).await;
    assert_eq!(field(&page, "now"), "0%");
    assert!(
        page.contains("A ring, one network") && page.contains("the moderator"),
        "{page}"
    );
    let list = dashboard.page("/moderation/resets").await;
    assert!(list.contains(&format!("{to}/undo")), "{list}");

    let before = dashboard.everything();
    let undo = format!("{to}/undo");
    let page = dashboard.page(&undo).await;
    assert_eq!(field(&page, "matched"), "9 votes");
    assert_eq!(
        (field(&page, "before"), field(&page, "after")),
        ("0%", "60%")
    );
    dashboard.post(&undo, &[("reason", " ")]).await.page(422);
    assert_eq!(
        dashboard.everything(),
        before,
        "neither the preview nor a form without a reason"
    );
    assert_eq!(
        dashboard.done(&undo, &[("reason", "They were real")]).await,
        to
    );
    let now = dashboard.moderator.client.tally(TOOL).await;
    assert_eq!(now["community"], tally["community"]);
    assert!(dashboard.page(&to).await.contains("They were real"));
    // Once only.
    dashboard.get(&undo).await.page(409);
    dashboard
        .post(&undo, &[("reason", "again")])
        .await
        .page(409);
    let audit = dashboard.moderator.get("/audit").await;
    let acts: Vec<&str> = audit["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|entry| entry["act"].as_str().expect("act"))
        .filter(|act| *act != "visitors.mint")
        .collect();
    assert_eq!(acts[..3], ["reset.undo", "reset", "session.begin"]);
    let page = dashboard.page("/moderation/audit").await;
    assert!(
        page.contains("They were real") && page.contains("A ring, one network"),
        "{page}"
    );
    let by = audit["items"][1]["actor_id"].as_str().expect("who");
    assert!(by.ends_with(" via dashboard"), "{by}");
    assert_eq!(page.matches(by).count(), 2, "reset and undo: {page}");
    dashboard.moderator.server.verify().await;
}

async fn a_plan_that_no_longer_holds_is_shown_afresh(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let ring = dashboard.moderator.voters("ship", 5).await;
    let page = dashboard.page(PREVIEW).await;
    let plan = value(&page, "plan").expect("a plan");
    // One of them thinks again meanwhile.
    dashboard
        .moderator
        .client
        .put_vote(&ring[0], TOOL, "skip")
        .await
        .expect(200);
    let before = dashboard.everything();
    let fields = |plan| {
        [
            ("tool", TOOL),
            ("choice", "ship"),
            ("plan", plan),
            ("reason", "a \"ring\""),
        ]
    };
    let again = dashboard
        .post("/moderation/resets", &fields(plan.as_str()))
        .await
        .page(409);
    assert_eq!(dashboard.everything(), before, "nothing was done");
    assert_eq!(field(&again.text, "matched"), "4 votes", "a fresh preview");
    assert!(
        again.text.contains("a &#34;ring&#34;</textarea>"),
        "what was typed stays: {}",
        again.text
    );
    for bad in ["", "x", "1-00"] {
        dashboard
            .post("/moderation/resets", &fields(bad))
            .await
            .page(422);
    }
    let fresh = value(&again.text, "plan").expect("a plan");
    assert_ne!(fresh, plan);
    dashboard
        .done("/moderation/resets", &fields(fresh.as_str()))
        .await;
    assert_eq!(dashboard.moderator.counts().await, (0, 1));
    dashboard
        .post("/moderation/resets", &fields(fresh.as_str()))
        .await
        .page(409);
    let unknown = [
        ("tool", "nothing-there"),
        ("plan", fresh.as_str()),
        ("reason", "x"),
    ];
    dashboard
        .post("/moderation/resets", &unknown)
        .await
        .page(404);
    dashboard.moderator.server.verify().await;
}

async fn a_reset_bans_and_its_undo_lifts(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let ring = dashboard.moderator.voters("ship", 3).await;
    let plan = value(&dashboard.page(PREVIEW).await, "plan").expect("a plan");
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
    let past = dashboard
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
    let to = dashboard
        .done("/moderation/resets", &with("2100-01-01T00:00"))
        .await;
    let refused = dashboard
        .moderator
        .client
        .put_vote(&ring[0], TOOL, "ship")
        .await;
    refused.problem(403, "voter-banned");
    let bans = dashboard.page("/moderation/bans").await;
    assert_eq!(bans.matches("1 Jan 2100, 00:00:00").count(), 3, "{bans}");
    let undo = format!("{to}/undo");
    assert!(
        dashboard.page(&undo).await.contains("3 bans"),
        "the preview says so"
    );
    dashboard.done(&undo, &[("reason", "no bots")]).await;
    assert!(
        dashboard
            .page("/moderation/bans")
            .await
            .contains("Nobody is banned")
    );
    dashboard
        .moderator
        .client
        .put_vote(&ring[0], TOOL, "skip")
        .await
        .expect(200);
    dashboard.moderator.server.verify().await;
}

async fn a_period_is_excluded_and_deleted(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    dashboard.moderator.voters("ship", 6).await;
    let tally = dashboard.moderator.client.tally(TOOL).await;
    let before = dashboard.everything();
    let (from, to) = ("2020-01-01T00:00:00", "2100-01-01T00:00:00");
    let new =
        |from: &str, to: &str| format!("/moderation/periods/new?tool={TOOL}&from={from}&to={to}");
    let page = dashboard.page(&new(from, to)).await;
    assert_eq!(field(&page, "matched"), "6 votes");
    assert_eq!(
        (field(&page, "before"), field(&page, "after")),
        ("100%", "—")
    );
    for (from, to) in [("", to), (from, ""), (to, from), (from, "tomorrow")] {
        dashboard.get(&new(from, to)).await.page(422);
    }
    let with = |reason| {
        [
            ("tool", TOOL),
            ("from", from),
            ("to", to),
            ("reason", reason),
        ]
    };
    let again = dashboard
        .post("/moderation/periods", &with(""))
        .await
        .page(422);
    assert_eq!(field(&again.text, "matched"), "6 votes");
    let unknown = [
        ("tool", "nothing-there"),
        ("from", from),
        ("to", to),
        ("reason", "x"),
    ];
    dashboard
        .post("/moderation/periods", &unknown)
        .await
        .page(404);
    assert_eq!(dashboard.everything(), before);
    dashboard.done("/moderation/periods", &with("A raid")).await;
    assert_eq!(
        (
            dashboard.moderator.counts().await,
            dashboard.moderator.aside().await
        ),
        ((0, 0), (6, 0))
    );
    let tool = dashboard.page(&format!("/moderation/tools/{TOOL}")).await;
    assert!(
        tool.contains("A raid") && tool.contains("class=\"hatched\""),
        "{tool}"
    );
    assert_eq!(field(&tool, "aside"), "6 votes");

    let id = dashboard.moderator.get("/periods").await["items"][0]["id"].to_string();
    let delete = format!("/moderation/periods/{id}/delete");
    let before = dashboard.everything();
    let page = dashboard.page(&delete).await;
    assert_eq!(
        (field(&page, "matched"), field(&page, "after")),
        ("6 votes", "100%")
    );
    dashboard.post(&delete, &[("reason", "")]).await.page(422);
    assert_eq!(dashboard.everything(), before);
    dashboard.done(&delete, &[("reason", "No raid")]).await;
    assert_eq!(
        dashboard.moderator.client.tally(TOOL).await["community"],
        tally["community"]
    );
    dashboard.get(&delete).await.page(409);
    dashboard
        .post(&delete, &[("reason", "again")])
        .await
        .page(409);
    // A period is no reset.
    dashboard
        .get(&format!("/moderation/resets/{id}"))
        .await
        .page(404);
    assert!(
        dashboard
            .page("/moderation/periods")
            .await
            .contains("No raid")
    );
    dashboard.moderator.server.verify().await;
}

async fn a_tool_is_frozen_and_reopened(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let voter = dashboard.moderator.client.visitor().await;
    let state = format!("/moderation/tools/{TOOL}/state");
    let before = dashboard.everything();
    let page = dashboard.page(&state).await;
    assert_eq!(
        value(&page, "state").as_deref(),
        Some("frozen"),
        "what is offered"
    );
    dashboard
        .post(&state, &[("state", "frozen"), ("reason", "")])
        .await
        .page(422);
    dashboard
        .post(&state, &[("state", "archived"), ("reason", "x")])
        .await
        .page(422);
    assert_eq!(dashboard.everything(), before);
    dashboard
        .moderator
        .client
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    let to = dashboard
        .done(&state, &[("state", "frozen"), ("reason", "A rush")])
        .await;
    assert!(dashboard.page(&to).await.contains("Frozen"));
    assert!(dashboard.page("/moderation").await.contains(">frozen<"));
    dashboard
        .moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .problem(423, "frozen");
    let page = dashboard.page(&state).await;
    assert_eq!(value(&page, "state").as_deref(), Some("open"));
    dashboard
        .done(&state, &[("state", "open"), ("reason", "It is over")])
        .await;
    dashboard
        .moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(200);
    let entry = &dashboard.moderator.get("/audit?limit=1").await["items"][0];
    assert_eq!(
        (&entry["act"], &entry["reason"]),
        (&json!("tool.state"), &json!("It is over"))
    );
    dashboard.moderator.server.verify().await;
}
