//! Merges that are undone or ended half way: what their voters did since stays, and nothing else does.
//!
//! Every test ends with `tallyship verify` and with `tallyship log verify`.
use super::merges::{GUARD, THIRD, counts, merged, sound, votes};
use super::{Moderator, OTHER, TOOL};
use crate::harness::server::Home;
use crate::harness::site::Site;
use crate::harness::{Backend, eventually};
use serde_json::json;

crate::both!(
    chains_are_undone_from_their_end,
    two_merges_into_one_are_undone_in_any_order,
    what_voters_did_since_stays,
    an_erasure_leaves_no_id_in_a_merge,
    a_killed_server_goes_on,
);

async fn chains_are_undone_from_their_end(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let client = &moderator.client;
    let voters = votes(&moderator, TOOL, &["ship", "skip"]).await;
    client.put_vote(&voters[0], OTHER, "skip").await.expect(201);
    client.put_vote(&voters[0], TOOL, "skip").await.expect(200);
    client.put_vote(&voters[0], TOOL, "ship").await.expect(200);
    let first = merged(&moderator, TOOL, OTHER).await["id"].clone();
    let second = merged(&moderator, OTHER, THIRD).await["id"].clone();
    assert_eq!(client.counts(THIRD).await, (1, 1));
    let led = client.get(&format!("/tools/{TOOL}")).send().await;
    let target = format!("/tools/{THIRD}");
    assert_eq!(led.expect(308).header("location"), Some(target.as_str()));
    sound(&moderator).await;
    moderator.undo(&first).await.problem(409, "conflict");
    moderator.undo(&second).await.expect(200);
    assert_eq!(client.counts(THIRD).await, (0, 0));
    assert_eq!(client.counts(OTHER).await, (1, 1));
    moderator.undo(&first).await.expect(200);
    assert_eq!(client.counts(OTHER).await, (0, 1));
    assert_eq!(client.counts(TOOL).await, (1, 1));
    sound(&moderator).await;
}

async fn two_merges_into_one_are_undone_in_any_order(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let client = &moderator.client;
    let voter = &votes(&moderator, TOOL, &["ship"]).await[0];
    client.put_vote(voter, OTHER, "skip").await.expect(201);
    for is_first_first in [true, false] {
        let first = merged(&moderator, TOOL, THIRD).await["id"].clone();
        let second = merged(&moderator, OTHER, THIRD).await["id"].clone();
        assert_eq!(client.counts(THIRD).await, (0, 1), "the newest of three");
        if is_first_first {
            moderator.undo(&first).await.expect(200);
            assert_eq!(client.counts(THIRD).await, (0, 1));
            moderator.undo(&second).await.expect(200);
        } else {
            moderator.undo(&second).await.expect(200);
            assert_eq!(client.counts(THIRD).await, (1, 0));
            moderator.undo(&first).await.expect(200);
        }
        assert_eq!(client.counts(THIRD).await, (0, 0), "what none cast there");
        sound(&moderator).await;
    }
    assert_eq!(client.counts(TOOL).await, (1, 0));
    assert_eq!(client.counts(OTHER).await, (0, 1));
}

async fn what_voters_did_since_stays(backend: Backend) {
    let site = Site::new("EdDSA");
    let server = Home::new(backend).setup().generous();
    let moderator = Moderator::at(site.setup(server).start().await).await;
    let client = &moderator.client;
    let voters = votes(&moderator, TOOL, &["ship"; 6]).await;
    client.put_vote(&voters[4], OTHER, "skip").await.expect(201);
    client.put_vote(&voters[4], TOOL, "skip").await.expect(200);
    client.put_vote(&voters[4], TOOL, "ship").await.expect(200);
    let id = merged(&moderator, TOOL, OTHER).await["id"].clone();
    assert_eq!(client.counts(OTHER).await, (6, 0));
    // One votes anew, one withdraws, two are erased, and one comes as a user.
    client.put_vote(&voters[0], OTHER, "skip").await.expect(200);
    client.delete_vote(&voters[1], OTHER).await.expect(200);
    for voter in [&voters[2], &voters[4]] {
        let erase = client.delete("/v1/visitors/me").bearer(voter);
        assert_eq!(erase.send().await.expect(200).json["votes"], 2);
    }
    let claim = client.get(&format!("/v1/tools/{OTHER}/vote"));
    let claim = claim.bearer(&site.user("somebody"));
    let cookie = format!("tallyship-visitor={}", voters[3]);
    claim.header("cookie", &cookie).send().await.expect(200);
    assert_eq!(client.counts(OTHER).await, (4, 1));
    sound(&moderator).await;
    // While votes are on their way none of their voters is erased.
    let home = moderator.server.home();
    home.execute("UPDATE merges SET state = 1");
    let erase = client.delete("/v1/visitors/me").bearer(&voters[5]);
    erase.send().await.problem(503, "unavailable");
    eventually("the copying ends", GUARD, async || {
        home.number("SELECT count(*) AS n FROM merges WHERE state = 2") == 1
    })
    .await;
    moderator.undo(&id).await.expect(200);
    // The new vote stays, and so does the user's; of those who were erased one had an older vote.
    assert_eq!(client.counts(OTHER).await, (1, 2));
    assert_eq!(client.counts(TOOL).await, (6, 0));
    sound(&moderator).await;
}

async fn an_erasure_leaves_no_id_in_a_merge(backend: Backend) {
    let site = Site::new("EdDSA");
    let setup = site.setup(Home::new(backend).setup().generous());
    let moderator = Moderator::at(setup.start().await).await;
    let client = &moderator.client;
    let voters = votes(&moderator, TOOL, &["ship"; 3]).await;
    let id = merged(&moderator, TOOL, OTHER).await["id"].clone();
    client.delete_vote(&voters[0], OTHER).await.expect(200);
    let claim = client.get(&format!("/v1/tools/{OTHER}/vote"));
    let claim = claim.bearer(&site.user("somebody"));
    let cookie = format!("tallyship-visitor={}", voters[1]);
    claim.header("cookie", &cookie).send().await.expect(200);
    // An id of a visitor is a UUID of version 7.
    let visitors = match backend {
        Backend::Sqlite => "substr(hex(voter), 13, 1) = '7'",
        Backend::Postgres => "substr(encode(voter, 'hex'), 13, 1) = '7'",
    };
    let visitors = format!("SELECT count(*) AS n FROM merged_votes WHERE {visitors}");
    assert_eq!(moderator.server.home().number(&visitors), 3);
    for voter in &voters {
        let erase = client.delete("/v1/visitors/me").bearer(voter);
        erase.send().await.expect(200);
    }
    assert_eq!(moderator.server.home().number(&visitors), 0);
    sound(&moderator).await;
    moderator.undo(&id).await.expect(200);
    sound(&moderator).await;
}

async fn a_killed_server_goes_on(backend: Backend) {
    // Copying takes seconds, so that it can be met half way.
    const ROWS: usize = 20_000;
    let mut moderator = Moderator::new(backend).await;
    let mut file = String::from("tool,voter,choice,cast_at\n");
    for n in 0..ROWS {
        file.push_str(&format!("{TOOL},voter {n},ship,2026-01-05T00:00:00Z\n"));
    }
    moderator.server.home().write("votes.csv", file);
    let import = moderator.server.run_cli(&["import", "votes", "votes.csv"]);
    import.await.success("import");
    let rows = i64::try_from(ROWS).expect("small");
    let in_state = |moderator: &Moderator, state: i16| {
        let sql = format!("SELECT count(*) AS n FROM merges WHERE state = {state}");
        moderator.server.home().number(&sql) == 1
    };
    // The merge, and then its undo, each ended half way.
    let mut path = format!("/v1/tools/{TOOL}/merge");
    for (half, whole, into) in [(1, 2, rows), (3, 4, 0)] {
        let body = if half == 1 {
            json!({"into": OTHER, "reason": "a test"})
        } else {
            json!({})
        };
        let call = moderator.client.post(&path).bearer(&moderator.token);
        let call = call.json(&body).try_send();
        let killed = eventually("it is half way", GUARD, async || {
            if !in_state(&moderator, half) {
                return false;
            }
            moderator.server.kill9();
            true
        });
        let (answer, _) = tokio::join!(call, killed);
        assert!(
            answer.is_err(),
            "it was answered before the server was killed"
        );
        assert!(
            in_state(&moderator, half),
            "it ended before the server was killed"
        );
        moderator.server.restart().await;
        moderator.client = moderator.server.client();
        if half == 1 {
            let resets = moderator.get("/resets").await;
            path = format!("/v1/moderation/resets/{}/undo", resets["items"][0]["id"]);
        }
        eventually("it is done", GUARD, async || in_state(&moderator, whole)).await;
        assert_eq!(counts(&moderator, TOOL).await, (rows - into, 0));
        let client = moderator.client.clone();
        eventually("the tally is shown", GUARD, async || {
            client.counts(OTHER).await == (into, 0)
        })
        .await;
        sound(&moderator).await;
    }
}
