//! An erasure beside everything else that moves votes: one vote a voter, and the recount agrees.
use crate::harness::client::Client;
use crate::harness::crowd::fill;
use crate::harness::server::{Home, Server};
use crate::harness::site::Site;
use crate::harness::{Backend, eventually};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    erasures_beside_a_reset_and_its_undo,
    claims_beside_an_undo,
    an_import_leaves_the_erased_alone,
    an_import_leaves_claimed_votes_alone,
    erased_votes_cannot_be_linked
);

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const FROZEN: &str = "aider";
const GUARD: Duration = Duration::from_secs(20);
const ME: &str = "/v1/visitors/me";
const CROWD: usize = 20_000;
const ERASED: usize = 60;
const AT: i64 = 1_700_000_000_000_000;

async fn moderator(server: &Server) -> String {
    let made = server
        .run_cli(&["token", "create", "--role", "moderator", "--name", "m"])
        .await
        .success("token");
    made.stdout.trim().to_owned()
}

async fn act(client: &Client, token: &str, path: &str, body: Value) -> Value {
    let call = client.post(&format!("/v1/moderation{path}")).bearer(token);
    let answer = call.json(&body).send().await;
    assert!(answer.success(), "{}", answer.text);
    answer.json
}

async fn counts(server: &Server) -> (i64, i64) {
    let path = format!("/v1/tools/{TOOL}/tally?include=set-aside");
    let tally = server.client().get(&path).send().await.expect(200).json;
    let of = |part: &str| tally[part]["ship"].as_i64().expect("a count");
    (of("community"), of("raw"))
}

/// A server with a large crowd of old votes, and `ERASED` voters who voted themselves.
async fn crowded(backend: Backend) -> (Server, Vec<String>) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    fill(server.home(), TOOL, CROWD, AT);
    let voters = server.setup.mint(ERASED).await;
    for voter in &voters {
        client.put_vote(voter, TOOL, "ship").await.expect(201);
    }
    (server, voters)
}

async fn erasures_beside_a_reset_and_its_undo(backend: Backend) {
    let (server, voters) = crowded(backend).await;
    let (client, token) = (server.client(), moderator(&server).await);
    let all = (CROWD + ERASED) as i64;
    let erase = async |some: &[String]| {
        for voter in some {
            client.delete(ME).bearer(voter).send().await.expect(200);
        }
    };
    let (first, second) = voters.split_at(ERASED / 2);
    let body = json!({"tool": TOOL, "reason": "all", "dry_run": false});
    let (reset, ()) = tokio::join!(act(&client, &token, "/resets", body), erase(first));
    assert_eq!(counts(&server).await, (0, all));
    server.verify().await;
    let undo = format!("/resets/{}/undo", reset["id"]);
    let (_, ()) = tokio::join!(act(&client, &token, &undo, json!({})), erase(second));
    assert_eq!(counts(&server).await, (all, all));
    server.verify().await;
}

async fn claims_beside_an_undo(backend: Backend) {
    let site = Site::new("EdDSA");
    let server = site
        .setup(Home::new(backend).setup().generous())
        .start()
        .await;
    let (client, token) = (server.client(), moderator(&server).await);
    fill(server.home(), TOOL, CROWD, AT);
    let voters = server.setup.mint(ERASED).await;
    for voter in &voters {
        client.put_vote(voter, TOOL, "ship").await.expect(201);
    }
    let all = (CROWD + ERASED) as i64;
    let body = json!({"tool": TOOL, "reason": "all", "dry_run": false});
    let reset = act(&client, &token, "/resets", body).await;
    assert_eq!(counts(&server).await, (0, all));
    let path = format!("/v1/tools/{TOOL}/vote");
    let claim = async {
        for (n, voter) in voters.iter().enumerate() {
            let user = site.user(&format!("user-{n}"));
            let cookie = format!("tallyship-visitor={voter}");
            let call = client.get(&path).bearer(&user).header("cookie", &cookie);
            call.send().await.expect(200);
        }
    };
    let undo = format!("/resets/{}/undo", reset["id"]);
    tokio::join!(act(&client, &token, &undo, json!({})), claim);
    assert_eq!(counts(&server).await, (all, all));
    server.verify().await;
}

/// As soon as one instance has answered an erasure, no other takes a vote of that token, and a vote that comes meanwhile counts once.
#[test]
fn an_erasure_is_known_to_every_instance_on_postgres() {
    crate::harness::run(async {
        let setup = Home::new(Backend::Postgres).setup().generous();
        let (one, two) = (setup.start().await, setup.start().await);
        let (a, b) = (one.client(), two.client());
        let voters = setup.mint(40).await;
        let path = format!("/v1/moderation/tools/{FROZEN}/state");
        let frozen = json!({"state": "frozen", "reason": "closed"});
        let call = a.put(&path).bearer(&moderator(&one).await).json(&frozen);
        call.send().await.expect(200);
        eventually("the other instance knows", GUARD, async || {
            b.put_vote(&voters[1], FROZEN, "ship").await.status == 423
        })
        .await;
        for (n, voter) in voters.iter().enumerate() {
            a.put_vote(voter, TOOL, "ship").await.expect(201);
            if n % 2 == 0 {
                a.delete(ME).bearer(voter).send().await.expect(200);
                // Credentials come before the state of the tool.
                for tool in [FROZEN, TOOL, OTHER] {
                    let late = b.put_vote(voter, tool, "skip").await;
                    late.problem(401, "bad-token");
                }
                continue;
            }
            let beside = [TOOL, OTHER].map(|tool| b.put_vote(voter, tool, "skip"));
            let (erased, beside) =
                tokio::join!(a.delete(ME).bearer(voter).send(), join_all(beside));
            erased.expect(200);
            for answer in beside {
                assert!(answer.success() || answer.status == 401, "{}", answer.text);
            }
        }
        let sql = format!(
            "SELECT count(*) AS n FROM votes v JOIN tools t ON t.id = v.tool_id WHERE t.slug = '{TOOL}'"
        );
        assert_eq!(
            one.home().number(&sql),
            voters.len() as i64,
            "one vote a voter"
        );
        one.verify().await;
    });
}

async fn exported(server: &Server, file: &str) {
    server
        .run_cli(&["export", "votes", file])
        .await
        .success("export");
}

async fn imported(server: &Server, file: &str) -> Value {
    let said = server.run_cli(&["import", "votes", file, "--json"]).await;
    serde_json::from_str(&said.success("import").stdout).expect("JSON")
}

async fn an_import_leaves_the_erased_alone(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let (gone, stays) = (client.visitor().await, client.visitor().await);
    client.put_vote(&gone, TOOL, "ship").await.expect(201);
    client.put_vote(&stays, TOOL, "ship").await.expect(201);
    exported(&server, "before.csv").await;
    client.delete(ME).bearer(&gone).send().await.expect(200);
    let report = imported(&server, "before.csv").await;
    assert_eq!(
        (&report["added"], &report["barred"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(client.counts(TOOL).await, (2, 0));
    assert_eq!(server.home().number("SELECT count(*) AS n FROM votes"), 2);
    // What was exported after the erasure is the same votes again.
    exported(&server, "after.csv").await;
    let report = imported(&server, "after.csv").await;
    assert_eq!((&report["kept"], &report["barred"]), (&json!(2), &json!(0)));
    server.verify().await;
}

async fn an_import_leaves_claimed_votes_alone(backend: Backend) {
    let site = Site::new("EdDSA");
    let server = site
        .setup(Home::new(backend).setup().generous())
        .start()
        .await;
    let client = server.client();
    let visitor = client.visitor().await;
    client.put_vote(&visitor, TOOL, "ship").await.expect(201);
    exported(&server, "before.csv").await;
    let claim = client
        .get(&format!("/v1/tools/{TOOL}/vote"))
        .bearer(&site.user("ann"))
        .header("cookie", &format!("tallyship-visitor={visitor}"));
    claim.send().await.expect(200);
    let report = imported(&server, "before.csv").await;
    assert_eq!(
        (&report["added"], &report["barred"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(client.counts(TOOL).await, (1, 0));
    assert_eq!(server.home().number("SELECT count(*) AS n FROM votes"), 1);
    server.verify().await;
}

async fn erased_votes_cannot_be_linked(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let voter = client.visitor().await;
    for tool in [TOOL, OTHER] {
        client.put_vote(&voter, tool, "ship").await.expect(201);
    }
    let home = server.home();
    client.delete(ME).bearer(&voter).send().await.expect(200);
    // Ids of one moment would begin alike, and the age to the second tells when the token was made.
    let beginnings = "SELECT count(DISTINCT substr(voter, 1, 4)) AS n FROM votes";
    assert_eq!(home.number(beginnings), 2);
    let ages = "SELECT count(*) AS n FROM votes WHERE token_age NOT IN (0, 86400)";
    assert_eq!(home.number(ages), 0);
    let random = "SELECT count(*) AS n FROM votes WHERE substr(lower(hex(voter)), 13, 1) = '4'";
    let random = match backend {
        Backend::Sqlite => random.to_owned(),
        Backend::Postgres => random.replace("lower(hex(voter))", "encode(voter, 'hex')"),
    };
    assert_eq!(home.number(&random), 2);
}
