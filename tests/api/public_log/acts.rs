//! Acts of moderation in the public log: resets, excluded periods, their undoing, and held votes.
use super::{GUARD, ballot, lines, text, until, verified};
use crate::harness::server::{Home, Server};
use crate::harness::site::Site;
use crate::harness::{Backend, eventually};
use crate::moderation::{Moderator, TOOL};
use serde_json::{Value, json};
use tallyship::domain::Timestamp;

crate::both!(
    resets_and_periods_are_stated_and_undone,
    an_undone_reset_hands_over_to_a_period_at_once,
    held_votes_are_set_aside_with_the_others,
    the_same_choice_again_inside_a_period_is_stated,
    a_claim_behind_an_act_hides_no_line_of_it,
);

async fn resets_and_periods_are_stated_and_undone(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voters = moderator.voters("ship", 5).await;
    moderator.voters("skip", 2).await;
    let of =
        async |voter: &str| moderator.client.get_vote(voter, TOOL).await.json["receipt"].clone();
    let mine = of(&voters[0]).await;
    until(&moderator.server, &mine, json!("ship")).await;
    let reset = moderator
        .reset(json!({"choice": "ship"}))
        .await
        .expect(201)
        .json;
    let excluded = async |by: Value| {
        eventually("the act is in the log", GUARD, async || {
            ballot(&moderator.server, &mine).await.json["excluded_by"] == by
        })
        .await;
    };
    excluded(json!([reset["id"]])).await;
    // Cast again it counts, and no act excludes it.
    moderator
        .client
        .put_vote(&voters[0], TOOL, "ship")
        .await
        .expect(200);
    excluded(json!([])).await;
    let stated = lines(&moderator.server).await;
    let line = stated
        .iter()
        .find(|line| line.starts_with("exclude "))
        .expect("an act");
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!((words[2], words[3], words[4]), (TOOL, "5", "0"), "{line}");
    let list = text(&moderator.server, &format!("/log/lists/{}", words[5])).await;
    assert_eq!(list.lines().count(), 5);
    assert!(
        list.lines()
            .any(|listed| listed == mine["ballot"].as_str().expect("a ballot"))
    );
    verified(&moderator.server).await;
    moderator.undo(&reset["id"]).await.expect(200);
    let period = json!({"tool": TOOL, "from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z", "reason": "a launch"});
    let period = moderator.post("/periods", period).await.expect(201).json;
    excluded(json!([period["id"]])).await;
    // A period that runs takes what is cast inside it.
    let late = moderator.voters("skip", 1).await;
    let late = of(&late[0]).await;
    until(&moderator.server, &late, json!("skip")).await;
    assert_eq!(
        ballot(&moderator.server, &late).await.json["excluded_by"],
        json!([period["id"]])
    );
    verified(&moderator.server).await;
    let path = format!("/periods/{}", period["id"]);
    moderator
        .call(reqwest::Method::DELETE, &path, None)
        .await
        .expect(200);
    excluded(json!([])).await;
    let said = verified(&moderator.server).await;
    assert!(!said.contains("operator's word"), "{said}");
}

/// The lines of acts after the first `from` lines, as (word, counts, ballots of the list), and the lines of tallies.
async fn acts(server: &Server, from: usize) -> Vec<(String, String, usize)> {
    let mut acts = Vec::new();
    for line in &lines(server).await[from..] {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["exclude" | "include", _, _, ship, skip, hash] = words[..] {
            let list = text(server, &format!("/log/lists/{hash}")).await;
            acts.push((
                words[0].to_owned(),
                format!("{ship} {skip}"),
                list.lines().count(),
            ));
        } else if words[0] == "tally" {
            acts.push(("tally".to_owned(), format!("{} {}", words[2], words[3]), 0));
        }
    }
    acts
}

/// Waits until the site's tally is the log's.
async fn stated(server: &Server, ship: i64, skip: i64) {
    let line = format!("tally {TOOL} {ship} {skip} ");
    eventually("the tally is in the log", GUARD, async || {
        let lines = lines(server).await;
        let last = lines
            .iter()
            .rfind(|line| line.starts_with(&format!("tally {TOOL} ")));
        last.is_some_and(|last| last.starts_with(&line))
    })
    .await;
}

async fn an_undone_reset_hands_over_to_a_period_at_once(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("ship", 5).await;
    let reset = moderator
        .reset(json!({"choice": "ship"}))
        .await
        .expect(201)
        .json;
    let period = json!({"tool": TOOL, "from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z", "reason": "a launch"});
    let period = moderator.post("/periods", period).await.expect(201).json;
    stated(&moderator.server, 0, 0).await;
    let before = lines(&moderator.server).await.len();
    moderator.undo(&reset["id"]).await.expect(200);
    eventually("the undo is in the log", GUARD, async || {
        lines(&moderator.server).await.len() > before
    })
    .await;
    let said = acts(&moderator.server, before).await;
    let said: Vec<(&str, &str, usize)> = said
        .iter()
        .map(|(word, counts, ballots)| (word.as_str(), counts.as_str(), *ballots))
        .collect();
    assert_eq!(
        said,
        [
            ("exclude", "5 0", 5),
            ("include", "5 0", 5),
            ("tally", "0 0", 0)
        ],
        "one epoch, whole"
    );
    verified(&moderator.server).await;
    let path = format!("/periods/{}", period["id"]);
    moderator
        .call(reqwest::Method::DELETE, &path, None)
        .await
        .expect(200);
    stated(&moderator.server, 5, 0).await;
    verified(&moderator.server).await;
    moderator.server.verify().await;
}

/// Held votes that a reset means are in its list, and count only once they are released and the reset is undone.
async fn held_votes_are_set_aside_with_the_others(backend: Backend) {
    let setup = Home::new(backend)
        .setup()
        .generous()
        .without("TALLYSHIP_ABUSE__HOLD")
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1");
    let moderator = Moderator::at(setup.start().await).await;
    let server = &moderator.server;
    let voters = server.setup.mint(60).await;
    let vote = async |voter: &str, choice: &str| {
        moderator
            .client
            .vote(voter, TOOL, choice)
            .header("x-forwarded-for", "198.51.100.7")
            .send()
            .await
    };
    for voter in &voters {
        vote(voter, "ship").await.expect(201);
    }
    let (counted, _) = moderator.counts().await;
    assert!((1..=20).contains(&counted), "{counted} counted");
    stated(server, counted, 0).await;
    // Held votes do not move the tally: they may come an epoch later.
    eventually("all held votes are stated", GUARD, async || {
        lines(server)
            .await
            .contains(&format!("held {TOOL} {} 0", 60 - counted))
    })
    .await;
    let before = lines(server).await.len();
    let reset = moderator
        .reset(json!({"choice": "ship"}))
        .await
        .expect(201)
        .json;
    assert_eq!(reset["matched"], counted, "held ones are not counted");
    stated(server, 0, 0).await;
    let said = acts(server, before).await;
    assert_eq!(said[0], ("exclude".to_owned(), "60 0".to_owned(), 60));
    assert!(
        lines(server).await[before..].contains(&format!("held {TOOL} 0 0")),
        "what a reset has out is not held in the log"
    );
    verified(server).await;
    // One is cast again: the reset has it out no more, and it is held still.
    let again = vote(&voters[59], "ship").await.expect(200);
    until(server, &again.json["receipt"], json!("ship")).await;
    eventually("it is held", GUARD, async || {
        lines(server).await.contains(&format!("held {TOOL} 1 0"))
    })
    .await;
    verified(server).await;
    let released = moderator
        .post("/held/release", json!({"tool": TOOL, "reason": "a crowd"}))
        .await
        .expect(200)
        .json;
    assert_eq!(released["matched"], 60 - counted);
    assert_eq!(
        moderator.counts().await,
        (1, 0),
        "the reset has the others out"
    );
    stated(server, 1, 0).await;
    verified(server).await;
    server.verify().await;
    moderator.undo(&reset["id"]).await.expect(200);
    assert_eq!(moderator.counts().await, (60, 0));
    stated(server, 60, 0).await;
    verified(server).await;
    server.verify().await;
}

async fn the_same_choice_again_inside_a_period_is_stated(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let (server, client) = (&moderator.server, &moderator.client);
    let voter = &moderator.voters("ship", 1).await[0];
    let receipt = client.get_vote(voter, TOOL).await.json["receipt"].clone();
    until(server, &receipt, json!("ship")).await;
    let period = json!({"tool": TOOL, "from": Timestamp::now(), "to": "2099-01-01T00:00:00Z", "reason": "a raid"});
    let period = moderator.post("/periods", period).await.expect(201).json;
    assert_eq!(period["matched"], 0);
    client.delete_vote(voter, TOOL).await.expect(200);
    client.put_vote(voter, TOOL, "ship").await.expect(201);
    eventually("the period has the ballot", GUARD, async || {
        ballot(server, &receipt).await.json["excluded_by"] == json!([period["id"]])
    })
    .await;
    verified(server).await;
}

/// A claim changes the version and no count. All of it is within one epoch of the sequencer, or it shows nothing.
async fn a_claim_behind_an_act_hides_no_line_of_it(backend: Backend) {
    let site = Site::new("EdDSA");
    let setup = site.setup(Home::new(backend).setup().generous());
    let moderator = Moderator::at(setup.start().await).await;
    let voters = moderator.voters("ship", 4).await;
    stated(&moderator.server, 4, 0).await;
    let from = lines(&moderator.server).await.len();
    let reset = moderator.reset(json!({})).await.expect(201).json;
    moderator.undo(&reset["id"]).await.expect(200);
    let path = format!("/v1/tools/{TOOL}/vote");
    let claim = moderator.client.get(&path).bearer(&site.user("one"));
    let claim = claim.header("cookie", &format!("tallyship-visitor={}", voters[0]));
    claim.send().await.expect(200);
    eventually("the acts are in the log", GUARD, async || {
        let acts = acts(&moderator.server, from).await;
        let acts = acts.iter().filter(|(word, ..)| word != "tally");
        acts.map(|(word, counts, ballots)| format!("{word} {counts} {ballots}"))
            .eq(["exclude 4 0 4", "include 4 0 4"])
    })
    .await;
    verified(&moderator.server).await;
}
