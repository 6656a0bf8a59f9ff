//! Who may do what, what is audited, and what a flood costs.
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

crate::both!(
    a_freeze_outlasts_the_sites_own_edits,
    every_privileged_command_is_audited,
    a_valid_token_always_signs_in
);

async fn token(server: &Server, role: &str) -> String {
    let create = ["token", "create", "--role", role, "--name", role];
    let made = server.run_cli(&create).await.success("token create");
    made.stdout.trim().to_owned()
}

async fn a_freeze_outlasts_the_sites_own_edits(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let (site, moderator) = (
        token(&server, "site").await,
        token(&server, "moderator").await,
    );
    let client = server.client();
    let slug = "codestral-2";
    let tool = format!("/v1/tools/{slug}");
    let put = || {
        client
            .put(&tool)
            .bearer(&site)
            .json(&json!({"name": "Again"}))
            .send()
    };
    let set = |state: &str| {
        let path = format!("/v1/moderation/tools/{slug}/state");
        let body = json!({"state": state, "reason": "a test"});
        client.put(&path).bearer(&moderator).json(&body).send()
    };
    set("frozen").await.expect(200);
    assert_eq!(put().await.expect(200).json["tally"]["state"], "frozen");
    for _ in 0..2 {
        client.delete(&tool).bearer(&site).send().await.expect(200);
        client.delete(&tool).bearer(&site).send().await.expect(200);
        assert_eq!(put().await.expect(200).json["tally"]["state"], "frozen");
    }
    let voter = client.visitor().await;
    client
        .put_vote(&voter, slug, "ship")
        .await
        .problem(423, "frozen");
    set("open").await.expect(200);
    client.delete(&tool).bearer(&site).send().await.expect(200);
    assert_eq!(put().await.expect(200).json["tally"]["state"], "open");
}

async fn every_privileged_command_is_audited(backend: Backend) {
    let home = Home::new(backend);
    let server = home.setup().generous().start().await;
    let acts = |act: &str| {
        home.number(&format!(
            "SELECT count(*) AS n FROM audit WHERE act = '{act}'"
        ))
    };
    home.write(
        "votes.csv",
        "tool,voter,choice,cast_at\ncodestral-2,somebody,ship,2026-11-24T02:00:00Z\n",
    );
    for (arguments, act) in [
        (&["import", "votes", "votes.csv"][..], "votes.import"),
        (&["export", "votes"], "votes.export"),
        (&["visitors", "mint", "--count", "3"], "visitors.mint"),
        (
            &["token", "create", "--role", "site", "--name", "a"],
            "token.create",
        ),
        (&["token", "revoke", "a"], "token.revoke"),
        (&["backup", "file"], "backup"),
    ] {
        server.run_cli(arguments).await.success(arguments[0]);
        assert_eq!(acts(act), 1, "{arguments:?}");
    }
    assert_eq!(server.sigterm(Duration::from_secs(30)).await, 0);
    server
        .run_cli(&["restore", "file"])
        .await
        .success("restore");
    assert_eq!(acts("restore"), 1);
    server.verify().await;
}

async fn sign_in(client: &Client, token: &str) -> Answer {
    let form = format!("token={token}");
    let call = client
        .post("/moderation/sign-in")
        .header("content-type", "application/x-www-form-urlencoded");
    call.body(form).send().await
}

async fn a_valid_token_always_signs_in(backend: Backend) {
    let home = Home::new(backend);
    let server = home.setup().start().await;
    let moderator = token(&server, "moderator").await;
    let client = server.client();
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(sign_in(&client, "tss_wrong").await.status);
    }
    assert_eq!(statuses.first(), Some(&401));
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(sign_in(&client, &moderator).await.status, 303);
    eventually("an audit entry", Duration::from_secs(20), async || {
        home.number("SELECT count(*) AS n FROM audit WHERE act = 'sign-in.failed'") > 0
    })
    .await;
}

#[test]
fn other_sites_read_the_public_api_alone() {
    run(async {
        let origin = "https://main.example";
        let setup = Home::new(Backend::Sqlite).setup();
        let server = setup
            .env("TALLYSHIP_HTTP__ALLOWED_ORIGINS", origin)
            .start()
            .await;
        let client = server.client();
        for (path, is_open) in [
            ("/v1/tools/codestral-2/tally", true),
            ("/v1/tools", true),
            ("/openapi.json", true),
            ("/badge/codestral-2.svg", true),
            ("/oembed", true),
            ("/moderation", false),
            ("/moderation/sign-in", false),
            ("/v1/moderation/audit", false),
            ("/", false),
            ("/tools/codestral-2", false),
        ] {
            let answer = client.get(path).header("origin", origin).send().await;
            let allowed = answer.header("access-control-allow-origin").is_some();
            assert_eq!(allowed, is_open, "{path}");
            let preflight = client
                .call(reqwest::Method::OPTIONS, path)
                .header("origin", origin)
                .header("access-control-request-method", "PUT");
            let preflight = preflight.send().await;
            let allowed = preflight.header("access-control-allow-origin").is_some();
            assert_eq!(allowed, is_open, "{path}");
        }
    });
}

/// Sends a head that announces a body, and no body.
async fn head_alone(server: &Server, line: &str, headers: &str) -> String {
    let address = server.url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.expect("connects");
    let request = format!("{line} HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.expect("sends");
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut bytes)).await;
    let n = read.expect("answered without the body").expect("reads");
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

#[test]
fn staff_are_known_before_their_body_is_read() {
    run(async {
        let server = Server::new(Backend::Sqlite).await;
        let json = "content-type: application/json\r\ncontent-length: 4000000\r\n";
        let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 4000\r\n";
        for line in ["PUT /v1/tools/a", "PATCH /v1/tools/a", "POST /v1/tools"] {
            let answer = head_alone(&server, line, json).await;
            assert!(answer.contains(" 401 "), "{line}: {answer}");
        }
        let small = json.replace("4000000", "4000");
        for line in [
            "POST /v1/moderation/resets",
            "POST /v1/moderation/bans",
            "DELETE /v1/tools/a",
        ] {
            let answer = head_alone(&server, line, &small).await;
            assert!(answer.contains(" 401 "), "{line}: {answer}");
        }
        let answer = head_alone(&server, "POST /moderation/bans", form).await;
        assert!(answer.contains(" 303 "), "{answer}");
    });
}

#[test]
fn an_encoded_body_is_refused() {
    run(async {
        let server = Server::new(Backend::Sqlite).await;
        let client = server.client();
        let voter = client.visitor().await;
        for encoding in ["gzip", "br", "identity, gzip", "deflate"] {
            let vote = client.vote(&voter, "codestral-2", "ship");
            let refused = vote.header("content-encoding", encoding).send().await;
            refused.problem(415, "unsupported-media-type");
        }
        let vote = client.vote(&voter, "codestral-2", "ship");
        vote.header("content-encoding", "identity")
            .send()
            .await
            .expect(201);

        // A request without a body is no exception, whichever way it takes; an address comes first.
        for (line, status) in [
            ("GET /v1/tools/codestral-2/tally", 415),
            ("GET /v1/tallies?tools=codestral-2", 415),
            ("GET /v1/tools", 415),
            ("HEAD /v1/tools", 415),
            ("GET /v1/tools/codestral-2/vote", 415),
            ("DELETE /v1/tools/codestral-2/vote", 415),
            ("DELETE /v1/visitors/me", 415),
            ("GET /", 415),
            ("GET /v1/moderation/audit", 415),
            ("GET /v1/nothing", 404),
        ] {
            let answer = head_alone(&server, line, "content-encoding: gzip\r\n").await;
            assert!(answer.contains(&format!(" {status} ")), "{line}: {answer}");
            let answer = head_alone(&server, line, "content-encoding: identity\r\n").await;
            assert!(!answer.contains(" 415 "), "{line}: {answer}");
        }
    });
}

#[test]
fn reads_of_own_votes_have_a_quota() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let client = server.client();
        let (voter, other) = (client.visitor().await, client.visitor().await);
        let read = async |voter: &str| {
            let list = client.get("/v1/votes?tools=codestral-2").bearer(voter);
            list.send().await
        };
        let mut refused = None;
        for _ in 0..700 {
            let answer = read(&voter).await;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            answer.expect(200);
        }
        let refused = refused.expect("a quota").problem(429, "rate-limited");
        assert!(refused.header("retry-after").is_some());
        client
            .get_vote(&voter, "codestral-2")
            .await
            .problem(429, "rate-limited");
        read(&other).await.expect(200);
    });
}

/// Reads of own votes wait for the database, more of them than may be queued: staff have readers of their own, and who is too many is
/// told at once.
#[test]
fn a_flood_of_own_votes_leaves_staff_their_readers_on_postgres() {
    run(async {
        let home = Home::new(Backend::Postgres);
        let server = home.setup().generous().start().await;
        let moderator = token(&server, "moderator").await;
        let client = server.client();
        let voter = client.visitor().await;
        let locking = Arc::clone(&home);
        let locked = tokio::task::spawn_blocking(move || {
            locking.hold("LOCK TABLE votes IN ACCESS EXCLUSIVE MODE");
        });
        let held = "SELECT count(*) AS n FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
                    AND relation = 'votes'::regclass";
        eventually("votes are locked", Duration::from_secs(10), async || {
            home.number(held) == 1
        })
        .await;
        let paths = ["/v1/votes?tools=codestral-2", "/v1/tools/codestral-2/vote"];
        let refused = paths.map(|_| AtomicUsize::new(0));
        let flood = join_all((0..400).map(|n| {
            let read = client.get(paths[n % 2]).bearer(&voter);
            let refused = &refused[n % 2];
            async move {
                let answer = read.send().await;
                if answer.status == 503 {
                    answer.problem(503, "overloaded");
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
        let staff = async {
            eventually("reads are refused", Duration::from_secs(10), async || {
                refused
                    .iter()
                    .all(|refused| refused.load(Ordering::Relaxed) > 0)
            })
            .await;
            let read = client.get("/v1/moderation/audit").bearer(&moderator);
            read.send().await.expect(200);
            home.let_go();
        };
        tokio::join!(flood, staff);
        locked.await.expect("unlocked");
    });
}

#[test]
fn a_flood_of_refusals_writes_a_few_lines() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let client = server.client();
        for _ in 0..500 {
            client
                .get("/v1/tools/unknown/tally")
                .send()
                .await
                .expect(404);
        }
        assert_eq!(server.sigterm(Duration::from_secs(30)).await, 0);
        let log = server.stderr();
        let lines = log
            .lines()
            .filter(|line| line.contains("\"status\":404"))
            .count();
        assert!((1..=40).contains(&lines), "{lines} lines");
    });
}

/// Everything that comes back for `request`, until the server closes.
async fn everything(server: &Server, request: &str) -> String {
    let address = server.url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.expect("connects");
    let _ = socket.write_all(request.as_bytes()).await;
    let mut answers = Vec::new();
    let read = socket.read_to_end(&mut answers);
    let ended = tokio::time::timeout(Duration::from_secs(20), read).await;
    assert!(ended.is_ok(), "the connection stays open");
    String::from_utf8_lossy(&answers).into_owned()
}

#[test]
fn what_follows_the_end_of_a_connection_is_not_done() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let client = server.client();
        let voter = client.visitor().await;
        let good = "GET /v1/tools/codestral-2/tally HTTP/1.1\r\nhost: x\r\n";
        let body = r#"{"choice":"ship"}"#;
        let vote = format!(
            "PUT /v1/tools/codestral-2/vote HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {voter}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let large = format!(
            "PUT /v1/tools/codestral-2/vote HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: 70000\r\n\r\n{}",
            "x".repeat(70_000)
        );
        for before in [format!("{good}connection: close\r\n\r\n"), large] {
            everything(&server, &format!("{before}{vote}")).await;
            assert_eq!(client.counts("codestral-2").await, (0, 0));
        }
        // A refusal behind an answer is a problem document as well.
        let bad = everything(&server, &format!("{good}\r\nnonsense\r\n\r\n")).await;
        let (_, refusal) = bad.split_once("HTTP/1.1 400").expect("a refusal");
        assert!(refusal.contains("\"code\":\"bad-request\""), "{bad}");
        // Half a head behind a whole request does not stay.
        let half = everything(&server, &format!("{good}\r\nGET /v1/tools HT")).await;
        assert!(half.contains(" 200 "), "{half}");
        let value: Value = client.tally("codestral-2").await;
        assert_eq!(value["community"]["votes"], 0);
    });
}
