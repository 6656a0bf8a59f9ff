//! Renamed tools in the public log: a line each, the ballots stay, and what is shown agrees.
use super::{GUARD, ballot, lines, receipt, server, until, verified};
use crate::harness::server::Server;
use crate::harness::{Backend, eventually};
use crate::moderation::{Moderator, OTHER, TOOL, staff};
use serde_json::json;

crate::both!(
    a_rename_is_stated_and_the_ballots_stay,
    slugs_that_change_hands_are_stated,
);

async fn rename(server: &Server, token: &str, from: &str, to: &str) {
    let call = server.client().post(&format!("/v1/tools/{from}/rename"));
    let call = call.bearer(token).json(&json!({ "slug": to }));
    call.send().await.expect(200);
}

async fn renames(server: &Server) -> Vec<String> {
    let mut lines = lines(server).await;
    lines.retain(|line| line.starts_with("rename "));
    lines
}

async fn a_rename_is_stated_and_the_ballots_stay(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let (server, client) = (&moderator.server, &moderator.client);
    let voters = moderator.voters("ship", 3).await;
    let own = client.get_vote(&voters[0], TOOL).await;
    let mine = receipt(&own).clone();
    until(server, &mine, json!("ship")).await;
    // An act and votes come before and after it within the epoch.
    moderator.reset(json!({"choice": "ship"})).await.expect(201);
    rename(server, &moderator.token, TOOL, "second").await;
    client
        .put_vote(&voters[1], "second", "skip")
        .await
        .expect(200);
    let reset = moderator.reset(json!({"choice": "skip"})).await;
    let reset = reset.expect(201).json;
    rename(server, &moderator.token, "second", "third").await;
    client
        .put_vote(&voters[0], "third", "skip")
        .await
        .expect(200);
    let own = client.get_vote(&voters[0], "third").await;
    assert_eq!(receipt(&own), &mine, "it is the same ballot");
    let found = until(server, &mine, json!("skip")).await;
    assert_eq!(found["tool"], "third");
    moderator.undo(&reset["id"]).await.expect(200);
    verified(server).await;
    let stated = renames(server).await;
    assert!(
        stated == [format!("rename {TOOL} third")]
            || stated
                == [
                    format!("rename {TOOL} second"),
                    "rename second third".to_owned()
                ],
        "{stated:?}"
    );
    let all = lines(server).await;
    let at = |start: &str| all.iter().rposition(|line| line.starts_with(start));
    assert!(at("rename ") > at(&format!("ballot {TOOL} ")));
    assert!(
        at("tally third 1 2 ").or(at("tally third 0 2 ")).is_some(),
        "{all:#?}"
    );
    // A ballot whose last line came before is stated under the slug of then.
    assert!(ballot(server, &mine).await.json["excluded_by"] == json!([]));
    server.verify().await;
}

async fn slugs_that_change_hands_are_stated(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let token = staff(&server, "site").await;
    let voters = server.setup.mint(3).await;
    client.put_vote(&voters[0], TOOL, "ship").await.expect(201);
    let other = client.put_vote(&voters[1], OTHER, "skip").await;
    let other = receipt(&other).clone();
    until(&server, &other, json!("skip")).await;
    // The two tools swap their slugs, and a new one takes the slug between.
    let free = async |slug: &str| {
        let call = client.delete(&format!("/v1/redirects/{slug}"));
        call.bearer(&token).send().await.expect(200);
    };
    for (from, to) in [(TOOL, "between"), (OTHER, TOOL), ("between", OTHER)] {
        rename(&server, &token, from, to).await;
        free(from).await;
    }
    let put = client.put("/v1/tools/between").bearer(&token);
    let put = put.json(&json!({"name": "Between"})).send().await;
    put.expect(201);
    let third = client.put_vote(&voters[2], "between", "ship").await;
    let third = receipt(&third).clone();
    until(&server, &third, json!("ship")).await;
    client.put_vote(&voters[1], TOOL, "ship").await.expect(200);
    let moved = until(&server, &other, json!("ship")).await;
    assert_eq!(moved["tool"], TOOL);
    eventually("all are stated", GUARD, async || {
        renames(&server).await.len() >= 3
    })
    .await;
    verified(&server).await;
    let counts = [client.counts(OTHER).await, client.counts(TOOL).await];
    assert_eq!(counts, [(1, 0), (1, 0)]);
    server.verify().await;
}
