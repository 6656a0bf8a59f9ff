//! The detector from the outside: a ring of a thousand networks is told of with a filter that means it, ordinary votes are
//! not, a webhook hears of it in a way that can be checked, and a moderator has the last word.
use super::{Moderator, OTHER, TOOL, staff};
use crate::harness::hook::{Hook, Manner};
use crate::harness::server::{Home, Setup};
use crate::harness::{Backend, eventually};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

crate::both!(
    a_thousand_networks_are_told_of,
    ordinary_votes_are_not,
    a_webhook_hears_of_it_until_it_takes_it,
    an_alert_is_dismissed_once,
    an_alert_forgets_its_network,
);

/// Five times the figure of two minutes.
const GUARD: Duration = Duration::from_secs(600);

fn setup(backend: Backend) -> Setup {
    Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1/32")
}

async fn moderator(setup: Setup) -> Moderator {
    Moderator::at(setup.start().await).await
}

/// Votes of new voters, the `n`th from the network that `of` gives for it.
async fn cast(moderator: &Moderator, count: usize, of: impl Fn(usize) -> (String, &'static str)) {
    cast_on(moderator, TOOL, count, of).await;
}

async fn cast_on(
    moderator: &Moderator,
    tool: &str,
    count: usize,
    of: impl Fn(usize) -> (String, &'static str),
) {
    let voters = moderator.server.setup.mint(count).await;
    for (at, some) in voters.chunks(50).enumerate() {
        let cast = some.iter().enumerate().map(|(n, voter)| {
            let (network, choice) = of(at * 50 + n);
            let vote = moderator
                .client
                .vote(voter, tool, choice)
                .header("x-forwarded-for", &network);
            async { vote.send().await.expect(201) }
        });
        join_all(cast).await;
    }
}

/// People: each of a network of their own, seven of ten for it.
fn people(n: usize) -> (String, &'static str) {
    let choice = if n % 10 < 7 { "ship" } else { "skip" };
    (format!("198.18.{}.{}", n / 200, n % 200 + 1), choice)
}

/// A ring of so many networks, all against it.
fn ring(networks: usize) -> impl Fn(usize) -> (String, &'static str) {
    move |n| {
        let n = n % networks;
        (format!("203.0.{}.{}", n / 200, n % 200 + 1), "skip")
    }
}

async fn alerts(moderator: &Moderator, query: &str) -> Vec<Value> {
    let page = moderator.get(&format!("/alerts{query}")).await;
    page["items"].as_array().expect("items").clone()
}

/// What a reset with the alert's filter would take: votes, and how many of them against it.
async fn matched(moderator: &Moderator, alert: &Value) -> (i64, i64) {
    let mut body = alert["filter"].clone();
    body["reason"] = json!("as the alert says");
    body["dry_run"] = json!(true);
    let report = moderator.post("/resets", body).await.expect(200).json;
    let of = |name: &str| report[name].as_i64().expect("a number");
    (of("matched"), of("skip"))
}

async fn a_thousand_networks_are_told_of(backend: Backend) {
    let moderator = moderator(setup(backend)).await;
    cast(&moderator, 200, people).await;
    let began = Instant::now();
    cast(&moderator, 3_000, ring(1_000)).await;
    let cast_in = began.elapsed();
    let path = format!("?tool={TOOL}&state=open");
    eventually("an alert", GUARD, async || {
        !alerts(&moderator, &path).await.is_empty()
    })
    .await;
    println!(
        "an alert {:?} after the first vote of the ring, whose last came after {cast_in:?}",
        began.elapsed()
    );
    // It grows while more is seen of it, and stays one.
    eventually("the alert means the ring", GUARD, async || {
        let found = alerts(&moderator, &path).await;
        assert_eq!(found.len(), 1, "{found:?}");
        matched(&moderator, &found[0]).await.0 >= 2_700
    })
    .await;
    let alert = alerts(&moderator, &path).await.remove(0);
    let (all, against) = matched(&moderator, &alert).await;
    assert_eq!(all, against, "{alert}");
    assert!(all <= 3_060, "{all} of 3,000 and sixty people: {alert}");
    let numbers = &alert["numbers"];
    assert_eq!(
        (&alert["kind"], &alert["state"]),
        (&json!("burst"), &json!("open"))
    );
    assert!(alert["score"].as_i64().expect("a score") >= 60, "{alert}");
    assert!(numbers["networks"].as_i64().expect("n") >= 900, "{alert}");
    assert!(
        numbers["parts"]["concentration"].as_i64().expect("n") > 30,
        "{alert}"
    );
    assert_eq!(
        (&alert["filter"]["tool"], &alert["filter"]["choice"]),
        (&json!(TOOL), &json!("skip"))
    );
    // It proposes: nothing was taken out, and nobody acted.
    assert_eq!(moderator.counts().await, (140, 3_060));
    assert_eq!(moderator.aside().await, (0, 0));
    let resets = moderator.get("/resets").await;
    assert_eq!(resets["items"], json!([]));
    moderator.server.verify().await;
}

/// The twin. That the detector has seen them is known by what it says of a ring that voted after them.
async fn ordinary_votes_are_not(backend: Backend) {
    let moderator = moderator(setup(backend)).await;
    cast(&moderator, 400, people).await;
    cast_on(&moderator, OTHER, 60, ring(1)).await;
    let path = format!("?tool={OTHER}");
    eventually("an alert of the ring", GUARD, async || {
        !alerts(&moderator, &path).await.is_empty()
    })
    .await;
    let all = alerts(&moderator, "").await;
    assert!(all.iter().all(|alert| alert["tool"] == OTHER), "{all:?}");
    // One network, so that is what it names.
    let alert = &all[0];
    assert_eq!(alert["kind"], "network", "{alert}");
    let seen = moderator.get(&format!("/votes?tool={OTHER}&limit=1")).await;
    assert_eq!(alert["filter"]["network"], seen["items"][0]["network"]);
    moderator.server.verify().await;
}

fn signed(key: &[u8], message: &str) -> String {
    let key = PKey::hmac(key).expect("a key");
    let mut signer = Signer::new(MessageDigest::sha256(), &key).expect("a signer");
    signer.update(message.as_bytes()).expect("signed");
    format!(
        "v1,{}",
        STANDARD.encode(signer.sign_to_vec().expect("signed"))
    )
}

async fn a_webhook_hears_of_it_until_it_takes_it(backend: Backend) {
    let key = [7_u8; 32];
    let hook = Hook::start(&[Manner::Hangs, Manner::Answers(500), Manner::Answers(302)]).await;
    let setup = setup(backend)
        .env("TALLYSHIP_MODERATION__WEBHOOK_URL", &hook.url)
        .env(
            "TALLYSHIP_MODERATION__WEBHOOK_SECRET",
            format!("whsec_{}", STANDARD.encode(key)),
        );
    let moderator = moderator(setup).await;
    cast(&moderator, 60, ring(1)).await;
    // A receiver that hangs keeps nobody from seeing it.
    eventually("the alert", GUARD, async || {
        !alerts(&moderator, "").await.is_empty()
    })
    .await;
    eventually("it is told a fourth time", GUARD, async || {
        hook.messages().len() >= 4
    })
    .await;
    let told = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state = 1";
    eventually("it was taken", GUARD, async || {
        moderator.server.home().number(told) > 0
    })
    .await;
    let messages = hook.messages();
    let id = &messages[0].headers["webhook-id"];
    for message in &messages[..4] {
        let of = |name: &str| message.headers[name].as_str();
        assert_eq!(of("webhook-id"), id, "the same message");
        let body = std::str::from_utf8(&message.body).expect("text");
        let text = format!("{}.{}.{body}", of("webhook-id"), of("webhook-timestamp"));
        assert_eq!(of("webhook-signature"), signed(&key, &text));
        assert_ne!(of("webhook-signature"), signed(&[8; 32], &text));
        let sent: i64 = of("webhook-timestamp").parse().expect("seconds");
        let now = chrono::Utc::now().timestamp();
        assert!((now - 600..=now + 1).contains(&sent), "{sent}");
    }
    let body = messages[3].json();
    assert_eq!(body["type"], "alert.raised");
    let alert = alerts(&moderator, "").await.remove(0);
    assert_eq!(body["data"]["id"], alert["id"]);
    assert_eq!(
        body["data"]["filter"]["network"],
        alert["filter"]["network"]
    );
    // Neither the address nor the key is in the log.
    let log = moderator.server.stderr();
    assert!(!log.contains("/hook") && !log.contains("whsec_"), "{log}");
    assert_eq!(moderator.server.sigterm(Duration::from_secs(20)).await, 0);
}

async fn an_alert_is_dismissed_once(backend: Backend) {
    let moderator = moderator(setup(backend)).await;
    cast(&moderator, 60, ring(1)).await;
    eventually("the alert", GUARD, async || {
        !alerts(&moderator, "").await.is_empty()
    })
    .await;
    let alert = alerts(&moderator, "").await.remove(0);
    let path = format!("/alerts/{}/dismiss", alert["id"]);
    moderator
        .call(Method::POST, "/alerts/999/dismiss", None)
        .await
        .problem(404, "not-found");
    moderator
        .post(&path, json!({"why": "x"}))
        .await
        .problem(422, "invalid");
    let done = moderator
        .post(&path, json!({"reason": "a school"}))
        .await
        .expect(200);
    assert_eq!(
        (
            &done.json["state"],
            &done.json["dismiss_reason"],
            &done.json["dismissed_by"]
        ),
        (
            &json!("dismissed"),
            &json!("a school"),
            &json!("the moderator")
        )
    );
    moderator
        .call(Method::POST, &path, None)
        .await
        .problem(409, "conflict");
    let entry = moderator.get("/audit?limit=1").await["items"][0].clone();
    assert_eq!(
        (&entry["act"], &entry["subject"], &entry["reason"]),
        (
            &json!("alert.dismiss"),
            &json!(alert["id"].to_string()),
            &json!("a school")
        )
    );
    assert_eq!(alerts(&moderator, "?state=open").await, Vec::<Value>::new());
    assert_eq!(alerts(&moderator, "?state=dismissed").await.len(), 1);
    for (query, named) in [
        ("state=shut", "state"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
    ] {
        let answer = moderator
            .call(Method::GET, &format!("/alerts?{query}"), None)
            .await
            .problem(422, "invalid");
        assert!(answer.text.contains(named), "{}", answer.text);
    }
    moderator
        .call(Method::GET, "/alerts?tool=nothing-there", None)
        .await
        .problem(404, "unknown-tool");
    // The same thing going on is no new alert, until it is twice what it was: then it is open again.
    cast(&moderator, 20, ring(1)).await;
    let grown = |than: i64| {
        let moderator = &moderator;
        async move || {
            let all = alerts(moderator, "").await;
            assert_eq!(all.len(), 1, "{all:?}");
            all[0]["numbers"]["votes"].as_i64().expect("n") >= than
        }
    };
    eventually("it has grown", GUARD, grown(75)).await;
    assert_eq!(alerts(&moderator, "").await[0]["state"], "dismissed");
    cast(&moderator, 60, ring(1)).await;
    eventually("it has doubled", GUARD, grown(130)).await;
    assert_eq!(alerts(&moderator, "").await[0]["state"], "open");
    let site = staff(&moderator.server, "site").await;
    let call = moderator.client.get("/v1/moderation/alerts").bearer(&site);
    call.send().await.problem(403, "forbidden");
    moderator.server.verify().await;
}

/// The hash goes when that of the votes does; and then the filter means no vote, instead of every one of the time.
async fn an_alert_forgets_its_network(backend: Backend) {
    let mut moderator = moderator(setup(backend)).await;
    cast(&moderator, 60, ring(1)).await;
    eventually("the alert", GUARD, async || {
        !alerts(&moderator, "").await.is_empty()
    })
    .await;
    let alert = alerts(&moderator, "").await.remove(0);
    assert_eq!(matched(&moderator, &alert).await, (60, 60));
    // Nor is it in a backup.
    let hash = alert["filter"]["network"].as_str().expect("a hash");
    moderator
        .server
        .run_cli(&["backup", "site.backup"])
        .await
        .success("backup");
    let path = moderator.server.home().path().join("site.backup");
    let backup = std::fs::read_to_string(path).expect("a backup");
    assert!(backup.contains("alerts") && !backup.contains(hash));
    assert_eq!(moderator.server.sigterm(Duration::from_secs(20)).await, 0);
    moderator.server.home().execute(
        "UPDATE alerts SET span_to = span_to - 172800000000, span_from = span_from - 172800000000",
    );
    moderator.server = moderator.server.setup.start().await;
    moderator.client = moderator.server.client();
    let none = "0".repeat(32);
    eventually("the network is forgotten", GUARD, async || {
        let all = alerts(&moderator, "").await;
        all.iter().any(|alert| alert["filter"]["network"] == none)
    })
    .await;
    for alert in alerts(&moderator, "").await {
        if alert["filter"]["network"] == none {
            assert_eq!(matched(&moderator, &alert).await, (0, 0), "{alert}");
        }
    }
    moderator.server.verify().await;
}
