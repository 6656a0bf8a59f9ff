//! Merging a tool into another: what the voters of both keep, where the old address leads, what is refused, and the undo.
//!
//! Every test ends with `tallyship verify` and with `tallyship log verify`.
use super::{Moderator, OTHER, TOOL, staff};
use crate::harness::client::Answer;
use crate::harness::dashboard::{posted, sign_in, value};
use crate::harness::{Backend, eventually, run};
use crate::public_log::verified;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    the_newer_vote_stands_and_the_undo_brings_all_back,
    merged_tools_lead_to_their_target,
    what_cannot_be_merged_is_refused,
    what_was_taken_out_or_held_stays_so,
    it_is_merged_in_the_dashboard
);

pub(super) const THIRD: &str = "aider";
pub(super) const GUARD: Duration = Duration::from_secs(30);

pub(super) async fn merge(moderator: &Moderator, tool: &str, mut body: Value) -> Answer {
    if body["reason"].is_null() {
        body["reason"] = json!("one product under two names");
    }
    let call = moderator.client.post(&format!("/v1/tools/{tool}/merge"));
    call.bearer(&moderator.token).json(&body).send().await
}

pub(super) async fn merged(moderator: &Moderator, tool: &str, into: &str) -> Value {
    merge(moderator, tool, json!({ "into": into }))
        .await
        .expect(201)
        .json
}

pub(super) async fn votes(moderator: &Moderator, tool: &str, choices: &[&str]) -> Vec<String> {
    let voters = moderator.server.setup.mint(choices.len()).await;
    for (voter, choice) in voters.iter().zip(choices) {
        moderator
            .client
            .put_vote(voter, tool, choice)
            .await
            .expect(201);
    }
    voters
}

pub(super) async fn sound(moderator: &Moderator) {
    moderator.server.verify().await;
    verified(&moderator.server).await;
}

pub(super) async fn counts(moderator: &Moderator, tool: &str) -> (i64, i64) {
    // The address of a merged tool leads to its target; a list shows the tool itself.
    let path = format!("/v1/tallies?tools={tool}");
    let shown = moderator.client.get(&path).send().await.expect(200).json;
    let community = &shown["tallies"][0]["community"];
    let of = |side: &str| community[side].as_i64().expect("a count");
    (of("ship"), of("skip"))
}

async fn the_newer_vote_stands_and_the_undo_brings_all_back(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let client = &moderator.client;
    let new = votes(&moderator, TOOL, &["ship", "ship", "skip"]).await;
    let both = votes(&moderator, OTHER, &["skip", "skip"]).await;
    client.put_vote(&both[0], TOOL, "ship").await.expect(201);
    client.put_vote(&both[1], TOOL, "ship").await.expect(201);
    // Of the second the vote on the target is the newer one.
    client.put_vote(&both[1], OTHER, "ship").await.expect(200);
    client.put_vote(&both[1], OTHER, "skip").await.expect(200);
    let (tool, other) = (client.tally(TOOL).await, client.tally(OTHER).await);

    let preview = merge(&moderator, TOOL, json!({"into": OTHER, "dry_run": true}));
    let preview = preview.await.expect(200).json;
    assert_eq!(
        client.tally(OTHER).await,
        other,
        "a preview changes nothing"
    );
    let report = merge(
        &moderator,
        TOOL,
        json!({"into": OTHER, "plan": preview["plan"]}),
    );
    let report = report.await.expect(201).json;
    for said in [&preview, &report] {
        let numbers = ["matched", "ship", "skip", "added", "changed", "kept"];
        assert_eq!(numbers.map(|name| &said[name]), [5, 4, 1, 3, 1, 1]);
        assert_eq!((&said["before"], &said["into_before"]), (&tool, &other));
        let after = &said["into_after"]["community"];
        assert_eq!((&after["ship"], &after["skip"]), (&json!(3), &json!(2)));
        assert_eq!(said["after"]["community"]["votes"], 0);
    }
    assert_eq!(report["after"]["state"], "archived");
    assert_eq!(report["into_after"], client.tally(OTHER).await);
    assert_eq!(counts(&moderator, TOOL).await, (0, 0));
    for (voter, choice) in [(&new[2], "skip"), (&both[0], "ship"), (&both[1], "skip")] {
        let own = client.get_vote(voter, OTHER).await.expect(200).json;
        assert_eq!(own["vote"]["choice"], choice);
    }
    sound(&moderator).await;
    let listed = moderator.get(&format!("/resets/{}", report["id"])).await;
    let named = ["kind", "tool", "into", "reason", "undone"].map(|name| &listed[name]);
    let expected = json!(["merge", TOOL, OTHER, "one product under two names", false]);
    assert_eq!(json!(named), expected);
    assert!(listed["to"].is_null(), "it has no end");
    assert_eq!(moderator.get("/resets").await["items"][0], listed);

    let undone = moderator.undo(&report["id"]).await.expect(200).json;
    assert_eq!(undone["restored"], 5);
    for (slug, before) in [(TOOL, &tool), (OTHER, &other)] {
        let now = client.tally(slug).await;
        assert_eq!(now["community"], before["community"]);
        assert_eq!(now["state"], "open");
    }
    let own = client.get_vote(&both[0], OTHER).await.expect(200).json;
    assert_eq!(own["vote"]["choice"], "skip");
    let own = client.get_vote(&new[0], OTHER).await.expect(200).json;
    assert_eq!(own["vote"]["choice"], Value::Null);
    client.put_vote(&new[0], TOOL, "skip").await.expect(200);
    moderator.undo(&report["id"]).await.problem(409, "conflict");
    let left = "SELECT count(*) AS n FROM merged_votes";
    assert_eq!(moderator.server.home().number(left), 0);
    let acts = moderator.get("/audit").await;
    let acts = acts["items"].as_array().expect("entries").iter();
    let acts: Vec<&Value> = acts.map(|entry| &entry["act"]).collect();
    assert_eq!(acts[..2], [&json!("merge.undo"), &json!("merge")]);
    sound(&moderator).await;
    // It can be merged anew.
    merged(&moderator, TOOL, OTHER).await;
    sound(&moderator).await;
}

async fn merged_tools_lead_to_their_target(backend: Backend) {
    let mut moderator = Moderator::new(backend).await;
    let voters = votes(&moderator, TOOL, &["ship"]).await;
    let state = json!({"state": "frozen", "reason": "a test"});
    let path = format!("/tools/{TOOL}/state");
    let frozen = moderator.call(Method::PUT, &path, Some(state)).await;
    frozen.expect(200);
    let report = merged(&moderator, TOOL, OTHER).await;
    let leads = async |moderator: &Moderator| {
        for (path, target) in [
            (format!("/v1/tools/{TOOL}"), format!("/v1/tools/{OTHER}")),
            (format!("/tools/{TOOL}"), format!("/tools/{OTHER}")),
            (format!("/badge/{TOOL}.svg"), format!("/badge/{OTHER}.svg")),
        ] {
            let answer = moderator.client.get(&path).send().await.expect(308);
            assert_eq!(answer.header("location"), Some(target.as_str()));
        }
        let vote = moderator.client.put_vote(&voters[0], TOOL, "skip").await;
        let vote = vote.expect(308);
        let target = format!("/v1/tools/{OTHER}/vote");
        assert_eq!(vote.header("location"), Some(target.as_str()));
    };
    leads(&moderator).await;
    let list = moderator.client.get("/v1/tools").send().await.expect(200);
    assert!(!list.text.contains(TOOL), "it is in no list");
    // A file that names it means the target.
    let file = format!("tool,voter,choice,cast_at\n{TOOL},somebody,skip,2026-01-05T00:00:00Z\n");
    moderator.server.home().write("votes.csv", file);
    let import = moderator.server.run_cli(&["import", "votes", "votes.csv"]);
    import.await.success("import");
    let client = moderator.client.clone();
    eventually("the vote is shown", GUARD, async || {
        client.counts(OTHER).await == (1, 1)
    })
    .await;
    // A backup has merges too.
    let server = &mut moderator.server;
    server.run_cli(&["backup", "kept"]).await.success("backup");
    server.sigterm(GUARD).await;
    let restore = server.setup.run_cli(&["restore", "kept", "--keep-tokens"]);
    restore.await.success("restore");
    server.restart().await;
    moderator.client = moderator.server.client();
    leads(&moderator).await;
    moderator.server.verify().await;
    moderator.undo(&report["id"]).await.expect(200);
    let tally = moderator.client.tally(TOOL).await;
    assert_eq!(
        (&tally["state"], &tally["community"]["ship"]),
        (&json!("frozen"), &json!(1))
    );
    assert_eq!(moderator.client.counts(OTHER).await, (0, 1));
    moderator.server.verify().await;
}

async fn what_cannot_be_merged_is_refused(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let (client, site) = (&moderator.client, staff(&moderator.server, "site").await);
    moderator.voters("ship", 2).await;
    let refused = async |tool: &str, into: &str, status: u16, code: &str| {
        for dry_run in [true, false] {
            let body = json!({"into": into, "dry_run": dry_run});
            merge(&moderator, tool, body).await.problem(status, code);
        }
    };
    refused(TOOL, TOOL, 422, "invalid").await;
    refused(TOOL, "no-tool", 404, "unknown-tool").await;
    refused("no-tool", TOOL, 404, "unknown-tool").await;
    merge(&moderator, TOOL, json!({"into": OTHER, "plan": "x"}))
        .await
        .problem(422, "invalid");
    let plan = merge(&moderator, TOOL, json!({"into": OTHER, "dry_run": true}));
    let plan = plan.await.expect(200).json["plan"].clone();
    merge(&moderator, TOOL, json!({"into": THIRD, "plan": plan}))
        .await
        .problem(409, "conflict");
    moderator.voters("skip", 1).await;
    merge(&moderator, TOOL, json!({"into": OTHER, "plan": plan}))
        .await
        .problem(409, "conflict");
    let archive = client.delete(&format!("/v1/tools/{THIRD}")).bearer(&site);
    archive.send().await.expect(200);
    refused(TOOL, THIRD, 409, "conflict").await;
    refused(THIRD, TOOL, 409, "conflict").await;

    let reset = moderator.reset(json!({"choice": "skip"})).await.expect(201);
    let span = json!({"tool": TOOL, "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "reason": "a raid"});
    let period = moderator.post("/periods", span).await.expect(201).json;
    let merge_id = merged(&moderator, TOOL, OTHER).await["id"].clone();
    refused(TOOL, OTHER, 409, "conflict").await;
    refused(OTHER, TOOL, 409, "conflict").await;
    // What was taken out before would come back where nobody looks.
    moderator
        .undo(&reset.json["id"])
        .await
        .problem(409, "conflict");
    let path = format!("/periods/{}", period["id"]);
    let deleted = moderator.call(Method::DELETE, &path, None).await;
    deleted.problem(409, "conflict");
    let put = client.put(&format!("/v1/tools/{TOOL}")).bearer(&site);
    let put = put.json(&json!({"name": "Back"})).send().await;
    assert!(put.problem(409, "conflict").text.contains("/undo"));
    let rename = client
        .post(&format!("/v1/tools/{TOOL}/rename"))
        .bearer(&site);
    let rename = rename.json(&json!({"slug": "another"})).send().await;
    rename.problem(409, "conflict");
    // The target may be renamed.
    let rename = client
        .post(&format!("/v1/tools/{OTHER}/rename"))
        .bearer(&site);
    rename
        .json(&json!({"slug": "another"}))
        .send()
        .await
        .expect(200);
    let led = client.get(&format!("/v1/tools/{TOOL}")).send().await;
    assert_eq!(
        led.expect(308).header("location"),
        Some("/v1/tools/another")
    );
    moderator.undo(&merge_id).await.expect(200);
    moderator.undo(&reset.json["id"]).await.expect(200);
    assert_eq!(moderator.counts().await, (2, 1));
    sound(&moderator).await;
}

/// What the other instance has in memory of votes, tallies and addresses is not older than the merge.
#[test]
fn another_instance_follows() {
    run(async {
        let moderator = Moderator::new(Backend::Postgres).await;
        let second = moderator.server.setup.start().await;
        let [here, there] = [moderator.client.clone(), second.client()];
        let voters = votes(&moderator, TOOL, &["ship"; 3]).await;
        there.put_vote(&voters[0], OTHER, "skip").await.expect(201);
        there.delete_vote(&voters[0], OTHER).await.expect(200);
        let own = there.get_vote(&voters[1], OTHER).await.expect(200).json;
        assert_eq!(own["vote"]["choice"], Value::Null);
        let id = merged(&moderator, TOOL, OTHER).await["id"].clone();
        let led = format!("/v1/tools/{TOOL}");
        eventually("it leads to the target", GUARD, async || {
            there.get(&led).send().await.status == 308 && there.counts(OTHER).await == (3, 0)
        })
        .await;
        for voter in &voters[..2] {
            there.put_vote(voter, OTHER, "skip").await.expect(200);
        }
        eventually("the votes are shown", GUARD, async || {
            here.counts(OTHER).await == (1, 2)
        })
        .await;
        let undo = format!("/v1/moderation/resets/{id}/undo");
        let undo = there.post(&undo).bearer(&moderator.token);
        undo.send().await.expect(200);
        eventually("it is undone here", GUARD, async || {
            here.get(&led).send().await.status == 200
                && here.counts(TOOL).await == (3, 0)
                && here.counts(OTHER).await == (0, 2)
        })
        .await;
        there.put_vote(&voters[2], OTHER, "ship").await.expect(201);
        sound(&moderator).await;
    });
}

async fn what_was_taken_out_or_held_stays_so(backend: Backend) {
    let moderator = Moderator::at(super::held::on(backend).start().await).await;
    let client = &moderator.client;
    let voters = moderator.server.setup.mint(24).await;
    for voter in &voters {
        let call = super::held::ask(client, voter, TOOL, "ship", "198.51.100.1", "B");
        call.send().await.expect(201);
    }
    assert_eq!(moderator.counts().await, (20, 0), "four are held");
    // A vote on the target that a moderator took out is not replaced.
    let call = super::held::ask(client, &voters[0], OTHER, "skip", "198.51.100.1", "B");
    call.send().await.expect(201);
    let reset = json!({"tool": OTHER, "reason": "a test"});
    moderator.post("/resets", reset).await.expect(201);
    let report = merged(&moderator, TOOL, OTHER).await;
    assert_eq!((&report["added"], &report["kept"]), (&json!(19), &json!(1)));
    assert_eq!(client.counts(OTHER).await, (19, 0));
    // Released on the tool, they count once the merge is undone.
    let release = json!({"tool": TOOL, "reason": "a school class"});
    moderator.post("/held/release", release).await.expect(200);
    assert_eq!(counts(&moderator, TOOL).await, (0, 0));
    sound(&moderator).await;
    moderator.undo(&report["id"]).await.expect(200);
    assert_eq!(client.counts(OTHER).await, (0, 0));
    assert_eq!(client.counts(TOOL).await, (24, 0));
    sound(&moderator).await;
}

async fn it_is_merged_in_the_dashboard(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("ship", 3).await;
    let (client, path) = (&moderator.client, format!("/moderation/tools/{TOOL}/merge"));
    let session = sign_in(client, &moderator.token).await;
    let get = async |path: &str, status: u16| {
        let answer = session.with(client.get(path)).send().await;
        answer.expect(status).text
    };
    let post = async |path: &str, fields: &[(&str, &str)], status: u16| {
        let fields: Vec<_> = [("key", session.key.as_str())]
            .iter()
            .chain(fields)
            .copied()
            .collect();
        let answer = session
            .with(posted(client.post(path), &fields))
            .send()
            .await;
        answer.expect(status)
    };
    let tool = get(&format!("/moderation/tools/{TOOL}"), 200).await;
    assert!(tool.contains(&path) && tool.contains(&format!("value=\"{OTHER}\"")));
    get(&path, 422).await;
    get(&format!("{path}?into={TOOL}"), 422).await;
    let preview = get(&format!("{path}?into={OTHER}"), 200).await;
    assert!(preview.contains("Nothing has been changed"), "{preview}");
    assert_eq!(moderator.counts().await, (3, 0));
    let plan = value(&preview, "plan").expect("a plan");
    let fields = |reason| [("into", OTHER), ("plan", plan.as_str()), ("reason", reason)];
    // Without a reason the same page comes again.
    post(&path, &fields(""), 422).await;
    let done = post(&path, &fields("one product"), 303).await;
    let done = done.header("location").expect("a target").to_owned();
    assert_eq!(client.counts(OTHER).await, (3, 0));
    let shown = get(&done, 200).await;
    assert!(shown.contains("Merged into"), "{shown}");
    get(&format!("{path}?into={OTHER}"), 409).await;
    assert!(
        get(&format!("/moderation/tools/{TOOL}"), 200)
            .await
            .contains("Archived")
    );
    let undo = get(&format!("{done}/undo"), 200).await;
    assert!(undo.contains("Nothing has been changed"));
    post(&format!("{done}/undo"), &[("reason", "a mistake")], 303).await;
    assert_eq!(moderator.counts().await, (3, 0));
    assert_eq!(client.counts(OTHER).await, (0, 0));
    sound(&moderator).await;
}
