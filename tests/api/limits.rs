//! Quotas as their callers meet them: headers, refusals and refills, in process and with a real Redis.
//!
//! It must never wait for a refill by the clock, nor count on how fast the votes come: it asks until it is so.
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use std::time::Duration;

const TOOL: &str = "codestral-2";
const GUARD: Duration = Duration::from_secs(25);

crate::both!(
    a_voters_quota,
    one_by_one,
    a_networks_quota,
    a_wide_networks_quota,
    a_known_networks_quota,
    its_place_among_the_checks,
    new_visitors,
    off_is_off
);

/// Both ways of counting: alone, and with Redis (which is returned so that it lives).
async fn both_ways(
    backend: Backend,
    prepare: impl Fn(Setup) -> Setup,
) -> Vec<(Server, Option<Redis>)> {
    let alone = prepare(Home::new(backend).setup().generous()).start().await;
    // Half of these tests with each server that holds quotas.
    let redis = match backend {
        Backend::Sqlite => Redis::start(),
        Backend::Postgres => Redis::start_valkey(),
    };
    let shared = prepare(Home::new(backend).setup().generous().redis(redis.url()))
        .start()
        .await;
    let admin = shared.admin();
    eventually("Redis decides", GUARD, async || {
        admin.get("/readyz").send().await.json["status"] == "ready"
    })
    .await;
    vec![(alone, None), (shared, Some(redis))]
}

/// `r` and `t` of a policy in `RateLimit`.
fn state(header: Option<&str>, policy: &str) -> (u64, u64) {
    let item = header
        .expect("RateLimit")
        .split(", ")
        .find(|item| item.starts_with(&format!("\"{policy}\"")))
        .expect("the policy");
    let number = |name: &str| {
        item.split(';')
            .find_map(|part| part.strip_prefix(name))
            .expect("a parameter")
            .parse()
            .expect("a number")
    };
    (number("r="), number("t="))
}

async fn a_voters_quota(backend: Backend) {
    for (server, _redis) in both_ways(backend, |setup| {
        setup.env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "30/1m")
    })
    .await
    {
        let client = server.client();
        let voter = client.visitor().await;
        let first = client.put_vote(&voter, TOOL, "ship").await.expect(201);
        assert!(
            first
                .header("ratelimit-policy")
                .expect("a policy")
                .split(", ")
                .any(|item| item == "\"voter\";q=30;w=60")
        );
        assert_eq!(state(first.header("ratelimit"), "voter"), (29, 2));
        let mut refused = None;
        let mut least = 29;
        for n in 0..60 {
            let answer = client
                .put_vote(&voter, TOOL, if n % 2 == 0 { "skip" } else { "ship" })
                .await;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            least = state(answer.header("ratelimit"), "voter").0;
        }
        assert_eq!(least, 0, "the last one that was admitted left none");
        let refused = refused.expect("a refusal").problem(429, "rate-limited");
        assert_eq!(state(refused.header("ratelimit"), "voter").0, 0);
        let wait: u64 = refused
            .header("retry-after")
            .expect("Retry-After")
            .parse()
            .expect("seconds");
        assert!((1..=2).contains(&wait), "{wait}");
        let other = client.visitor().await;
        client.put_vote(&other, TOOL, "ship").await.expect(201);
        client.get_vote(&voter, TOOL).await.expect(200);
        client
            .put("/v1/tools/codestral-2/vote")
            .json(&serde_json::json!({}))
            .send()
            .await
            .problem(401, "voter-required");
        eventually("the quota is refilled", GUARD, async || {
            client.put_vote(&voter, TOOL, "ship").await.success()
        })
        .await;
    }
}

/// A quota that hardly refills, so that each number is certain.
async fn one_by_one(backend: Backend) {
    for (server, _redis) in both_ways(backend, |setup| {
        setup.env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "5/1h")
    })
    .await
    {
        let client = server.client();
        let voter = client.visitor().await;
        for left in (0..5).rev() {
            let answer = client.put_vote(&voter, TOOL, "ship").await;
            assert!(answer.success(), "{}", answer.text);
            assert_eq!(state(answer.header("ratelimit"), "voter").0, left);
        }
        // A withdrawal is charged to the same quota.
        let refused = client
            .delete_vote(&voter, TOOL)
            .await
            .problem(429, "rate-limited");
        let wait: u64 = refused
            .header("retry-after")
            .expect("Retry-After")
            .parse()
            .expect("seconds");
        assert!((600..=720).contains(&wait), "{wait}");
        assert_eq!(
            client.counts(TOOL).await,
            (1, 0),
            "what was refused did nothing"
        );
    }
}

async fn a_known_networks_quota(backend: Backend) {
    for (server, _redis) in both_ways(backend, |setup| {
        setup
            .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "4/1h")
            .env(
                "TALLYSHIP_LIMITS__KNOWN_NETWORKS",
                "192.0.2.0/24=3, 2001:db8::/32=2",
            )
            .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1")
    })
    .await
    {
        let client = server.client();
        for (from, times) in [
            ("192.0.2.7", 12),
            ("192.0.2.8", 12),
            ("2001:db8:5::1", 8),
            ("198.51.100.7", 4),
        ] {
            for voter in server.setup.mint(times).await {
                let vote = client
                    .vote(&voter, TOOL, "ship")
                    .header("x-forwarded-for", from);
                let answer = vote.send().await.expect(201);
                let policy = answer.header("ratelimit-policy").expect("a policy");
                assert!(
                    policy.contains(&format!("\"network\";q={times};w=3600")),
                    "{from}: {policy}"
                );
            }
            let one = &server.setup.mint(1).await[0];
            let more = client
                .vote(one, TOOL, "ship")
                .header("x-forwarded-for", from);
            more.send().await.problem(429, "rate-limited");
        }
    }
}

async fn its_place_among_the_checks(backend: Backend) {
    for (server, _redis) in both_ways(backend, |setup| {
        setup.env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "3/1h")
    })
    .await
    {
        let client = server.client();
        let voter = client.visitor().await;
        let path = format!("/v1/tools/{TOOL}/vote");
        let raw = async |token: Option<&str>, path: &str, media: &str, body: &'static str| {
            let call = client.put(path).header("content-type", media).body(body);
            match token {
                Some(token) => call.bearer(token).send().await,
                None => call.send().await,
            }
        };
        let (json, ship) = ("application/json", "{\"choice\":\"ship\"}");
        let calls = [
            (path.as_str(), json, "{", 400, "bad-request"),
            (
                path.as_str(),
                json,
                "{\"choice\":\"maybe\"}",
                422,
                "invalid",
            ),
            (
                "/v1/tools/nothing-there/vote",
                json,
                ship,
                404,
                "unknown-tool",
            ),
        ];
        // What stands before the quota is not charged: type, credentials.
        raw(Some(&voter), &path, "text/plain", ship)
            .await
            .problem(415, "unsupported-media-type");
        let stranger = raw(None, &path, json, ship)
            .await
            .problem(401, "voter-required");
        assert!(
            stranger.header("ratelimit").is_none(),
            "no quota touched it"
        );
        // What stands behind it is charged.
        for (left, (path, media, body, status, code)) in (0..3).rev().zip(calls) {
            let answer = raw(Some(&voter), path, media, body)
                .await
                .problem(status, code);
            assert_eq!(state(answer.header("ratelimit"), "voter").0, left, "{code}");
        }
        // With the quota used up: the same order.
        for (path, media, body, _, _) in calls {
            raw(Some(&voter), path, media, body)
                .await
                .problem(429, "rate-limited");
            raw(None, path, media, body)
                .await
                .problem(401, "voter-required");
        }
        raw(Some(&voter), &path, "text/plain", ship)
            .await
            .problem(415, "unsupported-media-type");
    }
}

/// A /48 has 16 times the quota of a /64, and nobody escapes it by going through its 65,536 networks.
async fn a_wide_networks_quota(backend: Backend) {
    for (server, _redis) in both_ways(backend, |setup| {
        setup
            .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "1/1h")
            .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1/32")
    })
    .await
    {
        let client = server.client();
        let tokens = server.setup.mint(18).await;
        let vote = |n: usize, from: String| {
            let vote = client.vote(&tokens[n], TOOL, "ship");
            vote.header("x-forwarded-for", &from).send()
        };
        for n in 0..16 {
            vote(n, format!("2001:db8:7:{n:x}::1")).await.expect(201);
        }
        let refused = vote(16, "2001:db8:7:ff::1".to_owned()).await;
        let refused = refused.problem(429, "rate-limited");
        let detail = refused.json["detail"].as_str().expect("detail");
        assert!(detail.contains("network-48"), "{detail}");
        vote(16, "2001:db8:8:1::1".to_owned()).await.expect(201);
        let plain = vote(17, "198.51.100.7".to_owned()).await.expect(201);
        let policies = plain.header("ratelimit-policy").expect("policies");
        assert!(
            !policies.contains("network-48"),
            "IPv4 has none: {policies}"
        );
        server.verify().await;
    }
}

async fn a_networks_quota(backend: Backend) {
    for (server, _redis) in both_ways(backend, |setup| {
        setup.env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "5/1h")
    })
    .await
    {
        let client = server.client();
        let tokens = server.setup.mint(6).await;
        for token in &tokens[..5] {
            client.put_vote(token, TOOL, "ship").await.expect(201);
        }
        let refused = client
            .put_vote(&tokens[5], TOOL, "ship")
            .await
            .problem(429, "rate-limited");
        assert!(
            refused.json["detail"]
                .as_str()
                .expect("detail")
                .contains("network")
        );
        client
            .put(&format!("/v1/tools/{TOOL}/vote"))
            .json(&serde_json::json!({"choice": "ship"}))
            .send()
            .await
            .problem(401, "voter-required");
        let elsewhere =
            crate::harness::client::Client::from_address(&server.url, [127, 0, 0, 2].into());
        elsewhere
            .put_vote(&tokens[5], TOOL, "ship")
            .await
            .expect(201);
        assert_eq!(client.counts(TOOL).await, (6, 0));
    }
}

async fn new_visitors(backend: Backend) {
    for (server, _redis) in both_ways(backend, |setup| {
        setup.env("TALLYSHIP_LIMITS__VISITORS_PER_NETWORK", "3/1h")
    })
    .await
    {
        let client = server.client();
        let token = client.visitor().await;
        for _ in 0..10 {
            client
                .post("/v1/visitors")
                .bearer(&token)
                .send()
                .await
                .expect(200);
        }
        let last = {
            client.visitor().await;
            client.post("/v1/visitors").send().await.expect(201)
        };
        assert_eq!(state(last.header("ratelimit"), "visitors").0, 0);
        let refused = client
            .post("/v1/visitors")
            .send()
            .await
            .problem(429, "rate-limited");
        assert!(refused.header("retry-after").is_some() && refused.header("set-cookie").is_none());
    }
}

async fn off_is_off(backend: Backend) {
    let prepare = |setup: Setup| {
        let names = [
            "VOTES_PER_VOTER",
            "VOTES_PER_NETWORK",
            "VISITORS_PER_NETWORK",
        ];
        names.iter().fold(setup, |setup, name| {
            setup.env(&format!("TALLYSHIP_LIMITS__{name}"), "off")
        })
    };
    for (server, _redis) in both_ways(backend, prepare).await {
        let client = server.client();
        let voter = client.visitor().await;
        for n in 0..100 {
            let answer = client
                .put_vote(&voter, TOOL, if n % 2 == 0 { "ship" } else { "skip" })
                .await;
            assert!(answer.success() && answer.header("ratelimit").is_none());
        }
    }
}
