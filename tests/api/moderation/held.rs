//! Held votes: one hand with many fresh visitors moves the tally by twenty at most and is told nothing; a campus counts whole.
use super::{Moderator, OTHER, TOOL};
use crate::dashboard::Dashboard;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

crate::both!(
    of_a_thousand_identities_of_one_address_at_most_twenty_count,
    an_attackers_answers_are_like_anybodys,
    a_campus_counts_whole,
    held_votes_are_released_and_rejected,
    a_held_vote_is_its_voters_own,
    another_instance_and_a_restart_hold_on,
    off_counts_everything,
    what_turns_out_to_be_a_crowd_counts_by_itself,
    the_dashboard_shows_what_it_would_do_first,
);

/// The default, but for quotas: holding is on.
pub fn on(backend: Backend) -> Setup {
    Home::new(backend)
        .setup()
        .generous()
        .without("TALLYSHIP_ABUSE__HOLD")
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1")
}

async fn moderator(backend: Backend) -> Moderator {
    Moderator::at(on(backend).start().await).await
}

pub fn ask(
    client: &Client,
    token: &str,
    tool: &str,
    choice: &str,
    from: &str,
    agent: &str,
) -> crate::harness::client::Call {
    client
        .vote(token, tool, choice)
        .header("x-forwarded-for", from)
        .header("user-agent", agent)
}

/// New visitors, each with this vote from one address; their answers.
async fn one_hand(server: &Server, client: &Client, count: usize, choice: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (n, voter) in server.setup.mint(count).await.iter().enumerate() {
        // A client that lies about its browser is one hand still.
        let agent = format!("Browser/{n}");
        let call = ask(client, voter, TOOL, choice, "198.51.100.7", &agent);
        answers.push(call.send().await.expect(201));
    }
    answers
}

async fn of_a_thousand_identities_of_one_address_at_most_twenty_count(backend: Backend) {
    let moderator = moderator(backend).await;
    one_hand(&moderator.server, &moderator.client, 1_000, "ship").await;
    let (ship, skip) = moderator.counts().await;
    assert!((1..=20).contains(&ship) && skip == 0, "{ship} counted");
    let stored = moderator
        .server
        .home()
        .number("SELECT count(*) AS n FROM votes");
    assert_eq!(stored, 1_000, "every one is kept");
    let shown = moderator.get(&format!("/held?tool={TOOL}&limit=100")).await;
    assert_eq!(shown["items"].as_array().expect("items").len(), 100);
    assert!(shown["next"].is_string());
    let all = moderator
        .post("/held/release", json!({"tool": TOOL, "dry_run": true}))
        .await;
    assert_eq!(all.expect(200).json["matched"], 1_000 - ship);
    moderator.server.setup.verify().await;
}

/// An answer's shape: status, the names of its headers, the names of its fields.
fn shape(answer: &Answer) -> (u16, BTreeSet<String>, String) {
    fn fields(value: &Value) -> String {
        match value {
            Value::Object(fields_of) => {
                let inner: Vec<String> = fields_of
                    .iter()
                    .map(|(name, value)| format!("{name}:{}", fields(value)))
                    .collect();
                format!("{{{}}}", inner.join(","))
            }
            Value::Null => "null".into(),
            _ => "_".into(),
        }
    }
    let headers = answer.headers.keys().map(|name| name.to_string());
    (answer.status, headers.collect(), fields(&answer.json))
}

async fn an_attackers_answers_are_like_anybodys(backend: Backend) {
    let moderator = moderator(backend).await;
    let answers = one_hand(&moderator.server, &moderator.client, 60, "ship").await;
    assert!(moderator.counts().await.0 <= 20);
    // From the fifth on there is a percentage: as for anybody.
    let (counted, held) = (&answers[8], &answers[59]);
    assert_eq!(shape(counted), shape(held));
    assert_eq!(held.header("cache-control"), Some("private, no-store"));
    // Its own tally holds the own vote.
    let shown = moderator.client.tally(TOOL).await;
    let mine = &held.json["tally"]["community"];
    let ship = |tally: &Value| tally["ship"].as_i64().expect("ship");
    assert_eq!(ship(mine), ship(&shown["community"]) + 1);
    assert_eq!(held.json["tally"]["version"], shown["version"]);
}

async fn a_campus_counts_whole(backend: Backend) {
    let moderator = moderator(backend).await;
    let tools: Vec<String> = moderator
        .client
        .get("/v1/tools?limit=12")
        .send()
        .await
        .expect(200)
        .json["items"]
        .as_array()
        .expect("tools")
        .iter()
        .map(|tool| tool["slug"].as_str().expect("slug").to_owned())
        .collect();
    let mut expected = 0;
    for (n, voter) in moderator.server.setup.mint(500).await.iter().enumerate() {
        // 75 % ship, a third on one tool, eight browsers: spread by primes instead of dice.
        let tool = if n % 3 == 0 {
            &tools[0]
        } else {
            &tools[n * 7 % tools.len()]
        };
        // Not by the remainder that picks the tool: each tool is to have both.
        let choice = if n / 12 % 4 == 0 { "skip" } else { "ship" };
        let agent = format!("Browser/{}", n * 11 % 8);
        ask(
            &moderator.client,
            voter,
            tool,
            choice,
            "203.0.113.9",
            &agent,
        )
        .send()
        .await
        .expect(201);
        expected += 1;
    }
    let counted = moderator
        .server
        .home()
        .number("SELECT CAST(sum(ship + skip) AS bigint) AS n FROM tallies");
    assert_eq!(counted, expected);
    assert_eq!(moderator.get("/held").await["items"], json!([]));
}

async fn held_votes_are_released_and_rejected(backend: Backend) {
    let moderator = moderator(backend).await;
    one_hand(&moderator.server, &moderator.client, 40, "skip").await;
    let (_, counted) = moderator.counts().await;
    let waiting = 40 - counted;
    let version = moderator.version().await;
    let first = moderator.get("/held?limit=1").await["items"][0].clone();
    assert_eq!(
        (&first["counted"], &first["held"]),
        (&json!(false), &json!(true))
    );
    let network = first["network"].as_str().expect("network").to_owned();

    // A dry run changes nothing.
    let dry = json!({"tool": TOOL, "network": network, "dry_run": true});
    for blank in ["", " "] {
        let body = json!({"tool": TOOL, "dry_run": true, "reason": blank});
        moderator
            .post("/held/release", body)
            .await
            .problem(422, "invalid");
    }
    let seen = moderator.post("/held/release", dry).await.expect(200).json;
    assert_eq!(
        (&seen["matched"], &seen["networks"]),
        (&json!(waiting), &json!(1))
    );
    assert_eq!(seen["after"]["community"]["skip"], 40);
    assert_eq!(moderator.version().await, version);

    // One voter's is rejected, and let count after all.
    let voter = json!({"tool": TOOL, "voter": first["voter"], "reason": "a bot"});
    let rejected = moderator
        .post("/held/reject", voter.clone())
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&rejected["matched"], moderator.counts().await),
        (&json!(1), (0, counted))
    );
    assert_eq!(
        moderator.get("/held?rejected=true").await["items"][0]["voter"],
        first["voter"]
    );
    assert_eq!(
        moderator
            .post("/held/release", voter.clone())
            .await
            .expect(200)
            .json["matched"],
        0
    );
    let mut again = voter;
    again["rejected"] = json!(true);
    assert_eq!(
        moderator
            .post("/held/release", again)
            .await
            .expect(200)
            .json["matched"],
        1
    );
    assert_eq!(moderator.counts().await, (0, counted + 1));
    // One who is let count says nothing of the others.
    one_hand(&moderator.server, &moderator.client, 1, "skip").await;
    assert_eq!(moderator.counts().await, (0, counted + 1));

    let all = json!({"tool": TOOL, "choice": "skip", "reason": "a school class"});
    let done = moderator.post("/held/release", all).await.expect(200).json;
    assert_eq!(done["matched"], waiting);
    assert_eq!(done["after"]["community"]["votes"], 41);
    assert_eq!(moderator.counts().await, (0, 41));
    let entry = moderator.get("/audit?limit=1").await["items"][0].clone();
    assert_eq!(
        (&entry["act"], &entry["reason"]),
        (&json!("held.release"), &json!("a school class"))
    );
    // Whoever was let count brings others along.
    one_hand(&moderator.server, &moderator.client, 5, "skip").await;
    assert_eq!(moderator.counts().await, (0, 46));
    moderator.server.setup.verify().await;

    let refused = moderator
        .post("/held/reject", json!({"tool": TOOL, "rejected": true}))
        .await;
    refused.problem(422, "invalid");
    moderator
        .post("/held/release", json!({"tool": "no-such", "reason": "x"}))
        .await
        .problem(404, "unknown-tool");
    moderator
        .post("/held/reject", json!({"tool": "no-such"}))
        .await
        .problem(404, "unknown-tool");
    moderator
        .post("/held/release", json!({"tool": TOOL, "nets": "x"}))
        .await
        .problem(422, "invalid");
}

async fn a_held_vote_is_its_voters_own(backend: Backend) {
    let moderator = moderator(backend).await;
    one_hand(&moderator.server, &moderator.client, 30, "ship").await;
    let before = moderator.counts().await;
    let voter = &moderator.server.setup.mint(1).await[0];
    let cast = async |choice: &str| {
        ask(&moderator.client, voter, TOOL, choice, "198.51.100.7", "x")
            .send()
            .await
    };
    cast("ship").await.expect(201);
    assert_eq!(moderator.counts().await, before);
    let own = moderator
        .client
        .get_vote(voter, TOOL)
        .await
        .expect(200)
        .json;
    assert_eq!(own["vote"]["choice"], "ship");
    assert_eq!(
        own["tally"]["community"]["ship"].as_i64(),
        Some(before.0 + 1)
    );
    // Changed it stays held, also from elsewhere; elsewhere and on another tool the visitor is like any other.
    cast("skip").await.expect(200);
    let elsewhere = ask(&moderator.client, voter, TOOL, "ship", "192.0.2.1", "x")
        .send()
        .await;
    elsewhere.expect(200);
    assert_eq!(moderator.counts().await, before);
    moderator
        .client
        .put_vote(voter, OTHER, "ship")
        .await
        .expect(201);
    assert_eq!(moderator.client.counts(OTHER).await.0, 1);
    let me = moderator
        .client
        .get("/v1/visitors/me")
        .bearer(voter)
        .send()
        .await
        .expect(200)
        .json;
    assert_eq!(me["votes"].as_array().expect("votes").len(), 2, "{me}");
    // A reset of everything takes what counts, and no more.
    let reset = moderator.reset(json!({})).await.expect(201).json;
    assert_eq!(reset["matched"].as_i64(), Some(before.0 + before.1));
    moderator.undo(&reset["id"]).await.expect(200);
    // Withdrawn it is gone; cast again it is held again; erased it is nobody's, and waits.
    moderator.client.delete_vote(voter, TOOL).await.expect(200);
    assert_eq!(
        moderator
            .client
            .get_vote(voter, TOOL)
            .await
            .expect(200)
            .json["vote"]["choice"],
        Value::Null
    );
    cast("ship").await.expect(201);
    assert_eq!(moderator.counts().await, before);
    let held = async || {
        let body = json!({"tool": TOOL, "dry_run": true});
        moderator.post("/held/release", body).await.expect(200).json["matched"].as_i64()
    };
    let waiting = held().await;
    moderator
        .client
        .delete("/v1/visitors/me")
        .bearer(voter)
        .send()
        .await
        .expect(200);
    assert_eq!(held().await, waiting);
    moderator.server.setup.verify().await;
}

async fn another_instance_and_a_restart_hold_on(backend: Backend) {
    let mut moderator = moderator(backend).await;
    one_hand(&moderator.server, &moderator.client, 60, "ship").await;
    let counted = moderator.counts().await;
    moderator.server.restart().await;
    moderator.client = moderator.server.client();
    one_hand(&moderator.server, &moderator.client, 10, "ship").await;
    assert_eq!(moderator.counts().await, counted, "after a restart");
    if backend == Backend::Postgres {
        let second = moderator.server.setup.start().await;
        one_hand(&second, &second.client(), 10, "ship").await;
        assert_eq!(moderator.counts().await, counted, "on another instance");
    }
    moderator.server.setup.verify().await;
}

async fn what_turns_out_to_be_a_crowd_counts_by_itself(backend: Backend) {
    let server = on(backend)
        .env("TALLYSHIP_ABUSE__CLEAR_AFTER", "1s")
        .start()
        .await;
    let moderator = Moderator::at(server).await;
    one_hand(&moderator.server, &moderator.client, 30, "ship").await;
    assert!(moderator.counts().await.0 < 30);
    // The twin, of another network on another tool: as long as it looks like one hand, it waits.
    for voter in moderator.server.setup.mint(30).await {
        let call = ask(
            &moderator.client,
            &voter,
            OTHER,
            "ship",
            "203.0.113.77",
            "x",
        );
        call.send().await.expect(201);
    }
    let twin = moderator.client.counts(OTHER).await;
    assert!(twin.0 < 30);
    // The rest of the school comes, and has opinions.
    let (mut ship, mut skip) = (30, 0);
    for (n, voter) in moderator.server.setup.mint(60).await.iter().enumerate() {
        let choice = if n % 2 == 0 { "skip" } else { "ship" };
        *(if n % 2 == 0 { &mut skip } else { &mut ship }) += 1;
        let agent = format!("Browser/{}", n % 8);
        ask(
            &moderator.client,
            voter,
            TOOL,
            choice,
            "198.51.100.7",
            &agent,
        )
        .send()
        .await
        .expect(201);
    }
    eventually("the all-clear", Duration::from_secs(30), async || {
        moderator.counts().await == (ship, skip)
    })
    .await;
    let entry = moderator.get("/audit?limit=1").await["items"][0].clone();
    assert_eq!(
        (&entry["act"], &entry["actor"]),
        (&json!("held.release"), &json!("rule"))
    );
    assert_eq!(
        moderator.client.counts(OTHER).await,
        twin,
        "looked at as often"
    );
    moderator.server.setup.verify().await;
}

async fn off_counts_everything(backend: Backend) {
    for (setting, value) in [
        ("TALLYSHIP_ABUSE__HOLD", "off"),
        ("TALLYSHIP_ABUSE__NEVER_HOLD", "198.51.100.0/24"),
    ] {
        let server = on(backend).env(setting, value).start().await;
        let moderator = Moderator::at(server).await;
        one_hand(&moderator.server, &moderator.client, 60, "ship").await;
        assert_eq!(moderator.counts().await, (60, 0), "{setting}");
    }
}

async fn the_dashboard_shows_what_it_would_do_first(backend: Backend) {
    let dashboard = Dashboard::at(moderator(backend).await).await;
    assert!(
        dashboard
            .page("/moderation/held")
            .await
            .contains("No vote is held")
    );
    one_hand(
        &dashboard.moderator.server,
        &dashboard.moderator.client,
        40,
        "ship",
    )
    .await;
    let (counted, _) = dashboard.moderator.counts().await;
    let waiting = (40 - counted).to_string();
    let page = dashboard.page("/moderation/held").await;
    let link = page
        .split("href=\"")
        .find(|link| link.starts_with("/moderation/held/settle?verdict=release"))
        .expect("a link");
    let link = link
        .split('"')
        .next()
        .expect("its end")
        .replace("&amp;", "&");
    let other = link.replace("verdict=release", "verdict=perhaps");
    dashboard.get(&other).await.page(422);
    let nowhere = [("verdict", "reject"), ("tool", "no-such"), ("reason", "x")];
    dashboard
        .post("/moderation/held/settle", &nowhere)
        .await
        .page(404);
    let before = dashboard.everything();
    let preview = dashboard.page(&link).await;
    assert!(
        preview.contains(&format!("{waiting} votes</span> would count")),
        "{preview}"
    );
    let network = link.split("network=").nth(1).expect("network");
    let fields = |reason| {
        [
            ("verdict", "release"),
            ("tool", TOOL),
            ("network", network),
            ("reason", reason),
        ]
    };
    dashboard
        .post("/moderation/held/settle", &fields(""))
        .await
        .page(422);
    assert_eq!(dashboard.everything(), before);
    assert_eq!(
        dashboard
            .done("/moderation/held/settle", &fields("A class"))
            .await,
        "/moderation/held"
    );
    assert_eq!(dashboard.moderator.counts().await, (40, 0));
    assert!(
        dashboard
            .page("/moderation/held")
            .await
            .contains("No vote is held")
    );
}
