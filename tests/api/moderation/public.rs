//! What everybody sees of moderation: a frozen tool, what is set aside, the public log.
use super::{Moderator, OTHER, TOOL};
use crate::harness::Backend;
use crate::harness::server::Home;
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    a_tool_is_frozen_and_opened,
    the_tally_says_what_is_set_aside,
    the_pages_say_what_is_set_aside,
    the_public_log_names_nobody,
);

async fn a_tool_is_frozen_and_opened(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voters = moderator.voters("ship", 2).await;
    let version = moderator.version().await;
    let set = async |slug: &str, body: Value| {
        moderator
            .call(Method::PUT, &format!("/tools/{slug}/state"), Some(body))
            .await
    };
    let frozen = json!({"state": "frozen", "reason": "a raid"});
    let answer = set(TOOL, frozen.clone()).await.expect(200).json;
    assert_eq!(
        (&answer["state"], &answer["version"]),
        (&json!("frozen"), &json!(version + 1))
    );
    moderator
        .client
        .put_vote(&voters[0], TOOL, "skip")
        .await
        .problem(423, "frozen");
    moderator
        .client
        .delete_vote(&voters[0], TOOL)
        .await
        .problem(423, "frozen");
    // Moderators go on meanwhile.
    let reset = moderator.reset(json!({})).await.expect(201).json;
    moderator
        .client
        .put_vote(&voters[0], TOOL, "ship")
        .await
        .problem(423, "frozen");
    set(TOOL, frozen.clone()).await.expect(200);
    set(TOOL, json!({"state": "open", "reason": "it is over"}))
        .await
        .expect(200);
    moderator
        .client
        .put_vote(&voters[0], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(moderator.undo(&reset["id"]).await.json["restored"], 1);
    assert_eq!(moderator.counts().await, (1, 1));
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
    let site = super::staff(&moderator.server, "site").await;
    let archive = moderator
        .client
        .delete(&format!("/v1/tools/{OTHER}"))
        .bearer(&site);
    archive.send().await.expect(200);
    set(OTHER, frozen).await.problem(410, "archived");
    moderator.server.verify().await;
}

async fn the_tally_says_what_is_set_aside(backend: Backend) {
    let home = Home::new(backend);
    let setup = home
        .setup()
        .generous()
        .env("TALLYSHIP_TALLY__SHOW_SET_ASIDE", "on");
    let moderator = Moderator::at(setup.start().await).await;
    moderator.voters("ship", 6).await;
    moderator.voters("skip", 6).await;
    assert_eq!(
        moderator.client.tally(TOOL).await["community"]["set_aside"],
        0
    );
    moderator.reset(json!({"choice": "skip"})).await.expect(201);
    let tally = moderator.client.tally(TOOL).await;
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
        let answer = moderator.client.get(&path).send().await.expect(200);
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
        let again = moderator
            .client
            .get(&path)
            .header("if-none-match", &etag)
            .send()
            .await;
        again.expect(304);
    }
    let bad = moderator
        .client
        .get(&format!("/v1/tools/{TOOL}/tally?include=everything"));
    bad.send().await.problem(422, "invalid");
}

async fn the_pages_say_what_is_set_aside(backend: Backend) {
    const COMPARE: &str = "/compare/codestral-2-vs-cursor-background-agents";
    const WORDS: &str = "6 of 13 recorded votes set aside";
    let home = Home::new(backend);
    let quiet = home
        .setup()
        .generous()
        .env("TALLYSHIP_TRANSPARENCY__ENABLED", "off");
    let moderator = Moderator::at(quiet.start().await).await;
    moderator.voters("ship", 7).await;
    moderator.voters("skip", 6).await;
    moderator.reset(json!({"choice": "skip"})).await.expect(201);
    for path in ["/tools/codestral-2", COMPARE] {
        let page = moderator.client.get(path).send().await.expect(200).text;
        assert!(!page.contains("recorded votes set aside"), "{path}");
    }
    drop(moderator);
    let listed = quiet.clone().env("TALLYSHIP_MODERATION__PUBLIC_LOG", "on");
    let logged = quiet.without("TALLYSHIP_TRANSPARENCY__ENABLED");
    for (setup, link) in [(listed, "/v1/moderation/log"), (logged, "/log")] {
        let server = setup.start().await;
        for path in ["/tools/codestral-2", COMPARE] {
            let page = server.client().get(path).send().await.expect(200).text;
            assert!(page.contains(WORDS), "{path}");
            assert!(page.contains(&format!("<a href=\"{link}\">")), "{path}");
        }
    }
}

async fn the_public_log_names_nobody(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let log = async |moderator: &Moderator| moderator.client.get("/v1/moderation/log").send().await;
    log(&moderator).await.problem(404, "not-found");
    let setup = moderator
        .server
        .setup
        .clone()
        .env("TALLYSHIP_MODERATION__PUBLIC_LOG", "on");
    moderator.voters("ship", 2).await;
    let voter = moderator.get("/votes").await["items"][0]["voter"].clone();
    let made = moderator
        .reset(json!({"voter": voter, "reason": "Mallory again"}))
        .await
        .expect(201)
        .json;
    moderator.undo(&made["id"]).await.expect(200);
    drop(moderator);
    let moderator = Moderator::at(setup.start().await).await;
    let shown = log(&moderator).await.expect(200);
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
