//! The public log from the outside: receipts, entries, proofs, acts of moderation, and `tallyship log verify`, on both
//! databases.
//!
//! What a test expects of the log it computes itself from the receipts; it never looks into the database.
mod acts;
mod altered;
mod histories;
mod put_back;
mod renames;

use crate::harness::Backend;
use crate::harness::client::Answer;
use crate::harness::eventually;
use crate::harness::server::{Home, Server};
use crate::moderation::{OTHER, TOOL};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

crate::both!(
    a_receipt_opens_its_ballot_and_the_ballot_is_proved,
    a_ballot_stays_through_changes_and_withdrawal,
    erasure_unlinks_and_writes_nothing,
    an_import_is_unnamed,
    a_restart_continues_the_log,
    a_user_takes_the_ballot_along,
);

/// Longer than an epoch on a busy machine.
const GUARD: Duration = Duration::from_secs(60);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

fn receipt(answer: &Answer) -> &Value {
    let receipt = &answer.json["receipt"];
    assert!(receipt.is_object(), "{}", answer.text);
    receipt
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(value.as_str().expect("text"))
        .expect("base64url")
}

/// The ballot's name as its voter computes it.
fn name(seal: &[u8], receipt: &Value) -> String {
    let mut preimage = b"tallyship ballot 1\n".to_vec();
    preimage.extend(seal);
    preimage.extend(bytes(&receipt["salt"]));
    URL_SAFE_NO_PAD.encode(&Sha256::digest(&preimage)[..24])
}

async fn ballot(server: &Server, receipt: &Value) -> Answer {
    let path = format!(
        "/v1/log/ballots/{}",
        receipt["ballot"].as_str().expect("a ballot")
    );
    server.client().get(&path).send().await
}

/// Waits until the ballot's last choice in the log is `choice`.
async fn until(server: &Server, receipt: &Value, choice: Value) -> Value {
    let mut found = Value::Null;
    eventually("the ballot is in the log", GUARD, async || {
        let answer = ballot(server, receipt).await;
        found = answer.json.clone();
        let entries = found["entries"].as_array();
        answer.status == 200
            && entries
                .is_some_and(|entries| entries.last().is_some_and(|last| last["choice"] == choice))
    })
    .await;
    found
}

async fn text(server: &Server, path: &str) -> String {
    server.client().get(path).send().await.expect(200).text
}

/// Every line of the log, by its bundles.
async fn lines(server: &Server) -> Vec<String> {
    let checkpoint = text(server, "/log/checkpoint").await;
    let size: u64 = checkpoint
        .lines()
        .nth(1)
        .expect("a size")
        .parse()
        .expect("a number");
    let mut lines = Vec::new();
    for n in 0..size.div_ceil(256) {
        let width = (size - n * 256).min(256);
        let partial = if width == 256 {
            String::new()
        } else {
            format!(".p/{width}")
        };
        let bundle = text(server, &format!("/log/tile/entries/{n:03}{partial}")).await;
        let mut rest = bundle.as_bytes();
        while let [high, low, tail @ ..] = rest {
            let (line, tail) = tail.split_at(usize::from(*high) << 8 | usize::from(*low));
            lines.push(String::from_utf8(line.to_vec()).expect("text"));
            rest = tail;
        }
    }
    assert_eq!(lines.len() as u64, size);
    lines
}

/// `tallyship log verify` finds nothing, and no tool that has moved.
pub async fn verified(server: &Server) -> String {
    let mut said = String::new();
    eventually("the log says what the site shows", GUARD, async || {
        let done = server
            .run_cli(&["log", "verify", "--url", server.client().base()])
            .await;
        assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
        said = done.stdout;
        !said.contains("moved while")
    })
    .await;
    said
}

async fn a_receipt_opens_its_ballot_and_the_ballot_is_proved(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voter = client.visitor().await;
    let seal = [7; 32];
    let body = json!({"choice": "ship", "seal": URL_SAFE_NO_PAD.encode(seal)});
    let path = format!("/v1/tools/{TOOL}/vote");
    let first = client
        .put(&path)
        .bearer(&voter)
        .json(&body)
        .send()
        .await
        .expect(201);
    let receipt = receipt(&first).clone();
    assert_eq!(receipt["ballot"].as_str().expect("a ballot").len(), 32);
    assert_eq!(receipt["ballot"], name(&seal, &receipt));
    assert_eq!(bytes(&receipt["salt"]).len(), 16);
    // Without a seal it is the salt alone.
    let other = client.put_vote(&voter, OTHER, "skip").await.expect(201);
    assert_eq!(
        other.json["receipt"]["ballot"],
        name(&[], &other.json["receipt"])
    );
    for bad in [json!("A"), json!(null), json!(7), json!("A".repeat(44))] {
        let body = json!({"choice": "ship", "seal": bad});
        let refused = client.put(&path).bearer(&voter).json(&body).send().await;
        assert_eq!(refused.status, 422, "{bad}: {}", refused.text);
    }
    let found = until(&server, &receipt, json!("ship")).await;
    assert_eq!(
        (&found["tool"], &found["excluded_by"]),
        (&json!(TOOL), &json!([]))
    );
    let index = &found["entries"][0]["index"];
    let proof = text(&server, &format!("/v1/log/proofs/{index}")).await;
    assert!(
        proof.starts_with(&format!("c2sp.org/tlog-proof@v1\nindex {index}\n")),
        "{proof}"
    );
    let origin = receipt["log"].as_str().expect("an origin");
    assert!(proof.contains(&format!("\n\n{origin}\n")), "{proof}");
    let printed = server
        .run_cli(&["log", "prove", &index.to_string(), "--url", client.base()])
        .await
        .success("log prove");
    assert!(printed.stdout.starts_with("c2sp.org/tlog-proof@v1\n"));
    let line = format!(
        "ballot {TOOL} {} ship",
        receipt["ballot"].as_str().expect("a ballot")
    );
    assert_eq!(
        lines(&server).await[usize::try_from(index.as_u64().expect("a number")).expect("small")],
        line
    );
    let logs = client.get("/v1/log").send().await.expect(200).json;
    assert_eq!(logs["items"][0]["origin"], receipt["log"]);
    let key = text(&server, "/log/key").await;
    assert!(
        key.starts_with(&format!("{origin}+")) && key.lines().count() == 1,
        "{key}"
    );
    client
        .get(&format!("/v1/log/ballots/{}", "A".repeat(32)))
        .send()
        .await
        .problem(404, "not-found");
    client
        .get("/v1/log/proofs/1000000")
        .send()
        .await
        .problem(404, "not-found");
    client
        .get("/log/tile/entries/999")
        .send()
        .await
        .problem(404, "not-found");
    client
        .get("/log/tile/0/00")
        .send()
        .await
        .problem(404, "not-found");
    client
        .get(&format!("/log/lists/{}", "0".repeat(64)))
        .send()
        .await
        .problem(404, "not-found");
    let entries = client
        .get("/log/tile/entries/000.p/1")
        .header("origin", "https://elsewhere.example");
    let entries = entries.send().await.expect(200);
    assert_eq!(entries.header("access-control-allow-origin"), Some("*"));
    let preflight = client
        .call(reqwest::Method::OPTIONS, "/log/checkpoint")
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "x-reader");
    let preflight = preflight.send().await.expect(204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("*"));
    assert!(
        entries
            .header("cache-control")
            .expect("caching")
            .contains("immutable")
    );
    let ready = server.admin().get("/readyz").send().await.expect(200).json;
    assert_eq!(ready["parts"]["log"], "ready");
    verified(&server).await;
}

async fn a_ballot_stays_through_changes_and_withdrawal(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voter = client.visitor().await;
    let first = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    let receipt = receipt(&first).clone();
    for (answer, choice) in [
        (client.put_vote(&voter, TOOL, "ship").await, json!("ship")),
        (client.put_vote(&voter, TOOL, "skip").await, json!("skip")),
        (client.delete_vote(&voter, TOOL).await, json!(null)),
        (client.get_vote(&voter, TOOL).await, json!(null)),
        (client.put_vote(&voter, TOOL, "skip").await, json!("skip")),
        (client.get_vote(&voter, TOOL).await, json!("skip")),
    ] {
        assert_eq!(answer.json["receipt"], receipt, "{}", answer.text);
        assert_eq!(answer.json["vote"]["choice"], choice);
    }
    until(&server, &receipt, json!("skip")).await;
    client.delete_vote(&voter, TOOL).await.expect(200);
    let found = until(&server, &receipt, json!(null)).await;
    assert!(found["entries"].as_array().expect("entries").len() >= 2);
    let me = client
        .get("/v1/visitors/me")
        .bearer(&voter)
        .send()
        .await
        .expect(200)
        .json;
    assert_eq!(me["withdrawn"][0]["receipt"], receipt, "{me}");
    // A vote that comes and goes at once is in the log as well.
    let brief = client.visitor().await;
    let made = client.put_vote(&brief, TOOL, "ship").await.expect(201);
    client.delete_vote(&brief, TOOL).await.expect(200);
    until(&server, &made.json["receipt"], json!(null)).await;
    let quiet = text(&server, "/log/checkpoint").await;
    verified(&server).await;
    assert_eq!(
        text(&server, "/log/checkpoint").await,
        quiet,
        "nothing changed, nothing is signed"
    );
}

async fn erasure_unlinks_and_writes_nothing(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voter = client.visitor().await;
    let made = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    until(&server, &made.json["receipt"], json!("ship")).await;
    let before = lines(&server).await;
    client
        .delete("/v1/visitors/me")
        .bearer(&voter)
        .send()
        .await
        .expect(200);
    let another = client.visitor().await;
    let next = client.put_vote(&another, OTHER, "ship").await.expect(201);
    until(&server, &next.json["receipt"], json!("ship")).await;
    let after = lines(&server).await;
    assert_eq!(after[..before.len()], before[..]);
    assert!(
        after[before.len()..]
            .iter()
            .all(|line| line.contains(OTHER)),
        "{after:#?}"
    );
    assert_eq!(client.counts(TOOL).await, (1, 0));
    verified(&server).await;
}

async fn an_import_is_unnamed(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    server.home().write(
        "votes.csv",
        "tool,voter,choice,cast_at\ncodestral-2,a,ship,2024-01-01T00:00:00Z\ncodestral-2,b,skip,2024-01-01T00:00:00Z\n",
    );
    let voter = client.visitor().await;
    let made = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    until(&server, &made.json["receipt"], json!("ship")).await;
    server
        .run_cli(&["import", "votes", "votes.csv"])
        .await
        .success("import votes");
    eventually("the import is in the log", GUARD, async || {
        lines(&server)
            .await
            .contains(&format!("unnamed {TOOL} 1 1"))
    })
    .await;
    let said = verified(&server).await;
    assert!(
        said.contains(&format!("{TOOL}: by the operator's word 1 ship and 1 skip")),
        "{said}"
    );
}

async fn a_restart_continues_the_log(backend: Backend) {
    let mut server = server(backend).await;
    let voter = server.client().visitor().await;
    let made = server
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    until(&server, &made.json["receipt"], json!("ship")).await;
    let kept = text(&server, "/log/checkpoint").await;
    server.home().write("kept", &kept);
    let last = server
        .client()
        .put_vote(&voter, OTHER, "skip")
        .await
        .expect(201);
    server.kill9();
    server.restart().await;
    until(&server, &last.json["receipt"], json!("skip")).await;
    let origin = kept.lines().next().expect("an origin").to_owned();
    assert!(
        text(&server, "/log/checkpoint")
            .await
            .starts_with(&format!("{origin}\n"))
    );
    let base = server.client().base().to_owned();
    let since = ["log", "verify", "--url", &base, "--since", "kept"];
    server.run_cli(&since).await.success("log verify --since");
    let flipped = kept.replacen(&origin, &format!("{origin}x"), 1);
    server.home().write("kept", flipped);
    assert_eq!(server.run_cli(&since).await.code(), 2);
}

async fn a_user_takes_the_ballot_along(backend: Backend) {
    let site = crate::harness::site::Site::new("EdDSA");
    let setup = site.setup(Home::new(backend).setup().generous());
    let server = setup.start().await;
    let client = server.client();
    let visitor = client.visitor().await;
    let made = client.put_vote(&visitor, TOOL, "ship").await.expect(201);
    let mine = client.put_vote(&visitor, OTHER, "ship").await.expect(201);
    let user = site.user("one");
    let theirs = client.put_vote(&user, OTHER, "skip").await.expect(201);
    let cookie = format!("tallyship-visitor={visitor}");
    let claimed = client
        .get(&format!("/v1/tools/{TOOL}/vote"))
        .bearer(&user)
        .header("cookie", &cookie);
    let claimed = claimed.send().await.expect(200);
    assert_eq!(
        claimed.json["receipt"], made.json["receipt"],
        "{}",
        claimed.text
    );
    let both = client
        .get(&format!("/v1/tools/{OTHER}/vote"))
        .bearer(&user)
        .header("cookie", &cookie);
    assert_eq!(
        both.send().await.expect(200).json["receipt"],
        theirs.json["receipt"]
    );
    until(&server, &made.json["receipt"], json!("ship")).await;
    until(&server, &theirs.json["receipt"], json!("skip")).await;
    until(&server, &mine.json["receipt"], json!(null)).await;
    verified(&server).await;
}
